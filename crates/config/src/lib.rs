//! The typed OpenClaw config: JSON5 text, positions, defaults, secrets and JSON Schema.
//!
//! ```
//! use openclaw_config::{Config, Env};
//!
//! let env = Env::from_pairs([("VLLM_API_KEY", "vllm-local")]);
//! let text = r#"{
//!   agents: { defaults: { model: { primary: "vllm/my-model" }, timeoutSeconds: 600 } },
//!   models: { providers: { vllm: { apiKey: "${VLLM_API_KEY}", baseURL: "http://box:8000/v1" } } },
//! }"#;
//! let loaded = Config::parse(text, &env)?;
//!
//! let defaults = &loaded.config.agents.defaults;
//! assert_eq!(loaded.config.primary_model(&env)?.as_deref(), Some("vllm/my-model"));
//! assert_eq!(defaults.run_timeout().map(|limit| limit.as_secs()), Some(600));
//! assert_eq!(defaults.llm.idle_timeout().map(|limit| limit.as_secs()), Some(120));
//!
//! let key = loaded.config.find_provider("vllm").and_then(|vllm| vllm.api_key()).unwrap().resolve_secret(&env)?;
//! assert_eq!(key.source.to_string(), "env VLLM_API_KEY");
//! assert_eq!(key.fingerprint(), "vl..al");
//!
//! let origin = loaded.find_origin("agents.defaults.timeoutSeconds");
//! assert_eq!(origin.to_string(), "agents.defaults.timeoutSeconds (line 2)");
//! assert_eq!(
//!     loaded.diagnostics[0].to_string(),
//!     "3:61: warning: models.providers.vllm.baseURL: unknown key, it is ignored\n  \
//!      help: did you mean `baseUrl`?",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How a config is found and read:
//!
//! - [`Env`] is a snapshot of the environment. No other crate reads the process environment.
//! - [`Paths`] says where the config, the state and the workspace are.
//! - [`Config::load`] reads all [`Layers`]: built-in defaults, the machine's file, the user's file,
//!   the project's file (harmless keys only), the environment. [`Layers::load`] takes strictness
//!   and options of the command line too, and [`Config::parse`] reads one text.
//! - They give a [`Loaded`]: the [`Config`], every [`Diagnostic`], where each value came from
//!   ([`Loaded::origin`]) and what it overrode ([`Loaded::overridden`]).
//!
//! What is wrong never costs more than it must: an unknown key is a warning, a value with a wrong
//! type is left out and reported, a broken file is served by its last good version, and only one
//! that is not a JSON5 object and has no such version is a [`LoadError`]. Reading never changes a
//! config file.
//!
//! A config is changed as text: a [`Document`] sets and removes keys and keeps every comment, and a
//! [`ConfigFile`] saves that under a lock, in one step, when it introduces nothing wrong.
//!
//! Fields are `Option` where it matters that nothing is set. The value that holds then comes from
//! the method of the same name ([`AgentDefaults::timeout`], [`GatewayConfig::port`]), and from
//! the constants in [`defaults`]. Time limits of 0 mean no limit, which is `None`.
//!
//! Texts that may have `${VAR}` in them are an [`EnvString`] or a [`SecretInput`]. They are filled
//! in when they are used, so that an unset variable stops only what needs it.

mod alias;
mod decode;
pub mod defaults;
mod diagnostic;
mod edit;
mod env;
pub mod env_vars;
mod layer;
mod layers;
mod lint;
mod load;
mod loaded_config;
mod openclaw_keys;
mod path;
mod paths;
mod pattern;
mod redaction;
mod save;
mod schema;
mod secret;
mod sections;
mod supported_keys;
mod template;
mod text;
mod tree;

pub use diagnostic::{Diagnostic, Severity, TextSpan};
pub use edit::{ConfigDocument, EditError, EditErrorKind, InvalidValue, NewValue};
pub use env::Env;
pub use layer::ConfigLayer;
pub use layers::{ConfigLoader, LoadOptions};
pub use load::LoadError;
pub use loaded_config::{LoadedConfig, ValueOrigin};
pub use path::{InvalidKeyPath, KeyPath, PathSegment};
pub use paths::{AppPaths, HomeDirNotFound};
pub use save::{ConfigChange, ConfigFile, SaveError, StateFile};
pub use secret::{ResolvedSecret, SecretError, SecretErrorKind, SecretInput, SecretSource};
pub use sections::{
    AgentDefaults, AgentEntry, AgentsConfig, ClocksConfig, CompactionConfig, CompactionMode,
    CompatConfig, Config, DiagnosticsConfig, EgressPolicy, ExecAsk, ExecConfig, ExecHost,
    ExecSecurity, ExperimentalConfig, GatewayAuth, GatewayAuthMode, GatewayBind, GatewayConfig,
    GatewayMode, HumanDuration, InputKind, InvalidDuration, LlmConfig, LocalModelMode,
    MaxTokensField, MergeMode, ModelChoice, ModelConfig, ModelCost, ModelEntry, ModelsConfig,
    ProviderApi, ProviderConfig, ServerLossConfig, TailscaleConfig, TailscaleMode, ToolPolicy,
    ToolProfile, ToolsConfig, TraceConfig, WebConfig, WebFetchConfig, WebSearchConfig,
};
pub use template::{EnvString, UnsetVariable};
