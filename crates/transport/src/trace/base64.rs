//! Base64, for secrets that are encoded in it and for bodies that are not text.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes bytes with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = encode_sextets(bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Returns the base64 text that every encoding of bytes with `secret` in them contains, when the
/// secret's offset modulo three is `offset`.
pub(crate) fn encoded_core(secret: &[u8], offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let text = encode_sextets(&bytes);
    let whole = bytes.len() * 8 / 6;
    text.get((offset * 8).div_ceil(6)..whole).unwrap_or_default().to_owned()
}

/// Decodes text with or without padding; `None` when it is not base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let sextet = ALPHABET.iter().position(|known| *known == letter)?;
        held = held << 6 | u32::try_from(sextet).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
        held &= 0xffff;
    }
    Some(bytes)
}

fn encode_sextets(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |n| three.get(n).map_or(0, |byte| u32::from(*byte));
        let all = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..=three.len() {
            let sextet = usize::try_from(all >> (18 - 6 * n) & 63).unwrap_or_default();
            text.push(ALPHABET.get(sextet).copied().map_or('A', char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("u:p\u{e9}", "dTpww6k=")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode("no!"), None);
    }

    #[test]
    fn a_core_is_in_whatever_holds_the_secret() {
        let secret = b"hunter2-hunter2";
        for before in 0..7 {
            for after in 0..7 {
                let bytes = [&vec![b'~'; before][..], secret, &vec![b'?'; after]].concat();
                let text = encode(&bytes);
                assert!(text.contains(&encoded_core(secret, before % 3)), "{text}");
            }
        }
    }
}
