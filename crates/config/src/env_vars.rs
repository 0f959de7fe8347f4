//! Every environment variable that the program knows.

/// A variable and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: &'static str,
    /// What it does, one sentence.
    pub description: &'static str,
}

macro_rules! env_vars {
    ($($(#[doc = $doc:literal])+ $name:ident)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = stringify!($name);)*

        /// Every variable, in the order of a reference page.
        pub const ALL: &[EnvVar] =
            &[$(EnvVar { name: $name, description: concat!($($doc),+).trim_ascii() }),*];
    };
}

env_vars! {
    /// The config file, instead of `openclaw.json` in the state folder.
    OPENCLAW_CONFIG_PATH
    /// The folder of the config, the sessions and the workspace, instead of `~/.openclaw`.
    OPENCLAW_STATE_DIR
    /// The model that answers: `agents.defaults.model.primary`, whatever the files say.
    OPENCLAW_MODEL
    /// The folder that the agent works in: `agents.defaults.workspace`, whatever the files say.
    OPENCLAW_WORKSPACE
    /// The longest time for a whole run, in seconds: `agents.defaults.timeoutSeconds`, whatever the
    /// files say.
    OPENCLAW_TIMEOUT_SECONDS
    /// The longest time without anything from a model, in seconds:
    /// `agents.defaults.llm.idleTimeoutSeconds`, whatever the files say.
    OPENCLAW_IDLE_TIMEOUT_SECONDS
    /// How much is sent to a local model, `default`, `lean` or `auto`:
    /// `agents.defaults.localModelMode`, whatever the files say.
    OPENCLAW_LOCAL_MODEL_MODE
    /// The port of the gateway: `gateway.port`, whatever the files say.
    OPENCLAW_GATEWAY_PORT
    /// The token for the gateway: `gateway.auth.token`, whatever the files say.
    OPENCLAW_GATEWAY_TOKEN
    /// Whether exchanges with model servers are kept on disk for `openclaw trace`, `true` or
    /// `false`: `diagnostics.trace.enabled`, whatever the files say.
    OPENCLAW_TRACE
    /// What is logged to standard error: `error`, `warn`, `info`, `debug` or `trace`; nothing when unset.
    OPENCLAW_LOG
    /// The key for a vLLM server; any value also turns its discovery on.
    VLLM_API_KEY
    /// Where the vLLM server is that is used without being configured, instead of
    /// `http://127.0.0.1:8000/v1`.
    VLLM_BASE_URL
    /// The key for the `openai` provider, which is there without being configured when this is set.
    OPENAI_API_KEY
    /// The key for the `openrouter` provider, which is there without being configured when this is set.
    OPENROUTER_API_KEY
    /// The key for the `anthropic` provider, which is there without being configured when this is set.
    ANTHROPIC_API_KEY
    /// No colours in the output, whatever its value.
    NO_COLOR
    /// The kind of terminal: on one that is `dumb`, `openclaw chat` writes plain text.
    TERM
    /// The editor of `openclaw config edit`, with its options.
    VISUAL
    /// The same where `VISUAL` is not set.
    EDITOR
    /// The home folder, which `~` stands for.
    HOME
    /// The home folder where `HOME` is not set, as on Windows.
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
