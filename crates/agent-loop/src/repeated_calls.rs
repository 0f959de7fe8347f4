//! Detects calls that are repeated with the same result.
//!
//! Calls are keyed by tool and canonical arguments, and compared by result: polling, whose results
//! differ, is no repetition, and neither is running the tests again after a change. Counting starts
//! at each user message, and is restored from the history when a turn is resumed.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

use fnv::FnvHasher;
use openclaw_core::{History, ToolCall, ToolEffect, ToolOutput};

use crate::tool_registry::ToolRegistry;

/// From how many equal results in a row the model is warned.
const WARN_AT: u32 = 3;
/// The number of the equal call that is blocked.
const BLOCK_AT: u32 = 5;

/// The results of a turn's calls so far. Does not depend on the process: it can be saved and
/// restored with [`TurnInput::Resume`](crate::TurnInput::Resume).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallRepeatTracker {
    streaks: BTreeMap<u64, ResultStreak>,
}

/// A call with the same result in a row: the form in which [`CallRepeatTracker`] is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRepeatRecord {
    /// A hash of the tool and its arguments.
    pub call: u64,
    /// A hash of the result.
    pub result: u64,
    /// How often in a row the call had this result, including blocked calls.
    pub times: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ResultStreak {
    result: u64,
    times: u32,
}

/// What to do with a call that may be a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RepeatVerdict {
    /// Handle it like any other call.
    Allow,
    /// Do not run it.
    Block,
    /// Do not run it and end the turn: it was blocked before.
    Abort {
        /// How often it was made, including this time.
        times: u32,
    },
}

impl CallRepeatTracker {
    /// Restores saved records.
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = CallRepeatRecord>) -> Self {
        let streak =
            |CallRepeatRecord { call, result, times }| (call, ResultStreak { result, times });
        Self { streaks: entries.into_iter().map(streak).collect() }
    }

    /// The records to save, in a fixed order.
    pub fn entries(&self) -> impl Iterator<Item = CallRepeatRecord> {
        self.streaks.iter().map(|(&call, &ResultStreak { result, times })| CallRepeatRecord {
            call,
            result,
            times,
        })
    }

    /// Rebuilds the tracker from the results since the last user message.
    pub(crate) fn from_history(history: &History, tools: &ToolRegistry) -> Self {
        let mut repeats = Self::default();
        for (call, output) in history.results_since_user_message() {
            repeats.record_result(call, output, tools.planned_effect(call).as_ref());
        }
        repeats
    }

    /// Checks a call before it is approved or run.
    pub(crate) fn check_call(&self, call: &ToolCall) -> RepeatVerdict {
        match self.streaks.get(&call_key(call)).map_or(0, |streak| streak.times) + 1 {
            ..BLOCK_AT => RepeatVerdict::Allow,
            BLOCK_AT => RepeatVerdict::Block,
            times => RepeatVerdict::Abort { times },
        }
    }

    /// Counts a call that was blocked as a repetition.
    pub(crate) fn record_blocked(&mut self, call: &ToolCall) {
        if let Some(streak) = self.streaks.get_mut(&call_key(call)) {
            streak.times = streak.times.saturating_add(1);
        }
    }

    /// Records the tool's own result of a call and returns how often in a row it was the same.
    /// `effect` is the planned effect, if the arguments were valid.
    pub(crate) fn record_result(
        &mut self,
        call: &ToolCall,
        output: &ToolOutput,
        effect: Option<&ToolEffect>,
    ) -> u32 {
        let result = output.original_digest.unwrap_or_else(|| text_digest(&output.text));
        let key = call_key(call);
        let times = match self.streaks.get(&key) {
            Some(streak) if streak.result == result => streak.times.saturating_add(1),
            _ => 1,
        };
        // After a change that was not made before, any earlier call may have another result.
        let acts = !matches!(
            effect,
            None | Some(
                ToolEffect::Read { .. } | ToolEffect::Fetch { .. } | ToolEffect::OwnCommand { .. }
            )
        );
        if acts && times == 1 && !output.is_error {
            self.streaks.clear();
        }
        self.streaks.insert(key, ResultStreak { result, times });
        times
    }
}

/// The warning for a result that came this often; `None` when no warning is needed.
pub(crate) fn repeat_warning(times: u32) -> Option<String> {
    (times >= WARN_AT).then(|| {
        format!(
            "[This is the same call with the same result for the {} time. Making it again will \
             not change the result; do something else, or answer with what you know.]",
            format_ordinal(times)
        )
    })
}

/// Why a call is blocked, for the model and the user.
pub(crate) fn blocked_reason(call: &ToolCall) -> String {
    let times = BLOCK_AT - 1;
    format!(
        "`{}` was called with these arguments {times} times and gave the same result each time; do \
         something else, or answer with what you know",
        call.name
    )
}

/// Hashes a tool's output; equal for equal texts, in every process.
pub(crate) fn text_digest(text: &str) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

pub(crate) fn call_key(call: &ToolCall) -> u64 {
    let mut hasher = FnvHasher::default();
    hasher.write(call.name.as_str().as_bytes());
    // No name has a NUL in it.
    hasher.write(&[0]);
    hasher.write(call.arguments.to_json().as_bytes());
    hasher.finish()
}

fn format_ordinal(number: u32) -> String {
    match number {
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        _ => format!("{number}th"),
    }
}
