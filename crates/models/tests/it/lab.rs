//! A registry with its own state folder, and helpers to use it.

use std::path::Path;

use futures_util::StreamExt;
use openclaw_config::{AppPaths, Config, Env};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ModelAttempt, ModelError, ModelErrorKind, ModelInfo,
};
use openclaw_models::{
    ConnectError, FallbackChain, ModelConnection, ModelRegistry, SetupErrorKind,
};
use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_test_support::raw_server::hold;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// A registry whose state folder is deleted with it.
pub(crate) struct Lab {
    pub(crate) models: ModelRegistry,
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
        Self { models: ModelRegistry::new(loaded, paths, supervisor()), state }
    }

    /// The state folder.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    pub(crate) async fn connect(&self, name: Option<&str>) -> ModelConnection {
        self.models.connect_model(name).await.unwrap()
    }

    /// The warnings of connecting a model.
    pub(crate) async fn warnings(&self, name: Option<&str>) -> Vec<String> {
        self.connect(name).await.report.warnings
    }

    pub(crate) async fn info(&self, name: Option<&str>) -> ModelInfo {
        self.connect(name).await.model.model_info()
    }

    /// The error of connecting a model or, when that works, of asking it.
    pub(crate) async fn error(&self, name: Option<&str>) -> ConnectError {
        match self.models.connect_model(name).await {
            Ok(connection) => ConnectError::Model(ask(&connection.model, "hi").await.unwrap_err()),
            Err(error) => error,
        }
    }
}

/// A config with the provider `lab` on a server; `more` is added to the provider.
pub(crate) fn lab_on(base_url: &str, more: &str) -> String {
    format!(r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{base_url}", {more} }} }} }} }}"#)
}

/// An address where nothing answers while this is held.
pub(crate) struct Nowhere {
    pub(crate) url: String,
    _port: TcpSocket,
}

pub(crate) async fn nowhere() -> Nowhere {
    let port = hold(0).await;
    Nowhere { url: format!("http://{}/v1", port.local_addr().unwrap()), _port: port }
}

pub(crate) fn setup_kind(error: &ConnectError) -> SetupErrorKind {
    match error {
        ConnectError::Setup(error) => error.kind(),
        ConnectError::Model(error) => panic!("the server was asked: {error:?}"),
    }
}

pub(crate) fn model_kind(error: &ConnectError) -> ModelErrorKind {
    match error {
        ConnectError::Model(error) => error.kind(),
        ConnectError::Setup(error) => panic!("the server was not asked: {error:?}"),
    }
}

/// All hints as one text.
pub(crate) fn hints(error: &ConnectError) -> String {
    match error {
        ConnectError::Model(error) => error.hints().join("\n"),
        ConnectError::Setup(error) => error.hints().join("\n"),
    }
}

/// Sends a text to a model and returns its answer.
pub(crate) async fn ask(chain: &FallbackChain, text: &str) -> Result<String, ModelError> {
    ask_with_attempts(chain, text).await.0
}

/// Sends a text to a model and returns its answer, and the models that failed.
pub(crate) async fn ask_with_attempts(
    chain: &FallbackChain,
    text: &str,
) -> (Result<String, ModelError>, Vec<ModelAttempt>) {
    let mut attempts = Vec::new();
    let mut stream = chain.stream_chat(ChatRequest::from_user_message(text)).await.unwrap();
    while let Some(event) = stream.next().await {
        match event {
            Ok(ChatEvent::Finished { message, .. }) => return (Ok(message.text), attempts),
            Ok(ChatEvent::ModelAttemptFailed(attempt)) => attempts.push(*attempt),
            Ok(_) => {}
            Err(error) => return (Err(error), attempts),
        }
    }
    panic!("the stream has no end")
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
