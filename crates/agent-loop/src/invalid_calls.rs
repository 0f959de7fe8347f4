//! What is done about calls that are broken: cut off, or with arguments that are not JSON.
//!
//! What can be mended without inventing anything was mended before the message came here. Then the
//! model is told and asked again; when it breaks a call of the same tool again, the next request
//! names the tool, so that the server's grammar forces a valid call; when even that one is broken,
//! the turn ends. A call that its tool takes leads back to the start.

use std::collections::BTreeMap;

use openclaw_core::{EmittedToolCall, InvalidToolCall, ToolName};

use crate::tool_registry::ToolRegistry;

/// After how many messages in a row with broken calls of a tool the next request names it.
const FORCE_AFTER: u32 = 2;
/// After how many the turn ends.
const ABORT_AFTER: u32 = 3;

/// What is done about a call that cannot be run as the model wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum InvalidCallRecovery {
    /// The model is told what is wrong and asked again.
    Retry,
    /// The next request names the tool, so that a server with a grammar forces a valid call.
    ForceToolChoice,
    /// The turn ends.
    Abort,
}

/// Where each tool is on the ladder; tools that are not offered share one place.
#[derive(Debug, Default)]
pub(crate) struct InvalidCallTracker {
    invalid_streaks: BTreeMap<Option<ToolName>, u32>,
}

/// What the calls of one message lead to.
#[derive(Debug, Default)]
pub(crate) struct RecoveryPlan {
    /// The step for each broken call, in order.
    pub(crate) recoveries: Vec<InvalidCallRecovery>,
    /// The tool that the next request names.
    pub(crate) forced_tool: Option<ToolName>,
    /// The broken call that ends the turn, and how many messages in a row broke one.
    pub(crate) aborting_call: Option<(InvalidToolCall, u32)>,
}

impl InvalidCallTracker {
    /// Takes the calls of a message.
    pub(crate) fn plan_recovery(
        &mut self,
        toolbox: &ToolRegistry,
        calls: &[EmittedToolCall],
    ) -> RecoveryPlan {
        let place = |name: &ToolName| toolbox.find_tool(name).map(|_| name.clone());
        let mut now: BTreeMap<Option<ToolName>, u32> = BTreeMap::new();
        for call in calls {
            if let EmittedToolCall::Invalid(call) = call {
                let before =
                    self.invalid_streaks.get(&place(&call.name)).copied().unwrap_or_default();
                now.insert(place(&call.name), before + 1);
            }
        }
        for call in calls {
            if let EmittedToolCall::Valid(call) = call
                && toolbox.find_tool(&call.name).is_some_and(|tool| tool.plan_call(call).is_ok())
            {
                now.entry(Some(call.name.clone())).and_modify(|broken| *broken = 1);
                self.invalid_streaks.remove(&Some(call.name.clone()));
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

/// Says in a sentence what a tool takes.
pub(crate) fn describe_expected_arguments(toolbox: &ToolRegistry, name: &ToolName) -> String {
    match toolbox.find_spec(name) {
        Some(spec) => format!("{}.", spec.describe_parameters()),
        None => format!("Also, {}.", toolbox.describe_unknown_tool(name)),
    }
}
