//! The settings of `exec`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openclaw_process::SupervisorProgram;
use openclaw_process::sandbox::SandboxPolicy;

use super::{CommandJudge, CommandRuns, NodeOptions};

/// The settings of `exec`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExecOptions {
    /// The longest that any command may run.
    pub time_limit: Duration,
    /// The most bytes of a command's output that are kept: the start and the end. The caller
    /// decides how much of it the model is shown.
    pub max_output_bytes: usize,
    /// The complete environment of the commands; see [`openclaw_process::base_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// What supervises the commands.
    pub supervisor: SupervisorProgram,
    /// What the commands may do; `None` for everything that their user may.
    pub sandbox: Option<SandboxPolicy>,
    /// Judges each command when it is planned; `None` leaves every command to whoever approves
    /// calls.
    pub judge: Option<Arc<dyn CommandJudge>>,
    /// A file with the commits that commands have made, one in each line; `None` forgets them with
    /// this agent.
    pub commit_record: Option<PathBuf>,
    /// Commands that outlive their calls; `None` ends each command with its call.
    pub background: Option<BackgroundOptions>,
    /// The node that all commands run on; `None` is this machine.
    pub node: Option<NodeOptions>,
}

impl ExecOptions {
    /// The settings of commands with an empty environment, on this machine, without a
    /// sandbox, a judge and a background.
    #[must_use]
    pub fn new(
        time_limit: Duration,
        max_output_bytes: usize,
        supervisor: SupervisorProgram,
    ) -> Self {
        Self {
            time_limit,
            max_output_bytes,
            environment: Vec::new(),
            supervisor,
            sandbox: None,
            judge: None,
            commit_record: None,
            background: None,
            node: None,
        }
    }
}

/// The settings of commands that outlive their calls.
#[derive(Debug, Clone)]
pub struct BackgroundOptions {
    /// Where they run, and what the tool `process` shows.
    pub runs: CommandRuns,
    /// How long a call waits for its command unless the model says otherwise.
    pub yield_after: Duration,
}
