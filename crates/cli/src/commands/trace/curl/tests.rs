//! Tests that a shell runs the command as intended.
#![expect(clippy::disallowed_methods, reason = "only a shell knows how a shell reads")]

use std::io::Write;
use std::process::{Command, Stdio};

use openclaw_models::TracedBody;
use proptest::prelude::*;

use super::*;

fn sample_request(url: &str, header: &str, body: Option<&[u8]>) -> TracedRequest {
    let body = body.map(|bytes| TracedBody {
        size: 0,
        hidden: 0,
        cut: false,
        text: std::str::from_utf8(bytes).ok().map(str::to_owned),
        base64: std::str::from_utf8(bytes).is_err().then(|| encode_base64(bytes)),
    });
    TracedRequest {
        at: 0,
        attempt: 1,
        streams: true,
        method: "POST".into(),
        url: url.to_owned(),
        headers: vec![
            ("x-plain".to_owned(), header.to_owned()),
            ("authorization".to_owned(), format!("Bearer {SECRET_MARK}")),
            ("x-team".to_owned(), SECRET_MARK.to_owned()),
        ],
        variables: vec![("authorization".to_owned(), "LAB_KEY".to_owned())],
        body,
    }
}

/// Encodes with the system's `base64`, as the shell command does.
fn encode_base64(bytes: &[u8]) -> String {
    let mut coder = Command::new("base64");
    let mut child = coder.arg("-w0").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Runs a command with a `curl` that prints its arguments and its input.
fn run_in_shell(command: &str) -> (Vec<String>, Vec<u8>) {
    let curl = "curl() { for word; do printf '%s\\0' \"$word\"; done; printf '\\0'; cat; }\n";
    let output = Command::new("sh")
        .args(["-c", &format!("{curl}{command}")])
        .env("LAB_KEY", "the $key")
        .env("OPENCLAW_HEADER_X_TEAM", "`team`")
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{output:?}: {command}");
    let end = output.stdout.windows(2).position(|pair| pair == b"\0\0").unwrap();
    let words = output.stdout[..end].split(|byte| *byte == 0);
    let words = words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect();
    (words, output.stdout[end + 2..].to_vec())
}

#[test]
fn a_command_is_readable() {
    let shown = curl_command(&sample_request(
        "http://h:8000/v1/chat/completions",
        "a",
        Some(b"{\"a\":\"it's\"}"),
    ));
    let expected = "# Set before: LAB_KEY OPENCLAW_HEADER_X_TEAM
curl -sS -N 'http://h:8000/v1/chat/completions' \\
  -H 'x-plain: a' \\
  -H \"authorization: Bearer ${LAB_KEY}\" \\
  -H \"x-team: ${OPENCLAW_HEADER_X_TEAM}\" \\
  --data-binary @- <<'JSON'
{\"a\":\"it's\"}
JSON
";
    assert_eq!(shown, expected);
    let mut get = sample_request("http://h/v1/models", "a", None);
    get.method = "GET".to_owned();
    get.headers.truncate(1);
    assert_eq!(curl_command(&get), "curl -sS -N 'http://h/v1/models' \\\n  -H 'x-plain: a'\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_shell_reads_what_was_sent(
        url in "http://h/[!-~é ]{0,20}",
        header in "[ -~é\t]{0,20}",
        body in prop_oneof![
            "(?s)[ -~é\n\t\r]{0,60}".prop_map(String::into_bytes),
            "(JSON|JSON_|EOF|\\$x|`|\\\\|\n){0,12}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..60),
        ],
    ) {
        prop_assume!(!header.contains(SECRET_MARK));
        let (words, sent) = run_in_shell(&curl_command(&sample_request(&url, &header, Some(&body))));
        prop_assert_eq!(&words[2], &url);
        prop_assert_eq!(&words[4], &format!("x-plain: {header}"));
        prop_assert_eq!(&words[6], "authorization: Bearer the $key");
        prop_assert_eq!(&words[8], "x-team: `team`");
        let is_text = std::str::from_utf8(&body).is_ok() && !body.contains(&0);
        let ends = is_text && !body.ends_with(b"\n");
        let expected = [&body[..], if ends { b"\n" } else { b"" }].concat();
        prop_assert_eq!(sent, expected);
    }
}
