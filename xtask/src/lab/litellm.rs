//! The `LiteLLM` proxy in front of the lab's vLLM.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::python::Environment;
use super::server::{Server, Start};
use super::{Place, vllm};

/// The port on 127.0.0.1.
const PORT: u16 = 18_100;
/// The key that clients must send; the proxy wants it to begin with `sk-`.
const KEY: &str = "sk-litellm-local";
const NAME: &str = "LiteLLM";
/// A port on which nothing listens: the models behind it have an unreachable server.
const NOBODY: u16 = 9;

/// Installs what is missing and returns a proxy in front of `behind`.
pub(crate) fn ensure(behind: &Server) -> Result<Server> {
    let environment = environment()?;
    environment.install()?;
    let config = environment.folder.join("config.json");
    std::fs::write(&config, config_text(behind)).context("failed to write the proxy's config")?;
    let mut command = Command::new(environment.path().join("bin/litellm"));
    command
        // The config is written as JSON, which is valid YAML.
        .arg("--config")
        .arg(&config)
        .args(["--host", "127.0.0.1", "--port", &PORT.to_string(), "--telemetry", "False"])
        .env("LITELLM_MASTER_KEY", KEY)
        .env("LAB_VLLM_KEY", &behind.key)
        // Uses the prices and limits of known models that come with the package.
        .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        .env("LITELLM_TELEMETRY", "False")
        .envs([("HF_HUB_OFFLINE", "1"), ("DO_NOT_TRACK", "1"), ("NO_PROXY", "127.0.0.1")]);
    let (key, ready) = (KEY.to_owned(), "/health/liveliness");
    place()?.up(Start { name: NAME, command, port: PORT, key, ready })
}

/// Returns where the proxy's files are.
pub(crate) fn place() -> Result<Place> {
    Ok(Place { folder: environment()?.folder })
}

fn environment() -> Result<Environment> {
    let (recipe, folder) = Environment::folders("litellm")?;
    Ok(Environment {
        name: NAME,
        recipe,
        folder,
        program: "litellm",
        costs: "about 0.2 GB to download and 0.8 GB on disk",
        pythons: 11..=13,
        build: &[],
        alias: None,
    })
}

/// Returns a config of three models: vLLM's with its context window, the same with an overstated
/// one, and one whose server is unreachable.
fn config_text(behind: &Server) -> String {
    let model = |name: &str, provider: &str, base: String, window: u32| {
        json!({
            "model_name": name,
            "litellm_params": {
                "model": format!("{provider}/{}", vllm::MODEL),
                "api_base": base,
                "api_key": "os.environ/LAB_VLLM_KEY",
                "max_retries": 0,
            },
            "model_info": {"max_input_tokens": window},
        })
    };
    let nobody = format!("http://127.0.0.1:{NOBODY}/v1");
    json!({
        "model_list": [
            model(vllm::MODEL, "hosted_vllm", behind.base_url(), vllm::WINDOW),
            // LiteLLM keeps model info by the name behind the proxy, so this model has another
            // name.
            model("overstated", "openai", behind.base_url(), 100_000),
            model("gone", "hosted_vllm", nobody, vllm::WINDOW),
        ],
        "litellm_settings": {"telemetry": false, "num_retries": 0},
        "router_settings": {"num_retries": 0, "disable_cooldowns": true},
    })
    .to_string()
}
