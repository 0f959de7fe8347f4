#![doc = include_str!("../README.md")]

#[cfg(not(target_os = "linux"))]
compile_error!("openclaw-tools opens files with openat2, which only Linux has");

mod arguments;
mod blocking;
mod change_journal;
mod edit;
mod exec;
mod glob;
mod jobs;
mod list;
mod memory;
mod nodes;
mod nodes_tool;
mod outputs;
mod process;
mod read;
mod search;
mod sessions;
mod skill;
mod toolset;
mod workspace;
mod write;

pub use change_journal::{
    ChangeJournal, ChangeJournalError, ChangedFile, TurnChanges, UndoConflict, UndoError,
    UndoReport, prune_change_journals,
};
pub use exec::{
    BackgroundOptions, CommandHost, CommandJudge, CommandPlace, CommandRuns, ExecOptions,
    HostCommand, HostCommandEnd, HostCommandError, HostCommandRequest, JudgedCommand, NodeCommand,
    NodeCommandJudge, NodeCommandPlan, NodeOptions, ProgramFinder,
};
pub use jobs::{JobAction, JobKeeper, JobRequest, JobTool};
pub use memory::{MemoryGetTool, MemorySearchLimits, MemorySearchTool};
pub use nodes::{NodeCallError, NodeInvocation, NodeInvoker, choose_node, node_name};
pub use nodes_tool::NodesTool;
pub use outputs::WorkspaceOutputStore;
pub use sessions::{SessionAccess, SessionRequest, SessionTool, SessionToolKind, SpawnRequest};
pub use skill::SkillTool;
pub use toolset::core_tools;
pub use workspace::{NamedRoot, Workspace, WorkspaceError};
