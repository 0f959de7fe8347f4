//! The set of built-in tools.

use std::sync::Arc;

use openclaw_core::Tool;

use crate::edit::EditTool;
use crate::exec::{ExecOptions, ExecTool};
use crate::list::ListTool;
use crate::read::ReadTool;
use crate::search::SearchTool;
use crate::workspace::Workspace;
use crate::write::WriteTool;

/// Makes the tools over a workspace, sorted by name: `edit`, `exec`, `list`, `read`, `search`,
/// `write`.
#[must_use]
pub fn core_tools(workspace: Workspace, exec: ExecOptions) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(EditTool::new(workspace.clone())),
        Arc::new(ExecTool::new(workspace.clone(), exec)),
        Arc::new(ListTool::new(workspace.clone())),
        Arc::new(ReadTool::new(workspace.clone())),
        Arc::new(SearchTool::new(workspace.clone())),
        Arc::new(WriteTool::new(workspace)),
    ]
}
