//! What was learnt of a server: shared by all who talk to one model of it, and kept by whoever
//! asks to be told.

mod feature;
mod token_ratio;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_core::{LimitSource, ModelLimits};

pub use self::feature::ServerFeature;
use self::token_ratio::CountedPrompt;
pub use self::token_ratio::PromptSize;
use crate::openai_servers::VendorExtension;

/// What is known of how one server treats one model. The default knows nothing and assumes that
/// all works. Fields may be added: build it with `..Facts::default()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerCapabilities {
    /// What it was found not to do.
    pub unsupported_features: BTreeSet<ServerFeature>,
    /// What it takes that others are never sent; never learnt, so not worth keeping.
    pub vendor_extensions: BTreeSet<VendorExtension>,
    /// The window that it showed by refusing or cutting a prompt, in tokens.
    pub context_window: Option<u32>,
    /// How many tokens 1,000 bytes of a request are, learnt from what it counted.
    pub tokens_per_kilobyte: Option<u32>,
    /// The keywords of JSON Schema that it refuses in the parameters of a tool.
    pub refused_schema_keywords: BTreeSet<String>,
    /// The tools whose schemas it refuses; true of these schemas only, so not worth keeping.
    pub refused_tools: BTreeSet<String>,
}

impl ServerCapabilities {
    /// Whether the server was found not to do this.
    #[must_use]
    pub fn is_unsupported(&self, feature: ServerFeature) -> bool {
        self.unsupported_features.contains(&feature)
    }
}

/// Shared, growing knowledge of one model on one server; clones share it.
#[derive(Clone, Default)]
pub struct CapabilityStore(Arc<Mutex<CapabilityState>>);

#[derive(Default)]
struct CapabilityState {
    capabilities: ServerCapabilities,
    /// The window was learnt here, not brought along.
    is_window_observed: bool,
    /// The request that was counted last.
    last_count: Option<CountedPrompt>,
    /// The ratio that was told last.
    reported_ratio: Option<u32>,
    listeners: Vec<ChangeListener>,
}

type ChangeListener = Arc<dyn Fn(&ServerCapabilities) + Send + Sync>;

impl CapabilityStore {
    /// Begins with what is known already, e.g. from the config or from an earlier run.
    #[must_use]
    pub fn new(capabilities: ServerCapabilities) -> Self {
        let reported_ratio = capabilities.tokens_per_kilobyte;
        Self(Arc::new(Mutex::new(CapabilityState {
            capabilities,
            reported_ratio,
            ..CapabilityState::default()
        })))
    }

    /// What is known now.
    #[must_use]
    pub fn current_capabilities(&self) -> ServerCapabilities {
        self.lock_state().capabilities.clone()
    }

    /// Tells of each change from now on, once it is made. The ratio of tokens to bytes moves with
    /// every answer and is told when it has moved by a fiftieth.
    pub fn on_change(&self, listener: impl Fn(&ServerCapabilities) + Send + Sync + 'static) {
        self.lock_state().listeners.push(Arc::new(listener));
    }

    /// The limits of a model in the light of what is known: the smaller window counts, and one
    /// that nobody knew is replaced.
    #[must_use]
    pub fn effective_limits(&self, limits: ModelLimits) -> ModelLimits {
        let state = self.lock_state();
        match state.capabilities.context_window {
            Some(context_window)
                if context_window < limits.context_window
                    || limits.context_window_source == LimitSource::Fallback =>
            {
                let is_observed = state.is_window_observed;
                let window_source =
                    if is_observed { LimitSource::Server } else { LimitSource::Cached };
                ModelLimits { context_window, context_window_source: window_source, ..limits }
            }
            _ => limits,
        }
    }

    /// Sizes the prompt of a body without a limit for the answer, and of so many bytes that are
    /// sent after it and never again, for a window of so many tokens.
    pub(crate) fn size_prompt(&self, prompt_bytes: (&[u8], usize), window: u32) -> PromptSize {
        let (last_count, ratio) = {
            let state = self.lock_state();
            (state.last_count, state.capabilities.tokens_per_kilobyte)
        };
        let len = prompt_bytes.0.len() + prompt_bytes.1;
        let counted_and_rest =
            last_count.and_then(|counted| counted.split_counted(prompt_bytes)).unwrap_or((0, len));
        let size = token_ratio::estimate_size(len, counted_and_rest, ratio, false);
        let is_near = u64::from(size.count.token_count()) * 100 >= u64::from(window) * 85;
        if is_near { token_ratio::estimate_size(len, counted_and_rest, ratio, true) } else { size }
    }

    /// Notes how many tokens the prompt of a body without a limit for the answer has, and of so
    /// many bytes after it, as the server counted.
    pub(crate) fn record_token_count(&self, prompt_bytes: (&[u8], usize), tokens: u32) {
        let new_count = CountedPrompt::new(prompt_bytes, tokens);
        self.update_state(|state| {
            // What was added tells more of what will be than what it was added to.
            let (tokens_before, len) = state
                .last_count
                .and_then(|it| it.split_counted(prompt_bytes))
                .unwrap_or((0, prompt_bytes.0.len() + prompt_bytes.1));
            let added_tokens = tokens.saturating_sub(tokens_before);
            let ratio =
                token_ratio::next_ratio(state.capabilities.tokens_per_kilobyte, len, added_tokens);
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

    /// The tokens of the part of a body that the server counted before; 0 when it did not.
    pub(crate) fn counted_prefix_tokens(&self, prompt_bytes: (&[u8], usize)) -> u32 {
        let last_count = self.lock_state().last_count;
        last_count
            .and_then(|counted| counted.split_counted(prompt_bytes))
            .map_or(0, |(tokens, _)| tokens)
    }

    /// Changes the state and tells of it, if it `is` a change.
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
    /// Notes what the server does not do; false if that was known.
    pub fn mark_unsupported(&self, feature: ServerFeature) -> bool {
        self.update_state(|state| state.capabilities.unsupported_features.insert(feature))
    }

    /// Notes that the server does this after all, e.g. because it was asked anew; false if nothing
    /// else was known.
    pub fn mark_supported(&self, feature: ServerFeature) -> bool {
        self.update_state(|state| state.capabilities.unsupported_features.remove(&feature))
    }

    /// Notes the window that the server showed, in tokens; false if it was known.
    pub fn record_context_window(&self, window: u32) -> bool {
        self.update_state(|state| {
            state.is_window_observed = true;
            state.capabilities.context_window.replace(window) != Some(window)
        })
    }

    /// Notes a keyword that the server refuses in a tool's schema; false if that was known.
    pub fn record_refused_keyword(&self, keyword: &str) -> bool {
        self.update_state(|state| {
            state.capabilities.refused_schema_keywords.insert(keyword.to_owned())
        })
    }

    /// Notes a tool whose schema the server refuses; false if that was known.
    pub fn record_refused_tool(&self, tool: &str) -> bool {
        self.update_state(|state| state.capabilities.refused_tools.insert(tool.to_owned()))
    }
}

impl fmt::Debug for CapabilityStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Knowledge").field(&self.lock_state().capabilities).finish()
    }
}

#[cfg(test)]
mod tests;
