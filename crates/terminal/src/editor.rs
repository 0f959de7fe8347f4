//! The input line: keys in, what is to be done out. It knows no terminal.

mod layout;
#[cfg(test)]
mod tests;

pub use layout::Layout;

use crate::history::InputHistory;
use crate::keys::Key;
use crate::line::{Line, Reach};

/// Edits a text of one line or several, with a history. The keys are those of readline.
#[derive(Debug, Clone, Default)]
pub struct Editor {
    line: Line,
    history: InputHistory,
    /// The place in the history of what is being edited, and what was being written before.
    recalled: Option<(usize, Line)>,
    search: Option<Search>,
    /// What was cut last.
    cut: String,
    /// Whether the last key cut, so that the next cut adds to it.
    is_cutting: bool,
}

/// A search in the history.
#[derive(Debug, Clone)]
struct Search {
    text: String,
    found: Option<usize>,
    /// What was being written before.
    before: Line,
}

/// What a key asks of whoever shows the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing but to show the editor again.
    Edited,
    /// The text was entered; the editor is empty again.
    Submit(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    Eof,
    /// Tab.
    Complete,
    /// Ctrl-L: the screen is to be drawn anew.
    Redraw,
    /// Ctrl-Z.
    Suspend,
    /// Escape, where it ends nothing of the editor's own.
    Escape,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    Ahead,
}

impl Editor {
    /// Makes an empty editor with what was entered before.
    #[must_use]
    pub fn new(history: InputHistory) -> Self {
        Self { history, ..Self::default() }
    }

    /// The text as far as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        self.line.text()
    }

    /// The text before the cursor.
    #[must_use]
    pub fn before_cursor(&self) -> &str {
        self.line.before()
    }

    /// Puts a text in the place of what is written, the cursor behind it.
    pub fn set(&mut self, text: impl Into<String>) {
        self.line = Line::new(text.into());
        (self.recalled, self.search, self.is_cutting) = (None, None, false);
    }

    /// Adds a text to the history.
    pub fn remember(&mut self, text: &str) {
        self.history.add(text);
    }

    /// Puts the beginning that all candidates share in the place of the last `replaced` bytes
    /// before the cursor; with one candidate a space behind it. Tells whether that changed
    /// anything.
    pub fn complete(&mut self, replaced: usize, candidates: &[String]) -> bool {
        let Some((first, others)) = candidates.split_first() else { return false };
        let shared = others.iter().fold(first.as_str(), |shared, other| {
            let same = shared.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
            let length = same.map_or(shared.len().min(other.len()), |((at, _), _)| at);
            shared.get(..length).unwrap_or_default()
        });
        let start = self.line.cursor().saturating_sub(replaced);
        let old = self.line.before().get(start..).unwrap_or_default().to_owned();
        let end = if others.is_empty() && !self.line.after().starts_with(' ') { " " } else { "" };
        let new = format!("{shared}{end}");
        if new == old || !new.starts_with(old.as_str()) {
            return false;
        }
        self.line.cut(start);
        self.line.insert(&new);
        true
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Action {
        let key = if self.search.is_some() {
            match self.press_in_search(key) {
                Some(key) => key,
                None => return Action::Edited,
            }
        } else {
            key
        };
        let was_cutting = std::mem::take(&mut self.is_cutting);
        match key {
            Key::Char(c) => self.line.insert(c.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.line.insert(&text),
            Key::AltEnter | Key::Ctrl('j') => self.line.insert("\n"),
            Key::Enter => return self.enter(),
            Key::Tab => return Action::Complete,
            Key::Ctrl('c') => return Action::Interrupt,
            Key::Ctrl('d') if self.line.text().is_empty() => return Action::Eof,
            Key::Ctrl('l') => return Action::Redraw,
            Key::Ctrl('z') => return Action::Suspend,
            Key::Escape => return Action::Escape,
            Key::Ctrl('r') => self.begin_search(),
            Key::Up | Key::Ctrl('p') => match self.line.vertically(false) {
                Some(to) => self.line.go(to),
                None => self.recall(Way::Back),
            },
            Key::Down | Key::Ctrl('n') => match self.line.vertically(true) {
                Some(to) => self.line.go(to),
                None => self.recall(Way::Ahead),
            },
            Key::Ctrl('y') => {
                let cut = self.cut.clone();
                self.line.insert(&cut);
            }
            Key::Alt('<') => self.line.go(0),
            Key::Alt('>') => self.line.go(usize::MAX),
            key => self.move_or_cut(&key, was_cutting),
        }
        Action::Edited
    }

    fn move_or_cut(&mut self, key: &Key, was_cutting: bool) {
        use Way::{Ahead, Back};
        let (way, reach) = match key {
            Key::Left | Key::Ctrl('b') | Key::Backspace => (Back, Reach::Character),
            Key::Right | Key::Ctrl('f' | 'd') | Key::Delete => (Ahead, Reach::Character),
            Key::WordLeft | Key::Alt('b') | Key::AltBackspace => (Back, Reach::Word),
            Key::WordRight | Key::Alt('f' | 'd') | Key::AltDelete => (Ahead, Reach::Word),
            Key::Home | Key::Ctrl('a' | 'u') => (Back, Reach::Line),
            Key::End | Key::Ctrl('e' | 'k') => (Ahead, Reach::Line),
            Key::Ctrl('w') => (Back, Reach::Argument),
            _ => return,
        };
        let to = match way {
            Back => self.line.back(reach),
            Ahead => self.line.ahead(reach),
        };
        match key {
            Key::Backspace | Key::Delete | Key::Ctrl('d') => {
                self.line.cut(to);
            }
            Key::Ctrl('k' | 'u' | 'w') | Key::AltBackspace | Key::AltDelete | Key::Alt('d') => {
                // At the end of a line its end is cut.
                let to = match (to == self.line.cursor(), reach, way) {
                    (true, Reach::Line, Ahead) => self.line.ahead(Reach::Character),
                    (true, Reach::Line, Back) => self.line.back(Reach::Character),
                    _ => to,
                };
                let cut = self.line.cut(to);
                let before =
                    if was_cutting { std::mem::take(&mut self.cut) } else { String::new() };
                self.cut = if way == Back { cut + &before } else { before + &cut };
                self.is_cutting = true;
            }
            _ => self.line.go(to),
        }
    }

    fn enter(&mut self) -> Action {
        // A backslash at the end goes on on a new line.
        if self.line.after().is_empty() && self.line.before().ends_with('\\') {
            let backslash = self.line.back(Reach::Character);
            self.line.cut(backslash);
            self.line.insert("\n");
            return Action::Edited;
        }
        self.recalled = None;
        Action::Submit(std::mem::take(&mut self.line).text().to_owned())
    }

    fn recall(&mut self, way: Way) {
        let place = self.recalled.as_ref().map_or(self.history.len(), |(place, _)| *place);
        let to = match way {
            Way::Back => place.checked_sub(1),
            Way::Ahead => Some(place + 1),
        };
        let Some(to) = to.filter(|_| way == Way::Back || self.recalled.is_some()) else { return };
        let draft = self.recalled.take().map_or_else(|| self.line.clone(), |(_, draft)| draft);
        match self.history.get(to) {
            Some(entry) => {
                self.line = Line::new(entry.to_owned());
                self.recalled = Some((to, draft));
            }
            None => self.line = draft,
        }
    }

    fn begin_search(&mut self) {
        let before = std::mem::take(&mut self.line);
        self.search = Some(Search { text: String::new(), found: None, before });
    }

    /// Takes a key while the history is searched; gives back one that ends the search and means
    /// something besides.
    fn press_in_search(&mut self, key: Key) -> Option<Key> {
        let search = self.search.as_mut()?;
        match key {
            Key::Char(c) => {
                search.text.push(c);
                let newest = search.found.map_or(usize::MAX, |found| found + 1);
                search.found = self.history.find(&search.text, newest);
            }
            Key::Backspace => {
                search.text.pop();
                search.found = self.history.find(&search.text, usize::MAX);
            }
            Key::Ctrl('r') => {
                let older = self.history.find(&search.text, search.found.unwrap_or(usize::MAX));
                search.found = older.or(search.found);
            }
            Key::Ctrl('c' | 'g') | Key::Escape => {
                let search = self.search.take()?;
                self.line = search.before;
            }
            other => {
                let search = self.search.take()?;
                let found = search.found.and_then(|found| self.history.get(found));
                self.line = found.map_or(search.before, |found| Line::new(found.to_owned()));
                return Some(other);
            }
        }
        None
    }
}
