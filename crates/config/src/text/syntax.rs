//! Explains in plain words why a text is not JSON5, with the position.

use json5::{Error, ErrorCode, Position, char::is_json5_line_terminator};

use super::lexer::{Lexer, Token, TokenKind, unclosed_tokens};
use crate::diagnostic::{Diagnostic, Severity, TextSpan};

pub(crate) fn explain_syntax_error(text: &str, error: &Error) -> Box<Diagnostic> {
    let position = error.position();
    let at = position.map_or(text.len(), |position| byte_offset(text, position));
    let (span, message, help) = match error.code() {
        Some(code) if is_unexpected_end(code) => explain_unexpected_end(text),
        Some(ErrorCode::LineTerminatorInString) => explain_open_string(text, at),
        Some(code) => {
            let message = describe_expected(code, text, at);
            let found = describe_found(text, at);
            (character_span(text, at), format!("{message}{found}"), suggest_fix(code, text, at))
        }
        None => {
            let place = position.map(|position| format!(" at {position}")).unwrap_or_default();
            let words = error.to_string();
            let message = words.strip_suffix(&place).unwrap_or(&words).to_owned();
            (character_span(text, at), message, None)
        }
    };
    Box::new(Diagnostic::new(Severity::Error, span, message).with_help(help))
}

/// The byte offset of a position with line and character counted from 0.
fn byte_offset(text: &str, position: Position) -> usize {
    let (mut line, mut column) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((offset, character)) = chars.next() {
        if (line, column) == (position.line, position.column) {
            return offset;
        }
        if is_json5_line_terminator(character) {
            if character == '\r' {
                chars.next_if(|(_, next)| *next == '\n');
            }
            (line, column) = (line + 1, 0);
        } else {
            column += 1;
        }
    }
    text.len()
}

fn character_span(text: &str, at: usize) -> TextSpan {
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    TextSpan { start: at, end: at + length }
}

fn describe_found(text: &str, at: usize) -> String {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .map(|character| {
            if character.is_control() {
                character.escape_default().to_string()
            } else {
                character.to_string()
            }
        })
        .map(|shown| format!(", found `{shown}`"))
        .unwrap_or_default()
}

fn is_unexpected_end(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::EofParsingArray
            | ErrorCode::EofParsingBool
            | ErrorCode::EofParsingComment
            | ErrorCode::EofParsingEscapeSequence
            | ErrorCode::EofParsingIdentifier
            | ErrorCode::EofParsingNull
            | ErrorCode::EofParsingNumber
            | ErrorCode::EofParsingObject
            | ErrorCode::EofParsingString
            | ErrorCode::EofParsingValue
    )
}

type SyntaxExplanation = (TextSpan, String, Option<String>);

fn explain_unexpected_end(text: &str) -> SyntaxExplanation {
    let end = TextSpan { start: text.len(), end: text.len() };
    if Lexer::new(text).next().is_none() {
        let help = "write `{}` to have every default";
        return (end, "the file is empty".to_owned(), Some(help.to_owned()));
    }
    match unclosed_tokens(text, text.len()).last() {
        Some(Token { kind, span }) => {
            let (name, close) = match kind {
                TokenKind::OpenArray => ("array", "]"),
                TokenKind::OpenComment => ("comment", "*/"),
                TokenKind::Text { .. } => return explain_open_string(text, span.start),
                _ => ("object", "}"),
            };
            let message = format!("the file ends before this {name} is closed");
            (character_span(text, span.start), message, Some(format!("add the missing `{close}`")))
        }
        None => (end, "the file ends too early".to_owned(), None),
    }
}

/// Finds the string that contains `at` or ends there.
fn explain_open_string(text: &str, at: usize) -> SyntaxExplanation {
    let string = Lexer::new(text)
        .take_while(|token| token.span.start <= at)
        .filter(|token| matches!(token.kind, TokenKind::Text { .. }))
        .last();
    let span = string.map_or_else(|| character_span(text, at), |token| token.span);
    let quote = text.get(span.start..).and_then(|rest| rest.chars().next()).unwrap_or('"');
    let message = "the string is not closed before its line ends".to_owned();
    (span, message, Some(format!("add the missing `{quote}`")))
}

fn describe_expected(code: ErrorCode, text: &str, at: usize) -> &'static str {
    match code {
        ErrorCode::ExpectedComma => {
            match unclosed_tokens(text, at).last().map(|token| token.kind) {
                Some(TokenKind::OpenArray) => "expected `,` or `]`",
                _ => "expected `,` or `}`",
            }
        }
        ErrorCode::ExpectedClosingBrace => "expected `}`",
        ErrorCode::ExpectedClosingBracket => "expected `]`",
        ErrorCode::ExpectedColon => "expected `:` after the key",
        ErrorCode::ExpectedIdentifier | ErrorCode::InvalidKey => "expected a key or `}`",
        ErrorCode::ExpectedComment => "expected a comment after `/`",
        ErrorCode::ExpectedNumber => "expected a number",
        ErrorCode::LeadingZero => "a number must not begin with 0",
        ErrorCode::OverflowParsingNumber => "the number is too large",
        ErrorCode::InvalidEscapeSequence => "the escape sequence is not valid",
        ErrorCode::TrailingCharacters => "expected the end of the file",
        _ => "expected a value",
    }
}

fn suggest_fix(code: ErrorCode, text: &str, at: usize) -> Option<String> {
    let rest = text.get(at..).unwrap_or_default();
    let first = rest.chars().next()?;
    let mut tokens = Lexer::new(text);
    let help = match (code, first) {
        (_, '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}') => "use plain quotes: `\"`",
        (_, '%') if rest.get(1..3).is_some_and(|hex| u8::from_str_radix(hex, 16).is_ok()) => {
            "this text is URL-encoded: `%7B` stands for `{` and `%7D` for `}`"
        }
        (ErrorCode::TrailingCharacters, ':') if tokens.nth(1)?.span.start == at => {
            "put `{` in front of the first key and `}` at the end"
        }
        (ErrorCode::TrailingCharacters, '}' | ']') => "there is one closing bracket too many",
        (ErrorCode::ExpectedColon, '=') => "write `:` instead of `=`",
        (ErrorCode::ExpectedComma, _) if !matches!(first, '}' | ']' | ':') => {
            "a comma may be missing before this"
        }
        (ErrorCode::ExpectedIdentifier, '0'..='9') => "put the key in quotes",
        (ErrorCode::InvalidEscapeSequence, _) => "write a backslash as `\\\\`",
        (ErrorCode::ExpectedValue | ErrorCode::ExpectedBool | ErrorCode::ExpectedNull, _)
            if first.is_alphabetic() =>
        {
            "put text in quotes; `true`, `false` and `null` are written in lower case"
        }
        _ => return None,
    };
    Some(help.to_owned())
}
