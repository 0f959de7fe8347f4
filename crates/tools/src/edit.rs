//! `edit`: replaces text within a file.

mod arguments;
mod near_miss;
mod replacement;

use std::fmt::Display;
use std::io::Read;

use async_trait::async_trait;
use openclaw_core::{
    FileProtection, InvalidToolArguments, PlannedToolCall, ProgressSink, Tool, ToolCall,
    ToolContext, ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_fs::OpenedEntry;

use crate::arguments::{decode_arguments, into_output, resolve_argument, tool_spec};
use crate::edit::arguments::EditArguments;
use crate::edit::replacement::{TextReplacement, describe_lines};
use crate::workspace::{
    PathErrorKind, RelativePath, ReplaceCondition, ToolPathError, Workspace, describe_change,
    hard_link_note,
};

/// The largest file that can be edited, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Replaces a text in a file of the workspace.
#[derive(Debug)]
pub(crate) struct EditTool {
    workspace: Workspace,
    spec: ToolSpec,
}

/// A call of `edit` with its path resolved.
#[derive(Debug)]
struct EditCall {
    effect: ToolEffect,
    protection: Option<FileProtection>,
    path: RelativePath,
    arguments: EditArguments,
    workspace: Workspace,
}

impl EditTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        Self { workspace, spec: tool_spec::<EditArguments>("edit", "Replaces text in a file.") }
    }
}

impl EditCall {
    fn edit_file(&self, progress: &dyn ProgressSink) -> Result<ToolOutput, ToolPathError> {
        let Self { path, arguments, workspace, protection, .. } = self;
        let refuse = |problem| Err(ToolPathError::new(path.text(), problem));
        let OpenedEntry::File(file, version) = workspace.open_for_change(path)? else {
            return refuse(PathErrorKind::IsDirectory);
        };
        let mut bytes = Vec::new();
        // One byte more than the limit, to detect larger files.
        if let Err(error) = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes) {
            return refuse(PathErrorKind::Unreadable(error));
        }
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return refuse(PathErrorKind::TooLarge(MAX_FILE_BYTES));
        }
        let Ok(content) = String::from_utf8(bytes) else {
            return refuse(PathErrorKind::NotText);
        };
        let unchanged = |problem: &dyn Display| {
            Ok(ToolOutput::from_error(format!("`{}` is not changed: {problem}", path.text())))
        };
        let edits = match arguments.text_edits() {
            Ok(edits) => edits,
            Err(problem) => return unchanged(&problem),
        };
        let replacement = match TextReplacement::find_matches(&content, &edits) {
            Ok(replacement) => replacement,
            Err(problem) => return unchanged(&problem),
        };
        let (new_content, lines) = replacement.apply_replacement();
        let condition = ReplaceCondition {
            version: Some(&version),
            content_before: Some(content.as_bytes()),
            protection: *protection,
        };
        let outcome = workspace.replace_file(path, new_content.as_bytes(), condition)?;
        progress.report_change(describe_change(path.text(), Some(&content), &new_content));
        let lines = describe_lines(&lines);
        let text = format!("changed `{}` at {lines}{}", path.text(), hard_link_note(&outcome));
        Ok(ToolOutput::from_text(text).with_summary(lines))
    }
}

impl Tool for EditTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: EditArguments = decode_arguments(&self.spec, call)?;
        if let Err(problem) = arguments.text_edits() {
            let tool = self.spec.name.clone();
            return Err(InvalidToolArguments { tool, problem: problem.to_owned() });
        }
        let path = resolve_argument(&self.spec, &self.workspace, &arguments.path)?;
        let protection = self.workspace.find_protection(&path);
        let effect = ToolEffect::Write { path: path.text(), protection };
        let workspace = self.workspace.clone();
        Ok(Box::new(EditCall { effect, protection, path, arguments, workspace }))
    }
}

#[async_trait]
impl PlannedToolCall for EditCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        into_output(self.edit_file(context.progress))
    }
}
