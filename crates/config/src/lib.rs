#![doc = include_str!("../README.md")]

mod alias;
mod decode;
pub mod defaults;
mod diagnostic;
mod dotenv;
mod edit;
mod env;
pub mod env_vars;
mod former_keys;
mod key_effect;
mod layer;
mod layers;
mod lint;
mod load;
mod loaded_config;
mod openclaw_keys;
mod path;
mod paths;
mod pattern;
mod project_folder;
mod redaction;
mod restrictions;
mod save;
mod schema;
mod secret;
mod sections;
mod start;
mod supported_keys;
mod template;
mod text;
mod tool_names;
mod tree;

pub use diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan};
pub use edit::{ConfigDocument, EditError, EditErrorKind, InvalidValue, NewValue};
pub use env::Env;
pub use key_effect::KeyEffect;
pub use layer::ConfigLayer;
pub use layers::{ConfigLoader, LoadOptions};
pub use load::LoadError;
pub use loaded_config::{LoadedConfig, ValueOrigin};
pub use path::{InvalidKeyPath, KeyPath, PathSegment};
pub use paths::{AppPaths, HomeDirNotFound};
pub use save::{ConfigChange, ConfigFile, KeptVersion, SaveError};
pub use secret::{
    AuthProfileStore, ResolvedSecret, SecretCommand, SecretError, SecretErrorKind, SecretInput,
    SecretReferenceKind, SecretRequest, SecretSource,
};
pub use sections::{
    ActiveHoursConfig, AgentDefaults, AgentEntries, AgentEntry, AgentExecConfig,
    AgentFileToolsConfig, AgentIdentity, AgentSandboxConfig, AgentSandboxMode,
    AgentSubagentsConfig, AgentToAgentConfig, AgentsConfig, AuthConfig, AuthProfileConfig,
    CallTimeLimits, ClocksConfig, CommandSandbox, CompactionConfig, CompactionMode, CompatConfig,
    Config, CronConfig, CronFailureAlertConfig, DiagnosticsConfig, EgressPolicy, EnvConfig,
    ExecAsk, ExecConfig, ExecHost, ExecSandboxConfig, ExecSandboxProfile, ExecSecurity,
    ExperimentalConfig, FileRoot, FileRootAccess, FileRootConfig, FileRootError, FileToolsConfig,
    GatewayAuth, GatewayAuthMode, GatewayBind, GatewayConfig, GatewayEndpointConfig,
    GatewayEndpointsConfig, GatewayHttpConfig, GatewayMode, GatewayNodesConfig, GatewayPageConfig,
    GatewayReloadConfig, GatewayReloadMode, GatewayResponsesConfig, HeartbeatConfig, HookAction,
    HookMappingConfig, HookMatchConfig, HookTransformConfig, HooksConfig, HumanDuration, InputKind,
    InvalidDuration, KeyedTimeLimit, LlmConfig, LocalModelMode, MaxTokensField, MemoryChunkConfig,
    MemoryConfig, MemoryHybridConfig, MemoryQueryConfig, MemoryRemoteConfig, MemorySearchConfig,
    MemoryStoreConfig, MemoryVectorConfig, MergeMode, ModelChoice, ModelConfig, ModelCost,
    ModelEntry, ModelsConfig, NodeCommandsConfig, ProviderApi, ProviderConfig,
    SafeBinProfileConfig, SandboxRequirement, SandboxWorkspaceAccess, SecretDefaults,
    SecretFileMode, SecretProviderConfig, SecretsConfig, ServerLossConfig, SessionConfig,
    SessionResetConfig, SessionResetMode, SessionScope, SessionToolsConfig, SessionVisibility,
    SkillEntryConfig, SkillLimitsConfig, SkillLoadConfig, SkillsConfig, SubagentLimits,
    SubagentsConfig, TailscaleConfig, TailscaleMode, ToolPolicy, ToolProfile, ToolsConfig,
    TraceConfig, UsageCost, WebConfig, WebFetchConfig, WebSearchConfig,
};
pub use start::RunKind;
pub use template::{EnvString, TemplateError};
