//! Decides how small a conversation becomes, and which steps are kept.

use openclaw_core::{ConversationSummary, History, HistoryStep};

use super::{count_request_tokens, ledger, redact, transcript};
use crate::Agent;
use crate::output_budget::request_bytes;

/// Converts bytes to tokens for one conversation, and holds the limits of its compaction.
pub(super) struct CompactionSizing {
    pub(super) request_tokens: u32,
    request_bytes: u64,
    /// The bytes that no compaction can cut: the system prompt and the tools.
    pub(super) fixed_bytes: u64,
    pub(super) context_window: u32,
    /// The most tokens of a request that needs no compaction.
    max_tokens: u32,
}

impl CompactionSizing {
    pub(super) async fn measure_request(agent: &Agent, history: &History) -> Self {
        let tokens = count_request_tokens(agent, history).await.max(1);
        let fixed = request_bytes(agent, &History::new());
        let bytes = request_bytes(agent, history).max(1);
        let window = agent.model.model_info().limits.context_window;
        Self {
            request_tokens: tokens,
            request_bytes: bytes,
            fixed_bytes: fixed,
            context_window: window,
            max_tokens: max_request_tokens(agent),
        }
    }

    pub(super) fn tokens_for_bytes(&self, bytes: u64) -> u32 {
        let tokens = bytes.saturating_mul(self.request_tokens.into()).div_ceil(self.request_bytes);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    pub(super) fn bytes_for_tokens(&self, tokens: u32) -> u64 {
        u64::from(tokens).saturating_mul(self.request_bytes) / u64::from(self.request_tokens)
    }

    /// The part of the context window, in tokens, beside the system prompt and the tools.
    fn available_tokens(&self) -> u32 {
        self.context_window.saturating_sub(self.tokens_for_bytes(self.fixed_bytes))
    }

    /// The most tokens of a compacted request.
    pub(super) fn target_tokens(&self) -> u32 {
        let fixed = self.tokens_for_bytes(self.fixed_bytes);
        let half = fixed + self.available_tokens() / 2;
        half.min(self.max_tokens.max(fixed + self.available_tokens() / 4))
            .min(self.request_tokens / 5 * 4)
    }

    /// The most tokens of a summary, with reasoning if the model reasons.
    pub(super) fn summary_token_limit(&self, reasons: bool) -> u32 {
        let cap = (self.available_tokens() / 8).clamp(256, 4_096);
        if reasons { cap.saturating_mul(4) } else { cap }
    }

    /// The most bytes of a summary without reasoning.
    fn max_summary_bytes(&self) -> usize {
        usize::try_from(self.bytes_for_tokens(self.summary_token_limit(false)))
            .unwrap_or(usize::MAX)
    }

    /// The bytes of the request without its history, and of the message that it answers.
    pub(super) fn min_request_bytes(&self, history: &History) -> u64 {
        let request = unanswered_request(history, history.steps().len(), 0);
        self.fixed_bytes.saturating_add(request.map_or(0, |text| text.len() as u64))
    }

    /// Chooses how many steps to keep so that the request has at most `target_tokens`.
    pub(super) async fn fit_summary(
        &self,
        agent: &Agent,
        history: &History,
        text: String,
    ) -> Option<(usize, ConversationSummary, u32)> {
        let goal = self.target_tokens();
        let mut keep = self.count_kept_steps(history);
        loop {
            let summary = self.build_summary(agent, history, keep, &text);
            let mut fitted = history.clone();
            fitted.apply_summary(keep, summary.clone()).ok()?;
            let after = if self.tokens_for_bytes(request_bytes(agent, &fitted)) <= goal {
                count_request_tokens(agent, &fitted).await
            } else {
                u32::MAX
            };
            if after <= goal {
                return Some((keep, summary, after));
            }
            if keep == 0 {
                return None;
            }
            keep /= 2;
        }
    }

    /// Counts the last steps that fit into a quarter of the available tokens; never all steps.
    fn count_kept_steps(&self, history: &History) -> usize {
        let most = self.bytes_for_tokens(self.available_tokens() / 4);
        let mut bytes = 0_u64;
        let steps = history.steps().rev().take_while(|step| {
            bytes = bytes.saturating_add(step_bytes(step));
            bytes <= most
        });
        steps.count().min(history.steps().len().saturating_sub(1))
    }

    /// Builds the summary that replaces all but the last `keep` steps, each part of it bounded.
    fn build_summary(
        &self,
        agent: &Agent,
        history: &History,
        keep: usize,
        text: &str,
    ) -> ConversationSummary {
        let replaced = history.steps().len() - keep;
        let bytes = |part| {
            usize::try_from(self.bytes_for_tokens(self.available_tokens() / part))
                .unwrap_or(usize::MAX)
        };
        let request = unanswered_request(history, replaced, bytes(4));
        let mut ledger = ledger::build_ledger(&agent.tools, history.steps().take(replaced));
        let mut size = 0;
        let fitting = ledger.iter().rev().take_while(|line| {
            size += line.len() + 3;
            size <= bytes(12)
        });
        let surplus = ledger.len() - fitting.count();
        let omitted: usize = ledger.drain(..surplus).map(|line| ledger::count_entries(&line)).sum();
        if omitted > 0 {
            ledger.insert(0, ledger::omission_line(omitted));
        }
        for line in &mut ledger {
            *line = redact::redact_secrets(line);
        }
        ConversationSummary {
            // The model was allowed as much: only a text that ignored the limit is shortened.
            text: transcript::shorten_middle(text, self.max_summary_bytes()),
            ledger,
            current_request: request,
        }
    }
}

/// The user messages among the first `replaced` steps that are still being worked on: all since the
/// model last ended a turn with a reply. The last one is whole: without its middle the model would
/// answer something else. Those before it have at most `max_bytes` bytes together.
fn unanswered_request(history: &History, replaced: usize, max_bytes: usize) -> Option<String> {
    let mut said = Vec::new();
    for (at, step) in history.steps().enumerate() {
        match step {
            HistoryStep::Summary(summary) => said.extend(summary.current_request.as_deref()),
            HistoryStep::User(text) if at < replaced => said.push(text),
            HistoryStep::Assistant { calls, .. } if calls.is_empty() => said.clear(),
            HistoryStep::User(_) | HistoryStep::Assistant { .. } => {}
        }
    }
    let last = said.pop()?;
    if said.is_empty() {
        return Some(last.to_owned());
    }
    let earlier = transcript::shorten_middle(&said.join("\n\n"), max_bytes);
    Some(format!("{earlier}\n\n{last}"))
}

/// The bytes of a step's text, calls and results.
fn step_bytes(step: &HistoryStep<'_>) -> u64 {
    let bytes = match step {
        HistoryStep::Summary(summary) => summary.to_string().len(),
        HistoryStep::User(text) => text.len(),
        HistoryStep::Assistant { text, calls } => {
            let calls = calls.iter().map(|(call, output)| {
                call.arguments.to_json().len() + output.map_or(0, |output| output.text.len())
            });
            text.len() + calls.sum::<usize>()
        }
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The most tokens of a request that leaves enough room for its answer: the configured answer
/// length, and at least a quarter of the context window.
pub(super) fn max_request_tokens(agent: &Agent) -> u32 {
    let limits = agent.model.model_info().limits;
    let answer = agent.limits.max_output_tokens.or(limits.max_output_tokens).unwrap_or_default();
    limits.context_window - (limits.context_window / 4).max(answer.min(limits.context_window / 2))
}
