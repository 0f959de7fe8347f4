//! Why a plan is allowed, asked about or denied, for a person and as JSON.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::escape::escape_line;
use crate::plan::{CommandPlan, PlanBody, PlannedCommand};
use crate::policy::{AskMode, AskReason, ExecDecision, ExecPolicy, SecurityLevel};
use crate::quote::quote_words;
use crate::wrapper::EnvironmentChange;

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DecisionExplanation {
    /// `allow`, `ask` or `deny`.
    pub decision: &'static str,
    /// Why, at least one reason.
    pub reasons: Vec<String>,
    /// What is decided about it outside of the sandbox; `None` when it doesn't run in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without_sandbox: Option<UnsandboxedDecision>,
    /// The effective security level.
    pub security: SecurityLevel,
    /// The effective ask mode.
    pub ask: AskMode,
    /// The directory.
    pub directory: String,
    /// The hash of the plan, which an approval is bound to.
    pub plan_hash: String,
    /// Why the text can't be run without a shell; `None` when it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell_text: Option<String>,
    /// The commands in their order; empty for a text that only a shell can run.
    pub commands: Vec<CommandExplanation>,
}

/// What is decided about a sandboxed command if it ran without its sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnsandboxedDecision {
    /// `allow`, `ask` or `deny`.
    pub decision: &'static str,
    /// Why, at least one reason.
    pub reasons: Vec<String>,
}

/// What is known of one command, and what the allowlist says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CommandExplanation {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The program within the wrappers, as it was found.
    pub resolved_path: Option<String>,
    /// The wrappers around it, from the outside.
    pub wrappers: Vec<String>,
    /// The variables that the wrappers change.
    pub environment: Vec<EnvironmentChange>,
    /// What the allowlist says.
    pub verdict: CommandVerdict,
}

/// What the allowlist says about one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CommandVerdict {
    /// An entry covers it.
    Listed {
        /// The id of the entry, or its pattern.
        rule: String,
    },
    /// It is a filter of standard input.
    SafeBin,
    /// Nothing covers it.
    Missed {
        /// Why.
        reason: AskReason,
    },
}

impl DecisionExplanation {
    pub(crate) fn new(
        policy: &ExecPolicy,
        plan: &CommandPlan,
        decision: ExecDecision,
        commands: Vec<CommandExplanation>,
    ) -> Self {
        let (decision, reasons) = decision_reasons(policy, decision);
        let shell_text = match plan.body() {
            PlanBody::ShellText { problem, .. } => Some(problem.to_string()),
            PlanBody::Pipelines(_) => None,
        };
        Self {
            decision,
            reasons,
            without_sandbox: None,
            security: policy.security,
            ask: policy.ask,
            directory: plan.context().directory.clone(),
            plan_hash: plan.hash().to_string(),
            shell_text,
            commands,
        }
    }

    /// Explains that the command runs in a sandbox, which `sandbox` describes. `unsandboxed` is the
    /// policy of commands without one.
    #[must_use]
    pub fn in_sandbox(
        mut self,
        sandbox: &str,
        unsandboxed: &ExecPolicy,
        decision: ExecDecision,
    ) -> Self {
        if self.decision == "allow" {
            self.reasons = vec![format!("it runs in the sandbox: {sandbox}")];
        }
        let (decision, reasons) = decision_reasons(unsandboxed, decision);
        self.without_sandbox = Some(UnsandboxedDecision { decision, reasons });
        self
    }

    /// Explains that no command runs at all.
    #[must_use]
    pub fn denied_because(mut self, reason: String) -> Self {
        self.decision = "deny";
        self.reasons = vec![reason];
        self
    }
}

/// The name of a decision, and why it is made.
fn decision_reasons(policy: &ExecPolicy, decision: ExecDecision) -> (&'static str, Vec<String>) {
    match decision {
        ExecDecision::Allow if policy.security == SecurityLevel::Full => {
            ("allow", vec!["`security` is `full`".to_owned()])
        }
        ExecDecision::Allow => ("allow", vec!["the lists allow it".to_owned()]),
        ExecDecision::Ask { reasons } => ("ask", reasons.iter().map(ToString::to_string).collect()),
        ExecDecision::Deny { reason } => ("deny", vec![reason.to_string()]),
    }
}

impl CommandExplanation {
    pub(crate) fn new(index: usize, command: &PlannedCommand, verdict: CommandVerdict) -> Self {
        let outer = command.program.iter().filter(|_| command.target_start > 0);
        let wrappers = outer.chain(&command.inner_wrappers).map(|program| program.path.clone());
        Self {
            index,
            argv: command.argv.clone(),
            resolved_path: command.target.as_ref().map(|program| program.path.clone()),
            wrappers: wrappers.collect(),
            environment: command.environment.clone(),
            verdict,
        }
    }
}

/// Some lines for a person, without control characters.
impl fmt::Display for DecisionExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.decision)?;
        for reason in &self.reasons {
            writeln!(f, "  because {}", escape_line(reason))?;
        }
        if let Some(UnsandboxedDecision { decision, reasons }) = &self.without_sandbox {
            writeln!(f, "  without the sandbox: {decision}")?;
            for reason in reasons {
                writeln!(f, "    because {}", escape_line(reason))?;
            }
        }
        if let Some(problem) = &self.shell_text {
            writeln!(
                f,
                "not allowed by the lists: only a shell can run it: {}",
                escape_line(problem)
            )?;
        }
        for command in &self.commands {
            let path = command.resolved_path.as_deref().unwrap_or("not found");
            let argv = escape_line(&quote_words(&command.argv));
            writeln!(f, "{}: {argv}", command.index + 1)?;
            writeln!(f, "  program: {}", escape_line(path))?;
            for wrapper in &command.wrappers {
                writeln!(f, "  within: {}", escape_line(wrapper))?;
            }
            writeln!(f, "  {}", escape_line(&command.verdict.to_string()))?;
        }
        Ok(())
    }
}

impl fmt::Display for CommandVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed { rule } => write!(f, "on the allowlist: {rule}"),
            Self::SafeBin => f.write_str("a filter of standard input"),
            Self::Missed { reason } => write!(f, "not allowed by the lists: {reason}"),
        }
    }
}

/// Writes a value as its text.
pub(crate) fn serialize_as_text<S: Serializer>(
    value: &impl fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
