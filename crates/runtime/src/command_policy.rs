//! The policy of commands on this machine: `tools.exec` made stricter by `exec-approvals.json`.

mod approvals;
mod denial;
mod grants;
mod on_node;
mod remedies;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_config::{Config, ExecAsk, ExecConfig, ExecSecurity};
use openclaw_core::{CommandRemedies, CommandReview, UnansweredAction};
use openclaw_exec_policy::{
    ApprovalsDocument, AskMode, CommandInput, CommandPlan, DEFAULT_SAFE_BINS, DEFAULT_TRUSTED_DIRS,
    DecisionExplanation, ExecDecision, ExecPolicy, InvalidRequest, PlanContext, SafeBinProfile,
    SafeBins, SecurityLevel, render_command_for_approval, render_lines_for_approval,
};
use openclaw_fs::StateFile;
use openclaw_process::base_environment;
use openclaw_process::sandbox::{SandboxLevels, SandboxPolicy};
use openclaw_tools::{CommandJudge, CommandPlace, JudgedCommand, ProgramFinder};

use self::denial::SessionStrictness;
use self::grants::GRANTS_FILE_NAME;
use crate::command_sandbox::AgentSandbox;
use crate::runtime::Runtime;

pub use grants::{GrantScope, GrantSummary};
pub(crate) use remedies::{GatewayCommandJudge, describe_allowlist_commands};

pub use approvals::{
    ApprovalsContent, ApprovalsReplacement, ApprovalsUpdateError, PolicySummary, PolicyValues,
    WidePattern,
};

/// The file in the state folder that restricts commands.
const APPROVALS_FILE_NAME: &str = "exec-approvals.json";

/// Judges the commands of one agent. The approvals file is read again for each command, so that a
/// change counts at once.
#[derive(Debug, Clone)]
pub struct CommandPolicy {
    agent: String,
    config: ExecPolicy,
    /// What `/exec` of the session makes stricter.
    session: SessionStrictness,
    approvals_path: PathBuf,
    grants_path: PathBuf,
    /// What a leading `~` in a pattern stands for.
    home: Option<String>,
    /// Whether the config says which commands may run; else all may run in the sandbox.
    is_security_set: bool,
    /// What is enforced of the sandbox, for people; `None` without one.
    sandbox_levels: Option<SandboxLevels>,
    /// What the sandbox allows, to compare; `None` without one.
    sandbox_rules: Option<String>,
    /// The workspace of the sandbox, without symbolic links; `None` without one.
    workspace: Option<String>,
}

impl Runtime {
    /// The policy of an agent's commands.
    #[must_use]
    pub fn command_policy(&self, agent: &str) -> CommandPolicy {
        let models = self.models();
        CommandPolicy {
            agent: agent.to_owned(),
            config: policy_from_config(self.config(), agent),
            session: SessionStrictness::new(self, agent),
            approvals_path: models.app_paths().state_dir().join(APPROVALS_FILE_NAME),
            grants_path: models.app_paths().state_dir().join(GRANTS_FILE_NAME),
            home: models.env().get("HOME").map(str::to_owned),
            is_security_set: self.config().has_exec_security(agent),
            sandbox_levels: None,
            sandbox_rules: None,
            workspace: None,
        }
    }

    /// Explains whether a command of an agent would run, need a question or be denied in a
    /// directory. Nothing is run.
    ///
    /// # Errors
    /// When the text is not a command.
    pub fn explain_command(
        &self,
        agent: &str,
        command: &str,
        directory: &Path,
    ) -> Result<DecisionExplanation, InvalidRequest> {
        let variables = self.models().env().iter_pairs();
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let finder = ProgramFinder::new(&base_environment(variables), directory);
        let directory = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let context = PlanContext::new(&directory.to_string_lossy(), agent);
        let plan = CommandPlan::new(CommandInput::Script(command.to_owned()), context, &finder)?;
        let policy = self.command_policy(agent);
        let approvals = policy.read_approvals();
        let outside = policy.apply_approvals(&approvals);
        let now_ms = now_ms();
        Ok(match self.agent_sandbox(agent, &directory) {
            Ok(sandbox) if sandbox.policy.is_some() => policy
                .with_sandbox(&sandbox)
                .sandboxed_policy(&approvals)
                .explain_plan(&plan, now_ms)
                .in_sandbox(&sandbox.summary(), &outside, outside.judge_plan(&plan, now_ms)),
            Ok(_) => outside.explain_plan(&plan, now_ms),
            Err(error) => outside
                .explain_plan(&plan, now_ms)
                .denied_because(format!("no command runs: failed to {error}")),
        })
    }
}

impl CommandPolicy {
    /// Judges commands that run in a sandbox: those that the config does not restrict run without a
    /// question.
    #[must_use]
    pub fn with_sandbox(self, sandbox: &AgentSandbox) -> Self {
        let sandbox_levels = sandbox.policy.is_some().then(|| sandbox.levels.clone());
        let workspace = sandbox.policy.as_ref().and_then(|policy| {
            let workspace = std::fs::canonicalize(&policy.workspace).ok()?;
            workspace.to_str().map(str::to_owned)
        });
        let sandbox_rules = sandbox.policy.clone().map(describe_sandbox);
        Self { sandbox_levels, sandbox_rules, workspace, ..self }
    }

    /// The path of the approvals file, whether or not it exists.
    #[must_use]
    pub fn approvals_path(&self) -> &Path {
        &self.approvals_path
    }

    /// The policy of the config alone.
    #[must_use]
    pub fn config_policy(&self) -> &ExecPolicy {
        &self.config
    }

    /// Reads the approvals file. One that can't be read denies every command.
    #[must_use]
    pub fn read_approvals(&self) -> ApprovalsDocument {
        match StateFile::new(self.approvals_path.clone()).read_text() {
            Ok(text) => ApprovalsDocument::from_bytes(text.map(String::into_bytes)),
            Err(error) => ApprovalsDocument::from_read_error(&error),
        }
    }

    /// The effective policy: the config made stricter by the current approvals file.
    #[must_use]
    pub fn effective_policy(&self) -> ExecPolicy {
        self.apply_approvals(&self.read_approvals())
    }

    fn apply_approvals(&self, approvals: &ApprovalsDocument) -> ExecPolicy {
        let mut policy = approvals.apply_to(self.config.clone(), &self.agent, self.home.as_deref());
        self.apply_grants(&mut policy, false);
        policy
    }

    /// The policy of commands in the sandbox. The default, that a person decides about commands on
    /// no allowlist, is for commands that nothing else holds.
    fn sandboxed_policy(&self, approvals: &ApprovalsDocument) -> ExecPolicy {
        let mut config = self.config.clone();
        if !self.is_security_set {
            config.security = SecurityLevel::Full;
        }
        let mut policy = approvals.apply_to(config, &self.agent, self.home.as_deref());
        self.apply_grants(&mut policy, true);
        policy
    }

    /// The review of a command that a person decides about.
    fn review_by_person(&self, plan: &CommandPlan, reasons: Vec<String>) -> PersonalReview {
        let mut display = render_command_for_approval(plan);
        if let Some(levels) = &self.sandbox_levels {
            let lines: Vec<String> =
                levels.iter().map(|(name, level)| format!("{name}: {level}")).collect();
            let lines = lines.iter().map(String::as_str);
            display.push_str(&render_lines_for_approval("sandbox", lines));
        }
        PersonalReview { reasons, display }
    }

    /// Judges a command that the model wants to run outside of the sandbox: a person decides,
    /// whatever is allowed beforehand.
    fn judge_outside(&self, plan: &CommandPlan, approvals: &ApprovalsDocument) -> CommandReview {
        let policy = self.apply_approvals(approvals);
        if let ExecDecision::Deny { reason } = policy.judge_plan(plan, now_ms()) {
            let is_final = policy.security == SecurityLevel::Deny;
            return CommandReview::Denied {
                reason: self.describe_denial(&reason, approvals),
                is_final,
            };
        }
        let reason = "it is to run outside of the sandbox".to_owned();
        let mut display = render_command_for_approval(plan);
        display.push_str("sandbox: none, the model wants to run it outside\n");
        CommandReview::NeedsPerson {
            reasons: vec![reason],
            display,
            remedies: CommandRemedies::default(),
            unanswered: UnansweredAction::Deny,
            is_final: true,
        }
    }
}

impl CommandJudge for CommandPolicy {
    fn agent(&self) -> &str {
        &self.agent
    }

    fn judge_command(&self, plan: &CommandPlan, place: CommandPlace) -> JudgedCommand {
        let approvals = self.read_approvals();
        let policy = match place {
            CommandPlace::Host => self.apply_approvals(&approvals),
            CommandPlace::Sandbox => self.sandboxed_policy(&approvals),
            CommandPlace::OutsideSandbox => {
                let review = self.judge_outside(plan, &approvals);
                return JudgedCommand { review, without_shell: false };
            }
        };
        let now_ms = now_ms();
        let review = match policy.judge_plan(plan, now_ms) {
            ExecDecision::Allow => {
                let without_shell = policy.security == SecurityLevel::Allowlist;
                return JudgedCommand { review: CommandReview::Allowed, without_shell };
            }
            ExecDecision::Deny { reason } => CommandReview::Denied {
                reason: self.describe_denial(&reason, &approvals),
                is_final: policy.security == SecurityLevel::Deny,
            },
            ExecDecision::Ask { reasons } => {
                let runs_unasked =
                    policy.judge_without_approver(plan, now_ms) == ExecDecision::Allow;
                let reasons = reasons.iter().map(|reason| self.describe_ask(reason)).collect();
                let PersonalReview { reasons, display } = self.review_by_person(plan, reasons);
                CommandReview::NeedsPerson {
                    reasons,
                    display,
                    is_final: false,
                    remedies: self.find_remedies(&policy, plan, place),
                    unanswered: match policy.ask {
                        _ if runs_unasked => UnansweredAction::Run,
                        AskMode::Always => UnansweredAction::Wait,
                        _ => UnansweredAction::Deny,
                    },
                }
            }
        };
        JudgedCommand { review, without_shell: false }
    }
}

/// What a sandbox allows. The temporary folder is another one for each conversation.
fn describe_sandbox(mut policy: SandboxPolicy) -> String {
    policy.temp_dir = None;
    format!("{policy:?}")
}

/// What a person is shown of a command.
struct PersonalReview {
    reasons: Vec<String>,
    display: String,
}

/// The policy that `tools.exec` and the agent's own `tools.exec` describe.
pub(crate) fn policy_from_config(config: &Config, agent: &str) -> ExecPolicy {
    let security = match config.exec_security(agent) {
        ExecSecurity::Deny => SecurityLevel::Deny,
        ExecSecurity::Allowlist => SecurityLevel::Allowlist,
        ExecSecurity::Full => SecurityLevel::Full,
    };
    let ask = match config.exec_ask_mode(agent) {
        ExecAsk::Off => AskMode::Off,
        ExecAsk::OnMiss => AskMode::OnMiss,
        ExecAsk::Always => AskMode::Always,
    };
    let mut policy = ExecPolicy::new(security, ask);
    policy.safe_bins = safe_bins_from_config(&config.tools.exec);
    policy
}

fn safe_bins_from_config(exec: &ExecConfig) -> SafeBins {
    let mut safe_bins = SafeBins::default();
    safe_bins.names =
        exec.safe_bins.clone().unwrap_or_else(|| DEFAULT_SAFE_BINS.map(str::to_owned).to_vec());
    safe_bins.trusted_dirs = DEFAULT_TRUSTED_DIRS.map(str::to_owned).to_vec();
    safe_bins.trusted_dirs.extend(exec.safe_bin_trusted_dirs.iter().cloned());
    for (name, profile) in &exec.safe_bin_profiles {
        let profile = SafeBinProfile {
            min_positional: profile.min_positional,
            max_positional: profile.max_positional,
            allowed_value_flags: profile.allowed_value_flags.clone(),
            denied_flags: profile.denied_flags.clone(),
        };
        safe_bins.profiles.insert(name.clone(), profile);
    }
    safe_bins
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
