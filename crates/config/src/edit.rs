//! Edits of a config text that keep every comment, blank line, quote style and trailing comma.
//!
//! An edit is made twice: on the values, which says what must come out, and on the text, as
//! insertions and deletions at the places that the reader found. The new text is read again by
//! the reader that decides what is valid, and an edit is refused when it does not hold exactly
//! the values that were meant. So a mistake in the handling of text can refuse an edit, and can
//! never corrupt a file.

mod error;
mod insert;
mod layout;
mod model;
mod new_value;
mod patch;
mod remove;
mod render;
mod style;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt};

pub use self::{
    error::{EditError, EditErrorKind},
    new_value::{InvalidValue, NewValue},
};
use self::{model::wrapped, patch::Patch, style::Style};
use crate::{
    diagnostic::finish,
    load::LoadError,
    path::{InvalidKeyPath, KeyPath, Segment},
    text::{self, Node, Value, mask},
};

/// The most steps that a path may have to be edited: the reader's depth.
const MAX_STEPS: usize = 64;

/// A config text that can be changed value by value.
///
/// `Debug` does not show the text, which may hold secrets.
#[derive(Clone)]
pub struct Document {
    read: text::Document,
    touched: Vec<KeyPath>,
}

impl Document {
    /// Takes a text whose top is an object.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str) -> Result<Self, LoadError> {
        match text::read(text) {
            Ok(read) => Ok(Self { read, touched: Vec::new() }),
            Err(diagnostic) => {
                let mut diagnostics = vec![*diagnostic];
                finish(&mut diagnostics, text, None);
                let text_to_show = mask(text, &BTreeSet::new());
                Err(LoadError::Broken { path: None, diagnostics, text_to_show })
            }
        }
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.read.text
    }

    /// Reads a path as people type it: besides what a [`KeyPath`] is, `[+]` is the place behind
    /// the last element of a list, and a number after a dot is an index where there is a list.
    ///
    /// # Errors
    ///
    /// When the text is no path.
    pub fn path(&self, typed: &str) -> Result<KeyPath, InvalidKeyPath> {
        let mut typed = typed.to_owned();
        while let Some((before, after)) = appending(&typed) {
            let index = match self.find(&self.with_indexes(&before)) {
                Some(Node { value: Value::Array(elements), .. }) => elements.len(),
                _ => 0,
            };
            typed = format!("{before}[{index}]{after}");
        }
        typed.parse().map(|path| self.with_indexes(&path))
    }

    /// Whether a value is set, be it null.
    #[must_use]
    pub fn has(&self, path: &KeyPath) -> bool {
        self.find(path).is_some()
    }

    /// Sets a value; what it is in is made when it is missing or null.
    ///
    /// An object or a list is changed where it differs from the new one, so that the comments in
    /// it stay. The index behind the last element of a list appends.
    ///
    /// # Errors
    ///
    /// When something on the way is neither an object nor a list, or an index is beyond the end.
    pub fn set(&mut self, path: &KeyPath, value: &NewValue) -> Result<(), EditError> {
        if path.segments().len() > MAX_STEPS {
            return Err(EditError::new(EditErrorKind::Unfaithful, path));
        }
        let mut wanted = self.read.root.value.clone();
        model::put(&mut wanted, path, value.value())?;
        let mut edited = self.clone();
        edited
            .bring(path, value.value())
            .filter(|()| model::same(&edited.read.root.value, &wanted))
            .ok_or_else(|| EditError::new(EditErrorKind::Unfaithful, path))?;
        edited.touched.push(path.clone());
        *self = edited;
        Ok(())
    }

    /// Sets what an object names and leaves the rest of the object that is there as it is; any
    /// other value is set as by [`Document::set`].
    ///
    /// # Errors
    ///
    /// As for [`Document::set`]; what came before it in the object is then set.
    pub fn merge(&mut self, path: &KeyPath, value: &NewValue) -> Result<(), EditError> {
        match (value.value(), self.find(path).map(|node| &node.value)) {
            (Value::Object(entries), Some(Value::Object(_))) => {
                entries.iter().try_for_each(|entry| {
                    let value = NewValue::from(entry.node.value.clone());
                    self.merge(&path.clone().key(&entry.key), &value)
                })
            }
            _ => self.set(path, value),
        }
    }

    /// Removes a key or an element and what is in it. Comments beside and above it stay.
    ///
    /// # Errors
    ///
    /// When it is not set, and for the whole document.
    pub fn unset(&mut self, path: &KeyPath) -> Result<(), EditError> {
        let above: KeyPath = match path.segments().split_last() {
            None => return Err(EditError::new(EditErrorKind::WholeDocument, path)),
            Some((_, above)) => above.iter().cloned().collect(),
        };
        let mut wanted = self.read.root.value.clone();
        if !model::take(&mut wanted, path) {
            return Err(EditError::new(EditErrorKind::NotSet, path));
        }
        let mut edited = self.clone();
        edited
            .remove(path)
            .filter(|()| model::same(&edited.read.root.value, &wanted))
            .ok_or_else(|| EditError::new(EditErrorKind::Unfaithful, path))?;
        // The elements behind a removed one move.
        let element = matches!(path.segments().last(), Some(Segment::Index(_)));
        edited.touched.push(if element { above } else { path.clone() });
        *self = edited;
        Ok(())
    }

    /// The values that were set or removed, each with all that is in it.
    pub(crate) fn touched(&self) -> &[KeyPath] {
        &self.touched
    }

    pub(crate) fn root(&self) -> &Node {
        &self.read.root
    }

    fn find(&self, path: &KeyPath) -> Option<&Node> {
        self.read.root.find(path, &BTreeSet::new()).map(|(_, node)| node)
    }

    /// Turns keys that are numbers into indexes where there is a list.
    fn with_indexes(&self, path: &KeyPath) -> KeyPath {
        let mut known = KeyPath::root();
        for segment in path.segments() {
            let index = match (segment, self.find(&known)) {
                (Segment::Key(key), Some(Node { value: Value::Array(_), .. })) => key.parse().ok(),
                _ => None,
            };
            known.push(index.map_or_else(|| segment.clone(), Segment::Index));
        }
        known
    }

    /// Changes the text until it has the value; absent when that does not work.
    fn bring(&mut self, path: &KeyPath, target: &Value) -> Option<()> {
        let Some(node) = self.find(path) else { return self.insert(path, target) };
        match (&node.value, target) {
            (now, target) if model::same(now, target) => Some(()),
            (Value::Object(now), Value::Object(entries)) => {
                let kept: BTreeSet<&str> = entries.iter().map(|e| e.key.as_str()).collect();
                let old: Vec<String> = now.iter().map(|entry| entry.key.clone()).collect();
                for key in old.into_iter().filter(|key| !kept.contains(key.as_str())) {
                    self.remove(&path.clone().key(key))?;
                }
                entries.iter().try_for_each(|entry| {
                    self.bring(&path.clone().key(&entry.key), &entry.node.value)
                })
            }
            (Value::Array(now), Value::Array(elements)) => {
                for index in (elements.len()..now.len()).rev() {
                    self.remove(&path.clone().index(index))?;
                }
                let mut elements = elements.iter().enumerate();
                elements.try_for_each(|(index, element)| {
                    self.bring(&path.clone().index(index), &element.value)
                })
            }
            _ => {
                let style = Style::of(&self.read);
                self.apply(vec![style.replacement(self.text(), node.span, target)])
            }
        }
    }

    /// Puts a value where there is none, into the innermost thing on the way that there is.
    fn insert(&mut self, path: &KeyPath, target: &Value) -> Option<()> {
        let (last, above) = path.segments().split_last()?;
        let above: KeyPath = above.iter().cloned().collect();
        match self.find(&above) {
            None => self.insert(&above, &wrapped(last, target)),
            Some(Node { value: Value::Null, .. }) => self.bring(&above, &wrapped(last, target)),
            Some(container) => {
                let style = Style::of(&self.read);
                let patches = insert::patches(self.text(), &style, container.span, (last, target));
                self.apply(patches)
            }
        }
    }

    /// Takes out a value and, where its key stands several times, all of them.
    fn remove(&mut self, path: &KeyPath) -> Option<()> {
        let (last, above) = path.segments().split_last()?;
        let above: KeyPath = above.iter().cloned().collect();
        loop {
            let container = self.find(&above)?.span;
            let (key_span, _) = self.read.root.find(path, &BTreeSet::new())?;
            let patches = remove::patches(self.text(), container, key_span.start)?;
            self.apply(patches)?;
            if matches!(last, Segment::Index(_)) || !self.has(path) {
                return Some(());
            }
        }
    }

    fn apply(&mut self, patches: Vec<Patch>) -> Option<()> {
        let text = patch::apply(self.text(), patches)?;
        self.read = text::read(&text).ok()?;
        Some(())
    }
}

/// The path in front of the first `[+]` that is not inside quotes, and what follows it.
fn appending(typed: &str) -> Option<(KeyPath, &str)> {
    typed.match_indices("[+]").find_map(|(at, plus)| {
        let before = typed.get(..at)?.parse().ok()?;
        Some((before, typed.get(at + plus.len()..)?))
    })
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text().len())
    }
}
