//! Edits of a config text that keep every comment, blank line, quote style and trailing comma.
//!
//! Each edit is made twice: on the value tree, which gives the expected result, and on the text, as
//! patches at the parsed positions. The new text is then parsed again, and the edit is refused
//! unless it holds exactly the expected values. So a mistake in the text patching can refuse an
//! edit, but cannot corrupt a file.

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
use self::{model::wrap_in_container, patch::TextPatch, style::DocumentStyle};
use crate::{
    diagnostic::finalize_diagnostics,
    load::LoadError,
    path::{InvalidKeyPath, KeyPath, PathSegment},
    text::{self, Json5Node, Json5Value, redact_secrets},
};

/// The most segments of a path to edit: the nesting limit of the parser.
const MAX_STEPS: usize = 64;

/// A config text that can be edited value by value.
///
/// `Debug` does not show the text, which may hold secrets.
#[derive(Clone)]
pub struct ConfigDocument {
    parsed: text::Json5Document,
    touched_paths: Vec<KeyPath>,
}

impl ConfigDocument {
    /// Parses a text whose top level is an object.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str) -> Result<Self, LoadError> {
        match text::parse_document(text) {
            Ok(parsed) => Ok(Self { parsed, touched_paths: Vec::new() }),
            Err(diagnostic) => {
                let mut diagnostics = vec![*diagnostic];
                finalize_diagnostics(&mut diagnostics, text, None);
                let redacted_text = redact_secrets(text, &BTreeSet::new());
                Err(LoadError::Broken { path: None, diagnostics, redacted_text })
            }
        }
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    /// Parses a path as typed by a user. Besides the syntax of [`KeyPath`], `[+]` is the place
    /// behind the last element of a list, and a number after a dot is an index if the value is a
    /// list.
    ///
    /// # Errors
    ///
    /// When the text is not a path.
    pub fn parse_path(&self, typed: &str) -> Result<KeyPath, InvalidKeyPath> {
        let mut typed = typed.to_owned();
        while let Some((before, after)) = split_append_marker(&typed) {
            let index = match self.find_node(&self.resolve_indexes(&before)) {
                Some(Json5Node { value: Json5Value::Array(elements), .. }) => elements.len(),
                _ => 0,
            };
            typed = format!("{before}[{index}]{after}");
        }
        typed.parse().map(|path| self.resolve_indexes(&path))
    }

    /// Whether a value is set; `null` counts.
    #[must_use]
    pub fn contains_path(&self, path: &KeyPath) -> bool {
        self.find_node(path).is_some()
    }

    /// Sets a value. Missing or null containers on the path are created.
    ///
    /// Within an object or a list only the differing parts are replaced, so that comments stay. The
    /// index after the last element of a list appends.
    ///
    /// # Errors
    ///
    /// When a value on the path is neither an object nor a list, or an index is out of range.
    pub fn set_value(&mut self, path: &KeyPath, value: &NewValue) -> Result<(), EditError> {
        if path.segments().len() > MAX_STEPS {
            return Err(EditError::new(EditErrorKind::UnsafeEdit, path));
        }
        let mut expected = self.parsed.root.value.clone();
        model::set_in(&mut expected, path, value.value())?;
        let mut edited = self.clone();
        edited
            .apply_at(path, value.value())
            .filter(|()| model::values_equal(&edited.parsed.root.value, &expected))
            .ok_or_else(|| EditError::new(EditErrorKind::UnsafeEdit, path))?;
        edited.touched_paths.push(path.clone());
        *self = edited;
        Ok(())
    }

    /// Sets the keys of an object and leaves the other keys there unchanged. A value of another
    /// type is set as by [`ConfigDocument::set_value`].
    ///
    /// # Errors
    ///
    /// As for [`ConfigDocument::set_value`]; the keys before the failing one stay set.
    pub fn merge_value(&mut self, path: &KeyPath, value: &NewValue) -> Result<(), EditError> {
        match (value.value(), self.find_node(path).map(|node| &node.value)) {
            (Json5Value::Object(entries), Some(Json5Value::Object(_))) => {
                entries.iter().try_for_each(|entry| {
                    let value = NewValue::from(entry.node.value.clone());
                    self.merge_value(&path.clone().with_key(&entry.key), &value)
                })
            }
            _ => self.set_value(path, value),
        }
    }

    /// Removes a key or an element with its value. Comments beside and above it stay.
    ///
    /// # Errors
    ///
    /// When it is not set, and for the whole document.
    pub fn unset_value(&mut self, path: &KeyPath) -> Result<(), EditError> {
        let above: KeyPath = match path.segments().split_last() {
            None => return Err(EditError::new(EditErrorKind::WholeDocument, path)),
            Some((_, above)) => above.iter().cloned().collect(),
        };
        let mut expected = self.parsed.root.value.clone();
        if !model::remove_in(&mut expected, path) {
            return Err(EditError::new(EditErrorKind::NotSet, path));
        }
        let mut edited = self.clone();
        edited
            .remove_at(path)
            .filter(|()| model::values_equal(&edited.parsed.root.value, &expected))
            .ok_or_else(|| EditError::new(EditErrorKind::UnsafeEdit, path))?;
        // Elements after a removed one get other indexes.
        let element = matches!(path.segments().last(), Some(PathSegment::Index(_)));
        edited.touched_paths.push(if element { above } else { path.clone() });
        *self = edited;
        Ok(())
    }

    /// Removes a key or an element, and then the objects and lists around it that are left empty
    /// and without a comment.
    ///
    /// # Errors
    ///
    /// As for [`ConfigDocument::unset_value`]; the document is then unchanged.
    pub fn unset_with_parents(&mut self, path: &KeyPath) -> Result<(), EditError> {
        let mut edited = self.clone();
        let mut path = path.clone();
        loop {
            edited.unset_value(&path)?;
            path = path.parent().unwrap_or_default();
            if path.is_root() || !edited.is_blank_container(&path) {
                *self = edited;
                return Ok(());
            }
        }
    }

    /// Whether a value is an object or a list with nothing between its brackets.
    fn is_blank_container(&self, path: &KeyPath) -> bool {
        let Some(node) = self.find_node(path) else { return false };
        let is_empty = match &node.value {
            Json5Value::Object(entries) => entries.is_empty(),
            Json5Value::Array(elements) => elements.is_empty(),
            _ => false,
        };
        let inside = self.text().get(node.span.start + 1..node.span.end.saturating_sub(1));
        is_empty && inside.is_some_and(|text| text.trim().is_empty())
    }

    /// The paths that were set or removed, each including everything below it.
    pub(crate) fn touched_paths(&self) -> &[KeyPath] {
        &self.touched_paths
    }

    pub(crate) fn root_node(&self) -> &Json5Node {
        &self.parsed.root
    }

    fn find_node(&self, path: &KeyPath) -> Option<&Json5Node> {
        self.parsed.root.find_path(path, &BTreeSet::new()).map(|(_, node)| node)
    }

    /// Turns numeric keys into indexes where the document has a list.
    fn resolve_indexes(&self, path: &KeyPath) -> KeyPath {
        let mut known = KeyPath::root();
        for segment in path.segments() {
            let index = match (segment, self.find_node(&known)) {
                (PathSegment::Key(key), Some(Json5Node { value: Json5Value::Array(_), .. })) => {
                    key.parse().ok()
                }
                _ => None,
            };
            known.push(index.map_or_else(|| segment.clone(), PathSegment::Index));
        }
        known
    }

    /// Patches the text at a path to hold `target`; `None` when that fails.
    fn apply_at(&mut self, path: &KeyPath, target: &Json5Value) -> Option<()> {
        let Some(node) = self.find_node(path) else { return self.insert_at(path, target) };
        match (&node.value, target) {
            (now, target) if model::values_equal(now, target) => Some(()),
            (Json5Value::Object(now), Json5Value::Object(entries)) => {
                let kept: BTreeSet<&str> = entries.iter().map(|e| e.key.as_str()).collect();
                let old: Vec<String> = now.iter().map(|entry| entry.key.clone()).collect();
                for key in old.into_iter().filter(|key| !kept.contains(key.as_str())) {
                    self.remove_at(&path.clone().with_key(key))?;
                }
                entries.iter().try_for_each(|entry| {
                    self.apply_at(&path.clone().with_key(&entry.key), &entry.node.value)
                })
            }
            (Json5Value::Array(now), Json5Value::Array(elements)) => {
                for index in (elements.len()..now.len()).rev() {
                    self.remove_at(&path.clone().with_index(index))?;
                }
                let mut elements = elements.iter().enumerate();
                elements.try_for_each(|(index, element)| {
                    self.apply_at(&path.clone().with_index(index), &element.value)
                })
            }
            _ => {
                let style = DocumentStyle::from_document(&self.parsed);
                self.apply_patches(vec![style.replacement_patch(self.text(), node.span, target)])
            }
        }
    }

    /// Inserts a value that is missing, into its innermost existing container.
    fn insert_at(&mut self, path: &KeyPath, target: &Json5Value) -> Option<()> {
        let (last, above) = path.segments().split_last()?;
        let above: KeyPath = above.iter().cloned().collect();
        match self.find_node(&above) {
            None => self.insert_at(&above, &wrap_in_container(last, target)),
            Some(Json5Node { value: Json5Value::Null, .. }) => {
                self.apply_at(&above, &wrap_in_container(last, target))
            }
            Some(container) => {
                let style = DocumentStyle::from_document(&self.parsed);
                let patches =
                    insert::insertion_patches(self.text(), &style, container.span, last, target);
                self.apply_patches(patches)
            }
        }
    }

    /// Removes a value, including all duplicates of its key.
    fn remove_at(&mut self, path: &KeyPath) -> Option<()> {
        let (last, above) = path.segments().split_last()?;
        let above: KeyPath = above.iter().cloned().collect();
        loop {
            let container = self.find_node(&above)?.span;
            let (key_span, _) = self.parsed.root.find_path(path, &BTreeSet::new())?;
            let patches = remove::removal_patches(self.text(), container, key_span.start)?;
            self.apply_patches(patches)?;
            if matches!(last, PathSegment::Index(_)) || !self.contains_path(path) {
                return Some(());
            }
        }
    }

    fn apply_patches(&mut self, patches: Vec<TextPatch>) -> Option<()> {
        let text = patch::apply_patches(self.text(), patches)?;
        self.parsed = text::parse_document(&text).ok()?;
        Some(())
    }
}

/// Splits at the first `[+]` outside quotes: the path before it and the text after it.
fn split_append_marker(typed: &str) -> Option<(KeyPath, &str)> {
    typed.match_indices("[+]").find_map(|(at, plus)| {
        let before = typed.get(..at)?.parse().ok()?;
        Some((before, typed.get(at + plus.len()..)?))
    })
}

impl fmt::Debug for ConfigDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text().len())
    }
}
