//! From what was split to what the reader sees and what the message holds.

use openclaw_core::{ChatEvent, Reasoning};

use super::Assembly;
use crate::content::Piece;
use crate::thinking;

impl Assembly {
    /// Takes pieces of the content.
    pub(super) fn take(&mut self, pieces: &mut Vec<Piece>, events: &mut Vec<ChatEvent>) {
        for piece in pieces.drain(..) {
            match piece {
                Piece::Text(text) => self.say(text, events),
                Piece::Thought(tag, text) => self.think(tag, text, events),
                Piece::Mark(_) => {}
                Piece::Calls { dialect, calls, raw } => {
                    self.written.0.extend(calls.into_iter().map(|call| (dialect, call)));
                    self.written.1.push_str(&raw);
                }
                Piece::Restart => {
                    self.text.clear();
                    self.written = Default::default();
                    events.push(ChatEvent::Resplit);
                    let before = self.reasoning.take().filter(|_| !self.apart.is_empty());
                    if let Some(before) = before {
                        self.think(before.field, self.apart.clone(), events);
                    }
                }
            }
        }
    }

    /// Native calls are the calls: what looked like one before them is text.
    pub(super) fn only_native(&mut self, events: &mut Vec<ChatEvent>) {
        self.content.no_calls();
        let (_, raw) = std::mem::take(&mut self.written);
        if !raw.is_empty() {
            self.say(raw, events);
        }
    }

    fn say(&mut self, text: String, events: &mut Vec<ChatEvent>) {
        self.text.push_str(&text);
        events.push(ChatEvent::TextDelta(text));
    }

    /// Takes a piece of reasoning that came in a field or behind a tag.
    pub(super) fn think(&mut self, from: &'static str, text: String, events: &mut Vec<ChatEvent>) {
        let empty = Reasoning { text: String::new(), field: from };
        let reasoning = self.reasoning.get_or_insert(empty);
        if thinking::close_of(reasoning.field).is_some() {
            reasoning.field = from;
        }
        reasoning.text.push_str(&text);
        events.push(ChatEvent::ReasoningDelta(text));
    }
}
