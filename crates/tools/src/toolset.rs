//! The set of built-in tools.

use std::sync::Arc;

use openclaw_core::Tool;

use crate::edit::EditTool;
use crate::exec::{ExecOptions, ExecTool};
use crate::list::ListTool;
use crate::process::ProcessTool;
use crate::read::ReadTool;
use crate::search::SearchTool;
use crate::workspace::Workspace;
use crate::write::WriteTool;

/// Makes the tools over a workspace, sorted by name: `edit`, `exec`, `list`, `process` if commands may
/// run in the background, `read`, `search`, `write`.
#[must_use]
pub fn core_tools(workspace: Workspace, exec: ExecOptions) -> Vec<Arc<dyn Tool>> {
    let process: Option<Arc<dyn Tool>> = exec.background.as_ref().map(|background| {
        let tool = ProcessTool::new(background.runs.clone(), exec.judge.clone());
        Arc::new(tool) as Arc<dyn Tool>
    });
    let mut tools: Vec<Arc<dyn Tool>> = vec![
        Arc::new(EditTool::new(workspace.clone())),
        Arc::new(ExecTool::new(workspace.clone(), exec)),
        Arc::new(ListTool::new(workspace.clone())),
    ];
    tools.extend(process);
    tools.push(Arc::new(ReadTool::new(workspace.clone())));
    tools.push(Arc::new(SearchTool::new(workspace.clone())));
    tools.push(Arc::new(WriteTool::new(workspace)));
    tools
}
