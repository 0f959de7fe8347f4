//! `write`: creates or replaces a file.

use async_trait::async_trait;
use openclaw_core::{
    FileProtection, InvalidToolArguments, PlannedToolCall, ProgressSink, Tool, ToolCall,
    ToolContext, ToolEffect, ToolOutput, ToolSpec,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{decode_arguments, into_output, resolve_argument, tool_spec};
use crate::workspace::{
    AskedChange, RelativePath, ReplaceCondition, ToolPathError, Workspace, describe_change,
    hard_link_note,
};

/// Creates or replaces a file of the workspace.
#[derive(Debug)]
pub(crate) struct WriteTool {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WriteArguments {
    /// Relative to the workspace
    path: String,
    content: String,
}

/// A call of `write` with its path resolved.
#[derive(Debug)]
struct WriteCall {
    effect: ToolEffect,
    protection: Option<FileProtection>,
    /// `None` for a file that the agent may always write.
    asked: Option<AskedChange>,
    path: RelativePath,
    arguments: WriteArguments,
    workspace: Workspace,
}

impl WriteTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Creates or replaces a file, with the directories it needs.";
        Self { workspace, spec: tool_spec::<WriteArguments>("write", description) }
    }
}

impl WriteArguments {
    /// What the call would change; `None` when it would fail.
    fn planned_change(&self, workspace: &Workspace, path: &RelativePath) -> Option<AskedChange> {
        let previous = workspace.read_previous(path).ok()?;
        let old_text = previous.as_ref().map_or(Some(""), |previous| previous.text());
        let change = describe_change(path.text(), old_text, &self.content);
        Some(AskedChange::new(change, previous.map(|previous| previous.version)))
    }
}

impl WriteCall {
    fn write_file(&self, progress: &dyn ProgressSink) -> Result<ToolOutput, ToolPathError> {
        let Self { path, arguments, workspace, protection, .. } = self;
        let previous = workspace.read_previous(path)?;
        let version = previous.as_ref().map(|previous| &previous.version);
        AskedChange::check_version(self.asked.as_ref(), path, version)?;
        let condition = ReplaceCondition {
            version,
            content_before: previous.as_ref().and_then(|previous| previous.content.as_deref()),
            protection: *protection,
        };
        let outcome = workspace.replace_file(path, arguments.content.as_bytes(), condition)?;
        let old_text = match &previous {
            Some(previous) => previous.text(),
            None => Some("").filter(|_| outcome.is_new_file),
        };
        progress.report_change(describe_change(path.text(), old_text, &arguments.content));
        let bytes = arguments.content.len();
        let unit = if bytes == 1 { "byte" } else { "bytes" };
        let action = if outcome.is_new_file { "created" } else { "replaced" };
        let mut text = format!("{action} `{}`, {bytes} {unit}", path.text());
        text.push_str(hard_link_note(&outcome));
        Ok(ToolOutput::from_text(text).with_summary(format!("wrote {bytes} {unit}")))
    }
}

impl Tool for WriteTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: WriteArguments = decode_arguments(&self.spec, call)?;
        let path = resolve_argument(&self.spec, &self.workspace, &arguments.path)?;
        let protection = self.workspace.find_protection(&path);
        let asked = protection.and_then(|_| arguments.planned_change(&self.workspace, &path));
        let change = asked.as_ref().map(|asked| Box::new(asked.change.clone()));
        let effect = ToolEffect::Write { path: path.text(), protection, change };
        let workspace = self.workspace.clone();
        Ok(Box::new(WriteCall { effect, protection, asked, path, arguments, workspace }))
    }
}

#[async_trait]
impl PlannedToolCall for WriteCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        into_output(self.write_file(context.progress))
    }
}
