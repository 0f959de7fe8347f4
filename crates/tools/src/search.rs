//! `search`: finds lines in the files below a directory.

mod matches;

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use async_trait::async_trait;
use grep_matcher::LineTerminator;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, MmapChoice, Searcher, SearcherBuilder};
use ignore::overrides::Override;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_fs::{EntryKind, OpenedEntry};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, into_output, resolve_argument, tool_spec};
use crate::blocking::run_walk;
use crate::glob::compile_glob;
use crate::list::shown_path;
use crate::search::matches::MatchList;
use crate::workspace::{
    RelativePath, ToolPathError, WalkCancellation, WalkOptions, WalkReport, Workspace, shorten_text,
};

/// The matches of a call that names no limit, and the most of any.
const DEFAULT_MATCHES: usize = 100;
const MAX_MATCHES: usize = 1000;
/// The most lines around a match.
const MAX_CONTEXT_LINES: usize = 20;
/// The most bytes of the matches of one call.
const MAX_SEARCH_BYTES: usize = 50_000;
/// Bytes of the output limit reserved for the notes at the end.
const RESERVED_NOTE_BYTES: usize = 400;
/// The largest compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 4 << 20;
/// The most bytes of one line that are held.
const MAX_LINE_BUFFER: usize = 16 << 20;
/// The longest description of a pattern's problem, in bytes.
const MAX_PROBLEM_BYTES: usize = 300;

/// Finds lines in the files of the workspace.
#[derive(Debug)]
pub(crate) struct SearchTool {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchArguments {
    /// Regular expression
    pattern: String,
    /// Directory or file; default the workspace
    path: Option<String>,
    /// Only files like `*.rs`
    #[serde(alias = "include")]
    glob: Option<String>,
    /// `pattern` is plain text
    literal: Option<bool>,
    #[serde(alias = "ignoreCase")]
    ignore_case: Option<bool>,
    /// Lines around each match
    context: Option<WholeNumber>,
    /// Most matches, default 100
    limit: Option<WholeNumber>,
    /// Also dotfiles and ignored files
    hidden: Option<bool>,
}

/// A call of `search` with its path resolved and its pattern compiled.
#[derive(Debug)]
struct SearchCall {
    effect: ToolEffect,
    path: RelativePath,
    matcher: RegexMatcher,
    filter: Option<Override>,
    context_lines: usize,
    max_matches: usize,
    include_hidden: bool,
    workspace: Workspace,
}

impl SearchTool {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Finds lines in text files.";
        Self { workspace, spec: tool_spec::<SearchArguments>("search", description) }
    }
}

impl SearchCall {
    fn find_lines(
        self,
        max_bytes: usize,
        cancellation: &WalkCancellation,
    ) -> Result<ToolOutput, ToolPathError> {
        let max_bytes = max_bytes.min(MAX_SEARCH_BYTES).saturating_sub(RESERVED_NOTE_BYTES);
        let mut list = MatchList::new(self.matcher.clone(), self.max_matches, max_bytes);
        let mut searcher = build_searcher(self.context_lines);
        let opened = self.workspace.open_file_or_nothing(&self.path)?;
        let report = match opened {
            Some(file) => {
                let heading = shown_path(&self.path, self.path.as_path());
                let reader = CancellableReader { source: file, cancellation };
                list.search_file(&mut searcher, &heading, reader);
                WalkReport::default()
            }
            None => self.search_tree(&mut searcher, &mut list, cancellation.clone())?,
        };
        Ok(list.into_output(&report))
    }

    fn search_tree(
        &self,
        searcher: &mut Searcher,
        list: &mut MatchList,
        cancellation: WalkCancellation,
    ) -> Result<WalkReport, ToolPathError> {
        let options = WalkOptions {
            max_depth: usize::MAX,
            include_hidden: self.include_hidden,
            filter: self.filter.clone(),
            cancellation,
        };
        self.workspace.walk_directory(&self.path, &options, &mut |entry| {
            if entry.kind != EntryKind::File {
                return ControlFlow::Continue(());
            }
            let Some(source) = entry.open_file() else {
                list.unreadable_files += 1;
                return ControlFlow::Continue(());
            };
            let heading = shown_path(&self.path, &entry.path);
            let reader = CancellableReader { source, cancellation: &options.cancellation };
            list.search_file(searcher, &heading, reader);
            if list.is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }
}

impl Workspace {
    /// Opens a file to search; `None` for a directory.
    fn open_file_or_nothing(
        &self,
        path: &RelativePath,
    ) -> Result<Option<std::fs::File>, ToolPathError> {
        if path.as_path() == Path::new(".") {
            return Ok(None);
        }
        match self.open_entry(path)? {
            OpenedEntry::File(file, _) => Ok(Some(file)),
            OpenedEntry::Directory(_) => Ok(None),
        }
    }
}

/// Reads until the call is over.
struct CancellableReader<'a, R> {
    source: R,
    cancellation: &'a WalkCancellation,
}

impl<R: Read> Read for CancellableReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancellation.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.source.read(buffer)
    }
}

fn build_searcher(context_lines: usize) -> Searcher {
    SearcherBuilder::new()
        .line_terminator(LineTerminator::crlf())
        .binary_detection(BinaryDetection::quit(0))
        .before_context(context_lines)
        .after_context(context_lines)
        // A mapped file that another program shortens would end this one.
        .memory_map(MmapChoice::never())
        .heap_limit(Some(MAX_LINE_BUFFER))
        .build()
}

fn compile_pattern(
    pattern: &str,
    is_literal: bool,
    ignore_case: bool,
) -> Result<RegexMatcher, String> {
    if pattern.is_empty() {
        return Err("`pattern` is empty; `list` finds files by name".to_owned());
    }
    let mut builder = RegexMatcherBuilder::new();
    builder
        .fixed_strings(is_literal)
        .case_insensitive(ignore_case)
        .crlf(true)
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES);
    builder.build(pattern).map_err(|error| {
        // The first lines quote the pattern and point into it.
        let text = error.to_string();
        let problem = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        let hint = if is_literal { "" } else { "; `literal` takes it as plain text" };
        format!("`pattern`: {}{hint}", shorten_text(problem, MAX_PROBLEM_BYTES))
    })
}

impl Tool for SearchTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: SearchArguments = decode_arguments(&self.spec, call)?;
        let path = arguments.path.filter(|path| !path.is_empty());
        let path = resolve_argument(&self.spec, &self.workspace, path.as_deref().unwrap_or("."))?;
        let filter = compile_glob(&self.spec, &path, arguments.glob.as_deref())?;
        let matcher = compile_pattern(
            &arguments.pattern,
            arguments.literal.unwrap_or(false),
            arguments.ignore_case.unwrap_or(false),
        );
        let matcher = matcher
            .map_err(|problem| InvalidToolArguments { tool: self.spec.name.clone(), problem })?;
        let number = |number: Option<WholeNumber>, default: usize, most: usize| {
            let number = number.and_then(WholeNumber::as_positive);
            let number = number.map(|number| usize::try_from(number).unwrap_or(most));
            number.unwrap_or(default).min(most)
        };
        Ok(Box::new(SearchCall {
            effect: ToolEffect::Read { path: path.text() },
            path,
            matcher,
            filter,
            context_lines: number(arguments.context, 0, MAX_CONTEXT_LINES),
            max_matches: number(arguments.limit, DEFAULT_MATCHES, MAX_MATCHES),
            include_hidden: arguments.hidden.unwrap_or(false),
            workspace: self.workspace.clone(),
        }))
    }
}

#[async_trait]
impl PlannedToolCall for SearchCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Shared
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        let max_bytes = context.max_output_bytes;
        let search = move |cancellation| into_output(self.find_lines(max_bytes, &cancellation));
        run_walk(context.time_limit, search).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_compiled_or_refused_in_a_sentence() {
        assert!(compile_pattern("a(b", true, false).is_ok());
        for (pattern, part) in [
            ("a(b", "unclosed group; `literal`"),
            ("a\\nb", "literal"),
            ("", "is empty"),
            ("((a{1000}){1000}){1000}", "size"),
        ] {
            let problem = compile_pattern(pattern, false, false).unwrap_err();
            assert!(problem.contains(part) && !problem.contains('\n'), "{problem}");
        }
    }
}
