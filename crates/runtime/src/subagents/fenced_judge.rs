//! Judges the commands of a sub-agent: the strictest of its own policy and those of the sessions
//! above it.

use openclaw_core::{CommandReview, UnansweredAction};
use openclaw_exec_policy::CommandPlan;
use openclaw_tools::{CommandJudge, CommandPlace, JudgedCommand, NodeCommand, NodeCommandJudge};

use crate::command_policy::CommandPolicy;
use crate::command_sandbox::AgentSandbox;
use crate::runtime::Runtime;

/// The policy of an agent and those of the sessions above it.
#[derive(Debug, Clone)]
pub(crate) struct FencedJudge {
    own: CommandPolicy,
    above: Vec<CommandPolicy>,
}

impl Runtime {
    /// Judges the commands of an agent, in a sandbox if there is one, by its policy and by those of
    /// the sessions above it.
    pub(crate) fn fenced_judge(&self, agent: &str, sandbox: Option<&AgentSandbox>) -> FencedJudge {
        let policy_of = |runtime: &Self, agent: &str| {
            let policy = runtime.command_policy(agent);
            match sandbox {
                Some(sandbox) => policy.with_sandbox(sandbox),
                None => policy,
            }
        };
        let layers = self.fence.layers().iter();
        let above = layers.map(|layer| policy_of(&layer.runtime, &layer.agent));
        FencedJudge { own: policy_of(self, agent), above: above.collect() }
    }
}

impl CommandJudge for FencedJudge {
    fn agent(&self) -> &str {
        self.own.agent()
    }

    fn judge_command(&self, plan: &CommandPlan, place: CommandPlace) -> JudgedCommand {
        let own = self.own.judge_command(plan, place);
        self.above.iter().map(|policy| policy.judge_command(plan, place)).fold(own, |one, other| {
            JudgedCommand {
                review: stricter_review(one.review, other.review),
                without_shell: one.without_shell || other.without_shell,
            }
        })
    }
}

impl NodeCommandJudge for FencedJudge {
    fn judge_node_command(&self, command: &NodeCommand<'_>) -> CommandReview {
        let own = self.own.judge_node_command(command);
        let above = self.above.iter().map(|policy| policy.judge_node_command(command));
        above.fold(own, stricter_review)
    }
}

/// The stricter of two reviews; where a person decides, the questions of both.
pub(crate) fn stricter_review(one: CommandReview, other: CommandReview) -> CommandReview {
    use CommandReview::NeedsPerson;
    match (one, other) {
        (
            NeedsPerson { mut reasons, display, unanswered, remedies, is_final },
            NeedsPerson {
                reasons: others, unanswered: other_action, is_final: other_final, ..
            },
        ) => {
            let new = others.into_iter().filter(|reason| !reasons.contains(reason));
            let new: Vec<String> = new.collect();
            reasons.extend(new);
            let unanswered = stricter_action(unanswered, other_action);
            NeedsPerson {
                reasons,
                display,
                unanswered,
                remedies,
                is_final: is_final || other_final,
            }
        }
        (one, other) if strictness(&other) > strictness(&one) => other,
        (one, _) => one,
    }
}

fn stricter_action(one: UnansweredAction, other: UnansweredAction) -> UnansweredAction {
    let rank = |action| match action {
        UnansweredAction::Run => 0,
        UnansweredAction::Wait => 1,
        _ => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// What is allowed least has the highest number.
fn strictness(review: &CommandReview) -> u8 {
    match review {
        CommandReview::Allowed => 0,
        CommandReview::NeedsPerson { .. } => 2,
        CommandReview::Denied { is_final: false, .. } => 3,
        CommandReview::Denied { is_final: true, .. } => 4,
        _ => 1,
    }
}
