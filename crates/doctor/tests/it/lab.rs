//! A registry with its own state folder, and helpers to use it.

use openclaw_config::{AppPaths, Config, Env};
use openclaw_models::{ModelRegistry, SupervisorProgram};
use openclaw_test_support::raw_server::hold;
use tempfile::TempDir;
use tokio::net::TcpSocket;

/// A registry whose state folder is deleted with it.
pub(crate) struct Lab {
    pub(crate) models: ModelRegistry,
    _state: TempDir,
}

impl Lab {
    /// Takes a config's text and the environment.
    pub(crate) fn new(config: &str, env: &[(&str, &str)]) -> Self {
        Self::again(tempfile::tempdir().unwrap(), config, env)
    }

    fn again(state: TempDir, config: &str, env: &[(&str, &str)]) -> Self {
        let dir = ("OPENCLAW_STATE_DIR", state.path().to_str().unwrap());
        let env = Env::from_pairs(env.iter().copied().chain([dir]));
        let paths = AppPaths::new(&env, None).unwrap();
        let loaded = Config::parse(config, &env).unwrap();
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        Self {
            models: ModelRegistry::new(loaded, paths, SupervisorProgram::this_program()),
            _state: state,
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
