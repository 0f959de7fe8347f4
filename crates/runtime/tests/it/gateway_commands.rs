//! The commands that this machine runs for a gateway.

use std::collections::BTreeMap;

use openclaw_core::CommandReview;
use openclaw_exec_policy::{CommandInput, sha256_hex};
use openclaw_fs::StateFile;
use openclaw_runtime::ApprovalsUpdateError;
use openclaw_tools::{CommandHost, HostCommandRequest};

use crate::lab::Lab;

#[test]
fn a_gateway_makes_the_approvals_file_stricter_and_never_wider() {
    let config = "{ tools: { exec: { security: 'allowlist', ask: 'on-miss' } } }";
    let lab = Lab::new(config, &[]);
    let runtime = &lab.runtime;
    let path = lab.state().join("exec-approvals.json");
    let file = StateFile::new(path.clone());
    let entry = r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/bin/ls"}]}}}"#;
    let none = r#"{"version": 1}"#;
    let deny = r#"{"version": 1, "defaults": {"security": "deny"}}"#;

    // No file is as wide as an empty one.
    let error = runtime.tighten_approvals(entry, None).unwrap_err();
    assert!(matches!(error, ApprovalsUpdateError::Wider(_)), "{error}");
    assert!(error.to_string().contains("an entry of the allowlist of agent `main`"), "{error}");
    assert_eq!(file.read_text().unwrap(), None);
    runtime.tighten_approvals(none, None).unwrap();

    file.update_text(|_| Some(entry.to_owned())).unwrap();
    let stale = runtime.tighten_approvals(deny, Some("another hash")).unwrap_err();
    assert!(matches!(stale, ApprovalsUpdateError::ChangedMeanwhile), "{stale}");
    let hash = sha256_hex(entry.as_bytes());
    let replaced = runtime.tighten_approvals(deny, Some(&hash)).unwrap();
    assert_eq!(replaced.hash, sha256_hex(deny.as_bytes()));
    assert_eq!(file.read_text().unwrap().as_deref(), Some(deny));
    let back = runtime.tighten_approvals(entry, None).unwrap_err();
    assert!(matches!(back, ApprovalsUpdateError::Wider(_)), "{back}");

    // A file that cannot be read denies every command, so that any other is wider.
    file.update_text(|_| Some("{".to_owned())).unwrap();
    let error = runtime.tighten_approvals(deny, None).unwrap_err();
    assert!(matches!(error, ApprovalsUpdateError::Unreadable(_)), "{error}");
    assert_eq!(file.read_text().unwrap().as_deref(), Some("{"));
    let error = runtime.tighten_approvals("[]", None).unwrap_err();
    assert!(matches!(error, ApprovalsUpdateError::InvalidContent(_)), "{error}");
}

#[test]
fn commands_of_a_gateway_have_the_limits_and_the_judge_of_this_machine() {
    let config = "{ tools: { exec: { timeoutSec: 7, sandbox: { profile: 'full' } } } }";
    let lab = Lab::new(config, &[("PATH", "/bin"), ("VLLM_API_KEY", "canary")]);
    let workspace = lab.runtime.node_workspace().unwrap();
    assert!(workspace.is_dir());
    let settings = lab.runtime.node_command_settings("main", &workspace).unwrap();
    assert_eq!(settings.options.time_limit.as_secs(), 7);
    assert!(settings.options.judge.is_some());
    assert!(settings.options.background.is_none());
    assert!(settings.options.environment.iter().all(|(name, _)| name != "VLLM_API_KEY"));
}

#[test]
fn a_gateway_is_told_what_would_allow_a_command_here() {
    let config = "{ tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } } }";
    let lab = Lab::new(config, &[("PATH", "/usr/bin:/bin")]);
    let workspace = lab.runtime.node_workspace().unwrap();
    let settings = lab.runtime.node_command_settings("main", &workspace).unwrap();
    let host = CommandHost::new(&workspace, settings.options);
    let reasons = |script: &str| {
        let command = host.plan_command(HostCommandRequest {
            input: CommandInput::Script(script.to_owned()),
            environment: BTreeMap::new(),
            directory: None,
        });
        let CommandReview::NeedsPerson { reasons, .. } = command.unwrap().review().clone() else {
            panic!("{script} is asked about")
        };
        reasons.join("; ")
    };
    let told = reasons("touch a.txt");
    assert!(
        told.starts_with("`touch` is not on the allowlist; `openclaw approvals allowlist add /")
    );
    let end = "touch --agent main` on the node's machine allows it without a question";
    assert!(told.ends_with(end), "{told}");
    // No entry would allow what only a shell can run.
    assert!(!reasons("for f in *; do rm $f; done").contains("openclaw approvals"));
}
