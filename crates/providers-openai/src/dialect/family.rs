//! The grammar of a model family's tool calls, and how a block of them is read.

use super::braced::BracedSyntax;
use super::cursor::{ParseStop, TextCursor};
use super::elements;
use super::json_call::{self, JsonCallSyntax};
use super::named_json::NamedJsonSyntax;
use super::pairs::PairSyntax;
use super::pythonic;
use super::tags::TagSyntax;
use super::{OfferedTools, TextToolCall};
use crate::template_tokens::{self, TokenMatch};

/// The problem of a call that ends in the middle.
const UNCLOSED_CALL_PROBLEM: &str = "The call has no end.";

/// A family of models that write tool calls in the same way.
#[derive(Debug)]
pub(crate) struct CallFamily {
    /// The name of the format.
    pub(crate) name: &'static str,
    /// vLLM's parser of these calls, for `--tool-call-parser`.
    pub(crate) tool_parser: &'static str,
    /// vLLM's parser of the family's reasoning, for `--reasoning-parser`; empty if it has none.
    pub(crate) reasoning_parser: &'static str,
    /// The marks that begin a section of calls, and those that end it; empty for a format without
    /// sections.
    pub(super) section: MarkPair,
    /// Marks that begin a call outside of a section, which must begin the text; empty if a call
    /// needs a section.
    pub(super) call_marks: &'static [&'static str],
    /// Whether the calls must be the whole text of the answer, as other text may look like them.
    pub(super) is_whole_text: bool,
    /// Whether other text has such marks too: what cannot be read behind one is then text.
    pub(super) has_common_marks: bool,
    /// The grammar of one call, or of one list of calls.
    pub(super) grammar: CallGrammar,
}

/// Alternatives of an opening and of a closing mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarkPair {
    pub(super) opens: &'static [&'static str],
    pub(super) closes: &'static [&'static str],
}

/// The kinds of grammar; several families share each.
#[derive(Debug)]
pub(super) enum CallGrammar {
    /// Objects with the name and the arguments, one or a list.
    Json(JsonCallSyntax),
    /// A list of objects, each with the name as its only key.
    KeyedJson,
    /// A name, and the arguments as JSON behind it.
    NamedJson(NamedJsonSyntax),
    /// A function between tags, with a tag for each parameter.
    Tags(TagSyntax),
    /// A name, and pairs of tags with a key and a value.
    Pairs(PairSyntax),
    /// Python calls with named, literal arguments: a list, or one after the other.
    Python,
    /// `call:NAME{key:value}`, with marks for quotes.
    Braced(BracedSyntax),
    /// An element for each argument, nested for lists and objects.
    Elements,
}

/// How the beginning of a text matches one family.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FamilyMatch {
    /// Not calls of this family.
    NoCall,
    /// Perhaps calls; more text decides.
    Undecided,
    /// Calls in the first `len` bytes.
    Calls { len: usize, calls: Vec<TextToolCall> },
}

impl CallFamily {
    /// Says which server options make vLLM read the family's calls and reasoning itself.
    pub(crate) fn describe_server_options(&self) -> String {
        let reasoning = if self.reasoning_parser.is_empty() {
            String::new()
        } else {
            format!(" --reasoning-parser {}", self.reasoning_parser)
        };
        format!(
            "start vLLM with `--enable-auto-tool-choice --tool-call-parser {}{reasoning}`, or with \
             the parsers of the model's own family",
            self.tool_parser
        )
    }

    /// Whether the calls may stand in other text.
    pub(super) fn is_marked(&self) -> bool {
        !self.is_whole_text
    }

    /// Whether the text may begin with calls of this family, as far as their marks tell.
    pub(super) fn may_match(&self, text: &str, is_first_text: bool) -> bool {
        if self.is_whole_text {
            return is_first_text;
        }
        self.opening_marks().any(|mark| text.starts_with(mark) || mark.starts_with(text))
    }

    /// The marks that calls begin with.
    pub(super) fn opening_marks(&self) -> impl Iterator<Item = &'static str> {
        self.section.opens.iter().chain(self.call_marks).copied()
    }

    /// The marks that end calls.
    pub(super) fn closing_marks(&self) -> Vec<&'static str> {
        [self.section.closes, self.grammar.ends()].concat()
    }

    /// Matches the beginning of a text. With `is_end` no more text follows.
    pub(super) fn match_text(
        &self,
        text: &str,
        offered_tools: &OfferedTools,
        is_end: bool,
    ) -> FamilyMatch {
        let mut cursor = TextCursor::new(text, offered_tools);
        let mut calls = Vec::new();
        let (is_undecided, len) = match self.parse_block(&mut cursor, &mut calls) {
            Ok(()) if self.is_marked() => (false, cursor.bytes_read()),
            Ok(()) if are_tokens(cursor.remaining_text(), is_end) => (!is_end, text.len()),
            Ok(()) | Err(ParseStop::Mismatch) => return FamilyMatch::NoCall,
            Err(ParseStop::Incomplete) => {
                if let Some(call) = cursor.take_unclosed_call(&self.closing_marks()) {
                    calls.push(call);
                } else if self.is_marked() || cursor.has_arguments() {
                    let problem = UNCLOSED_CALL_PROBLEM.to_owned();
                    calls.extend(cursor.take_invalid_call(text.len(), problem));
                }
                (!is_end, text.len())
            }
        };
        if is_undecided {
            FamilyMatch::Undecided
        } else if calls.is_empty() {
            FamilyMatch::NoCall
        } else {
            FamilyMatch::Calls { len, calls }
        }
    }

    fn parse_block(
        &self,
        cursor: &mut TextCursor<'_>,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        let has_section = match cursor.eat_any(self.section.opens) {
            Ok(_) => true,
            Err(ParseStop::Mismatch) if !self.section.opens.is_empty() => {
                if self.call_marks.is_empty() {
                    return Err(ParseStop::Mismatch);
                }
                false
            }
            Err(ParseStop::Mismatch) => false,
            Err(ParseStop::Incomplete) => return Err(ParseStop::Incomplete),
        };
        if has_section {
            cursor.skip_whitespace();
        }
        self.parse_call(cursor, has_section, calls)?;
        if !has_section {
            return Ok(());
        }
        loop {
            let end_of_call = cursor.clone();
            cursor.skip_whitespace();
            match cursor.eat_any(self.section.closes) {
                Ok(_) => return Ok(()),
                Err(ParseStop::Incomplete) => return Err(ParseStop::Incomplete),
                Err(ParseStop::Mismatch) => {}
            }
            match self.parse_call(cursor, true, calls) {
                // The end of the section is missing.
                Err(ParseStop::Mismatch) => {
                    *cursor = end_of_call;
                    return Ok(());
                }
                result => result?,
            }
        }
    }

    /// Reads one call. Between marks it is a call even if its arguments cannot be read.
    fn parse_call(
        &self,
        cursor: &mut TextCursor<'_>,
        has_section: bool,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        cursor.end_call();
        // A fence with a language of its own marks a single call as well.
        let is_code = has_section && matches!(self.grammar, CallGrammar::Python);
        match self.grammar.parse(cursor, self.is_marked() || is_code, calls) {
            Ok(()) => {
                cursor.end_call();
                Ok(())
            }
            Err(ParseStop::Mismatch)
                if self.is_marked() && (has_section || self.grammar.has_begin_mark()) =>
            {
                let marks = self.closing_marks();
                let Some(end) = cursor.find_mark(&marks) else {
                    return Err(if cursor.is_in_call() && !marks.is_empty() {
                        ParseStop::Incomplete
                    } else {
                        ParseStop::Mismatch
                    });
                };
                let problem = format!(
                    "What stands between the marks of the call is not a call. (A vLLM server \
                     reads this format itself with `--tool-call-parser {}`.)",
                    self.tool_parser
                );
                let call = cursor.take_invalid_call(end, problem).ok_or(ParseStop::Mismatch)?;
                calls.push(call);
                cursor.move_to(end);
                cursor.eat_each_if(self.grammar.ends())
            }
            Err(stop) => Err(stop),
        }
    }
}

/// Whether nothing but tokens of a template follows, or may follow once the text goes on.
fn are_tokens(text: &str, is_end: bool) -> bool {
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        match template_tokens::match_token(rest, is_end) {
            TokenMatch::Token(len) => rest = rest.get(len..).unwrap_or_default().trim_ascii_start(),
            TokenMatch::Partial | TokenMatch::EndOfAnswer | TokenMatch::OtherHead(_) => {
                return true;
            }
            TokenMatch::NoToken | TokenMatch::ModelHead(_) => return false,
        }
    }
    true
}

impl CallGrammar {
    fn parse(
        &self,
        cursor: &mut TextCursor<'_>,
        is_marked: bool,
        calls: &mut Vec<TextToolCall>,
    ) -> Result<(), ParseStop> {
        match self {
            Self::Json(syntax) => syntax.parse_calls(cursor, is_marked, calls),
            Self::KeyedJson => json_call::parse_keyed_list(cursor, calls),
            Self::NamedJson(syntax) => syntax.parse_call(cursor, calls),
            Self::Tags(syntax) => syntax.parse_call(cursor, calls),
            Self::Pairs(syntax) => syntax.parse_call(cursor, calls),
            Self::Python => pythonic::parse_calls(cursor, is_marked, calls),
            Self::Braced(syntax) => syntax.parse_call(cursor, calls),
            Self::Elements => elements::parse_call(cursor, calls),
        }
    }

    /// The marks that end one call.
    fn ends(&self) -> &'static [&'static str] {
        match self {
            Self::Json(syntax) => syntax.ends,
            Self::NamedJson(syntax) => syntax.ends,
            Self::Tags(syntax) => syntax.function_ends,
            Self::Pairs(syntax) => syntax.ends,
            Self::Braced(syntax) => syntax.ends,
            Self::Elements => &[elements::CALL_END],
            Self::KeyedJson | Self::Python => &[],
        }
    }

    /// Whether a call has a mark of its own that other text hardly has.
    fn has_begin_mark(&self) -> bool {
        match self {
            Self::Json(syntax) => !syntax.begin.is_empty(),
            Self::NamedJson(syntax) => !syntax.begins.is_empty(),
            Self::Pairs(_) | Self::Braced(_) | Self::Elements => true,
            Self::KeyedJson | Self::Tags(_) | Self::Python => false,
        }
    }
}
