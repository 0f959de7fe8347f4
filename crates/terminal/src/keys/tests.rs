//! Decoding of bytes into keys.

use proptest::prelude::*;

use super::*;

fn keys(bytes: &[u8]) -> Vec<KeyPress> {
    let mut decoder = KeyDecoder::default();
    let mut keys = decoder.push_bytes(bytes);
    keys.extend(decoder.flush_pending());
    keys
}

#[test]
fn each_sequence_is_its_key() {
    for (bytes, expected) in [
        (&b"a"[..], KeyPress::Char('a')),
        ("é".as_bytes(), KeyPress::Char('é')),
        ("👩".as_bytes(), KeyPress::Char('👩')),
        (b"\r", KeyPress::Enter),
        (b"\n", KeyPress::Ctrl('j')),
        (b"\x03", KeyPress::Ctrl('c')),
        (b"\x7f", KeyPress::Backspace),
        (b"\t", KeyPress::Tab),
        (b"\x1b\r", KeyPress::AltEnter),
        (b"\x1b[13;2u", KeyPress::AltEnter),
        (b"\x1b[27;2;13~", KeyPress::AltEnter),
        (b"\x1b\x7f", KeyPress::AltBackspace),
        (b"\x1bb", KeyPress::Alt('b')),
        (b"\x1b[A", KeyPress::Up),
        (b"\x1bOA", KeyPress::Up),
        (b"\x1b[1;5D", KeyPress::WordLeft),
        (b"\x1b[1;3C", KeyPress::WordRight),
        (b"\x1b[1;2C", KeyPress::Right),
        (b"\x1b[H", KeyPress::Home),
        (b"\x1b[4~", KeyPress::End),
        (b"\x1b[3~", KeyPress::Delete),
        (b"\x1b[3;5~", KeyPress::AltDelete),
        (b"\x1b", KeyPress::Escape),
        (
            b"\x1b[200~one\r\ntwo\rthree\x1b[0m\x1b[201~",
            KeyPress::Paste("one\ntwo\nthree[0m".into()),
        ),
    ] {
        assert_eq!(keys(bytes), [expected], "{bytes:?}");
    }
}

#[test]
fn what_is_no_key_is_left_out_and_what_follows_is_not() {
    assert_eq!(keys(b"\x1b[15~x"), [KeyPress::Char('x')]);
    assert_eq!(keys(b"\x1b[?1;2cx"), [KeyPress::Char('x')]);
    assert_eq!(keys(b"\xff\xc3\x28x"), [KeyPress::Char('('), KeyPress::Char('x')]);
    assert_eq!(keys(b"\x1b\x1b[A"), [KeyPress::Escape, KeyPress::Up]);
    assert_eq!(keys(b"\x1b[1"), []);
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_keys(
        parts in prop::collection::vec(prop_oneof![
            "\\PC{0,6}".prop_map(String::into_bytes),
            Just(b"\x1b[200~a\r\nb\x1b[20".to_vec()),
            Just(b"\x1b[201~".to_vec()),
            Just(b"\x1b[1;5D".to_vec()),
            Just(b"\x1b\r".to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ], 0..8),
        size in 1usize..9,
    ) {
        let bytes = parts.concat();
        let mut whole = KeyDecoder::default();
        let expected = whole.push_bytes(&bytes);
        let mut decoder = KeyDecoder::default();
        let found: Vec<KeyPress> = bytes.chunks(size).flat_map(|piece| decoder.push_bytes(piece)).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(decoder.has_pending_bytes(), whole.has_pending_bytes());
    }
}
