//! `edit`: replaces text within a file.

mod arguments;
mod near_miss;
mod replacement;

use std::fmt::Display;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use openclaw_core::{
    FileProtection, InvalidToolArguments, PlannedToolCall, ProgressSink, Tool, ToolCall,
    ToolContext, ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_fs::{FileVersion, OpenedEntry, read_opened};

use crate::arguments::{decode_arguments, into_output, resolve_argument, tool_spec};
use crate::edit::arguments::EditArguments;
use crate::edit::replacement::{TextReplacement, describe_lines};
use crate::workspace::{
    AskedChange, PathErrorKind, RelativePath, ReplaceCondition, ToolPathError, Workspace,
    describe_change, hard_link_note,
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
    /// `None` for a file that the agent may always write.
    asked: Option<AskedChange>,
    path: RelativePath,
    arguments: EditArguments,
    workspace: Workspace,
}

impl EditTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        Self { workspace, spec: tool_spec::<EditArguments>("edit", "Replaces text in a file.") }
    }
}

/// A file with what the edits make of it.
struct PlannedEdit {
    version: FileVersion,
    content: String,
    new_content: String,
    /// Where it changes.
    lines: Vec<RangeInclusive<usize>>,
}

/// Why an edit isn't made.
enum EditProblem {
    Path(ToolPathError),
    /// The edits don't fit the content.
    Mismatch(String),
}

impl From<ToolPathError> for EditProblem {
    fn from(error: ToolPathError) -> Self {
        Self::Path(error)
    }
}

/// Reads a file and applies the edits.
fn plan_edit(
    workspace: &Workspace,
    path: &RelativePath,
    arguments: &EditArguments,
) -> Result<PlannedEdit, EditProblem> {
    let refuse = |problem| EditProblem::Path(ToolPathError::new(path.text(), problem));
    let OpenedEntry::File(file, version) = workspace.open_for_change(path)? else {
        return Err(refuse(PathErrorKind::IsDirectory));
    };
    // One byte more than the limit, to detect larger files.
    let bytes = read_opened(&file, version.size(), MAX_FILE_BYTES + 1);
    let bytes = bytes.map_err(|error| refuse(PathErrorKind::Unreadable(error)))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refuse(PathErrorKind::TooLarge(MAX_FILE_BYTES)));
    }
    let content = String::from_utf8(bytes).map_err(|_| refuse(PathErrorKind::NotText))?;
    let mismatch = |problem: &dyn Display| EditProblem::Mismatch(problem.to_string());
    let edits = arguments.text_edits().map_err(|problem| mismatch(&problem))?;
    let replacement = TextReplacement::find_matches(&content, &edits);
    let replacement = replacement.map_err(|problem| mismatch(&problem))?;
    let (new_content, lines) = replacement.apply_replacement();
    Ok(PlannedEdit { version, content, new_content, lines })
}

impl EditCall {
    fn edit_file(&self, progress: &dyn ProgressSink) -> Result<ToolOutput, ToolPathError> {
        let Self { path, arguments, workspace, protection, .. } = self;
        let PlannedEdit { version, content, new_content, lines } =
            match plan_edit(workspace, path, arguments) {
                Ok(planned) => planned,
                Err(EditProblem::Path(error)) => return Err(error),
                Err(EditProblem::Mismatch(problem)) => {
                    let text = format!("`{}` is not changed: {problem}", path.text());
                    return Ok(ToolOutput::from_error(text));
                }
            };
        AskedChange::check_version(self.asked.as_ref(), path, Some(&version))?;
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
        let planned = protection.and_then(|_| plan_edit(&self.workspace, &path, &arguments).ok());
        let asked = planned.map(|planned| {
            let PlannedEdit { version, content, new_content, .. } = planned;
            let change = describe_change(path.text(), Some(&content), &new_content);
            AskedChange::new(change, Some(version))
        });
        let change = asked.as_ref().map(|asked| Box::new(asked.change.clone()));
        let effect = ToolEffect::Write { path: path.text(), protection, change };
        let workspace = self.workspace.clone();
        Ok(Box::new(EditCall { effect, protection, asked, path, arguments, workspace }))
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
