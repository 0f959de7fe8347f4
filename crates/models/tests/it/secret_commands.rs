//! Keys printed by a command.

use std::error::Error;

use openclaw_mock_vllm::MockVllm;
use openclaw_models::SetupErrorKind;

use crate::lab::{Lab, lab_on, setup_kind};

fn printing(script: &str) -> String {
    format!(r#"apiKey: {{ source: "exec", command: ["sh", "-c", "{script}"] }}"#)
}

#[tokio::test]
async fn a_key_is_what_the_command_prints_and_is_not_shown() {
    let server = MockVllm::builder().api_key("sk-from-a-command").start().await.unwrap();
    let config = lab_on(&server.base_url(), &printing("echo sk-from-a-command; echo noise >&2"));
    let lab = Lab::new(&config, &[("PATH", "/usr/bin:/bin")]);
    assert_eq!(lab.info(Some("lab/tiny")).await.limits.context_window, 4096);
    let status = lab.models.setup_status();
    let key = status.providers[0].credential.as_ref().unwrap();
    assert_eq!((key.source.as_str(), key.fingerprint.as_str()), ("exec sh", "sk..nd"));
    assert!(!format!("{status:?}").contains("sk-from-a-command"));
}

#[tokio::test]
async fn a_command_that_gives_no_key_is_named_and_what_it_printed_is_not() {
    let table = [
        ("echo sk-secret; exit 3", "exit code 3"),
        ("true", "it printed none"),
        (r"printf '\\377sk-secret'", "not UTF-8 text"),
        ("head -c 70000 /dev/zero", "not UTF-8 text"),
    ];
    for (script, problem) in table {
        let config = lab_on("http://127.0.0.1:1/v1", &printing(script));
        let lab = Lab::new(&config, &[("PATH", "/usr/bin:/bin")]);
        let error = lab.error(Some("lab/tiny")).await;
        assert_eq!(setup_kind(&error), SetupErrorKind::Secret, "{script}");
        assert!(error.to_string().contains("models.providers.lab.apiKey"), "{error}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("`sh`") && cause.contains(problem), "{script}: {cause}");
        assert!(!cause.contains("sk-secret"), "{cause}");
    }
    let nothing = r#"apiKey: { source: "exec", command: ["/no/such/program"] }"#;
    let error = Lab::new(&lab_on("http://127.0.0.1:1/v1", nothing), &[]).error(Some("lab/x")).await;
    assert!(error.source().unwrap().to_string().contains("/no/such/program"));
}
