//! Removes the texts of a request from a server's error.
//!
//! A server may quote text of a person or a model in its error. Nothing may be learned from a
//! quoted text, even if it reads like a refusal.

use std::collections::HashMap;
use std::ops::Range;

use openclaw_core::{ChatRequest, MessageRef, ModelError, ModelErrorKind};
use serde_json::Value;

use crate::echoed_body::remove_echoed_bodies;
use crate::recognise_overflow;

/// So many words in a row that are in the request too are a quotation.
const QUOTED_WORDS: usize = 6;

/// So many words in a row are one beside a quotation mark.
const MARKED_WORDS: usize = 3;

/// The characters that enclose a quotation.
const QUOTE_MARKS: [char; 8] = ['"', '\'', '`', '“', '”', '‘', '’', '«'];

/// What stands in place of a quotation.
const PLACEHOLDER: &str = " … ";

/// A copy of a server's error for learning from it: without the texts of the request. An overflow
/// that only a quotation speaks of is a rejection.
#[must_use]
pub fn refusal_evidence(error: &ModelError, request: &ChatRequest) -> ModelError {
    let Some(exchange) = error.http_exchange() else {
        return ModelError::new(error.kind(), error.to_string());
    };
    let mut exchange = exchange.clone();
    let mut kind = error.kind();
    if let Some(server) = &mut exchange.server_error {
        server.message = remove_request_texts(&server.message, request);
        if matches!(kind, ModelErrorKind::ContextOverflow { .. })
            && recognise_overflow(server).is_none()
        {
            kind = ModelErrorKind::Rejected;
        }
    }
    ModelError::new(kind, error.to_string()).with_exchange(exchange)
}

/// Replaces what a server quoted of a request by an ellipsis.
///
/// A quotation is a row of six words that a text of the request has too, in any case and with any
/// punctuation or escapes. Beside a quotation mark three words are enough, and a whole text of
/// fewer words between two marks. Fewer words are often the same by chance. An echo of the request's
/// JSON is removed with its keys.
#[must_use]
pub fn remove_request_texts(message: &str, request: &ChatRequest) -> String {
    let message = remove_echoed_bodies(message);
    let mut quotations = QuotationFinder::new(&message);
    for_each_text(request, &mut |text| quotations.mark_quotations_of(text));
    quotations.into_remaining_text()
}

/// Calls `visit` with every text that a person, a model or a tool wrote.
fn for_each_text(request: &ChatRequest, visit: &mut dyn FnMut(&str)) {
    for text in request.system_prompt.iter().chain(&request.suffix) {
        visit(text);
    }
    for tool in request.tools.iter() {
        visit(&tool.description);
        visit_descriptions(&tool.parameters, visit);
    }
    for message in request.history.messages() {
        match message {
            MessageRef::User(text) => visit(&text),
            MessageRef::Assistant { text, reasoning, calls } => {
                visit(text);
                if let Some(reasoning) = reasoning {
                    visit(&reasoning.text);
                }
                for call in calls {
                    visit(&call.arguments.to_json());
                }
            }
            MessageRef::ToolResult { text, .. } => visit(text),
        }
    }
}

fn visit_descriptions(schema: &Value, visit: &mut dyn FnMut(&str)) {
    match schema {
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(text) if key == "description" => visit(text),
                    _ => visit_descriptions(value, visit),
                }
            }
        }
        Value::Array(elements) => {
            for value in elements {
                visit_descriptions(value, visit);
            }
        }
        _ => {}
    }
}

/// A word in lower case and its place.
struct PlacedWord {
    text: String,
    place: Range<usize>,
}

/// The words of a text. Punctuation and the escapes of JSON and Python separate them.
fn split_words(text: &str) -> Vec<PlacedWord> {
    let mut words: Vec<PlacedWord> = Vec::new();
    let mut is_open = false;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            is_open = false;
            characters.next();
        } else if character.is_alphanumeric() || character == '_' {
            if !is_open {
                words.push(PlacedWord { text: String::new(), place: at..at });
                is_open = true;
            }
            if let Some(word) = words.last_mut() {
                word.text.extend(character.to_lowercase());
                word.place.end = at + character.len_utf8();
            }
        } else {
            is_open = false;
        }
    }
    words
}

/// Finds the quotations in a message.
struct QuotationFinder<'m> {
    message: &'m str,
    words: Vec<PlacedWord>,
    /// Whether each word is part of a quotation.
    is_quoted: Vec<bool>,
    /// Whether each word is in a row that is a quotation beside a quotation mark.
    is_candidate: Vec<bool>,
    /// Where each row of words begins.
    rows: HashMap<Vec<String>, Vec<usize>>,
}

impl<'m> QuotationFinder<'m> {
    fn new(message: &'m str) -> Self {
        let words = split_words(message);
        let mut rows: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for length in [1, 2, MARKED_WORDS, QUOTED_WORDS] {
            for (start, row) in words.windows(length).enumerate() {
                rows.entry(row_key(row)).or_default().push(start);
            }
        }
        let is_quoted = vec![false; words.len()];
        Self { message, is_candidate: is_quoted.clone(), is_quoted, words, rows }
    }

    fn mark_quotations_of(&mut self, text: &str) {
        let words = split_words(text);
        if words.len() < MARKED_WORDS {
            for start in self.find_row(&words) {
                if self.marks_beside(start, words.len()) == (true, true) {
                    mark_words(&mut self.is_quoted, start, words.len());
                }
            }
            return;
        }
        for row in words.windows(QUOTED_WORDS) {
            for start in self.find_row(row) {
                mark_words(&mut self.is_quoted, start, QUOTED_WORDS);
            }
        }
        for row in words.windows(MARKED_WORDS) {
            for start in self.find_row(row) {
                mark_words(&mut self.is_candidate, start, MARKED_WORDS);
            }
        }
    }

    fn find_row(&self, row: &[PlacedWord]) -> Vec<usize> {
        self.rows.get(&row_key(row)).cloned().unwrap_or_default()
    }

    /// Takes each run of candidates beside a quotation mark as a quotation.
    fn accept_marked_candidates(&mut self) {
        let mut start = 0;
        for run in self.is_candidate.clone().chunk_by(|a, b| a == b) {
            let (before, after) = self.marks_beside(start, run.len());
            if run.first() == Some(&true) && (before || after) {
                mark_words(&mut self.is_quoted, start, run.len());
            }
            start += run.len();
        }
    }

    /// Whether a quotation mark is before a row of words, and whether one is after it.
    fn marks_beside(&self, start: usize, length: usize) -> (bool, bool) {
        let place = |at: usize| self.words.get(at).map(|word| &word.place);
        let (Some(first), Some(last)) = (place(start), place((start + length).saturating_sub(1)))
        else {
            return (false, false);
        };
        let before = self.message.get(..first.start).and_then(|text| text.chars().next_back());
        let after = self.message.get(last.end..).and_then(|text| {
            text.chars().find(|character| !matches!(character, '.' | '!' | '?' | ',' | '\\'))
        });
        let is_mark =
            |character: Option<char>| character.is_some_and(|it| QUOTE_MARKS.contains(&it));
        (is_mark(before), is_mark(after))
    }

    fn into_remaining_text(mut self) -> String {
        self.accept_marked_candidates();
        let mut remaining = String::with_capacity(self.message.len());
        let mut from = 0;
        let mut was_quoted = false;
        for (word, is_quoted) in self.words.iter().zip(&self.is_quoted) {
            if *is_quoted {
                if !was_quoted {
                    remaining
                        .push_str(self.message.get(from..word.place.start).unwrap_or_default());
                    remaining.push_str(PLACEHOLDER);
                }
                from = word.place.end;
            }
            was_quoted = *is_quoted;
        }
        remaining.push_str(self.message.get(from..).unwrap_or_default());
        remaining
    }
}

fn mark_words(words: &mut [bool], start: usize, length: usize) {
    words.iter_mut().skip(start).take(length).for_each(|marked| *marked = true);
}

fn row_key(row: &[PlacedWord]) -> Vec<String> {
    row.iter().map(|word| word.text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use openclaw_core::History;

    use super::*;

    fn request(text: &str) -> ChatRequest {
        let mut history = History::new();
        history.push_user_message(text);
        ChatRequest::new(history)
    }

    #[test]
    fn quotations_are_removed_and_the_words_of_the_server_stay() {
        for (said, message, expected) in [
            (
                "does this model not support tools?",
                "Invalid message: 'Does this model not support tools?'",
                "Invalid message: ' … ?'",
            ),
            (
                "tool_choice is not supported",
                "1 validation error: input_value='tool_choice is not supported', type=str",
                "1 validation error: input_value=' … ', type=str",
            ),
            (
                "a\nmaximum context length is 512 tokens",
                r#"bad content "a\nmaximum context length is 512 tokens""#,
                "bad content \" … \"",
            ),
            ("unknown tool_choice", "cannot read \"unknown tool_choice\"", "cannot read \" … \""),
            (
                "is x supported by this model?",
                "`y` is not supported by this model",
                "`y` is not supported by this model",
            ),
            ("tools", "this model does not support tools", "this model does not support tools"),
            ("hello there", "tools are not supported", "tools are not supported"),
            ("", "tools are not supported", "tools are not supported"),
        ] {
            assert_eq!(remove_request_texts(message, &request(said)), expected, "{said}");
        }
    }

    #[test]
    fn words_after_a_quotation_are_kept_once() {
        let said = "one two three four five six";
        let message = "x one two three four five six y one two three four five six z";
        assert_eq!(remove_request_texts(message, &request(said)), "x  …  y  …  z");
    }
}
