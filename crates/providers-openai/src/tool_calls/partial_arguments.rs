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
    /// The last piece, as long as each began with the one before it.
    cumulative: CumulativePiece,
}

/// The arguments of a server that sends all of them so far with every piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum CumulativePiece {
    /// Nothing arrived.
    #[default]
    Nothing,
    /// The last of these many pieces.
    Last(usize, String),
    /// The pieces follow each other.
    Refuted,
}

impl PartialArguments {
    /// Adds a piece.
    pub(super) fn push(&mut self, piece: &str) {
        self.cumulative.add(piece);
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
        let cumulative = std::mem::take(&mut self.cumulative).into_whole();
        if self.surplus.trim().is_empty() && cumulative.is_none() {
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
        if let Some(whole) = cumulative.filter(|text| value(text).is_some()) {
            return Some(whole);
        }
        let (object, surplus) = (value(&self.text)?, self.surplus.trim());
        (surplus.is_empty() || value(surplus) == Some(object)).then_some(self.text)
    }
}

impl CumulativePiece {
    fn add(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        match self {
            Self::Nothing => *self = Self::Last(1, piece.to_owned()),
            Self::Last(count, last)
                if piece.len() > last.len() && piece.starts_with(last.as_str()) =>
            {
                *count += 1;
                piece.clone_into(last);
            }
            _ => *self = Self::Refuted,
        }
    }

    /// The last piece, if there were several.
    fn into_whole(self) -> Option<String> {
        match self {
            Self::Last(2.., last) => Some(last),
            _ => None,
        }
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

    #[test]
    fn pieces_that_each_repeat_all_so_far_are_one() {
        let whole = r#"{"path": "note.txt"}"#;
        let pieces: Vec<&str> = [1, 7, 12, 20].iter().map(|end| &whole[..*end]).collect();
        assert_eq!(read(&pieces).without_surplus().as_deref(), Some(whole));
        assert_eq!(read(&[whole]).without_surplus(), None);
        assert_eq!(read(&["{", "\"a\"", ":1}"]).without_surplus(), None);
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(text in r#"[{}\[\]"\\a: é]{0,30}"#, at in any::<prop::sample::Index>()) {
            let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let (first, second) = text.split_at(*at.get(&places));
            let (cut, whole) = (read(&[first, second]), read(&[&text]));
            prop_assert_eq!(cut.is_complete(), whole.is_complete());
            prop_assert_eq!((cut.text, cut.surplus), (whole.text, whole.surplus));
        }
    }
}
