//! Why a command text can't be taken literally.

use serde::Serialize;
use thiserror::Error;

/// A part of a command text whose meaning only a shell could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("{reason} at byte {offset}")]
#[non_exhaustive]
pub struct UnsupportedSyntax {
    /// What it is.
    pub reason: SyntaxReason,
    /// Where it was noticed, in bytes from the start of the text.
    pub offset: usize,
}

impl UnsupportedSyntax {
    pub(crate) fn new(reason: SyntaxReason, offset: usize) -> Self {
        Self { reason, offset }
    }
}

/// What a command text has that isn't literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SyntaxReason {
    /// `$((1 + 1))`
    #[error("an arithmetic expansion")]
    Arithmetic,
    /// `NAME=value program`, and any program name with `=`.
    #[error("a variable assignment before the program")]
    Assignment,
    /// `program &`
    #[error("a command in the background")]
    Background,
    /// `{a,b}`
    #[error("a brace expansion or group")]
    BraceExpansion,
    /// `$(program)`
    #[error("a command substitution")]
    CommandSubstitution,
    /// `# text`
    #[error("a comment")]
    Comment,
    /// A control character other than a line break or tab within quotes.
    #[error("a control character")]
    ControlCharacter,
    /// `if`, `for`, `case` and other words of the shell's own language.
    #[error("a reserved word of the shell")]
    ControlFlow,
    /// `$'text'` and `$"text"`
    #[error("a quote with `$`")]
    DollarQuote,
    /// `*`, `?` and `[`
    #[error("a file name pattern")]
    GlobPattern,
    /// `<<END` and `<<<text`
    #[error("a here-document")]
    HereDocument,
    /// `!!`, `^a^b`
    #[error("a history expansion")]
    History,
    /// A character that can't be seen, or that changes the direction of text.
    #[error("an invisible character")]
    InvisibleCharacter,
    /// A line break outside quotes.
    #[error("a line break outside quotes")]
    LineBreak,
    /// A backslash at the end of a line.
    #[error("a line continuation")]
    LineContinuation,
    /// An operator without a command beside it, or no command at all.
    #[error("a missing command")]
    MissingCommand,
    /// A character beyond ASCII outside quotes.
    #[error("a character beyond ASCII outside quotes")]
    NonAscii,
    /// `$NAME`
    #[error("a variable expansion")]
    ParameterExpansion,
    /// `<(program)`
    #[error("a process substitution")]
    ProcessSubstitution,
    /// A redirection to or from anything but `/dev/null`.
    #[error("a redirection")]
    Redirection,
    /// `(program)`, and the definition of a function.
    #[error("a subshell or function")]
    Subshell,
    /// `~`
    #[error("a home directory expansion")]
    Tilde,
    /// More than [`MAX_COMMAND_BYTES`](crate::MAX_COMMAND_BYTES).
    #[error("a command that is too long")]
    TooLong,
    /// A quote that isn't closed, or a backslash at the end.
    #[error("an open quote")]
    UnbalancedQuote,
}
