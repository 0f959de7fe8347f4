//! Splits a command text into words, and refuses everything that a shell would expand.
//!
//! What is accepted means the same in every POSIX shell, because it is literal: simple commands,
//! joined by `|`, `&&`, `||` and `;`, with single quotes, double quotes and backslashes around
//! literal content. Whatever is not proven to be literal is refused with a reason.

use serde::Serialize;

use crate::escape::is_deceptive_char;
use crate::syntax::{SyntaxReason, UnsupportedSyntax};

/// The longest command, in bytes.
pub const MAX_COMMAND_BYTES: usize = 128 * 1024;

/// Words that a shell reads as syntax when they are at the place of a program.
const RESERVED_WORDS: [&str; 20] = [
    "!", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for",
    "function", "if", "in", "select", "then", "time", "until", "while",
];

/// A command text that consists of literal simple commands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandScript {
    /// The pipelines in their order; at least one.
    pub pipelines: Vec<ScriptPipeline>,
}

/// Commands that run at once, the output of each being the input of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptPipeline {
    /// When the pipeline runs.
    pub condition: RunCondition,
    /// The commands from left to right; at least one.
    pub commands: Vec<SimpleCommand>,
}

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimpleCommand {
    /// The program and its arguments; at least the program.
    pub words: Vec<String>,
    /// The redirections in their order, which matters.
    pub redirections: Vec<ShellRedirection>,
}

/// When a pipeline runs, given the exit status of the last pipeline that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunCondition {
    /// In any case: the first pipeline, and one after `;`.
    Always,
    /// When the status is 0: one after `&&`.
    AfterSuccess,
    /// When the status is not 0: one after `||`.
    AfterFailure,
}

/// A redirection that reads and writes no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShellRedirection {
    /// `</dev/null`
    StdinFromNull,
    /// `>/dev/null`
    StdoutToNull,
    /// `2>/dev/null`
    StderrToNull,
    /// `2>&1`
    StderrToStdout,
    /// `>&2`
    StdoutToStderr,
}

impl ShellRedirection {
    /// The redirection as a shell reads it.
    #[must_use]
    pub fn as_shell_text(self) -> &'static str {
        match self {
            Self::StdinFromNull => "</dev/null",
            Self::StdoutToNull => ">/dev/null",
            Self::StderrToNull => "2>/dev/null",
            Self::StderrToStdout => "2>&1",
            Self::StdoutToStderr => ">&2",
        }
    }
}

/// The spellings that are read as a redirection. A longer one comes before its beginning.
const REDIRECTIONS: [(&str, ShellRedirection); 11] = [
    ("</dev/null", ShellRedirection::StdinFromNull),
    ("< /dev/null", ShellRedirection::StdinFromNull),
    (">/dev/null", ShellRedirection::StdoutToNull),
    ("> /dev/null", ShellRedirection::StdoutToNull),
    ("1>/dev/null", ShellRedirection::StdoutToNull),
    ("1> /dev/null", ShellRedirection::StdoutToNull),
    ("2>/dev/null", ShellRedirection::StderrToNull),
    ("2> /dev/null", ShellRedirection::StderrToNull),
    ("2>&1", ShellRedirection::StderrToStdout),
    (">&2", ShellRedirection::StdoutToStderr),
    ("1>&2", ShellRedirection::StdoutToStderr),
];

impl CommandScript {
    /// Reads a command text.
    ///
    /// # Errors
    ///
    /// The first text that a shell would not take literally, and its position.
    pub fn parse(text: &str) -> Result<Self, UnsupportedSyntax> {
        if text.len() > MAX_COMMAND_BYTES {
            return Err(UnsupportedSyntax::new(SyntaxReason::TooLong, MAX_COMMAND_BYTES));
        }
        // A line break after the last command ends it, and nothing else.
        ScriptLexer::new(text.trim_end_matches('\n')).parse_script()
    }

    /// A script of one command, without any syntax: each argument is one word as it is.
    #[must_use]
    pub fn from_argv(words: Vec<String>) -> Self {
        let command = SimpleCommand { words, redirections: Vec::new() };
        let pipeline = ScriptPipeline { condition: RunCondition::Always, commands: vec![command] };
        Self { pipelines: vec![pipeline] }
    }
}

/// Reads a text from left to right.
struct ScriptLexer<'a> {
    text: &'a str,
    /// What is not yet read.
    rest: &'a str,
    pipelines: Vec<ScriptPipeline>,
    /// The pipeline that is being read.
    pipeline: ScriptPipeline,
    /// The command that is being read.
    command: SimpleCommand,
}

fn empty_pipeline(condition: RunCondition) -> ScriptPipeline {
    ScriptPipeline { condition, commands: Vec::new() }
}

fn empty_command() -> SimpleCommand {
    SimpleCommand { words: Vec::new(), redirections: Vec::new() }
}

impl<'a> ScriptLexer<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: text,
            pipelines: Vec::new(),
            pipeline: empty_pipeline(RunCondition::Always),
            command: empty_command(),
        }
    }

    fn parse_script(mut self) -> Result<CommandScript, UnsupportedSyntax> {
        loop {
            self.rest = self.rest.trim_start_matches(' ');
            match self.rest.chars().next() {
                None => break,
                Some('|' | '&' | ';') => self.read_operator()?,
                Some(_) => {
                    if let Some(redirection) = self.read_redirection() {
                        self.command.redirections.push(redirection);
                    } else {
                        let word = self.read_word()?;
                        self.command.words.push(word);
                    }
                }
            }
        }
        let is_open = !self.command.words.is_empty()
            || !self.command.redirections.is_empty()
            || !self.pipeline.commands.is_empty()
            || self.pipeline.condition != RunCondition::Always
            || self.pipelines.is_empty();
        if is_open {
            self.finish_pipeline(RunCondition::Always)?;
        }
        Ok(CommandScript { pipelines: self.pipelines })
    }

    fn refuse(&self, reason: SyntaxReason) -> UnsupportedSyntax {
        UnsupportedSyntax::new(reason, self.text.len() - self.rest.len())
    }

    fn read_operator(&mut self) -> Result<(), UnsupportedSyntax> {
        const OPERATORS: [(&str, Option<RunCondition>); 3] = [
            ("&&", Some(RunCondition::AfterSuccess)),
            ("||", Some(RunCondition::AfterFailure)),
            (";", Some(RunCondition::Always)),
        ];
        for (unsupported, reason) in [
            (";;", SyntaxReason::ControlFlow),
            (";&", SyntaxReason::ControlFlow),
            ("|&", SyntaxReason::Redirection),
            ("&>", SyntaxReason::Redirection),
        ] {
            if self.rest.starts_with(unsupported) {
                return Err(self.refuse(reason));
            }
        }
        for (operator, condition) in OPERATORS {
            if let Some(rest) = self.rest.strip_prefix(operator) {
                self.finish_pipeline(condition.unwrap_or(RunCondition::Always))?;
                self.rest = rest;
                return Ok(());
            }
        }
        if let Some(rest) = self.rest.strip_prefix('|') {
            self.finish_command()?;
            self.rest = rest;
            return Ok(());
        }
        Err(self.refuse(SyntaxReason::Background))
    }

    fn finish_pipeline(&mut self, next: RunCondition) -> Result<(), UnsupportedSyntax> {
        self.finish_command()?;
        let pipeline = std::mem::replace(&mut self.pipeline, empty_pipeline(next));
        self.pipelines.push(pipeline);
        Ok(())
    }

    fn finish_command(&mut self) -> Result<(), UnsupportedSyntax> {
        let command = std::mem::replace(&mut self.command, empty_command());
        let Some(program) = command.words.first() else {
            return Err(self.refuse(SyntaxReason::MissingCommand));
        };
        if program.contains('=') {
            return Err(self.refuse(SyntaxReason::Assignment));
        }
        if RESERVED_WORDS.contains(&program.as_str()) {
            return Err(self.refuse(SyntaxReason::ControlFlow));
        }
        // `%1` is a job of the shell.
        if program.is_empty() || program.starts_with('%') {
            return Err(self.refuse(SyntaxReason::MissingCommand));
        }
        self.pipeline.commands.push(command);
        Ok(())
    }

    /// Reads one of the harmless redirections, if the text continues with exactly one.
    fn read_redirection(&mut self) -> Option<ShellRedirection> {
        let (rest, redirection) = REDIRECTIONS.iter().find_map(|(spelling, redirection)| {
            let rest = self.rest.strip_prefix(spelling)?;
            let is_complete = rest.is_empty() || rest.starts_with([' ', '|', '&', ';']);
            is_complete.then_some((rest, *redirection))
        })?;
        self.rest = rest;
        Some(redirection)
    }

    fn read_word(&mut self) -> Result<String, UnsupportedSyntax> {
        let mut word = String::new();
        let start = self.rest.len();
        while let Some(char) = self.rest.chars().next() {
            match char {
                ' ' | '|' | '&' | ';' => break,
                '\'' => self.read_single_quotes(&mut word)?,
                '"' => self.read_double_quotes(&mut word)?,
                '\\' => self.read_escape(&mut word)?,
                '#' if self.rest.len() == start => return Err(self.refuse(SyntaxReason::Comment)),
                _ => {
                    if let Some(reason) = unquoted_reason(char, self.rest) {
                        return Err(self.refuse(reason));
                    }
                    word.push(char);
                    self.advance(char);
                }
            }
        }
        Ok(word)
    }

    fn advance(&mut self, char: char) {
        self.rest = self.rest.get(char.len_utf8()..).unwrap_or_default();
    }

    fn read_escape(&mut self, word: &mut String) -> Result<(), UnsupportedSyntax> {
        let escaped = self.rest.chars().nth(1);
        match escaped {
            None => Err(self.refuse(SyntaxReason::UnbalancedQuote)),
            Some('\n' | '\r') => Err(self.refuse(SyntaxReason::LineContinuation)),
            Some(char) if char == ' ' || char.is_ascii_graphic() => {
                word.push(char);
                self.rest = self.rest.get(2..).unwrap_or_default();
                Ok(())
            }
            Some(char) if char.is_ascii() => Err(self.refuse(SyntaxReason::ControlCharacter)),
            Some(_) => Err(self.refuse(SyntaxReason::NonAscii)),
        }
    }

    fn read_single_quotes(&mut self, word: &mut String) -> Result<(), UnsupportedSyntax> {
        let inner = self.rest.get(1..).unwrap_or_default();
        let Some((content, rest)) = inner.split_once('\'') else {
            return Err(self.refuse(SyntaxReason::UnbalancedQuote));
        };
        if let Some(reason) = content.chars().find_map(quoted_reason) {
            return Err(self.refuse(reason));
        }
        word.push_str(content);
        self.rest = rest;
        Ok(())
    }

    fn read_double_quotes(&mut self, word: &mut String) -> Result<(), UnsupportedSyntax> {
        let inner = self.rest.get(1..).unwrap_or_default();
        let mut chars = inner.char_indices();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = inner.get(offset + 1..).unwrap_or_default();
                    return Ok(());
                }
                '$' | '`' => {
                    let rest = inner.get(offset..).unwrap_or_default();
                    let reason = unquoted_reason(char, rest);
                    return Err(self.refuse(reason.unwrap_or(SyntaxReason::ParameterExpansion)));
                }
                '\\' => match chars.next().map(|(_, escaped)| escaped) {
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => word.push(escaped),
                    Some('\n' | '\r') => return Err(self.refuse(SyntaxReason::LineContinuation)),
                    Some(other) => {
                        if let Some(reason) = quoted_reason(other) {
                            return Err(self.refuse(reason));
                        }
                        word.push('\\');
                        word.push(other);
                    }
                    None => break,
                },
                _ => {
                    if let Some(reason) = quoted_reason(char) {
                        return Err(self.refuse(reason));
                    }
                    word.push(char);
                }
            }
        }
        Err(self.refuse(SyntaxReason::UnbalancedQuote))
    }
}

/// Why a character may not stand outside quotes; `rest` begins with it.
fn unquoted_reason(char: char, rest: &str) -> Option<SyntaxReason> {
    Some(match char {
        '$' if rest.starts_with("$((") || rest.starts_with("$[") => SyntaxReason::Arithmetic,
        '$' if rest.starts_with("$(") => SyntaxReason::CommandSubstitution,
        '$' if rest.starts_with("$'") || rest.starts_with("$\"") => SyntaxReason::DollarQuote,
        '$' => SyntaxReason::ParameterExpansion,
        '`' => SyntaxReason::CommandSubstitution,
        '<' | '>' if rest.starts_with("<(") || rest.starts_with(">(") => {
            SyntaxReason::ProcessSubstitution
        }
        '<' if rest.starts_with("<<") => SyntaxReason::HereDocument,
        '<' | '>' => SyntaxReason::Redirection,
        '*' | '?' | '[' | ']' => SyntaxReason::GlobPattern,
        '{' | '}' => SyntaxReason::BraceExpansion,
        '~' => SyntaxReason::Tilde,
        '!' | '^' => SyntaxReason::History,
        '(' | ')' => SyntaxReason::Subshell,
        '\n' | '\r' => SyntaxReason::LineBreak,
        _ if char.is_ascii_control() => SyntaxReason::ControlCharacter,
        _ if !char.is_ascii() => SyntaxReason::NonAscii,
        _ => return None,
    })
}

/// Why a character may not stand even within quotes.
fn quoted_reason(char: char) -> Option<SyntaxReason> {
    match char {
        '\n' | '\t' => None,
        _ if char.is_control() => Some(SyntaxReason::ControlCharacter),
        _ if is_deceptive_char(char) => Some(SyntaxReason::InvisibleCharacter),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
