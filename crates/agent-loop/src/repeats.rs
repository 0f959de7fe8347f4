//! Calls that are made again and again with the same result.
//!
//! Keyed by tool and canonical arguments, with what the result was: polling, whose results differ,
//! is no repetition, and neither is running the tests again after a change. Counting begins with
//! what the user says; it is read back from the history when a turn is resumed.

use std::collections::BTreeMap;

use openclaw_core::{Effect, History, ToolCall, ToolOutput};

use crate::toolbox::Toolbox;

/// From how many equal results in a row on the model is warned.
const WARN_AT: u32 = 3;
/// The number of the equal call that is not run any more.
const BLOCK_AT: u32 = 5;

/// The results of calls so far, of one turn. What it holds does not depend on the process: it can
/// be kept and given back with [`Opening::Resume`](crate::Opening::Resume).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallRepeats {
    seen: BTreeMap<u64, Streak>,
}

/// One call with the same result in a row, as [`CallRepeats`] is kept and given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// What stands for the tool and its arguments.
    pub call: u64,
    /// What stands for the result.
    pub result: u64,
    /// How often in a row the call had this result, the times that it was not run included.
    pub times: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Streak {
    result: u64,
    times: u32,
}

/// What becomes of a call that may be a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is decided on like any other.
    Go,
    /// It is not run.
    Block,
    /// It is not run, and the turn ends: it was blocked before.
    Stop {
        /// How often it was made, this time included.
        times: u32,
    },
}

impl CallRepeats {
    /// Takes what was kept.
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = Repeat>) -> Self {
        let streak = |Repeat { call, result, times }| (call, Streak { result, times });
        Self { seen: entries.into_iter().map(streak).collect() }
    }

    /// What is to be kept, in a fixed order.
    pub fn entries(&self) -> impl Iterator<Item = Repeat> {
        self.seen.iter().map(|(&call, &Streak { result, times })| Repeat { call, result, times })
    }

    /// Reads the results since the user last spoke.
    pub(crate) fn of_history(history: &History, toolbox: &Toolbox) -> Self {
        let mut repeats = Self::default();
        for (call, output) in history.results_since_user() {
            let plan = toolbox.get(&call.name).and_then(|tool| tool.plan(call).ok());
            repeats.took(call, output, plan.as_ref());
        }
        repeats
    }

    /// Judges a call before anything is done about it.
    pub(crate) fn judge(&self, call: &ToolCall) -> Judgement {
        match self.seen.get(&key(call)).map_or(0, |streak| streak.times) + 1 {
            ..BLOCK_AT => Judgement::Go,
            BLOCK_AT => Judgement::Block,
            times => Judgement::Stop { times },
        }
    }

    /// Counts a call that was not run because it is a repetition.
    pub(crate) fn blocked(&mut self, call: &ToolCall) {
        if let Some(streak) = self.seen.get_mut(&key(call)) {
            streak.times = streak.times.saturating_add(1);
        }
    }

    /// Takes the result of a call, as the tool gave it, and returns how often in a row it was the
    /// same. `effect` is what the call was planned to do, if the tool takes it.
    pub(crate) fn took(
        &mut self,
        call: &ToolCall,
        output: &ToolOutput,
        effect: Option<&Effect>,
    ) -> u32 {
        let result = output.digest.unwrap_or_else(|| digest(&output.text));
        let key = key(call);
        let times = match self.seen.get(&key) {
            Some(streak) if streak.result == result => streak.times.saturating_add(1),
            _ => 1,
        };
        // What changes something, and was not done before, makes all else worth another look.
        let acts = !matches!(effect, None | Some(Effect::Read { .. }));
        if acts && times == 1 && !output.is_error {
            self.seen.clear();
        }
        self.seen.insert(key, Streak { result, times });
        times
    }
}

/// What the model is told with a result that it got this often; `None` when that is fine.
pub(crate) fn note(times: u32) -> Option<String> {
    (times >= WARN_AT).then(|| {
        format!(
            "[This is the same call with the same result for the {} time. Making it again will \
             not change the result; do something else, or answer with what you know.]",
            ordinal(times)
        )
    })
}

/// Why a call is not run, for the model and the user.
pub(crate) fn reason(call: &ToolCall) -> String {
    let times = BLOCK_AT - 1;
    format!(
        "`{}` was called with these arguments {times} times and gave the same result each time; do \
         something else, or answer with what you know",
        call.name
    )
}

/// What stands for a tool's output: the same for the same text, in every process.
pub(crate) fn digest(text: &str) -> u64 {
    fnv(FNV_START, text.as_bytes())
}

pub(crate) fn key(call: &ToolCall) -> u64 {
    let name = fnv(FNV_START, call.name.as_str().as_bytes());
    // No name has a NUL in it.
    fnv(fnv(name, &[0]), call.arguments.to_json().as_bytes())
}

fn ordinal(number: u32) -> String {
    match number {
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        _ => format!("{number}th"),
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: stable, unlike the hashes of the standard library.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(start, step)
}
