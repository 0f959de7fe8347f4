//! The line editor: takes keys and returns actions. It does not access the terminal.

mod layout;
#[cfg(test)]
mod tests;

pub use layout::EditorLayout;

use crate::history::InputHistory;
use crate::keys::KeyPress;
use crate::line::{LineBuffer, MotionUnit};

/// Edits a text of one or more lines, with a history and readline's key bindings.
#[derive(Debug, Clone, Default)]
pub struct LineEditor {
    line: LineBuffer,
    history: InputHistory,
    /// The index of the recalled history entry, and the draft before it was recalled.
    recalled_entry: Option<(usize, LineBuffer)>,
    history_search: Option<HistorySearch>,
    /// The text that was cut last.
    kill_buffer: String,
    /// Whether the last key cut text, so that the next cut is appended.
    is_killing: bool,
}

/// An incremental search of the history.
#[derive(Debug, Clone)]
struct HistorySearch {
    text: String,
    match_index: Option<usize>,
    /// The draft before the search.
    draft: LineBuffer,
}

/// What the caller must do after a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditorAction {
    /// Show the editor again.
    Redisplay,
    /// The text was submitted; the editor is empty again.
    Submit(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    Eof,
    /// Tab.
    Complete,
    /// Ctrl-L: redraw the screen.
    RedrawScreen,
    /// Ctrl-Z.
    Suspend,
    /// Escape, unless it ended a search.
    Escape,
}

/// The direction of a motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MoveDirection {
    Backward,
    Forward,
}

impl LineEditor {
    /// Makes an empty editor with a history.
    #[must_use]
    pub fn new(history: InputHistory) -> Self {
        Self { history, ..Self::default() }
    }

    /// The current text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.line.text()
    }

    /// The text before the cursor.
    #[must_use]
    pub fn before_cursor(&self) -> &str {
        self.line.text_before_cursor()
    }

    /// Replaces the text and puts the cursor at its end.
    pub fn set_text(&mut self, text: impl Into<String>) {
        self.line = LineBuffer::new(text.into());
        (self.recalled_entry, self.history_search, self.is_killing) = (None, None, false);
    }

    /// Adds a text to the history.
    pub fn add_to_history(&mut self, text: &str) {
        self.history.add_entry(text);
    }

    /// Replaces the last `replaced` bytes before the cursor by the longest common prefix of the
    /// candidates; a single candidate is followed by a space. Returns whether the text changed.
    pub fn complete_word(&mut self, replaced: usize, candidates: &[String]) -> bool {
        let Some((first, others)) = candidates.split_first() else { return false };
        let shared = others.iter().fold(first.as_str(), |shared, other| {
            let same = shared.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
            let length = same.map_or(shared.len().min(other.len()), |((at, _), _)| at);
            shared.get(..length).unwrap_or_default()
        });
        let start = self.line.cursor().saturating_sub(replaced);
        let old = self.line.text_before_cursor().get(start..).unwrap_or_default().to_owned();
        let end = if others.is_empty() && !self.line.text_after_cursor().starts_with(' ') {
            " "
        } else {
            ""
        };
        let new = format!("{shared}{end}");
        if new == old || !new.starts_with(old.as_str()) {
            return false;
        }
        self.line.cut_to(start);
        self.line.insert(&new);
        true
    }

    /// Handles a key.
    pub fn press_key(&mut self, key: KeyPress) -> EditorAction {
        let key = if self.history_search.is_some() {
            match self.press_search_key(key) {
                Some(key) => key,
                None => return EditorAction::Redisplay,
            }
        } else {
            key
        };
        let was_cutting = std::mem::take(&mut self.is_killing);
        match key {
            KeyPress::Char(c) => self.line.insert(c.encode_utf8(&mut [0; 4])),
            KeyPress::Paste(text) => self.line.insert(&text),
            KeyPress::AltEnter | KeyPress::Ctrl('j') => self.line.insert("\n"),
            KeyPress::Enter => return self.handle_enter(),
            KeyPress::Tab => return EditorAction::Complete,
            KeyPress::Ctrl('c') => return EditorAction::Interrupt,
            KeyPress::Ctrl('d') if self.line.text().is_empty() => return EditorAction::Eof,
            KeyPress::Ctrl('l') => return EditorAction::RedrawScreen,
            KeyPress::Ctrl('z') => return EditorAction::Suspend,
            KeyPress::Escape => return EditorAction::Escape,
            KeyPress::Ctrl('r') => self.begin_search(),
            KeyPress::Up | KeyPress::Ctrl('p') => match self.line.vertical_position(false) {
                Some(to) => self.line.move_cursor(to),
                None => self.recall_history(MoveDirection::Backward),
            },
            KeyPress::Down | KeyPress::Ctrl('n') => match self.line.vertical_position(true) {
                Some(to) => self.line.move_cursor(to),
                None => self.recall_history(MoveDirection::Forward),
            },
            KeyPress::Ctrl('y') => {
                let cut = self.kill_buffer.clone();
                self.line.insert(&cut);
            }
            KeyPress::Alt('<') => self.line.move_cursor(0),
            KeyPress::Alt('>') => self.line.move_cursor(usize::MAX),
            key => self.move_or_cut(&key, was_cutting),
        }
        EditorAction::Redisplay
    }

    fn move_or_cut(&mut self, key: &KeyPress, was_cutting: bool) {
        use MoveDirection::{Backward, Forward};
        let (way, reach) = match key {
            KeyPress::Left | KeyPress::Ctrl('b') | KeyPress::Backspace => {
                (Backward, MotionUnit::Character)
            }
            KeyPress::Right | KeyPress::Ctrl('f' | 'd') | KeyPress::Delete => {
                (Forward, MotionUnit::Character)
            }
            KeyPress::WordLeft | KeyPress::Alt('b') | KeyPress::AltBackspace => {
                (Backward, MotionUnit::Word)
            }
            KeyPress::WordRight | KeyPress::Alt('f' | 'd') | KeyPress::AltDelete => {
                (Forward, MotionUnit::Word)
            }
            KeyPress::Home | KeyPress::Ctrl('a' | 'u') => (Backward, MotionUnit::Line),
            KeyPress::End | KeyPress::Ctrl('e' | 'k') => (Forward, MotionUnit::Line),
            KeyPress::Ctrl('w') => (Backward, MotionUnit::Argument),
            _ => return,
        };
        let to = match way {
            Backward => self.line.position_before(reach),
            Forward => self.line.position_after(reach),
        };
        match key {
            KeyPress::Backspace | KeyPress::Delete | KeyPress::Ctrl('d') => {
                self.line.cut_to(to);
            }
            KeyPress::Ctrl('k' | 'u' | 'w')
            | KeyPress::AltBackspace
            | KeyPress::AltDelete
            | KeyPress::Alt('d') => {
                // At the end of a line, cuts the line break.
                let to = match (to == self.line.cursor(), reach, way) {
                    (true, MotionUnit::Line, Forward) => {
                        self.line.position_after(MotionUnit::Character)
                    }
                    (true, MotionUnit::Line, Backward) => {
                        self.line.position_before(MotionUnit::Character)
                    }
                    _ => to,
                };
                let cut = self.line.cut_to(to);
                let before =
                    if was_cutting { std::mem::take(&mut self.kill_buffer) } else { String::new() };
                self.kill_buffer = if way == Backward { cut + &before } else { before + &cut };
                self.is_killing = true;
            }
            _ => self.line.move_cursor(to),
        }
    }

    fn handle_enter(&mut self) -> EditorAction {
        // A backslash at the end of the text continues it on a new line.
        if self.line.text_after_cursor().is_empty()
            && self.line.text_before_cursor().ends_with('\\')
        {
            let backslash = self.line.position_before(MotionUnit::Character);
            self.line.cut_to(backslash);
            self.line.insert("\n");
            return EditorAction::Redisplay;
        }
        self.recalled_entry = None;
        EditorAction::Submit(std::mem::take(&mut self.line).text().to_owned())
    }

    fn recall_history(&mut self, way: MoveDirection) {
        let place = self.recalled_entry.as_ref().map_or(self.history.len(), |(place, _)| *place);
        let to = match way {
            MoveDirection::Backward => place.checked_sub(1),
            MoveDirection::Forward => Some(place + 1),
        };
        let Some(to) =
            to.filter(|_| way == MoveDirection::Backward || self.recalled_entry.is_some())
        else {
            return;
        };
        let draft =
            self.recalled_entry.take().map_or_else(|| self.line.clone(), |(_, draft)| draft);
        match self.history.get(to) {
            Some(entry) => {
                self.line = LineBuffer::new(entry.to_owned());
                self.recalled_entry = Some((to, draft));
            }
            None => self.line = draft,
        }
    }

    fn begin_search(&mut self) {
        let before = std::mem::take(&mut self.line);
        self.history_search =
            Some(HistorySearch { text: String::new(), match_index: None, draft: before });
    }

    /// Handles a key during a history search; returns the key when it ends the search and must be
    /// handled further.
    fn press_search_key(&mut self, key: KeyPress) -> Option<KeyPress> {
        let search = self.history_search.as_mut()?;
        match key {
            KeyPress::Char(c) => {
                search.text.push(c);
                let newest = search.match_index.map_or(usize::MAX, |found| found + 1);
                search.match_index = self.history.find_before(&search.text, newest);
            }
            KeyPress::Backspace => {
                search.text.pop();
                search.match_index = self.history.find_before(&search.text, usize::MAX);
            }
            KeyPress::Ctrl('r') => {
                let older = self
                    .history
                    .find_before(&search.text, search.match_index.unwrap_or(usize::MAX));
                search.match_index = older.or(search.match_index);
            }
            KeyPress::Ctrl('c' | 'g') | KeyPress::Escape => {
                let search = self.history_search.take()?;
                self.line = search.draft;
            }
            other => {
                let search = self.history_search.take()?;
                let found = search.match_index.and_then(|found| self.history.get(found));
                self.line = found.map_or(search.draft, |found| LineBuffer::new(found.to_owned()));
                return Some(other);
            }
        }
        None
    }
}
