//! The servers that `openclaw setup` looks for.

use openclaw_config::{Env, env_vars};
use openclaw_core::ModelErrorKind;
use openclaw_models::{ConnectError, ProviderFailure, default_vllm_address};
use openclaw_terminal::OutputPrinter;
use serde_json::{Map, Value, json};

use crate::args::setup::SetupArgs;
use crate::exit::ExitReason;

/// The name of a server whose address was given.
const NAMED_PROVIDER: &str = "vllm";

/// The servers on this machine besides vLLM: their names in a config, their products, and the
/// addresses that they have unless told otherwise.
const LOCAL_SERVERS: [(&str, &str, &str); 4] = [
    ("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1"),
    ("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1"),
    ("ollama", "Ollama", "http://127.0.0.1:11434/v1"),
    ("litellm", "LiteLLM", "http://127.0.0.1:4000/v1"),
];

/// A server that may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerCandidate {
    /// Its id in the config.
    pub(super) provider: String,
    /// What it probably is.
    pub(super) product: String,
    pub(super) base_url: String,
    /// The variable with its key; `None` when none is sent.
    pub(super) key_variable: Option<String>,
    /// Why this address is tried, as the reason of a line of the config.
    pub(super) reason: String,
}

/// The servers to look for, or what is wrong with the options.
pub(super) fn candidates(args: &SetupArgs, env: &Env) -> Result<Vec<ServerCandidate>, String> {
    if let Some(variable) = &args.api_key_env
        && env.get(variable).is_none_or(str::is_empty)
    {
        return Err(format!("`--api-key-env {variable}` names a variable that is not set"));
    }
    let set = |name: &str| env.get(name).is_some_and(|key| !key.is_empty());
    let vllm_key = args
        .api_key_env
        .clone()
        .or_else(|| Some(env_vars::VLLM_API_KEY.to_owned()).filter(|name| set(name)));
    if args.base_url.is_empty() {
        let vllm = ServerCandidate {
            provider: NAMED_PROVIDER.to_owned(),
            product: "vLLM".to_owned(),
            base_url: default_vllm_address(env),
            key_variable: vllm_key,
            reason: "a server answered at this address, the usual one of vLLM".to_owned(),
        };
        let others = LOCAL_SERVERS.iter().map(|(provider, product, url)| ServerCandidate {
            provider: (*provider).to_owned(),
            product: (*product).to_owned(),
            base_url: (*url).to_owned(),
            key_variable: args.api_key_env.clone(),
            reason: format!("a server answered at this address, the usual one of {product}"),
        });
        return Ok(std::iter::once(vllm).chain(others).collect());
    }
    let provider = args.provider.as_deref().unwrap_or(NAMED_PROVIDER);
    let named = args.base_url.iter().enumerate().map(|(index, url)| {
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        ServerCandidate {
            provider: format!("{provider}{number}"),
            product: "the server".to_owned(),
            base_url: url.clone(),
            key_variable: vllm_key.clone(),
            reason: "the address that you gave".to_owned(),
        }
    });
    Ok(named.collect())
}

/// A config of the candidates alone, as JSON.
pub(super) fn config_text(candidates: &[ServerCandidate]) -> String {
    let providers = candidates.iter().map(|server| {
        let key = server.key_variable.as_ref().map(|variable| json!(format!("${{{variable}}}")));
        let config = match key {
            Some(key) => json!({ "baseUrl": server.base_url, "apiKey": key }),
            None => json!({ "baseUrl": server.base_url }),
        };
        (server.provider.clone(), config)
    });
    let providers: Map<String, Value> = providers.collect();
    json!({ "models": { "mode": "replace", "providers": providers } }).to_string()
}

/// Says why no server can be used: one that answers and refuses is worth a line of its own.
pub(super) fn print_failures(
    printer: &OutputPrinter,
    candidates: &[ServerCandidate],
    failures: &[ProviderFailure],
) -> ExitReason {
    let mut exit = ExitReason::Unreachable;
    let find = |failure: &ProviderFailure| {
        candidates.iter().find(|server| server.provider == failure.provider)
    };
    for failure in failures {
        let Some(server) = find(failure) else { continue };
        let is_absent = matches!(&failure.error, ConnectError::Model(error)
            if error.kind() == ModelErrorKind::Connect);
        if is_absent && candidates.len() > 1 {
            continue;
        }
        exit = ExitReason::from_connect_error(&failure.error);
        let ServerCandidate { product, base_url, .. } = server;
        printer.print_error(format_args!("{product} at {base_url}: failed to {}", failure.error));
        if exit == ExitReason::Refused {
            printer.print_hint(
                "`--api-key-env VAR` names the environment variable with the server's key.",
            );
        }
    }
    if exit == ExitReason::Unreachable {
        let tried: Vec<String> = candidates
            .iter()
            .map(|server| format!("{} ({})", server.base_url, server.product))
            .collect();
        printer.print_error("found no server with a model");
        printer.print_note(format_args!("tried {}", tried.join(", ")));
        printer.print_hint(
            "Start one, as with `vllm serve MODEL`, or name it: `openclaw setup --base-url \
             http://HOST:PORT/v1`.",
        );
    }
    exit
}
