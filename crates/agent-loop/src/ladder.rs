//! What is done about calls that are broken: cut off, or with arguments that are not JSON.
//!
//! What can be mended without inventing anything was mended before the message came here. Then the
//! model is told and asked again; when it breaks a call of the same tool again, the next request
//! names the tool, so that the server's grammar forces a valid call; when even that one is broken,
//! the turn ends. A call that its tool takes leads back to the start.

use std::collections::BTreeMap;

use openclaw_core::{BrokenCall, EmittedCall, ToolName};

use crate::toolbox::Toolbox;

/// After how many messages in a row with broken calls of a tool the next request names it.
const FORCE_AFTER: u32 = 2;
/// After how many the turn ends.
const GIVE_UP_AFTER: u32 = 3;

/// What is done about a call that cannot be run as the model wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BrokenCallStep {
    /// The model is told what is wrong and asked again.
    AskAgain,
    /// The next request names the tool, so that a server with a grammar forces a valid call.
    Force,
    /// The turn ends.
    GiveUp,
}

/// Where each tool is on the ladder; tools that are not offered share one place.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    broken: BTreeMap<Option<ToolName>, u32>,
}

/// What the calls of one message lead to.
#[derive(Debug, Default)]
pub(crate) struct Climb {
    /// The step for each broken call, in order.
    pub(crate) steps: Vec<BrokenCallStep>,
    /// The tool that the next request names.
    pub(crate) force: Option<ToolName>,
    /// The broken call that ends the turn, and how many messages in a row broke one.
    pub(crate) give_up: Option<(BrokenCall, u32)>,
}

impl Ladder {
    /// Takes the calls of a message.
    pub(crate) fn climb(&mut self, toolbox: &Toolbox, calls: &[EmittedCall]) -> Climb {
        let place = |name: &ToolName| toolbox.get(name).map(|_| name.clone());
        let mut now: BTreeMap<Option<ToolName>, u32> = BTreeMap::new();
        for call in calls {
            if let EmittedCall::Broken(call) = call {
                let before = self.broken.get(&place(&call.name)).copied().unwrap_or_default();
                now.insert(place(&call.name), before + 1);
            }
        }
        for call in calls {
            if let EmittedCall::Ready(call) = call
                && toolbox.get(&call.name).is_some_and(|tool| tool.plan(call).is_ok())
            {
                now.entry(Some(call.name.clone())).and_modify(|broken| *broken = 1);
                self.broken.remove(&Some(call.name.clone()));
            }
        }
        let mut climb = Climb::default();
        for call in calls {
            let EmittedCall::Broken(call) = call else { continue };
            let tool = place(&call.name);
            let broken = now.get(&tool).copied().unwrap_or_default();
            let step = match broken {
                GIVE_UP_AFTER.. => BrokenCallStep::GiveUp,
                FORCE_AFTER
                    if tool.is_some() && climb.force.as_ref().is_none_or(|f| *f == call.name) =>
                {
                    climb.force = tool;
                    BrokenCallStep::Force
                }
                _ => BrokenCallStep::AskAgain,
            };
            if step == BrokenCallStep::GiveUp && climb.give_up.is_none() {
                climb.give_up = Some((call.clone(), broken));
            }
            climb.steps.push(step);
        }
        self.broken.append(&mut now);
        climb
    }
}

/// Says in a sentence what a tool takes.
pub(crate) fn expected(toolbox: &Toolbox, name: &ToolName) -> String {
    match toolbox.spec(name) {
        Some(spec) => format!("{}.", spec.takes()),
        None => format!("Also, {}.", toolbox.describe_unknown(name)),
    }
}
