//! How full the context window is.

use openclaw_agent_loop::TurnReport;
use openclaw_core::ModelInfo;

use crate::agent::AgentRun;

/// The context use after the last request whose tokens a server counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextUse {
    /// The tokens of the request and its answer.
    pub tokens: u32,
    /// The cached prompt tokens; `None` when the server did not report them.
    pub cached_tokens: Option<u32>,
    /// The context window of the current model, in tokens.
    pub window: u32,
}

impl ContextUse {
    /// The used share of the window in percent; above 100 when a smaller model took over.
    #[must_use]
    pub fn percent_used(self) -> u32 {
        let percent = u64::from(self.tokens) * 100 / u64::from(self.window.max(1));
        u32::try_from(percent).unwrap_or(u32::MAX)
    }
}

/// The context use recorded by the session's last turn, which took `tokens`.
pub(super) fn initial_context_use(tokens: Option<u64>, run: &AgentRun) -> Option<ContextUse> {
    let window = context_window(&run.model.model_info());
    tokens.map(|tokens| ContextUse {
        tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
        cached_tokens: None,
        window,
    })
}

/// The context use after a turn; `None` when no server counted tokens.
pub(super) fn context_use_after(report: &TurnReport, info: &ModelInfo) -> Option<ContextUse> {
    let usage = report.last_usage?;
    let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
    Some(ContextUse { tokens, cached_tokens: usage.cached_tokens, window: context_window(info) })
}

fn context_window(info: &ModelInfo) -> u32 {
    info.limits.context_window
}
