//! The arguments of a call while they arrive.

use serde_json::Value;

/// The most empty objects before the arguments that are skipped.
const MAX_EMPTY_OBJECTS: usize = 4;

/// Arguments so far. It is known after each byte whether the object is complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PartialArguments {
    text: String,
    depth: u32,
    is_in_string: bool,
    is_escaped: bool,
    is_complete: bool,
    /// What came after the complete object.
    surplus: String,
}

impl PartialArguments {
    /// Adds a piece.
    pub(super) fn push(&mut self, piece: &str) {
        if self.is_complete {
            return self.surplus.push_str(piece);
        }
        let end = piece.bytes().position(|byte| self.advance_byte(byte));
        let (text, surplus) =
            end.and_then(|end| piece.split_at_checked(end + 1)).unwrap_or((piece, ""));
        self.text.push_str(text);
        self.surplus.push_str(surplus);
    }

    /// Returns whether the byte completes the object.
    fn advance_byte(&mut self, byte: u8) -> bool {
        if self.is_in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.is_complete = self.depth == 1;
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        self.is_complete
    }

    /// Whether the object is complete.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether nothing has arrived.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether all that has arrived is an empty object.
    pub(super) fn is_empty_object(&self) -> bool {
        self.has_empty_object() && self.surplus.trim().is_empty()
    }

    fn has_empty_object(&self) -> bool {
        let inside = self.text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        self.is_complete && inside.is_some_and(|inside| inside.trim().is_empty())
    }

    /// The first object, or the part of it that has arrived.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Everything that has arrived.
    pub(super) fn raw_text(&self) -> String {
        format!("{}{}", self.text, self.surplus)
    }

    /// The arguments without empty objects before them and repetitions after them; `None` if there
    /// is nothing to leave out, or if what is left is not one object.
    pub(super) fn without_surplus(mut self) -> Option<String> {
        if self.surplus.trim().is_empty() {
            return None;
        }
        for _ in 0..MAX_EMPTY_OBJECTS {
            if !self.has_empty_object() || self.surplus.trim().is_empty() {
                break;
            }
            let surplus = std::mem::take(&mut self.surplus);
            self = Self::default();
            self.push(&surplus);
        }
        let value = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let (object, surplus) = (value(&self.text)?, self.surplus.trim());
        (surplus.is_empty() || value(surplus) == Some(object)).then_some(self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&str]) -> PartialArguments {
        let mut arguments = PartialArguments::default();
        for piece in pieces {
            arguments.push(piece);
        }
        arguments
    }

    #[test]
    fn an_object_is_complete_at_its_last_bracket() {
        for (text, expected) in [
            ("", false),
            ("{", false),
            ("{}", true),
            (r#" {"a": "}"#, false),
            (r#"{"a": "\"}"}"#, true),
            (r#"{"a": {"b": []}"#, false),
            (r#"{"a": {"b": []}} "#, true),
            ("}", false),
        ] {
            assert_eq!(read(&[text]).is_complete(), expected, "{text}");
        }
    }

    #[test]
    fn empty_objects_before_and_repetitions_after_are_left_out() {
        for (text, expected) in [
            ("{}", None),
            (r#"{}{"a":1}"#, Some(r#"{"a":1}"#)),
            (r#"{ } {}{"a":1}{"a": 1}"#, Some(r#"{"a":1}"#)),
            (r#"{"a":1}{"a":1}"#, Some(r#"{"a":1}"#)),
            (r#"{"a":1}{"a":2}"#, None),
            (r#"{}{"a":"#, None),
            ("{}}", None),
            (r#"{"a":1} tail"#, None),
            (r#"{"a":"#, None),
        ] {
            let arguments = read(&[text]).without_surplus();
            assert_eq!(arguments.as_deref().map(str::trim), expected, "{text}");
            assert_eq!(read(&[text]).raw_text(), text);
        }
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(text in r#"[{}\[\]"\\a: é]{0,30}"#, at in any::<prop::sample::Index>()) {
            let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let (first, second) = text.split_at(*at.get(&places));
            prop_assert_eq!(read(&[first, second]), read(&[&text]));
        }
    }
}
