//! How small a conversation is to become, and what of it is kept.

use openclaw_core::{History, Step, Summary};

use super::{count, ledger, redact, transcript};
use crate::Agent;
use crate::room::said;

/// How bytes and tokens of a conversation go together, and how small it is to become.
pub(super) struct Scale {
    pub(super) tokens: u32,
    bytes: u64,
    /// The bytes of what no compaction cuts: the system prompt and the tools.
    pub(super) fixed: u64,
    pub(super) window: u32,
    /// The most tokens with which none is due.
    most: u32,
}

impl Scale {
    pub(super) async fn of(agent: &Agent, history: &History) -> Self {
        let tokens = count(agent, history).await.max(1);
        let fixed = said(agent, &History::new());
        let bytes = said(agent, history).max(1);
        let window = agent.model.info().limits.window;
        Self { tokens, bytes, fixed, window, most: most(agent) }
    }

    pub(super) fn tokens_of(&self, bytes: u64) -> u32 {
        let tokens = bytes.saturating_mul(self.tokens.into()).div_ceil(self.bytes);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    pub(super) fn bytes_of(&self, tokens: u32) -> u64 {
        u64::from(tokens).saturating_mul(self.bytes) / u64::from(self.tokens)
    }

    /// What of the window is left beside the system prompt and the tools.
    fn room(&self) -> u32 {
        self.window.saturating_sub(self.tokens_of(self.fixed))
    }

    /// The most tokens of a request that was compacted.
    pub(super) fn goal(&self) -> u32 {
        let fixed = self.tokens_of(self.fixed);
        let half = fixed + self.room() / 2;
        half.min(self.most.max(fixed + self.room() / 4)).min(self.tokens / 5 * 4)
    }

    /// How many tokens a summary may have.
    pub(super) fn summary_cap(&self, reasons: bool) -> u32 {
        let cap = (self.room() / 8).clamp(256, 4_096);
        if reasons { cap.saturating_mul(4) } else { cap }
    }

    /// Chooses how much to keep so that the whole reaches the goal.
    pub(super) async fn fit(
        &self,
        agent: &Agent,
        history: &History,
        text: String,
    ) -> Option<(usize, Summary, u32)> {
        let goal = self.goal();
        let mut keep = self.keep(history);
        loop {
            let summary = self.summary(agent, history, keep, &text);
            let mut fitted = history.clone();
            fitted.compact(keep, summary.clone()).ok()?;
            let after = if self.tokens_of(said(agent, &fitted)) <= goal {
                count(agent, &fitted).await
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

    /// How many of the last steps fit into a quarter of the room; never all.
    fn keep(&self, history: &History) -> usize {
        let most = self.bytes_of(self.room() / 4);
        let mut bytes = 0_u64;
        let steps = history.steps().rev().take_while(|step| {
            bytes = bytes.saturating_add(size(step));
            bytes <= most
        });
        steps.count().min(history.steps().len().saturating_sub(1))
    }

    /// What takes the place of all but the last `keep` steps, each part of it bounded.
    fn summary(&self, agent: &Agent, history: &History, keep: usize, text: &str) -> Summary {
        let replaced = history.steps().len() - keep;
        let bytes = |part| usize::try_from(self.bytes_of(self.room() / part)).unwrap_or(usize::MAX);
        let request = unanswered(history, replaced);
        let mut ledger = ledger::of(&agent.toolbox, history.steps().take(replaced));
        let mut size = 0;
        let fitting = ledger.iter().rev().take_while(|line| {
            size += line.len() + 3;
            size <= bytes(12)
        });
        let surplus = ledger.len() - fitting.count();
        ledger.drain(..surplus);
        if surplus > 0 {
            ledger.insert(0, ledger::left_out(surplus));
        }
        for line in &mut ledger {
            *line = redact::secrets(line);
        }
        Summary {
            text: transcript::shorten(text, bytes(12)),
            ledger,
            request: request.map(|text| transcript::shorten(&text, bytes(4))),
        }
    }
}

/// What the user said among the first `replaced` steps that is still being worked on: all since the
/// model last ended a turn with a reply.
fn unanswered(history: &History, replaced: usize) -> Option<String> {
    let mut said = Vec::new();
    for (at, step) in history.steps().enumerate() {
        match step {
            Step::Summary(summary) => said.extend(summary.request.as_deref()),
            Step::User(text) if at < replaced => said.push(text),
            Step::Assistant { calls, .. } if calls.is_empty() => said.clear(),
            Step::User(_) | Step::Assistant { .. } => {}
        }
    }
    (!said.is_empty()).then(|| said.join("\n\n"))
}

/// The bytes of a step.
fn size(step: &Step<'_>) -> u64 {
    let bytes = match step {
        Step::Summary(summary) => summary.to_string().len(),
        Step::User(text) => text.len(),
        Step::Assistant { text, calls } => {
            let calls = calls.iter().map(|(call, output)| {
                call.arguments.to_json().len() + output.map_or(0, |output| output.text.len())
            });
            text.len() + calls.sum::<usize>()
        }
    };
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The most tokens of a request that leaves room enough for its answer: as many as the answer may
/// have, and a quarter of the window at least.
pub(super) fn most(agent: &Agent) -> u32 {
    let limits = agent.model.info().limits;
    let answer = agent.limits.max_output_tokens.or(limits.output).unwrap_or_default();
    limits.window - (limits.window / 4).max(answer.min(limits.window / 2))
}
