#![doc = include_str!("../README.md")]

mod allowlist_rule;
mod approvals_file;
mod display;
mod environment;
mod escape;
mod explanation;
mod grant;
mod hash;
mod lexer;
mod lookup;
mod node_policy;
mod pattern;
mod plan;
mod planner;
mod policy;
mod program_class;
mod quote;
mod safe_bin;
mod scoped_grants;
mod syntax;
mod unnamed_files;
mod wide_pattern;
mod wrapper;

pub use allowlist_rule::inactive_reason;
pub use approvals_file::{
    AllowlistEntry, ApprovalsDocument, ApprovalsFile, ApprovalsFileError, ApprovalsSection,
};
pub use display::{
    render_command_for_approval, render_lines_for_approval, render_text_for_approval,
};
pub use environment::{VariableRule, variable_rule};
pub use escape::{escape_line, is_deceptive_char};
pub use explanation::{
    CommandExplanation, CommandVerdict, DecisionExplanation, UnsandboxedDecision,
};
pub use grant::{ApprovalMismatch, ApprovedPlan, PlanApproval, RefusedPlan};
pub use hash::{PlanHash, sha256_digest, sha256_hex};
pub use lexer::{
    CommandScript, MAX_COMMAND_BYTES, RunCondition, ScriptPipeline, ShellRedirection, SimpleCommand,
};
pub use lookup::{FileIdentity, ProgramLocation, ProgramLookup, ProgramTable, ResolvedProgram};
pub use node_policy::{NodeAskReason, NodeDenyReason, NodeExecDecision, NodeVerdict};
pub use pattern::exact_argument_pattern;
pub use plan::{
    CommandConcern, CommandInput, CommandPlan, FileOperand, InvalidRequest, PlanBody, PlanContext,
    PlannedCommand, PlannedPipeline,
};
pub use policy::{AskMode, AskReason, DenyReason, ExecDecision, ExecPolicy, SecurityLevel};
pub use program_class::ProgramRisk;
pub use quote::quote_words;
pub use safe_bin::{DEFAULT_SAFE_BINS, DEFAULT_TRUSTED_DIRS, SafeBinProfile, SafeBins};
pub use scoped_grants::{PlanGrant, ProgramGrant, ScopedGrants, ScopedGrantsError};
pub use syntax::{SyntaxReason, UnsupportedSyntax};
pub use wide_pattern::is_wide_pattern;
pub use wrapper::{EnvironmentChange, WrapperProblem};
