//! The default values of the config. The schema shows these constants.

/// The id of the agent that always exists.
pub const MAIN_AGENT: &str = "main";
/// `agents.defaults.timeoutSeconds`: the limit of a whole run, 48 hours.
pub const RUN_TIMEOUT_SECONDS: u64 = 172_800;
/// `agents.defaults.llm.idleTimeoutSeconds`: the limit of silence from a model.
pub const IDLE_TIMEOUT_SECONDS: u64 = 120;
/// `agents.defaults.llm.maxRepeatedLines`: the lines that may be the same but for their numbers.
pub const REPEATED_LINES: u32 = 500;
/// `agents.defaults.compaction.timeoutSeconds`: the limit of one summary.
pub const COMPACTION_TIMEOUT_SECONDS: u64 = 900;
/// `tools.exec.timeoutSec`: the limit of one command.
pub const EXEC_TIMEOUT_SECONDS: u64 = 1_800;
/// `tools.exec.backgroundMs`: how long a call waits for its command.
pub const EXEC_BACKGROUND_MS: u64 = 10_000;
/// `tools.exec.cleanupMs`: how long the output of an ended background command is kept.
pub const EXEC_CLEANUP_MS: u64 = 1_800_000;
/// `gateway.port`.
pub const GATEWAY_PORT: u16 = 18_789;
/// `gateway.reload.debounceMs`.
pub const GATEWAY_RELOAD_DEBOUNCE_MS: u64 = 300;
/// `gateway.http.endpoints.chatCompletions.maxBodyBytes`: 20 MiB.
pub const GATEWAY_MAX_BODY_BYTES: usize = 20 * 1024 * 1024;
/// `hooks.path`.
pub const HOOKS_PATH: &str = "/hooks";
/// `hooks.maxBodyBytes`: 256 KiB.
pub const HOOKS_MAX_BODY_BYTES: usize = 256 * 1024;
/// `memorySearch.query.maxResults`.
pub const MEMORY_RESULTS: u32 = 6;
/// `memorySearch.query.hybrid.vectorWeight`.
pub const MEMORY_VECTOR_WEIGHT: f64 = 0.7;
/// `memorySearch.chunking.tokens`.
pub const MEMORY_CHUNK_TOKENS: u32 = 400;
/// `memorySearch.chunking.overlap`.
pub const MEMORY_CHUNK_OVERLAP: u32 = 80;
/// The most bytes of a note that are searched: 4 MiB.
pub const MEMORY_NOTE_BYTES: u64 = 4 * 1024 * 1024;
/// `agents.defaults.subagents.maxConcurrent`.
pub const SUBAGENTS_AT_ONCE: u32 = 8;
/// `agents.defaults.subagents.maxSpawnDepth`.
pub const SUBAGENT_DEPTH: u32 = 1;
/// `agents.defaults.subagents.maxChildrenPerAgent`.
pub const SUBAGENT_CHILDREN: u32 = 5;
/// `agents.defaults.subagents.runTimeoutSeconds`: 15 minutes.
pub const SUBAGENT_TIMEOUT_SECONDS: u64 = 900;
/// `agents.defaults.subagents.archiveAfterMinutes`.
pub const SUBAGENT_ARCHIVE_MINUTES: u32 = 60;
/// The folder of the indices of notes, in the state folder.
pub const MEMORY_DIR_NAME: &str = "memory";
/// The name of the state folder in the home folder.
pub const STATE_DIR_NAME: &str = ".openclaw";
/// The name of the workspace folder in the state folder.
pub const WORKSPACE_DIR_NAME: &str = "workspace";
/// The name of the file of variables in the state folder.
pub const ENV_FILE_NAME: &str = ".env";
/// The folder of the original's agents, in the state folder.
pub const AGENTS_DIR_NAME: &str = "agents";
/// The folder of an agent's keys, in that agent's folder.
pub const AGENT_DIR_NAME: &str = "agent";
/// The keys of an agent, in that folder.
pub const AUTH_PROFILES_FILE_NAME: &str = "auth-profiles.json";
/// The config files of the original under its former names, in the home folder.
pub const FORMER_CONFIG_FILES: [&str; 3] =
    [".clawdbot/clawdbot.json", ".moltbot/moltbot.json", ".openclaw/clawdbot.json"];
/// The possible names of the config file in the state folder; the first that exists is used.
pub const CONFIG_FILE_NAMES: [&str; 3] =
    ["openclaw.json", "openclaw.json5", "openclaw-config.json5"];
/// The name of a project's config file, in a folder named like the state folder.
pub const PROJECT_FILE_NAME: &str = "openclaw.json5";
/// The folder of the system-wide config file.
pub const SYSTEM_DIR: &str = "/etc/openclaw";
/// The possible names of the system-wide config file; the first that exists is used.
pub const SYSTEM_FILE_NAMES: [&str; 2] = ["openclaw.json5", "openclaw.json"];
/// The last part of the key of an agent's conversation outside projects.
pub const MAIN_SESSION_KEY: &str = "main";
/// The folder for copies of config files, in the state folder.
pub const HISTORY_DIR_NAME: &str = "config-history";
/// The folder for caches, in the state folder.
pub const CACHE_DIR_NAME: &str = "cache";
/// The folder of the user's skills, in the state folder and in `~/.agents`.
pub const SKILLS_DIR_NAME: &str = "skills";
/// The folder in the home folder that programs for agents share.
pub const AGENTS_HOME_DIR_NAME: &str = ".agents";
/// The folder for the trace, in the state folder.
pub const TRACE_DIR_NAME: &str = "trace";
/// The folder for logs, in the state folder.
pub const LOGS_DIR_NAME: &str = "logs";
/// The log in that folder.
pub const LOG_FILE_NAME: &str = "openclaw.log";
/// The folder for the sessions, in the state folder.
pub const SESSIONS_DIR_NAME: &str = "sessions";
/// The session store in that folder.
pub const SESSIONS_FILE_NAME: &str = "sessions.db";
/// The folder for what tools changed, in the state folder.
pub const CHANGES_DIR_NAME: &str = "changes";
/// How long the changes of a session can be undone after the last one: 30 days.
pub const CHANGES_KEPT_DAYS: u64 = 30;
/// The most bytes that are kept of what tools changed: 1 GiB.
pub const CHANGES_KEPT_BYTES: u64 = 1 << 30;
/// `diagnostics.trace.keep`.
pub const TRACE_KEEP: u32 = 50;
/// `diagnostics.trace.maxBytes`: 64 MiB.
pub const TRACE_BYTES: u64 = 64 << 20;
/// The limit for connecting to a model server.
pub const CONNECT_TIMEOUT_SECONDS: u64 = 5;
/// The limit for listing a model server's models.
pub const DISCOVERY_TIMEOUT_SECONDS: u64 = 3;
/// The limit of one check of `openclaw doctor`.
pub const DOCTOR_CHECK_SECONDS: u64 = 60;
/// `models.providers.*.onServerLoss.wait`: the limit of waiting for a lost server.
pub const SERVER_LOSS_WAIT_SECONDS: u64 = 600;
/// `models.providers.*.onServerLoss.poll`: the interval between attempts to reach it.
pub const SERVER_LOSS_POLL_SECONDS: u64 = 2;
/// The limit of a command that prints a secret.
pub const SECRET_COMMAND_SECONDS: u64 = 10;
/// The most model calls in one run.
pub const MODEL_CALLS: u32 = 200;
/// The most tool calls in one run.
pub const TOOL_CALLS: u32 = 1_000;
/// The most read-only tools that run at the same time.
pub const PARALLEL_TOOLS: usize = 4;
/// The most bytes of a tool's output that go to the model.
pub const TOOL_OUTPUT_BYTES: usize = 32_768;
/// The most bytes of a command's output that are stored, so that the model can read them in parts.
pub const EXEC_OUTPUT_BYTES: usize = 8 << 20;
