#![doc = include_str!("../README.md")]

mod agent;
mod agent_error;
mod agent_workspace;
mod approval;
mod background_model;
mod command_policy;
mod command_sandbox;
mod conversation;
pub mod encoding;
mod error_text;
mod exec_node;
mod exec_overrides;
mod former_state;
mod gateway_commands;
mod jobs;
mod memory;
mod node_explanation;
mod offload;
mod profile_selection;
mod prompt;
mod prompt_breakdown;
mod runtime;
mod session_wait;
mod skills;
mod subagents;
mod tool_settings;

pub use agent::{AgentOptions, AgentRun};
pub use agent_error::{AgentError, AgentSetupError, AgentSetupErrorKind};
pub use approval::{
    ApprovalAnswer, ApprovalKind, ApprovalPolicy, ApprovalPrompter, ApprovalReason,
    ApprovalRequest, DIFF_LABEL, MAX_GRANT_TIME, PolicyApprover, PolicyDecision,
};
pub use command_policy::{
    ApprovalsContent, ApprovalsReplacement, ApprovalsUpdateError, CommandPolicy, GrantScope,
    GrantSummary, PolicySummary, PolicyValues, WidePattern,
};
pub use command_sandbox::AgentSandbox;
pub use conversation::{
    ContextUse, Conversation, ConversationError, ConversationOptions, ExecChangeError,
    RecoveryReport, SessionTarget, TurnDiff, session_folder,
};
pub use error_text::{error_causes, store_error_hint, turn_error_hints};
pub use exec_overrides::{ExecOverrides, ExecSettings};
pub use gateway_commands::NodeCommandSettings;
pub use jobs::{
    Announcement, Job, JobBook, JobError, JobErrorKind, JobImport, JobPlan, clock_from_progress,
    describe_job, describe_run, parse_duration_ms, progress_from_clock,
};
pub use memory::AgentMemory;
pub use openclaw_agent_loop::{
    Agent, CompactionMethod, CompactionReport, InvalidCallRecovery, OutputPart as RepeatedPart,
    PrefixChange, PromptCacheMiss, RepetitionDetector, RepetitionLimit, RepromptReason,
    SteeringQueue, TimeLimit, ToolRefusalReason, TurnError, TurnErrorKind, TurnEvent,
    TurnEventReceiver, TurnEventSender, TurnInput, TurnOutcome, TurnReport, TurnRequest,
    events::event_channel,
};
pub use openclaw_memory::{
    EmbeddingOutcome, IndexStatus, MemoryAnswer, MemoryError, MemoryHit, MemoryQuery, SearchMode,
    UpdateReport,
};
pub use openclaw_schedule::{JobAgenda, JobClock, JobDecision, RunOutcome, SlotRange};
pub use openclaw_skills::{
    MissingRequirements, SkillFile, SkillManifest, SkillProblem, SkillSource,
};
pub use openclaw_store::{
    ChildRun, ChildRunStatus, ChildUsage, DamageKind, DamageReport, DeviceFacts, DeviceLog,
    DeviceRecord, DeviceRole, DeviceToken, FolderImport, ImportReport, InterruptedCall,
    InvocationLog, InvocationRequest, InvocationStart, JobEntry, JobLog, JobProgress, JobRecord,
    JobRunAdmission, JobRunEnd, JobRunQuery, JobRunRecord, JobRunStart, JobRunStatus,
    LoadedSession, LogContent, LogEntry, NodeGrant, NodeRequest, PairingRequest, RunLog, RunRecord,
    RunRegistration, RunRequest, RunStatus, Session, SessionId, SessionInfo, SessionKey, Store,
    StoreError, StoreErrorKind, StoreWarning, TranscriptFolder, TurnRecord,
    find_transcript_folders,
};
pub use openclaw_tools::{
    ChangeJournalError, JobAction, JobKeeper, JobRequest, NodeCallError, NodeInvocation,
    NodeInvoker, UndoConflict, UndoError, UndoReport, choose_node,
};
pub use prompt::{PromptProfile, PromptSection, SystemPrompt};
pub use prompt_breakdown::{PromptBreakdown, PromptPart};
pub use runtime::Runtime;
pub use skills::{AgentSkill, AgentSkills, SkillState};
pub use subagents::{SubagentObserver, describe_ends};
