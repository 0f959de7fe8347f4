//! `list`: lists the files below a directory.

use std::ops::ControlFlow;
use std::path::Path;

use async_trait::async_trait;
use ignore::overrides::Override;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_fs::EntryKind;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::blocking::run_walk;
use crate::glob::compile_glob;
use crate::workspace::{
    RelativePath, ToolPathError, WalkCancellation, WalkOptions, WalkReport, Workspace,
};

/// The most entries of one call.
const MAX_ENTRIES: usize = 1000;
/// The most bytes of the entries of one call.
const MAX_LIST_BYTES: usize = 50_000;
/// Bytes of the output limit reserved for the notes at the end.
const RESERVED_NOTE_BYTES: usize = 300;

/// Lists the files below a directory of the workspace.
#[derive(Debug)]
pub(crate) struct ListTool {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// Directory; default the workspace
    path: Option<String>,
    /// Levels below it; default 1, with `glob` all
    depth: Option<WholeNumber>,
    /// Only these, e.g. `*.rs` or `src/**/*.ts`
    glob: Option<String>,
    /// Also dotfiles and ignored files
    hidden: Option<bool>,
}

/// A call of `list` with its path resolved.
#[derive(Debug)]
struct ListCall {
    effect: ToolEffect,
    path: RelativePath,
    depth: usize,
    filter: Option<Override>,
    include_hidden: bool,
    workspace: Workspace,
}

impl ListTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Lists files and directories, or finds them by name.";
        Self { workspace, spec: tool_spec::<ListArguments>("list", description) }
    }
}

impl ListCall {
    fn list_entries(
        self,
        max_bytes: usize,
        cancellation: WalkCancellation,
    ) -> Result<ToolOutput, ToolPathError> {
        let max_bytes = max_bytes.min(MAX_LIST_BYTES).saturating_sub(RESERVED_NOTE_BYTES);
        let options = WalkOptions {
            max_depth: self.depth,
            include_hidden: self.include_hidden,
            filter: self.filter,
            cancellation,
        };
        let (mut text, mut entries, mut is_full) = (String::new(), 0_usize, false);
        let report = self.workspace.walk_directory(&self.path, &options, &mut |entry| {
            let line = format_entry(&self.path, &entry.path, entry.kind, || entry.link_target());
            if entries == MAX_ENTRIES || text.len() + line.len() > max_bytes {
                is_full = true;
                return ControlFlow::Break(());
            }
            text.push_str(&line);
            entries += 1;
            ControlFlow::Continue(())
        })?;
        let mut notes = walk_notes(&report);
        if entries == 0 {
            let nothing = if options.filter.is_some() { "nothing matches" } else { "empty" };
            notes.insert(0, nothing.to_owned());
        }
        if is_full {
            notes.insert(
                0,
                format!("only the first {entries}; narrow it with `path`, `glob` or `depth`"),
            );
        }
        push_notes(&mut text, &notes);
        let unit = if entries == 1 { "entry" } else { "entries" };
        Ok(ToolOutput::from_text(text).with_summary(format!("{entries} {unit}")))
    }
}

/// What a walk left out, as notes for the model.
pub(crate) fn walk_notes(report: &WalkReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.hidden_entries > 0 {
        notes.push(format!(
            "{} hidden or ignored left out; `hidden` shows them",
            report.hidden_entries
        ));
    }
    if report.unreadable_directories > 0 {
        notes.push(format!("{} directories cannot be read", report.unreadable_directories));
    }
    if report.is_incomplete {
        notes.push("there is more than could be looked at; choose a `path`".to_owned());
    }
    notes
}

/// Appends notes in brackets.
pub(crate) fn push_notes(text: &mut String, notes: &[String]) {
    if !notes.is_empty() {
        text.extend(["[", &notes.join("; "), "]"]);
    }
}

/// A path of the walked folder as the model may use it, with control characters escaped.
pub(crate) fn shown_path(walked: &RelativePath, path: &Path) -> String {
    let text = walked.text_of(path);
    if text.contains(char::is_control) { text.escape_debug().to_string() } else { text }
}

fn format_entry(
    walked: &RelativePath,
    path: &Path,
    kind: EntryKind,
    link_target: impl FnOnce() -> std::path::PathBuf,
) -> String {
    let path = shown_path(walked, path);
    match kind {
        EntryKind::Directory => format!("{path}/\n"),
        EntryKind::File | EntryKind::Unknown => format!("{path}\n"),
        EntryKind::SymbolicLink => {
            let target = link_target();
            format!("{path} -> {}\n", target.to_string_lossy().escape_debug())
        }
        other => format!("{path} ({other})\n"),
    }
}

impl Tool for ListTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let ListArguments { path, depth, glob, hidden } = decode_arguments(&self.spec, call)?;
        let path = path.filter(|path| !path.is_empty());
        let path = resolve_argument(&self.spec, &self.workspace, path.as_deref().unwrap_or("."))?;
        let filter = compile_glob(&self.spec, &path, glob.as_deref())?;
        let all_levels = if filter.is_some() { usize::MAX } else { 1 };
        let depth = depth.and_then(WholeNumber::as_positive);
        let depth = depth.map_or(all_levels, |depth| usize::try_from(depth).unwrap_or(usize::MAX));
        Ok(Box::new(ListCall {
            effect: ToolEffect::Read { path: path.text() },
            path,
            depth,
            filter,
            include_hidden: hidden.unwrap_or(false),
            workspace: self.workspace.clone(),
        }))
    }
}

#[async_trait]
impl PlannedToolCall for ListCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Shared
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        let max_bytes = context.max_output_bytes;
        let list = move |cancellation| into_output(self.list_entries(max_bytes, cancellation));
        run_walk(context.time_limit, list).await
    }
}
