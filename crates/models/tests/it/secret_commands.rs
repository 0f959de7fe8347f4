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

/// A program that answers in the protocol of `secrets.providers`, in a folder of its own.
fn vault(folder: &std::path::Path, script: &str) -> String {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("vault");
    let mut file = std::fs::File::create(&path).unwrap();
    writeln!(file, "#!/bin/sh\n{script}").unwrap();
    let mode = std::fs::Permissions::from_mode(0o700);
    file.set_permissions(mode).unwrap();
    path.to_str().unwrap().to_owned()
}

fn config_with_vault(server: &str, provider: &str) -> String {
    format!(
        "{{ secrets: {{ providers: {{ box: {{ source: 'exec', {provider} }} }} }},
        models: {{ providers: {{ lab: {{ baseUrl: '{server}',
            apiKey: {{ source: 'exec', provider: 'box', id: 'models/lab' }} }} }} }} }}"
    )
}

#[tokio::test]
async fn a_provider_is_asked_for_a_secret_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    // The answer is the key only when the request names the secret and the variables are there.
    let program = vault(
        folder.path(),
        r#"read -r request
case "$request:$1:$PASSED:$SET:$NOT_PASSED" in
  *'"ids":["models/lab"]'*'"provider":"box"'*:get:passed:set:) key=sk-from-a-vault;; *) key=wrong;; esac
printf '{"protocolVersion":1,"values":{"models/lab":"%s"}}' "$key""#,
    );
    let provider =
        format!("command: '{program}', args: ['get'], passEnv: ['PASSED'], env: {{ SET: 'set' }}");
    let server = MockVllm::builder().api_key("sk-from-a-vault").start().await.unwrap();
    let env = [("PATH", "/usr/bin:/bin"), ("PASSED", "passed"), ("NOT_PASSED", "x")];
    let lab = Lab::new(&config_with_vault(&server.base_url(), &provider), &env);
    assert_eq!(lab.info(Some("lab/tiny")).await.limits.context_window, 4096);
}

#[tokio::test]
async fn a_provider_that_answers_otherwise_or_is_not_trusted_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let answering = |answer: &str| format!("printf '%s' '{answer}'");
    let table = [
        (answering("sk-plain"), "", "no JSON object"),
        (answering(r#"{"protocolVersion":2,"values":{}}"#), "", "`protocolVersion` 1"),
        (answering(r#"{"protocolVersion":1,"values":{}}"#), "", "does not have it"),
        (answering(r#"{"protocolVersion":1,"values":{"models/lab":5}}"#), "", "no text"),
        ("sleep 60".to_owned(), ", timeoutMs: 100", "no end within"),
        (answering("x"), ", trustedDirs: ['ELSEWHERE']", "`trustedDirs`"),
    ];
    for (script, more, problem) in table {
        let program = vault(folder.path(), &script);
        let more = more.replace("ELSEWHERE", elsewhere.path().to_str().unwrap());
        let provider = format!("command: '{program}'{more}");
        let lab = Lab::new(
            &config_with_vault("http://127.0.0.1:1/v1", &provider),
            &[("PATH", "/usr/bin:/bin")],
        );
        let cause = lab.error(Some("lab/tiny")).await.source().unwrap().to_string();
        assert!(cause.contains(problem) && !cause.contains("sk-plain"), "{script}: {cause}");
    }
    let program = vault(folder.path(), "true");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&program, &link).unwrap();
    for (program, problem) in
        [(link.to_str().unwrap(), "`allowSymlinkCommand`"), ("vault", "absolute path")]
    {
        let provider = format!("command: '{program}'");
        let lab = Lab::new(&config_with_vault("http://127.0.0.1:1/v1", &provider), &[]);
        let cause = lab.error(Some("lab/tiny")).await.source().unwrap().to_string();
        assert!(cause.contains(problem), "{cause}");
    }
    let provider = format!("command: '{}', jsonOnly: false", vault(folder.path(), "echo sk-plain"));
    let server = MockVllm::builder().api_key("sk-plain").start().await.unwrap();
    let lab =
        Lab::new(&config_with_vault(&server.base_url(), &provider), &[("PATH", "/usr/bin:/bin")]);
    assert_eq!(lab.info(Some("lab/tiny")).await.limits.context_window, 4096);
}
