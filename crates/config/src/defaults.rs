//! The values that hold where a config sets none. The schema shows these same constants.

/// The agent that there always is.
pub const MAIN_AGENT: &str = "main";
/// `agents.defaults.timeoutSeconds`: a whole run, 48 hours.
pub const RUN_TIMEOUT_SECONDS: u64 = 172_800;
/// `agents.defaults.llm.idleTimeoutSeconds`: a model that sends nothing.
pub const IDLE_TIMEOUT_SECONDS: u64 = 120;
/// `agents.defaults.compaction.timeoutSeconds`: one summary of a long session.
pub const COMPACTION_TIMEOUT_SECONDS: u64 = 900;
/// `tools.exec.timeoutSec`: one command.
pub const EXEC_TIMEOUT_SECONDS: u64 = 1_800;
/// `gateway.port`.
pub const GATEWAY_PORT: u16 = 18_789;
/// The folder of the state, in the home folder.
pub const STATE_DIR_NAME: &str = ".openclaw";
/// The folder of the workspace, in the folder of the state.
pub const WORKSPACE_DIR_NAME: &str = "workspace";
/// The names that a config file may have in the folder of the state, the first that exists wins.
pub const CONFIG_FILE_NAMES: [&str; 3] =
    ["openclaw.json", "openclaw.json5", "openclaw-config.json5"];
/// The name of a project's config file, in a folder called as that of the state.
pub const PROJECT_FILE_NAME: &str = "openclaw.json5";
/// The folder of the machine's config file.
pub const SYSTEM_DIR: &str = "/etc/openclaw";
/// The names that the machine's config file may have, the first that exists wins.
pub const SYSTEM_FILE_NAMES: [&str; 2] = ["openclaw.json5", "openclaw.json"];
/// The folder of copies of config files, in the folder of the state.
pub const HISTORY_DIR_NAME: &str = "config-history";
/// The folder of what can be found out again, in the folder of the state.
pub const CACHE_DIR_NAME: &str = "cache";
/// The folder of the trace, in the folder of the state.
pub const TRACE_DIR_NAME: &str = "trace";
/// The folder of the sessions in the state folder.
pub const SESSIONS_DIR_NAME: &str = "sessions";
/// The file of the sessions in their folder.
pub const SESSIONS_FILE_NAME: &str = "sessions.db";
/// `diagnostics.trace.keep`.
pub const TRACE_KEEP: u32 = 50;
/// `diagnostics.trace.maxBytes`: 64 MiB.
pub const TRACE_BYTES: u64 = 64 << 20;
/// The wait for a connection to a model server.
pub const CONNECT_TIMEOUT_SECONDS: u64 = 5;
/// The wait for a model server's list of models.
pub const DISCOVERY_TIMEOUT_SECONDS: u64 = 3;
/// The longest that one check of `openclaw doctor` may take.
pub const DOCTOR_CHECK_SECONDS: u64 = 60;
/// `models.providers.*.onServerLoss.wait`: a lost server's return.
pub const SERVER_LOSS_WAIT_SECONDS: u64 = 600;
/// `models.providers.*.onServerLoss.poll`: from one question whether it is back to the next.
pub const SERVER_LOSS_POLL_SECONDS: u64 = 2;
/// The longest that a command may take to print a secret.
pub const SECRET_COMMAND_SECONDS: u64 = 10;
/// The most requests to the model in one run.
pub const MODEL_CALLS: u32 = 200;
/// The most tool calls in one run.
pub const TOOL_CALLS: u32 = 1_000;
/// How many tools that change nothing run at the same time.
pub const PARALLEL_TOOLS: usize = 4;
/// The most bytes of one tool's output that the model is shown.
pub const TOOL_OUTPUT_BYTES: usize = 32_768;
/// The most bytes of a command's output that are kept for the model to look at in parts.
pub const EXEC_OUTPUT_BYTES: usize = 8 << 20;
