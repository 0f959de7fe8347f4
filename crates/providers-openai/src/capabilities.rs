//! Learned capabilities of one model on one server. All who use the model share them; listeners may
//! store them.

mod feature;

use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_core::{LimitSource, ModelLimits};
use openclaw_provider::{
    CountedPrompt, PromptSize, PromptSplit, SerializedRequest, apply_learned_window, estimate_size,
    is_near_window, next_ratio,
};

pub use self::feature::ServerFeature;
use crate::openai_servers::VendorExtension;

/// The known capabilities of one model on one server. The default assumes that everything works.
/// Fields may be added: build it with `..ServerCapabilities::default()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerCapabilities {
    /// Features found to be unsupported.
    pub unsupported_features: BTreeSet<ServerFeature>,
    /// Extensions that only known servers are sent. They are never learned, so not worth storing.
    pub vendor_extensions: BTreeSet<VendorExtension>,
    /// The context window in tokens, learned from a refused or truncated prompt.
    pub context_window: Option<u32>,
    /// Tokens per 1,000 bytes of a request, learned from the server's counts.
    pub tokens_per_kilobyte: Option<u32>,
    /// JSON Schema keywords that the server refuses in a tool's parameters.
    pub refused_schema_keywords: BTreeSet<String>,
    /// Whether the chat template shows tools to the model, found out by the server's token counts.
    pub has_tool_template: bool,
    /// Tools whose schemas the server refuses. That holds for these schemas only, so it is not
    /// worth storing.
    pub refused_tools: BTreeSet<String>,
}

impl ServerCapabilities {
    /// Returns whether the feature is known to be unsupported.
    #[must_use]
    pub fn is_unsupported(&self, feature: ServerFeature) -> bool {
        self.unsupported_features.contains(&feature)
    }

    /// Returns whether tools, calls and results are sent as text.
    #[must_use]
    pub fn uses_text_tools(&self) -> bool {
        [ServerFeature::AutoToolChoice, ServerFeature::ToolRole, ServerFeature::ToolTemplate]
            .into_iter()
            .any(|feature| self.is_unsupported(feature))
    }

    /// Returns whether requests are written in the same way for both.
    pub(crate) fn has_same_request_format(&self, other: &Self) -> bool {
        self.unsupported_features == other.unsupported_features
            && self.vendor_extensions == other.vendor_extensions
            && self.refused_schema_keywords == other.refused_schema_keywords
            && self.refused_tools == other.refused_tools
    }
}

/// The shared store of learned capabilities of one model on one server. Clones share it.
#[derive(Clone, Default)]
pub struct CapabilityStore(Arc<Mutex<CapabilityState>>);

#[derive(Default)]
struct CapabilityState {
    capabilities: ServerCapabilities,
    /// Whether the window was learned in this run, and not passed to `new`.
    is_window_observed: bool,
    /// Features that accepted requests had in this run.
    accepted_features: BTreeSet<ServerFeature>,
    /// The checks of the chat template in this run.
    template_checks: u32,
    /// The last request that the server counted.
    last_count: Option<CountedPrompt>,
    /// The ratio last reported to the listeners.
    reported_ratio: Option<u32>,
    listeners: Vec<ChangeListener>,
}

type ChangeListener = Arc<dyn Fn(&ServerCapabilities) + Send + Sync>;

impl CapabilityStore {
    /// Starts with known capabilities, e.g. from the config or an earlier run.
    #[must_use]
    pub fn new(capabilities: ServerCapabilities) -> Self {
        let reported_ratio = capabilities.tokens_per_kilobyte;
        Self(Arc::new(Mutex::new(CapabilityState {
            capabilities,
            reported_ratio,
            ..CapabilityState::default()
        })))
    }

    /// The capabilities known at present.
    #[must_use]
    pub fn current_capabilities(&self) -> ServerCapabilities {
        self.lock_state().capabilities.clone()
    }

    /// Returns whether tools, calls and results are sent as text.
    pub(crate) fn uses_text_tools(&self) -> bool {
        self.lock_state().capabilities.uses_text_tools()
    }

    /// Counts a check of the chat template; returns how many there were before in this run.
    pub(crate) fn count_template_check(&self) -> u32 {
        let mut state = self.lock_state();
        let before = state.template_checks;
        state.template_checks = before.saturating_add(1);
        before
    }

    /// The features that accepted requests had in this run.
    pub(crate) fn accepted_features(&self) -> BTreeSet<ServerFeature> {
        self.lock_state().accepted_features.clone()
    }

    /// Records the features that an accepted request had, by `uses_feature`.
    pub(crate) fn record_accepted_features(&self, uses_feature: impl Fn(ServerFeature) -> bool) {
        let mut state = self.lock_state();
        for feature in ServerFeature::ALL {
            if !state.accepted_features.contains(&feature) && uses_feature(feature) {
                state.accepted_features.insert(feature);
            }
        }
    }

    /// Calls the listener after each change. The ratio of tokens to bytes moves with every answer,
    /// and is reported when it has moved by a fiftieth.
    pub fn on_change(&self, listener: impl Fn(&ServerCapabilities) + Send + Sync + 'static) {
        self.lock_state().listeners.push(Arc::new(listener));
    }

    /// Applies the learned context window to a model's limits: the smaller window wins, and a
    /// fallback window is replaced.
    #[must_use]
    pub fn effective_limits(&self, limits: ModelLimits) -> ModelLimits {
        let state = self.lock_state();
        let source =
            if state.is_window_observed { LimitSource::Server } else { LimitSource::Cached };
        apply_learned_window(limits, state.capabilities.context_window, source)
    }

    /// Estimates the size of a prompt. Near the context window `window`, in tokens, the estimate is
    /// pessimistic.
    pub(crate) fn size_prompt(&self, prompt: &mut SerializedRequest, window: u32) -> PromptSize {
        let (last_count, ratio) = {
            let state = self.lock_state();
            (state.last_count, state.capabilities.tokens_per_kilobyte)
        };
        let len = prompt.cost_len();
        let split = last_count
            .and_then(|counted| counted.split_counted(prompt))
            .unwrap_or(PromptSplit::uncounted(len));
        let size = estimate_size(len, split, ratio, false);
        let is_near = is_near_window(size.count, window);
        if is_near { estimate_size(len, split, ratio, true) } else { size }
    }

    /// Records the server's token count of a prompt.
    pub(crate) fn record_token_count(&self, prompt: &mut SerializedRequest, tokens: u32) {
        let last_count = self.lock_state().last_count;
        // What was added tells more of what will be than what it was added to.
        let split = last_count
            .and_then(|counted| counted.split_counted(prompt))
            .unwrap_or(PromptSplit::uncounted(prompt.cost_len()));
        let new_count = CountedPrompt::new(prompt, tokens);
        self.update_state(|state| {
            let ratio = next_ratio(
                state.capabilities.tokens_per_kilobyte,
                split.uncounted_len,
                tokens.saturating_sub(split.counted_tokens),
            );
            state.last_count = Some(new_count);
            state.capabilities.tokens_per_kilobyte = Some(ratio);
            let is_reported = state
                .reported_ratio
                .is_some_and(|last_ratio| last_ratio.abs_diff(ratio) * 50 < last_ratio);
            if !is_reported {
                state.reported_ratio = Some(ratio);
            }
            !is_reported
        });
    }

    /// The tokens of the prompt's prefix that the server's last count covers; 0 if it covers none.
    pub(crate) fn counted_prefix_tokens(&self, prompt: &mut SerializedRequest) -> u32 {
        let last_count = self.lock_state().last_count;
        last_count
            .and_then(|counted| counted.split_counted(prompt))
            .map_or(0, |split| split.counted_tokens)
    }

    /// Changes the state, and calls the listeners if `apply_change` returns true.
    fn update_state(&self, apply_change: impl FnOnce(&mut CapabilityState) -> bool) -> bool {
        let mut state = self.lock_state();
        if !apply_change(&mut state) {
            return false;
        }
        let (capabilities, listeners) = (state.capabilities.clone(), state.listeners.clone());
        drop(state);
        for listener in &listeners {
            listener(&capabilities);
        }
        true
    }

    fn lock_state(&self) -> MutexGuard<'_, CapabilityState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::must_use_candidate, reason = "few care whether it was news")]
impl CapabilityStore {
    /// Records that a feature is unsupported. Returns false if that was known.
    pub fn mark_unsupported(&self, feature: ServerFeature) -> bool {
        self.update_state(|state| state.capabilities.unsupported_features.insert(feature))
    }

    /// Records that a feature is supported, e.g. after a new attempt. Returns false if it was not
    /// recorded as unsupported.
    pub fn mark_supported(&self, feature: ServerFeature) -> bool {
        self.update_state(|state| state.capabilities.unsupported_features.remove(&feature))
    }

    /// Records that the chat template shows tools to the model. Returns false if that was known.
    pub fn record_tool_template(&self) -> bool {
        self.update_state(|state| !mem::replace(&mut state.capabilities.has_tool_template, true))
    }

    /// Records a context window in tokens. Returns false if it was known.
    pub fn record_context_window(&self, window: u32) -> bool {
        self.update_state(|state| {
            state.is_window_observed = true;
            state.capabilities.context_window.replace(window) != Some(window)
        })
    }

    /// Records a keyword that the server refuses in a tool's schema. Returns false if it was known.
    pub fn record_refused_keyword(&self, keyword: &str) -> bool {
        self.update_state(|state| {
            state.capabilities.refused_schema_keywords.insert(keyword.to_owned())
        })
    }

    /// Records a tool whose schema the server refuses. Returns false if it was known.
    pub fn record_refused_tool(&self, tool: &str) -> bool {
        self.update_state(|state| state.capabilities.refused_tools.insert(tool.to_owned()))
    }
}

impl fmt::Debug for CapabilityStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CapabilityStore").field(&self.lock_state().capabilities).finish()
    }
}

#[cfg(test)]
mod tests;
