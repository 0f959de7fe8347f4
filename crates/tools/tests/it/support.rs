//! A workspace beside files that must stay out of reach.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{
    FileChange, InvalidToolArguments, ProgressSink, Tool, ToolArguments, ToolCall, ToolCallId,
    ToolContext, ToolEffect, ToolName, ToolOutput,
};
use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_tools::{ExecOptions, Workspace, core_tools};
use serde_json::Value;
use tempfile::TempDir;

/// The content of the file outside the workspace.
pub(crate) const SECRET: &str = "canary-7f31 outside";

pub(crate) struct Fixture {
    parent: TempDir,
    pub(crate) tools: Vec<Arc<dyn Tool>>,
}

pub(crate) fn exec_options() -> ExecOptions {
    let mut options = ExecOptions::new(Duration::from_mins(1), 10_000, supervisor());
    options.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    options
}

/// This test program as a supervisor of commands: it is started again to run one test.
fn supervisor() -> SupervisorProgram {
    let test = "support::supervise_when_asked";
    let args = ["--exact", test, "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(exec_options())
    }

    pub(crate) fn with(exec: ExecOptions) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let inside = parent.path().join("inside");
        fs::create_dir(&inside).unwrap();
        fs::create_dir(parent.path().join("outside")).unwrap();
        save(&parent.path().join("outside/secret"), SECRET);
        let tools = core_tools(Workspace::open(&inside).unwrap(), exec);
        Self { parent, tools }
    }

    /// The same files with other settings of commands.
    pub(crate) fn with_exec(self, exec: ExecOptions) -> Self {
        let tools = core_tools(Workspace::open(&self.path("")).unwrap(), exec);
        Self { tools, ..self }
    }

    /// A path in the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.parent.path().join("inside").join(name)
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.parent.path().join("outside")
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        save(&self.path(name), content);
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Asserts that nothing outside was created, changed or removed.
    pub(crate) fn assert_outside_untouched(&self) {
        let names: Vec<_> =
            fs::read_dir(self.outside()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read_to_string(self.outside().join("secret")).unwrap(), SECRET);
        let beside: Vec<_> = fs::read_dir(self.parent.path()).unwrap().collect();
        assert_eq!(beside.len(), 2);
    }

    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> ToolOutput {
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 50_000,
            takes_images: false,
            progress: &(),
        };
        self.call_in(tool, arguments, context).await
    }

    pub(crate) async fn call_in(
        &self,
        tool: &str,
        arguments: Value,
        context: ToolContext<'_>,
    ) -> ToolOutput {
        match self.tool(tool).plan_call(&call(tool, arguments)) {
            Ok(planned) => planned.run(context).await,
            Err(error) => ToolOutput::from_error(error.to_string()),
        }
    }

    pub(crate) fn plan(
        &self,
        tool: &str,
        arguments: Value,
    ) -> Result<ToolEffect, InvalidToolArguments> {
        Ok(self.tool(tool).plan_call(&call(tool, arguments))?.effect().clone())
    }

    pub(crate) fn tool(&self, name: &str) -> &dyn Tool {
        self.tools.iter().find(|tool| tool.spec().name.as_str() == name).unwrap().as_ref()
    }
}

pub(crate) fn call(tool: &str, arguments: Value) -> ToolCall {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    ToolCall {
        id: ToolCallId::from_number(1),
        name: ToolName::new(tool).unwrap(),
        arguments: ToolArguments::from(arguments),
    }
}

/// Creates or overwrites a file.
pub(crate) fn save(path: &Path, content: impl AsRef<[u8]>) {
    use std::io::Write;
    fs::File::create(path).unwrap().write_all(content.as_ref()).unwrap();
}

/// Collects the progress output.
#[derive(Debug, Default)]
pub(crate) struct Progress(std::sync::Mutex<Vec<String>>, std::sync::Mutex<Vec<FileChange>>);

impl Progress {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().concat()
    }

    pub(crate) fn changes(&self) -> Vec<FileChange> {
        self.1.lock().unwrap().clone()
    }
}

impl ProgressSink for Progress {
    fn write_output(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    fn report_change(&self, change: FileChange) {
        self.1.lock().unwrap().push(change);
    }
}
