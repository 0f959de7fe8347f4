//! What was learnt of a server: shared by all who talk to one model of it, and kept by whoever
//! asks to be told.

mod lack;
mod ratio;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_core::{LimitSource, ModelLimits};

pub use self::lack::Lack;
use self::ratio::Counted;
pub use self::ratio::PromptSize;
use crate::native::Extra;

/// What is known of how one server treats one model. The default knows nothing and assumes that
/// all works. Fields may be added: build it with `..Facts::default()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// What it was found not to do.
    pub lacks: BTreeSet<Lack>,
    /// What it takes that others are never sent; never learnt, so not worth keeping.
    pub extras: BTreeSet<Extra>,
    /// The window that it showed by refusing or cutting a prompt, in tokens.
    pub window: Option<u32>,
    /// How many tokens 1,000 bytes of a request are, learnt from what it counted.
    pub tokens_per_kilobyte: Option<u32>,
    /// The keywords of JSON Schema that it refuses in the parameters of a tool.
    pub schema_keywords: BTreeSet<String>,
    /// The tools whose schemas it refuses; true of these schemas only, so not worth keeping.
    pub refused_tools: BTreeSet<String>,
}

impl Facts {
    /// Whether the server was found not to do this.
    #[must_use]
    pub fn lack(&self, lack: Lack) -> bool {
        self.lacks.contains(&lack)
    }
}

/// Shared, growing knowledge of one model on one server; clones share it.
#[derive(Clone, Default)]
pub struct Knowledge(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    facts: Facts,
    /// The window was learnt here, not brought along.
    is_window_live: bool,
    /// The request that was counted last.
    counted: Option<Counted>,
    /// The ratio that was told last.
    told: Option<u32>,
    listeners: Vec<Listener>,
}

type Listener = Arc<dyn Fn(&Facts) + Send + Sync>;

impl Knowledge {
    /// Begins with what is known already, e.g. from the config or from an earlier run.
    #[must_use]
    pub fn new(facts: Facts) -> Self {
        let told = facts.tokens_per_kilobyte;
        Self(Arc::new(Mutex::new(State { facts, told, ..State::default() })))
    }

    /// What is known now.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.state().facts.clone()
    }

    /// Tells of each change from now on, once it is made. The ratio of tokens to bytes moves with
    /// every answer and is told when it has moved by a fiftieth.
    pub fn on_change(&self, tell: impl Fn(&Facts) + Send + Sync + 'static) {
        self.state().listeners.push(Arc::new(tell));
    }

    /// The limits of a model in the light of what is known: the smaller window counts, and one
    /// that nobody knew is replaced.
    #[must_use]
    pub fn limits(&self, limits: ModelLimits) -> ModelLimits {
        let state = self.state();
        match state.facts.window {
            Some(window)
                if window < limits.window || limits.window_source == LimitSource::Fallback =>
            {
                let is_live = state.is_window_live;
                let window_source = if is_live { LimitSource::Live } else { LimitSource::Cached };
                ModelLimits { window, window_source, ..limits }
            }
            _ => limits,
        }
    }

    /// Sizes the prompt of a body without a limit for the answer, and of so many bytes that are
    /// sent after it and never again, for a window of so many tokens.
    pub(crate) fn size(&self, sent: (&[u8], usize), window: u32) -> PromptSize {
        let (counted, ratio) = {
            let state = self.state();
            (state.counted, state.facts.tokens_per_kilobyte)
        };
        let len = sent.0.len() + sent.1;
        let split = counted.and_then(|counted| counted.split(sent)).unwrap_or((0, len));
        let size = ratio::size(len, split, ratio, false);
        let is_near = u64::from(size.count.tokens()) * 100 >= u64::from(window) * 85;
        if is_near { ratio::size(len, split, ratio, true) } else { size }
    }

    /// Notes how many tokens the prompt of a body without a limit for the answer has, and of so
    /// many bytes after it, as the server counted.
    pub(crate) fn note_count(&self, sent: (&[u8], usize), tokens: u32) {
        let counted = Counted::new(sent, tokens);
        self.change(|state| {
            // What was added tells more of what will be than what it was added to.
            let (before, len) =
                state.counted.and_then(|it| it.split(sent)).unwrap_or((0, sent.0.len() + sent.1));
            let added = tokens.saturating_sub(before);
            let ratio = ratio::next(state.facts.tokens_per_kilobyte, len, added);
            state.counted = Some(counted);
            state.facts.tokens_per_kilobyte = Some(ratio);
            let is_told = state.told.is_some_and(|told| told.abs_diff(ratio) * 50 < told);
            if !is_told {
                state.told = Some(ratio);
            }
            !is_told
        });
    }

    /// The tokens of the part of a body that the server counted before; 0 when it did not.
    pub(crate) fn counted(&self, sent: (&[u8], usize)) -> u32 {
        let counted = self.state().counted;
        counted.and_then(|counted| counted.split(sent)).map_or(0, |(tokens, _)| tokens)
    }

    /// Changes the state and tells of it, if it `is` a change.
    fn change(&self, is: impl FnOnce(&mut State) -> bool) -> bool {
        let mut state = self.state();
        if !is(&mut state) {
            return false;
        }
        let (facts, listeners) = (state.facts.clone(), state.listeners.clone());
        drop(state);
        for tell in &listeners {
            tell(&facts);
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::must_use_candidate, reason = "few care whether it was news")]
impl Knowledge {
    /// Notes what the server does not do; false if that was known.
    pub fn learn_lack(&self, lack: Lack) -> bool {
        self.change(|state| state.facts.lacks.insert(lack))
    }

    /// Notes that the server does this after all, e.g. because it was asked anew; false if nothing
    /// else was known.
    pub fn forget_lack(&self, lack: Lack) -> bool {
        self.change(|state| state.facts.lacks.remove(&lack))
    }

    /// Notes the window that the server showed, in tokens; false if it was known.
    pub fn learn_window(&self, window: u32) -> bool {
        self.change(|state| {
            state.is_window_live = true;
            state.facts.window.replace(window) != Some(window)
        })
    }

    /// Notes a keyword that the server refuses in a tool's schema; false if that was known.
    pub fn learn_schema_keyword(&self, keyword: &str) -> bool {
        self.change(|state| state.facts.schema_keywords.insert(keyword.to_owned()))
    }

    /// Notes a tool whose schema the server refuses; false if that was known.
    pub fn learn_refused_tool(&self, tool: &str) -> bool {
        self.change(|state| state.facts.refused_tools.insert(tool.to_owned()))
    }
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Knowledge").field(&self.state().facts).finish()
    }
}

#[cfg(test)]
mod tests;
