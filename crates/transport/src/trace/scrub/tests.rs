//! Secrets are found in every encoding, and nothing else is removed.

use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::*;

fn scrubber(secrets: &[&str]) -> SecretScrubber {
    let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
    SecretScrubber::default().with_secrets(&secrets)
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

/// JSON with all characters beyond ASCII escaped.
fn ascii_json(text: &str) -> String {
    let mut units = [0; 2];
    text.chars().fold(String::new(), |text, c| {
        if c.is_ascii_alphanumeric() {
            return format!("{text}{c}");
        }
        let units = c.encode_utf16(&mut units).iter();
        units.fold(text, |text, unit| format!("{text}\\u{unit:04x}"))
    })
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

#[test]
fn a_header_with_a_scheme_is_several_secrets() {
    let basic = scrubber(&["Basic bWU6aHVudGVyMi1odW50ZXIy"]);
    // A password is found however its header is padded.
    for header in [
        "Basic bTpodW50ZXIyLWh1bnRlcg==",
        "Basic bTpodW50ZXIyLWh1bnRlcg",
        "Basic bTpodW50ZXIyLWh1bnRlch",
    ] {
        assert_eq!(scrubber(&[header]).scrub_text("hunter2-hunter"), "[secret]", "{header}");
    }
    for text in ["Basic bWU6aHVudGVyMi1odW50ZXIy", "bWU6aHVudGVyMi1odW50ZXIy", "hunter2-hunter2"] {
        assert_eq!(basic.scrub_text(text), "[secret]");
    }
    assert_eq!(basic.scrub_text("Basic auth of me"), "Basic auth of me");
    let token = scrubber(&["Token sk-canary-12345"]);
    assert_eq!(token.scrub_text("Token 'sk-canary-12345' is wrong"), "Token '[secret]' is wrong");
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let scrubber = scrubber(&["sk-canary-12345", "a b/c\\d\"e", "short"]);
    for text in ["", "sk-canary-1234", "short", "100 % of \\n and \\\\ and %2", "\\u", "%", "\\"] {
        assert!(matches!(scrubber.scrub_bytes(text.as_bytes()), (Cow::Borrowed(_), 0)), "{text}");
    }
    let (clean, count) = scrubber.scrub_bytes(b"\xff sk-canary-12345 \xfe sk-canary-12345");
    assert_eq!((&*clean, count), (&b"\xff [secret] \xfe [secret]"[..], 2));
    assert_eq!(scrubber.scrub_text("a+b%2fc%5Cd\\\\\\\"e."), "[secret].");
}

#[test]
fn a_text_of_nothing_but_backslashes_takes_no_long_time() {
    let scrubber = scrubber(&["\\\\\\\\x", "canary-12345"]);
    let text = vec![b'\\'; 100_000];
    assert_eq!(scrubber.scrub_bytes(&text).1, 0);
}

#[test]
fn a_core_is_in_the_base64_of_whatever_holds_the_secret() {
    let secret = b"hunter2-hunter2";
    for before in 0..7 {
        for after in 0..7 {
            let bytes = [&vec![b'~'; before][..], secret, &vec![b'?'; after]].concat();
            let text = BASE64_STANDARD.encode(&bytes);
            assert!(text.contains(&encoded_core(secret, before % 3)), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_secret_is_found_in_any_writing(
        secret in "[!-~é€😀][!-~é€😀 \n]{6,22}[!-~é€😀]",
        before in "[a-z{}:,\"]{0,5}",
        after in "[a-z{}:,\"]{0,5}",
    ) {
        let scrubber = scrubber(&[&secret]);
        prop_assume!(!SECRET_PLACEHOLDER.contains(&secret));
        let in_json = json(&secret);
        let pair = format!("me:{secret}{after}");
        for writing in [
            secret.clone(),
            in_json.clone(),
            json(&in_json),
            json(&json(&in_json)),
            ascii_json(&secret),
            json(&ascii_json(&secret)),
            percent(&secret),
            percent(&secret).to_lowercase(),
            BASE64_STANDARD.encode(pair.as_bytes()),
            BASE64_STANDARD.encode(secret.as_bytes()),
        ] {
            let text = format!("{before}{writing}{after}");
            let (clean, found) = scrubber.scrub_bytes(text.as_bytes());
            prop_assert!(found > 0, "{text:?}");
            let clean = String::from_utf8(clean.into_owned()).unwrap();
            prop_assert!(clean.contains(SECRET_PLACEHOLDER) && !clean.contains(&writing), "{text:?}: {clean:?}");
        }
    }

    #[test]
    fn no_bytes_are_lost_where_there_is_no_secret(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let scrubber = scrubber(&["a secret that never comes", "\\\\\\\\%%%%"]);
        let (clean, found) = scrubber.scrub_bytes(&bytes);
        prop_assert!(found > 0 || *clean == *bytes);
    }
}
