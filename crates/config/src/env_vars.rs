//! Every environment variable that the program reads.

/// A variable and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
}

macro_rules! env_vars {
    ($($(#[doc = $doc:literal])+ $name:ident)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = stringify!($name);)*

        /// Every variable, in the order of the reference page.
        pub const ALL: &[EnvVar] =
            &[$(EnvVar { name: $name, description: concat!($($doc),+).trim_ascii() }),*];
    };
}

env_vars! {
    /// The path of the config file, instead of `openclaw.json` in the state folder.
    OPENCLAW_CONFIG_PATH
    /// The state folder with the config, the sessions and the workspace, instead of `~/.openclaw`.
    OPENCLAW_STATE_DIR
    /// The home folder, for which `~` stands, instead of `HOME`.
    OPENCLAW_HOME
    /// The model to use. Overrides `agents.defaults.model.primary`.
    OPENCLAW_MODEL
    /// The workspace folder. Overrides `agents.defaults.workspace`.
    OPENCLAW_WORKSPACE
    /// The time limit of a whole run, in seconds. Overrides `agents.defaults.timeoutSeconds`.
    OPENCLAW_TIMEOUT_SECONDS
    /// The idle timeout of a model, in seconds. Overrides `agents.defaults.llm.idleTimeoutSeconds`.
    OPENCLAW_IDLE_TIMEOUT_SECONDS
    /// How much is sent to a local model: `default`, `lean` or `auto`. Overrides
    /// `agents.defaults.localModelMode`.
    OPENCLAW_LOCAL_MODEL_MODE
    /// The port of the gateway. Overrides `gateway.port`.
    OPENCLAW_GATEWAY_PORT
    /// The token of the gateway. Overrides `gateway.auth.token`.
    OPENCLAW_GATEWAY_TOKEN
    /// With `external`, the commands for services change nothing, because another supervisor starts
    /// and ends the program.
    OPENCLAW_SUPERVISOR_MODE
    /// Whether exchanges with model servers are stored on disk for `openclaw trace`: `true` or
    /// `false`. Overrides `diagnostics.trace.enabled`.
    OPENCLAW_TRACE
    /// The log level on standard error: `error`, `warn`, `info`, `debug` or `trace`. Nothing is
    /// logged when unset.
    OPENCLAW_LOG
    /// The key for a vLLM server. Any value also enables discovery of a local vLLM server.
    VLLM_API_KEY
    /// The base URL of the vLLM server that is used without a config entry, instead of
    /// `http://127.0.0.1:8000/v1`.
    VLLM_BASE_URL
    /// The key for the `openai` provider. Setting it enables the provider without a config entry.
    OPENAI_API_KEY
    /// The key for the `openrouter` provider. Setting it enables the provider without a config
    /// entry.
    OPENROUTER_API_KEY
    /// The key for the `anthropic` provider. Setting it enables the provider without a config
    /// entry.
    ANTHROPIC_API_KEY
    /// Any value disables colours in the output.
    NO_COLOR
    /// The terminal type. With `dumb`, `openclaw chat` writes plain text.
    TERM
    /// The editor for `openclaw config edit`, with its options.
    VISUAL
    /// The editor when `VISUAL` is not set.
    EDITOR
    /// The home folder, for which `~` stands unless `OPENCLAW_HOME` is set.
    HOME
    /// The home folder when `HOME` is not set, as on Windows.
    USERPROFILE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_is_listed_once_with_one_sentence() {
        let mut names: Vec<_> = ALL.iter().map(|variable| variable.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for EnvVar { name, description } in ALL {
            assert!(description.ends_with('.') && !description.starts_with(' '), "{name}");
        }
    }
}
