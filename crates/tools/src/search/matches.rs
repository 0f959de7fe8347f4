//! Collects matching lines, by file and bounded.

use std::fmt::Write as _;
use std::io::{self, Read};

use grep_matcher::Matcher as _;
use grep_regex::RegexMatcher;
use grep_searcher::{Searcher, Sink, SinkContext, SinkFinish, SinkMatch};
use openclaw_core::ToolOutput;

use crate::list::{push_notes, walk_notes};
use crate::workspace::WalkReport;

/// The longest line that is shown completely, in bytes.
const MAX_SHOWN_LINE: usize = 400;
/// How much of a longer line is shown before its match, in bytes.
const SHOWN_BEFORE_MATCH: usize = 100;

/// The matching lines of a search.
#[derive(Debug)]
pub(super) struct MatchList {
    matcher: RegexMatcher,
    max_matches: usize,
    max_bytes: usize,
    text: String,
    matches: usize,
    files: usize,
    searched_files: usize,
    binary_files: usize,
    pub(super) unreadable_files: usize,
    /// Whether there may be more matches than are collected.
    pub(super) is_full: bool,
}

impl MatchList {
    pub(super) fn new(matcher: RegexMatcher, max_matches: usize, max_bytes: usize) -> Self {
        Self {
            matcher,
            max_matches,
            max_bytes,
            text: String::new(),
            matches: 0,
            files: 0,
            searched_files: 0,
            binary_files: 0,
            unreadable_files: 0,
            is_full: false,
        }
    }

    /// Adds the matching lines of a file under a heading.
    pub(super) fn search_file(
        &mut self,
        searcher: &mut Searcher,
        heading: &str,
        reader: impl Read,
    ) {
        let before = self.text.len();
        let matcher = self.matcher.clone();
        let mut sink =
            FileMatches { list: self, heading, has_heading: false, matches: 0, is_binary: false };
        let result = searcher.search_reader(&matcher, reader, &mut sink);
        let FileMatches { matches, is_binary, .. } = sink;
        if result.is_err() {
            self.unreadable_files += 1;
        } else {
            self.searched_files += 1;
        }
        if is_binary {
            self.binary_files += 1;
            self.text.truncate(before);
            self.is_full = false;
        } else if matches > 0 {
            self.matches += matches;
            self.files += 1;
        } else {
            self.text.truncate(before);
        }
    }

    pub(super) fn into_output(mut self, report: &WalkReport) -> ToolOutput {
        let mut notes = Vec::new();
        if self.is_full {
            let shown = self.matches;
            notes.push(format!(
                "only the first {shown} matching lines; narrow it with `pattern`, `path` or `glob`"
            ));
        } else if self.matches == 0 {
            let unit = if self.searched_files == 1 { "file" } else { "files" };
            notes.push(format!("no line matches in {} {unit}", self.searched_files));
        }
        if self.binary_files > 0 {
            notes.push(format!("{} binary files skipped", self.binary_files));
        }
        if self.unreadable_files > 0 {
            notes.push(format!("{} files cannot be read", self.unreadable_files));
        }
        notes.extend(walk_notes(report));
        push_notes(&mut self.text, &notes);
        let line_unit = if self.matches == 1 { "line" } else { "lines" };
        let file_unit = if self.files == 1 { "file" } else { "files" };
        let summary = format!("{} {line_unit} in {} {file_unit}", self.matches, self.files);
        ToolOutput::from_text(self.text).with_summary(summary)
    }
}

/// Receives the lines of one file.
struct FileMatches<'a> {
    list: &'a mut MatchList,
    heading: &'a str,
    has_heading: bool,
    matches: usize,
    is_binary: bool,
}

impl FileMatches<'_> {
    /// Adds a line, and returns whether there was room for it.
    fn push_line(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) -> bool {
        let line = String::from_utf8_lossy(bytes);
        let line = self.shorten_line(line.trim_end_matches(['\r', '\n']));
        let mut added = String::new();
        if !self.has_heading {
            if !self.list.text.is_empty() {
                added.push('\n');
            }
            added.extend([self.heading, "\n"]);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(added, "{}{mark}{line}", number.unwrap_or_default());
        let has_room = self.list.text.len() + added.len() <= self.list.max_bytes;
        if has_room {
            self.has_heading = true;
            self.list.text.push_str(&added);
        } else {
            self.list.is_full = true;
        }
        has_room
    }

    /// The part of a long line around its first match.
    fn shorten_line(&self, line: &str) -> String {
        if line.len() <= MAX_SHOWN_LINE {
            return line.to_owned();
        }
        let found = self.list.matcher.find(line.as_bytes()).ok().flatten();
        let match_start = found.map_or(0, |found| found.start());
        let start = line.floor_char_boundary(match_start.saturating_sub(SHOWN_BEFORE_MATCH));
        let end = line.floor_char_boundary((start + MAX_SHOWN_LINE).min(line.len()));
        let shown = line.get(start..end).unwrap_or_default();
        let [before, after] = [start > 0, end < line.len()].map(|cut| if cut { "…" } else { "" });
        format!("{before}{shown}{after}")
    }
}

impl Sink for FileMatches<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, io::Error> {
        if self.list.matches + self.matches >= self.list.max_matches {
            self.list.is_full = true;
            return Ok(false);
        }
        if !self.push_line(found.line_number(), ':', found.bytes()) {
            return Ok(false);
        }
        self.matches += 1;
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> Result<bool, io::Error> {
        Ok(self.push_line(context.line_number(), '-', context.bytes()))
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, io::Error> {
        self.list.text.push_str("--\n");
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, io::Error> {
        self.is_binary = true;
        Ok(false)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> Result<(), io::Error> {
        self.is_binary |= finish.binary_byte_offset().is_some();
        Ok(())
    }
}
