//! The set of built-in tools.

use std::sync::Arc;

use openclaw_core::Tool;

use crate::edit::EditTool;
use crate::exec::{ExecOptions, ExecTool};
use crate::read::ReadTool;
use crate::workspace::Workspace;
use crate::write::WriteTool;

/// Makes the four tools over a workspace, sorted by name: `edit`, `exec`, `read`, `write`.
#[must_use]
pub fn core_tools(workspace: Workspace, exec: ExecOptions) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(EditTool::new(workspace.clone())),
        Arc::new(ExecTool::new(workspace.clone(), exec)),
        Arc::new(ReadTool::new(workspace.clone())),
        Arc::new(WriteTool::new(workspace)),
    ]
}
