//! What stands at a place of the content.

use super::{Content, Mode};
use crate::dialect::{self, Verdict, Written};
use crate::thinking::{self, Match, Tag};

/// What stands at a place of the pending text.
pub(super) enum Place {
    /// Nothing in particular.
    Plain,
    /// What cannot be decided yet.
    Wait,
    /// A tag that opens reasoning.
    Opens(Tag),
    /// A tag that closes reasoning.
    Closes(Tag),
    /// Calls written as text.
    Calls { dialect: &'static str, len: usize, calls: Vec<Written> },
}

impl Content {
    /// Says what stands at byte `at` of the pending text, which is `byte`.
    pub(super) fn judge(&self, at: usize, byte: u8, ended: bool) -> Place {
        let rest = || self.pending.get(at..).unwrap_or_default();
        match self.mode {
            Mode::Thought(tag) if byte == b'<' => self.judge_thought(rest(), tag, ended),
            Mode::Text if self.may_begin(byte) && !self.code.is_code() => {
                self.judge_text(rest(), ended)
            }
            _ => Place::Plain,
        }
    }

    fn may_begin(&self, byte: u8) -> bool {
        matches!(byte, b'<' | b'[') || (self.is_first && !byte.is_ascii_whitespace())
    }

    fn judge_thought(&self, rest: &str, tag: Option<Tag>, ended: bool) -> Place {
        match thinking::closing(rest, tag.as_ref()) {
            Match::Yes(tag) if self.code.is_span() => {
                // A span that does not end on this line was none.
                let after = rest.bytes().skip(tag.close.len());
                match after.into_iter().find(|byte| matches!(byte, b'`' | b'\n')) {
                    Some(b'`') => Place::Plain,
                    None if !ended => Place::Wait,
                    _ => Place::Closes(tag),
                }
            }
            Match::Yes(tag) => Place::Closes(tag),
            Match::Maybe if !ended => Place::Wait,
            Match::Maybe | Match::No => Place::Plain,
        }
    }

    fn judge_text(&self, rest: &str, ended: bool) -> Place {
        let mut waits = false;
        if self.code.is_line_start() {
            match thinking::opening(rest) {
                Match::Yes(tag) => return Place::Opens(tag),
                found => waits |= found == Match::Maybe,
            }
        }
        if self.raw.is_some() {
            match thinking::closing(rest, None) {
                Match::Yes(tag) => return Place::Closes(tag),
                found => waits |= found == Match::Maybe,
            }
        }
        if let Some(offered) = &self.offered {
            match dialect::judge(rest, offered, self.is_first, ended) {
                Verdict::Calls { dialect, len, calls } => {
                    return Place::Calls { dialect, len, calls };
                }
                Verdict::Open => waits = true,
                Verdict::No => {}
            }
        }
        if waits && !ended { Place::Wait } else { Place::Plain }
    }
}
