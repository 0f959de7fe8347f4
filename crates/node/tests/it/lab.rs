//! A node with a policy of the test's.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openclaw_client::{GatewayAddress, GatewaySecret};
use openclaw_core::{CommandRemedies, CommandReview, UnansweredAction};
use openclaw_device::{DeviceIdentity, DeviceTokenFile};
use openclaw_exec_policy::{AskMode, CommandPlan, ExecDecision, ExecPolicy, SecurityLevel};
use openclaw_node::{
    ApprovalsChangeError, ApprovalsSnapshot, CommandSettings, NodeHost, NodeOptions, NodePolicy,
    NodeReport, NodeStopReason, ReconnectDelays,
};
use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_tools::{CommandJudge, CommandPlace, ExecOptions, JudgedCommand};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::fake_gateway::{FakeGateway, PATIENCE};

/// A policy that a test changes while the node runs.
#[derive(Debug, Clone)]
pub(crate) struct TestPolicy {
    policy: Arc<Mutex<ExecPolicy>>,
    /// The number of the settings, or why there are none.
    pub(crate) settings: Arc<Mutex<Result<u64, String>>>,
    /// How long a command may run.
    pub(crate) limit: Arc<Mutex<Duration>>,
}

impl TestPolicy {
    pub(crate) fn new(security: SecurityLevel, ask: AskMode) -> Self {
        Self {
            policy: Arc::new(Mutex::new(ExecPolicy::new(security, ask))),
            settings: Arc::new(Mutex::new(Ok(1))),
            limit: Arc::new(Mutex::new(PATIENCE)),
        }
    }

    pub(crate) fn set(&self, security: SecurityLevel, ask: AskMode) {
        *self.policy.lock().unwrap() = ExecPolicy::new(security, ask);
    }
}

impl CommandJudge for TestPolicy {
    fn agent(&self) -> &'static str {
        "main"
    }

    fn judge_command(&self, plan: &CommandPlan, _: CommandPlace) -> JudgedCommand {
        let review = match self.policy.lock().unwrap().judge_plan(plan, 0) {
            ExecDecision::Allow => CommandReview::Allowed,
            ExecDecision::Deny { reason } => {
                CommandReview::Denied { reason: reason.to_string(), is_final: true }
            }
            ExecDecision::Ask { reasons } => CommandReview::NeedsPerson {
                reasons: reasons.iter().map(ToString::to_string).collect(),
                display: String::new(),
                unanswered: UnansweredAction::Deny,
                remedies: CommandRemedies::default(),
                is_final: false,
            },
        };
        JudgedCommand { review, without_shell: false }
    }
}

impl NodePolicy for TestPolicy {
    fn reload_settings(&self) -> Result<u64, String> {
        self.settings.lock().unwrap().clone()
    }

    fn command_settings(&self, agent: &str) -> Result<CommandSettings, String> {
        if agent == "nobody" {
            return Err("run commands of this agent".to_owned());
        }
        let mut options = ExecOptions::new(*self.limit.lock().unwrap(), 10_000, supervisor());
        options.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
        options.judge = Some(Arc::new(self.clone()));
        Ok(CommandSettings { options, sandbox: Vec::new() })
    }

    fn describe_policy(&self, _: &str) -> Value {
        json!({ "security": format!("{:?}", self.policy.lock().unwrap().security) })
    }

    fn read_approvals(&self) -> ApprovalsSnapshot {
        let file = Some(json!({ "version": 1 }));
        ApprovalsSnapshot { path: "/the/file".to_owned(), file, hash: Some("h".to_owned()) }
    }

    fn tighten_approvals(
        &self,
        text: &str,
        base: Option<&str>,
    ) -> Result<(), ApprovalsChangeError> {
        match base {
            Some("h") | None if text.contains("deny") => {
                self.set(SecurityLevel::Deny, AskMode::Off);
                Ok(())
            }
            Some("h") | None => Err(ApprovalsChangeError::Wider("it is wider".to_owned())),
            Some(_) => Err(ApprovalsChangeError::Refused("it has changed".to_owned())),
        }
    }
}

/// A node that runs.
pub(crate) struct TestNode {
    pub(crate) folder: TempDir,
    pub(crate) reports: UnboundedReceiver<NodeReport>,
    running: JoinHandle<Result<std::convert::Infallible, NodeStopReason>>,
}

pub(crate) fn options(folder: &Path, port: u16) -> NodeOptions {
    let workspace = folder.join("workspace");
    std::fs::create_dir_all(&workspace).unwrap();
    let identity = DeviceIdentity::load_or_create(folder.join("node/identity.json")).unwrap();
    let brief = Duration::from_millis(5);
    NodeOptions {
        address: GatewayAddress::on_this_machine(port),
        identity: Arc::new(identity),
        tokens: DeviceTokenFile::new(folder.join("node/tokens.json")),
        secret: Some(GatewaySecret::Token("the-owners-token".to_owned().into())),
        display_name: Some("test-node".to_owned()),
        path_env: Some("/usr/bin:/bin".to_owned()),
        folder: folder.join("node"),
        workspace,
        delays: ReconnectDelays {
            first: brief,
            longest: brief,
            first_approval: brief,
            soon_period: brief,
            soon_approval: brief,
            longest_approval: brief,
        },
    }
}

impl TestNode {
    pub(crate) fn start(gateway: &FakeGateway, policy: &TestPolicy) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), gateway, policy)
    }

    pub(crate) fn start_in(folder: TempDir, gateway: &FakeGateway, policy: &TestPolicy) -> Self {
        let (sender, reports) = unbounded_channel();
        let options = options(folder.path(), gateway.port());
        let policy = Arc::new(policy.clone());
        let node = NodeHost::open(options, policy, move |report| {
            let _ = sender.send(report);
        });
        let node = node.unwrap();
        let running = tokio::spawn(async move { node.run().await });
        Self { folder, reports, running }
    }

    /// A node that runs everything.
    pub(crate) fn start_open(gateway: &FakeGateway) -> Self {
        Self::start(gateway, &TestPolicy::new(SecurityLevel::Full, AskMode::Off))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace").join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) async fn next_report(&mut self) -> NodeReport {
        let report = tokio::time::timeout(PATIENCE, self.reports.recv()).await;
        report.expect("nothing is reported").unwrap()
    }

    /// Ends the node with its commands, and returns its folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.running.abort();
        let _ = self.running.await;
        self.folder
    }

    /// Waits until the node stops by itself.
    pub(crate) async fn wait_for_stop(self) -> NodeStopReason {
        let stopped = tokio::time::timeout(PATIENCE, self.running).await;
        let Err(reason) = stopped.expect("the node goes on").unwrap();
        reason
    }
}

/// This test program as a supervisor of commands: it is started again to run one test.
pub(crate) fn supervisor() -> SupervisorProgram {
    let args = ["--exact", "lab::supervise_when_asked", "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}
