//! What becomes of a command that runs on a node, asked before it is run.

use openclaw_core::CommandReview;
use openclaw_exec_policy::{CommandInput, CommandPlan, InvalidRequest, PlanContext};
use openclaw_process::base_environment;
use openclaw_protocol::gateway::NodeDecision;
use openclaw_protocol::results::exec_policy::{NodeAnswer, NodeCommandExplanation, NodeOutcomes};
use openclaw_tools::{NodeCommand, NodeCommandJudge, NodeCommandPlan, ProgramFinder};

use crate::command_policy::CommandPolicy;
use crate::runtime::Runtime;

/// A command that does nothing, to be asked about.
const PROBE_COMMAND: &str = "true";

impl Runtime {
    /// Explains whether a command of an agent would run on the node, need a question or be denied.
    /// Asks the node, through the gateway, unless this machine's policy decides alone. Nothing is
    /// run.
    ///
    /// # Errors
    /// When the text is not a command.
    pub async fn explain_on_node(
        &self,
        agent: &str,
        command: &str,
    ) -> Result<NodeCommandExplanation, InvalidRequest> {
        self.check_command_text(agent, command)?;
        let policy = self.command_policy(agent);
        let judge = |decision| {
            describe_review(policy.judge_node_command(&NodeCommand {
                decision,
                reason: None,
                display: "",
            }))
        };
        let [allows, asks, denies] =
            [NodeDecision::Allow, NodeDecision::Ask, NodeDecision::Deny].map(judge);
        let outcomes = NodeOutcomes {
            node_allows: allows.0.to_owned(),
            node_asks: asks.0.to_owned(),
            node_denies: denies.0.to_owned(),
        };
        let values = policy.summarize_policy().effective;
        let explanation = NodeCommandExplanation {
            decision: "unknown".to_owned(),
            reasons: Vec::new(),
            security: values.security.to_owned(),
            ask: values.ask.to_owned(),
            outcomes,
            node: None,
            problem: None,
        };
        if allows.0 == "deny" {
            let (decision, reasons) = (allows.0.to_owned(), allows.1);
            return Ok(NodeCommandExplanation { decision, reasons, ..explanation });
        }
        Ok(match self.prepare_on_node(agent, command).await {
            Ok(plan) => explain_plan(&policy, plan, explanation),
            Err(problem) => NodeCommandExplanation {
                reasons: vec!["the node decides, and it did not say how".to_owned()],
                problem: Some(problem),
                ..explanation
            },
        })
    }

    /// Asks the node on which commands run about a command that does nothing, which tells its
    /// policy and its sandbox. Nothing is run.
    ///
    /// # Errors
    /// Why the node did not answer, as a sentence.
    pub async fn inspect_node(&self, agent: &str) -> Result<NodeAnswer, String> {
        self.prepare_on_node(agent, PROBE_COMMAND).await.map(node_answer)
    }

    async fn prepare_on_node(&self, agent: &str, command: &str) -> Result<NodeCommandPlan, String> {
        let options = self.node_options(agent, None);
        let options = options.ok_or("nothing here reaches the nodes of a gateway")?;
        options.prepare_text(command).await
    }

    fn check_command_text(&self, agent: &str, command: &str) -> Result<(), InvalidRequest> {
        let variables = self.models().env().iter_pairs();
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let finder = ProgramFinder::new(&base_environment(variables), "/".as_ref());
        let input = CommandInput::Script(command.to_owned());
        CommandPlan::new(input, PlanContext::new("/", agent), &finder).map(|_| ())
    }
}

fn explain_plan(
    policy: &CommandPolicy,
    plan: NodeCommandPlan,
    explanation: NodeCommandExplanation,
) -> NodeCommandExplanation {
    let review = policy.judge_node_command(&NodeCommand {
        decision: plan.result.decision,
        reason: plan.result.reason.as_deref(),
        display: "",
    });
    let (decision, reasons) = describe_review(review);
    NodeCommandExplanation {
        decision: decision.to_owned(),
        reasons,
        node: Some(node_answer(plan)),
        ..explanation
    }
}

/// The name of a decision, and why it is made.
fn describe_review(review: CommandReview) -> (&'static str, Vec<String>) {
    match review {
        CommandReview::Allowed => {
            ("allow", vec!["the node allows it, and the policy here adds no question".to_owned()])
        }
        CommandReview::NeedsPerson { reasons, .. } => ("ask", reasons),
        CommandReview::Denied { reason, .. } => ("deny", vec![reason]),
        _ => ("deny", vec!["nothing judged it".to_owned()]),
    }
}

fn node_answer(plan: NodeCommandPlan) -> NodeAnswer {
    let NodeCommandPlan { node_id, node_name, result } = plan;
    NodeAnswer {
        node_id,
        name: node_name,
        decision: result.decision,
        reason: result.reason,
        directory: result.plan.cwd,
        plan_hash: result.plan.plan_hash,
        sandbox: result.sandbox,
    }
}
