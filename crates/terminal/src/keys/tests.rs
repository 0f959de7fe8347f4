//! Bytes in, keys out.

use proptest::prelude::*;

use super::*;

fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut decoder = KeyDecoder::default();
    let mut keys = decoder.push(bytes);
    keys.extend(decoder.flush());
    keys
}

#[test]
fn each_sequence_is_its_key() {
    for (bytes, expected) in [
        (&b"a"[..], Key::Char('a')),
        ("é".as_bytes(), Key::Char('é')),
        ("👩".as_bytes(), Key::Char('👩')),
        (b"\r", Key::Enter),
        (b"\n", Key::Ctrl('j')),
        (b"\x03", Key::Ctrl('c')),
        (b"\x7f", Key::Backspace),
        (b"\t", Key::Tab),
        (b"\x1b\r", Key::AltEnter),
        (b"\x1b[13;2u", Key::AltEnter),
        (b"\x1b[27;2;13~", Key::AltEnter),
        (b"\x1b\x7f", Key::AltBackspace),
        (b"\x1bb", Key::Alt('b')),
        (b"\x1b[A", Key::Up),
        (b"\x1bOA", Key::Up),
        (b"\x1b[1;5D", Key::WordLeft),
        (b"\x1b[1;3C", Key::WordRight),
        (b"\x1b[1;2C", Key::Right),
        (b"\x1b[H", Key::Home),
        (b"\x1b[4~", Key::End),
        (b"\x1b[3~", Key::Delete),
        (b"\x1b[3;5~", Key::AltDelete),
        (b"\x1b", Key::Escape),
        (b"\x1b[200~one\r\ntwo\rthree\x1b[0m\x1b[201~", Key::Paste("one\ntwo\nthree[0m".into())),
    ] {
        assert_eq!(keys(bytes), [expected], "{bytes:?}");
    }
}

#[test]
fn what_is_no_key_is_left_out_and_what_follows_is_not() {
    assert_eq!(keys(b"\x1b[15~x"), [Key::Char('x')]);
    assert_eq!(keys(b"\x1b[?1;2cx"), [Key::Char('x')]);
    assert_eq!(keys(b"\xff\xc3\x28x"), [Key::Char('('), Key::Char('x')]);
    assert_eq!(keys(b"\x1b\x1b[A"), [Key::Escape, Key::Up]);
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
        let expected = whole.push(&bytes);
        let mut decoder = KeyDecoder::default();
        let found: Vec<Key> = bytes.chunks(size).flat_map(|piece| decoder.push(piece)).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(decoder.is_waiting(), whole.is_waiting());
    }
}
