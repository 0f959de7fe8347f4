//! Plans a call of `read`, shows its effect, and runs it.
#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::disallowed_methods, reason = "an example needs a file")]

use std::error::Error;
use std::time::Duration;

use openclaw_core::{ToolCall, ToolCallId, ToolContext, ToolName};
use openclaw_process::SupervisorProgram;
use openclaw_tools::{ExecOptions, Workspace, core_tools};
use serde_json::{Map, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("notes.txt"), "Buy milk.\nBuy bread.\n")?;
    let workspace = Workspace::open(directory.path())?;
    // `main` calls `openclaw_process::run_requested_supervisor` first where commands are run.
    let supervisor = SupervisorProgram::this_program();
    let exec = ExecOptions::new(Duration::from_mins(1), 64 * 1024, supervisor);
    let name = ToolName::new("read")?;
    let tool = core_tools(workspace, exec).into_iter().find(|tool| tool.spec().name == name);
    let Some(tool) = tool else { return Ok(()) };
    let arguments = Map::from_iter([("path".to_owned(), json!("notes.txt"))]).into();
    let call = ToolCall { id: ToolCallId::from_number(1), name, arguments };
    let planned = tool.plan_call(&call)?;
    println!("{:?}", planned.effect());
    let context = ToolContext {
        time_limit: None,
        max_output_bytes: 8 * 1024,
        takes_images: false,
        progress: &(),
    };
    println!("{}", planned.run(context).await.text);
    Ok(())
}
