//! The tools together.

use std::sync::Arc;

use openclaw_core::Tool;

use crate::edit::Edit;
use crate::exec::{Exec, ExecOptions};
use crate::read::Read;
use crate::workspace::Workspace;
use crate::write::Write;

/// Makes the four tools over a workspace, sorted by name: `edit`, `exec`, `read`, `write`.
#[must_use]
pub fn core_tools(workspace: Workspace, exec: ExecOptions) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(Edit::new(workspace.clone())),
        Arc::new(Exec::new(workspace.clone(), exec)),
        Arc::new(Read::new(workspace.clone())),
        Arc::new(Write::new(workspace)),
    ]
}
