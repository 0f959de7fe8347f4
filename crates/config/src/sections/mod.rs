//! The sections of the config, one file each.

mod agent_entries;
mod agent_entry;
mod agents;
mod compat;
mod cron;
mod diagnostics;
mod environment;
mod exec_sandbox;
mod file_tools;
mod gateway;
mod hooks;
mod memory_search;
mod model_choice;
mod models;
mod root;
mod seconds;
mod secrets;
mod server_loss;
mod session;
mod skills;
mod subagents;
mod time_limits;
mod timeouts;
mod tools;

pub use agent_entries::AgentEntries;
pub(crate) use agent_entries::is_same_agent;
pub use agent_entry::{AgentEntry, AgentExecConfig, AgentIdentity, ToolPolicy, ToolProfile};
pub use agents::{
    AgentDefaults, AgentsConfig, CompactionConfig, CompactionMode, ExperimentalConfig, LlmConfig,
    LocalModelMode, ModelEntry,
};
pub use compat::{CompatConfig, MaxTokensField};
pub use cron::{ActiveHoursConfig, CronConfig, CronFailureAlertConfig, HeartbeatConfig};
pub use diagnostics::{DiagnosticsConfig, TraceConfig};
pub use environment::EnvConfig;
pub use exec_sandbox::{
    AgentSandboxConfig, AgentSandboxMode, CommandSandbox, ExecSandboxConfig, ExecSandboxProfile,
    SandboxRequirement, SandboxWorkspaceAccess,
};
pub use file_tools::{
    AgentFileToolsConfig, FileRoot, FileRootAccess, FileRootConfig, FileRootError, FileToolsConfig,
};
pub use gateway::{
    GatewayAuth, GatewayAuthMode, GatewayBind, GatewayConfig, GatewayEndpointConfig,
    GatewayEndpointsConfig, GatewayHttpConfig, GatewayMode, GatewayNodesConfig, GatewayPageConfig,
    GatewayReloadConfig, GatewayReloadMode, GatewayResponsesConfig, NodeCommandsConfig,
    TailscaleConfig, TailscaleMode,
};
pub use hooks::{HookAction, HookMappingConfig, HookMatchConfig, HookTransformConfig, HooksConfig};
pub use memory_search::{
    MemoryChunkConfig, MemoryConfig, MemoryHybridConfig, MemoryQueryConfig, MemoryRemoteConfig,
    MemorySearchConfig, MemoryStoreConfig, MemoryVectorConfig,
};
pub use model_choice::ModelChoice;
pub use models::{
    EgressPolicy, InputKind, MergeMode, ModelConfig, ModelCost, ModelsConfig, ProviderApi,
    ProviderConfig, UsageCost,
};
pub use root::Config;
pub use secrets::{
    AuthConfig, AuthProfileConfig, SecretDefaults, SecretFileMode, SecretProviderConfig,
    SecretsConfig,
};
pub use server_loss::{HumanDuration, InvalidDuration, ServerLossConfig};
pub use session::{SessionConfig, SessionResetConfig, SessionResetMode, SessionScope};
pub use skills::{SkillEntryConfig, SkillLimitsConfig, SkillLoadConfig, SkillsConfig};
pub use subagents::{
    AgentSubagentsConfig, AgentToAgentConfig, SessionToolsConfig, SessionVisibility,
    SubagentLimits, SubagentsConfig,
};
pub use time_limits::{CallTimeLimits, KeyedTimeLimit};
pub use timeouts::ClocksConfig;
pub use tools::{
    ExecAsk, ExecConfig, ExecHost, ExecSecurity, SafeBinProfileConfig, ToolsConfig, WebConfig,
    WebFetchConfig, WebSearchConfig,
};
