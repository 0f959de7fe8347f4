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
//! let provider = loaded.config.find_provider("vllm").unwrap();
//! let key = provider.api_key().unwrap().resolve_secret(&env)?;
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
//! Finding and loading a config:
//!
//! - [`Env`] is a snapshot of the environment. No other crate reads the process environment.
//! - [`AppPaths`] has the paths of the config, the state and the workspace.
//! - [`Config::load`] loads all layers: built-in defaults, the system file, the user file, the
//!   project file (harmless keys only) and the environment. [`ConfigLoader::load`] also takes
//!   strictness and command-line options, and [`Config::parse`] reads a single text.
//! - They return a [`LoadedConfig`]: the [`Config`], every [`Diagnostic`], where each value was set
//!   ([`LoadedConfig::find_origin`]) and what it overrode ([`LoadedConfig::overridden_values`]).
//!
//! An error affects as little as possible: an unknown key is a warning, a value of the wrong type
//! is ignored and reported, and a broken file is replaced by its last good version. Only a text
//! that is not a JSON5 object and has no such version is a [`LoadError`]. Loading never changes a
//! config file.
//!
//! A config is edited as text: a [`ConfigDocument`] sets and removes keys and keeps every comment,
//! and a [`ConfigFile`] saves the result atomically under a lock, unless it introduces an error.
//!
//! Fields are `Option` where unset differs from every value. The effective value comes from the
//! accessor ([`AgentDefaults::run_timeout`], [`GatewayConfig::port`]) and the constants in
//! [`defaults`]. A time limit of 0 means no limit, which is `None`.
//!
//! Texts that may contain `${VAR}` are an [`EnvString`] or a [`SecretInput`]. Variables are
//! replaced on use, so that an unset variable affects only what needs it.

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
