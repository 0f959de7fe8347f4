//! A deterministic stand-in for a tokenizer.
//!
//! A token is up to four bytes of ASCII (a run of letters, digits and `_` with at most one space
//! in front, or a run of one white-space character), one other ASCII character, or one character
//! beyond ASCII. English comes out at about 3 bytes a token, JSON at about 2: denser than a
//! trained tokenizer, so what fits here fits there. An id is made from the text itself, so no
//! table is needed to turn it back: seven bits a byte behind a leading one, or the code point
//! with bit 30 set. Ids 1 and 2 mark the start and the end of a message.

pub(crate) const IM_START: u32 = 1;
pub(crate) const IM_END: u32 = 2;
const LONGEST: usize = 4;
const BEYOND_ASCII: u32 = 1 << 30;

/// Splits a text into the texts of its tokens.
pub(crate) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text }
}

#[derive(Debug, Clone)]
pub(crate) struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let length = first_length(self.rest)?;
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(piece)
    }
}

fn first_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (&first, after) = bytes.split_first()?;
    let run = |is_in: &dyn Fn(u8) -> bool| {
        after.iter().take(LONGEST - 1).take_while(|&&byte| is_in(byte)).count() + 1
    };
    Some(match first {
        b' ' if after.first().is_some_and(|&byte| is_word(byte)) => run(&is_word),
        byte if is_word(byte) => run(&is_word),
        byte if byte.is_ascii_whitespace() => run(&|other| other == byte),
        byte if byte.is_ascii() => 1,
        _ => text.chars().next().map_or(1, char::len_utf8),
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Counts the tokens of a text.
pub(crate) fn count(text: &str) -> u32 {
    u32::try_from(pieces(text).count()).unwrap_or(u32::MAX)
}

/// Appends the ids of a text's tokens.
pub(crate) fn encode_into(ids: &mut Vec<u32>, text: &str) {
    ids.extend(pieces(text).map(id_of));
}

fn id_of(piece: &str) -> u32 {
    match piece.chars().next() {
        Some(char) if !char.is_ascii() => BEYOND_ASCII | u32::from(char),
        _ => piece.bytes().fold(1, |id, byte| id << 7 | u32::from(byte)),
    }
}

/// The text of one token; U+FFFD for an id no text has.
pub(crate) fn decode(id: u32) -> String {
    match id {
        IM_START => "<|im_start|>".to_owned(),
        IM_END => "<|im_end|>".to_owned(),
        _ if id & BEYOND_ASCII != 0 => {
            char::from_u32(id & !BEYOND_ASCII).unwrap_or(char::REPLACEMENT_CHARACTER).to_string()
        }
        _ => decode_ascii(id),
    }
}

fn decode_ascii(id: u32) -> String {
    let bits = 31_u32.saturating_sub(id.leading_zeros());
    if id == 0 || bits == 0 || !bits.is_multiple_of(7) {
        return char::REPLACEMENT_CHARACTER.to_string();
    }
    let length = bits / 7;
    (0..length).rev().filter_map(|at| char::from_u32(id >> (7 * at) & 0x7f)).collect()
}

/// The text of one token as a byte-level vocabulary spells it: `Ġ` for a space, `Ċ` for a newline.
pub(crate) fn spelling(id: u32) -> String {
    decode(id).replace(' ', "\u{120}").replace('\n', "\u{10a}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_carry_their_space() {
        let split: Vec<_> = pieces("hello world, ok  \n\n").collect();
        assert_eq!(split, ["hell", "o", " wor", "ld", ",", " ok", "  ", "\n\n"]);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_its_ids(text in any::<String>()) {
            let mut ids = Vec::new();
            encode_into(&mut ids, &text);
            prop_assert_eq!(ids.len(), count(&text) as usize);
            prop_assert_eq!(ids.into_iter().map(decode).collect::<String>(), text);
        }

        #[test]
        fn any_id_decodes(id in any::<u32>()) {
            let _ = spelling(id);
        }
    }
}
