//! A runtime with its own state folder, and helpers to use it.

use std::path::Path;

use openclaw_config::{AppPaths, Config, Env};
use openclaw_models::ModelRegistry;
use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_runtime::{AgentError, AgentSetupErrorKind, Runtime};
use tempfile::TempDir;

/// A runtime whose state folder is deleted with it.
pub(crate) struct Lab {
    pub(crate) runtime: Runtime,
    state: TempDir,
}

impl Lab {
    /// Takes a config's text and the environment.
    pub(crate) fn new(config: &str, env: &[(&str, &str)]) -> Self {
        Self::again(tempfile::tempdir().unwrap(), config, env)
    }

    /// Ends this run and starts another with the same state.
    pub(crate) fn restart(self, config: &str) -> Self {
        Self::again(self.state, config, &[])
    }

    fn again(state: TempDir, config: &str, env: &[(&str, &str)]) -> Self {
        let dir = ("OPENCLAW_STATE_DIR", state.path().to_str().unwrap());
        let env = Env::from_pairs(env.iter().copied().chain([dir]));
        let paths = AppPaths::new(&env, None).unwrap();
        let loaded = Config::parse(config, &env).unwrap();
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        Self { runtime: Runtime::new(ModelRegistry::new(loaded, paths, supervisor())), state }
    }

    /// The state folder.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }
}

/// A config with the provider `lab` on a server; `more` is added to the provider.
pub(crate) fn lab_on(base_url: &str, more: &str) -> String {
    format!(r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{base_url}", {more} }} }} }} }}"#)
}

pub(crate) fn setup_kind(error: &AgentError) -> AgentSetupErrorKind {
    match error {
        AgentError::Setup(error) => error.kind(),
        other => panic!("the model was connected: {other:?}"),
    }
}

/// This test program as a supervisor of commands: it is started again to run one test.
fn supervisor() -> SupervisorProgram {
    let args = ["--exact", "lab::supervise_when_asked", "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}
