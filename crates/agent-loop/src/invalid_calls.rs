//! Recovery from invalid calls: calls that were cut off, or whose arguments are not JSON.
//!
//! Calls that can be repaired safely are repaired before they come here. For the others the model
//! gets an error result and is called again. When it emits an invalid call of the same tool again,
//! the next request forces that tool, so that a server with a grammar must emit a valid call. When
//! even that one is invalid, the turn ends. A valid call resets the count of its tool.

use std::collections::BTreeMap;

use openclaw_core::{EmittedToolCall, InvalidToolCall, ToolName};

use crate::tool_registry::ToolRegistry;

/// After how many messages in a row with invalid calls of a tool the next request forces it.
const FORCE_AFTER: u32 = 2;
/// After how many such messages the turn ends.
const ABORT_AFTER: u32 = 3;

/// How the turn recovers from an invalid call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum InvalidCallRecovery {
    /// The model gets an error result and is called again.
    Retry,
    /// The next request forces the tool, so that a server with a grammar must emit a valid call.
    ForceToolChoice,
    /// The turn ends.
    Abort,
}

/// Counts invalid calls in a row, per tool; unknown tools share the key `None`.
#[derive(Debug, Default)]
pub(crate) struct InvalidCallTracker {
    invalid_streaks: BTreeMap<Option<ToolName>, u32>,
}

/// How the turn goes on after the calls of one message.
#[derive(Debug, Default)]
pub(crate) struct RecoveryPlan {
    /// The recovery for each invalid call, in order.
    pub(crate) recoveries: Vec<InvalidCallRecovery>,
    /// The tool that the next request forces.
    pub(crate) forced_tool: Option<ToolName>,
    /// The invalid call that ends the turn, and how many messages in a row had one.
    pub(crate) aborting_call: Option<(InvalidToolCall, u32)>,
}

impl InvalidCallTracker {
    /// Counts the invalid calls of a message and decides how to recover.
    pub(crate) fn plan_recovery(
        &mut self,
        tools: &ToolRegistry,
        calls: &[EmittedToolCall],
    ) -> RecoveryPlan {
        let place = |name: &ToolName| tools.find_spec(name).map(|_| name.clone());
        let mut now: BTreeMap<Option<ToolName>, u32> = BTreeMap::new();
        for call in calls {
            if let EmittedToolCall::Invalid(call) = call {
                let before =
                    self.invalid_streaks.get(&place(&call.name)).copied().unwrap_or_default();
                now.insert(place(&call.name), before + 1);
            }
        }
        for call in calls {
            let EmittedToolCall::Valid(call) = call else { continue };
            let tool = Some(call.name.clone());
            // Planned only for a tool with invalid calls: it is planned again to be run.
            let has_invalid = now.contains_key(&tool) || self.invalid_streaks.contains_key(&tool);
            if has_invalid && tools.plan_call(call).is_some_and(|planned| planned.is_ok()) {
                now.entry(tool.clone()).and_modify(|broken| *broken = 1);
                self.invalid_streaks.remove(&tool);
            }
        }
        let mut climb = RecoveryPlan::default();
        for call in calls {
            let EmittedToolCall::Invalid(call) = call else { continue };
            let tool = place(&call.name);
            let broken = now.get(&tool).copied().unwrap_or_default();
            let step = match broken {
                ABORT_AFTER.. => InvalidCallRecovery::Abort,
                FORCE_AFTER
                    if tool.is_some()
                        && climb.forced_tool.as_ref().is_none_or(|f| *f == call.name) =>
                {
                    climb.forced_tool = tool;
                    InvalidCallRecovery::ForceToolChoice
                }
                _ => InvalidCallRecovery::Retry,
            };
            if step == InvalidCallRecovery::Abort && climb.aborting_call.is_none() {
                climb.aborting_call = Some((call.clone(), broken));
            }
            climb.recoveries.push(step);
        }
        self.invalid_streaks.append(&mut now);
        climb
    }
}

/// Describes a tool's parameters in a sentence.
pub(crate) fn describe_expected_arguments(tools: &ToolRegistry, name: &ToolName) -> String {
    match tools.find_spec(name) {
        Some(spec) => format!("{}.", spec.describe_parameters()),
        None => format!("Also, {}.", tools.describe_unknown_tool(name)),
    }
}
