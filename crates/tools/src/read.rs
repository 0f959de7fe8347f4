//! `read`: a part of a text file, or the names in a directory.

mod listing;
mod page;

use std::path::Path;

use async_trait::async_trait;
use openclaw_core::{
    Concurrency, Effect, InvalidArguments, Tool, ToolCall, ToolContext, ToolOutput, ToolSpec,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, answer, decode, inside, spec};
use crate::read::listing::listing;
use crate::read::page::{Page, PageError, Range};
use crate::workspace::{Entry, Refusal, Workspace};

/// The most lines of one call.
const MAX_LINES: u64 = 2000;
/// What is left free of the bytes that an output may have, for what there is to know of the page.
const NOTE_BYTES: usize = 200;

/// Reads a file or a directory of the workspace.
#[derive(Debug)]
pub(crate) struct Read {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Relative to the workspace
    path: String,
    /// First line, from 1
    offset: Option<WholeNumber>,
    /// Most lines
    limit: Option<WholeNumber>,
}

impl Read {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Reads a text file, a part at a time, or lists a directory.";
        Self { workspace, spec: spec::<Arguments>("read", description) }
    }

    fn read(&self, arguments: &Arguments, bytes: usize) -> Result<ToolOutput, Refusal> {
        let path = self.workspace.resolve(&arguments.path)?;
        let limit = arguments.limit.and_then(WholeNumber::positive).unwrap_or(MAX_LINES);
        let range = Range {
            first: arguments.offset.and_then(WholeNumber::positive).unwrap_or(1),
            limit: limit.min(MAX_LINES),
            bytes: bytes.saturating_sub(NOTE_BYTES),
        };
        match self.workspace.open_entry(&path)? {
            Entry::Directory(names) => {
                let listing = listing(&self.workspace, path.as_path(), &names);
                Ok(describe(Page::read(listing.as_bytes(), range), "entry", "entries"))
            }
            Entry::File(file, _) => match Page::read(&file, range) {
                Err(PageError::Binary) => {
                    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
                    let name = Path::new(&arguments.path).display();
                    let text = format!("[`{name}` is a binary file of {bytes} bytes]");
                    Ok(ToolOutput::ok(text).with_summary(format!("binary, {bytes} bytes")))
                }
                page => Ok(describe(page, "line", "lines")),
            },
        }
    }
}

/// Puts a page into words: the text as it is, then what there is to know of it in brackets.
fn describe(page: Result<Page, PageError>, one: &str, many: &str) -> ToolOutput {
    let page = match page {
        Ok(page) => page,
        Err(error) => return ToolOutput::error(error.to_string()),
    };
    let mut text = page.text;
    let notes = page.notes.join("; ");
    if !notes.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.extend(["[", &notes, "]"]);
    }
    let what = if page.lines == 1 { one } else { many };
    ToolOutput::ok(text).with_summary(format!("{} {what}", page.lines))
}

#[async_trait]
impl Tool for Read {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments> {
        let arguments: Arguments = decode(&self.spec, call)?;
        let path = inside(&self.spec, &self.workspace, &arguments.path)?;
        Ok(Effect::Read { path })
    }

    /// Reading changes nothing, and what is written meanwhile is written whole.
    fn concurrency(&self, _call: &ToolCall) -> Concurrency {
        Concurrency::Shared
    }

    async fn call(&self, call: &ToolCall, context: ToolContext<'_>) -> ToolOutput {
        let bytes = context.output_bytes;
        answer(decode(&self.spec, call).map(|arguments| self.read(&arguments, bytes)))
    }
}
