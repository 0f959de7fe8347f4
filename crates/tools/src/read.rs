//! `read`: reads a part of a text file or an image, or lists a directory.

mod image;
mod listing;
mod page;

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_fs::OpenedEntry;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::read::image::read_binary;
use crate::read::listing::format_listing;
use crate::read::page::{PageError, PageRange, TextPage};
use crate::workspace::{RelativePath, ToolPathError, Workspace};

/// The most lines of one call.
const MAX_LINES: u64 = 2000;
/// Bytes of the output limit reserved for notes on the page.
const RESERVED_NOTE_BYTES: usize = 200;

/// Reads a file or a directory of the workspace.
#[derive(Debug)]
pub(crate) struct ReadTool {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadArguments {
    /// Relative to the workspace
    path: String,
    /// First line, from 1
    offset: Option<WholeNumber>,
    /// Most lines
    limit: Option<WholeNumber>,
}

/// A call of `read` with its path resolved.
#[derive(Debug)]
struct ReadCall {
    effect: ToolEffect,
    path: RelativePath,
    arguments: ReadArguments,
    workspace: Workspace,
}

impl ReadTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Reads a text file, a part at a time, or an image, or lists a directory.";
        Self { workspace, spec: tool_spec::<ReadArguments>("read", description) }
    }
}

impl ReadCall {
    fn read_entry(&self, context: ToolContext<'_>) -> Result<ToolOutput, ToolPathError> {
        let max_bytes = context.max_output_bytes;
        let Self { path, arguments, workspace, .. } = self;
        let max_lines = arguments.limit.and_then(WholeNumber::as_positive).unwrap_or(MAX_LINES);
        let range = PageRange {
            first_line: arguments.offset.and_then(WholeNumber::as_positive).unwrap_or(1),
            max_lines: max_lines.min(MAX_LINES),
            max_bytes: max_bytes.saturating_sub(RESERVED_NOTE_BYTES),
        };
        match workspace.open_for_model(path)? {
            OpenedEntry::Directory(names) => {
                let listing = format_listing(path, &names);
                Ok(page_output(TextPage::read_range(listing.as_bytes(), range), "entry", "entries"))
            }
            OpenedEntry::File(file, _) => match TextPage::read_range(&file, range) {
                Err(PageError::Binary) => {
                    Ok(read_binary(&file, &arguments.path, context.takes_images))
                }
                page => Ok(page_output(page, "line", "lines")),
            },
        }
    }
}

/// Formats a page: the text unchanged, then notes in brackets.
fn page_output(page: Result<TextPage, PageError>, singular: &str, plural: &str) -> ToolOutput {
    let page = match page {
        Ok(page) => page,
        Err(error) => return ToolOutput::from_error(error.to_string()),
    };
    let mut text = page.text;
    let notes = page.notes.join("; ");
    if !notes.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.extend(["[", &notes, "]"]);
    }
    let unit = if page.lines == 1 { singular } else { plural };
    ToolOutput::from_text(text).with_summary(format!("{} {unit}", page.lines))
}

impl Tool for ReadTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: ReadArguments = decode_arguments(&self.spec, call)?;
        let path = resolve_argument(&self.spec, &self.workspace, &arguments.path)?;
        let effect = ToolEffect::Read { path: path.text() };
        let workspace = self.workspace.clone();
        Ok(Box::new(ReadCall { effect, path, arguments, workspace }))
    }
}

#[async_trait]
impl PlannedToolCall for ReadCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    /// Reading changes nothing, and files are replaced atomically.
    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Shared
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        into_output(self.read_entry(context))
    }
}
