//! `openclaw approvals` and `openclaw exec-policy`.

use serde_json::Value;

use crate::servers::{UNSANDBOXED, tiny};

fn read_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn patterns_are_added_shown_and_removed_and_count_at_once() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let explain = ["exec-policy", "explain", "touch made.txt", "--json"];
    assert_eq!(read_json(&home.run(&explain).await.code(0).stdout)["decision"], "ask");

    let add = ["approvals", "allowlist", "add", "touch"];
    assert_eq!(home.run(&add).await.code(0).stdout, "added: touch\n");
    assert_eq!(home.run(&add).await.code(0).stdout, "already there: touch\n");
    let answer = read_json(&home.run(&explain).await.code(0).stdout);
    assert_eq!(answer["decision"], "allow", "{answer}");
    let _ = home.run(&["agent", "-m", "run touch made.txt"]).await;
    assert_eq!(home.files(), ["made.txt"]);

    let answer = read_json(&home.run(&["approvals", "get", "--json"]).await.code(0).stdout);
    assert_eq!(answer["file"]["version"], 1);
    assert_eq!(answer["file"]["agents"]["*"]["allowlist"][0]["pattern"], "touch");
    let scope = &answer["effectivePolicy"]["scopes"][0];
    assert_eq!(scope["security"]["effective"], "allowlist");
    assert_eq!(home.run(&["approvals", "list"]).await.code(0).stdout, "touch\n");

    let remove = ["approvals", "allowlist", "remove", "touch", "--json"];
    assert_eq!(read_json(&home.run(&remove).await.code(0).stdout)["changed"], 1);
    assert_eq!(read_json(&home.run(&explain).await.code(0).stdout)["decision"], "ask");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
async fn a_file_that_cannot_be_read_is_reported_and_not_changed() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
    let file = home.config_path().with_file_name("exec-approvals.json");
    std::fs::write(&file, "{\"version\":2}").unwrap();
    let _ = home.run(&["approvals", "allowlist", "add", "ls"]).await.code(1).says(&["version 2"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\"version\":2}");
    let shown = home.run(&["exec-policy", "show"]).await.code(0).says(&["every command is denied"]);
    assert!(shown.stdout.contains("effective: security deny"), "{}", shown.stdout);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
async fn a_denial_names_the_file_that_denies() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
    let file = home.config_path().with_file_name("exec-approvals.json");
    for (text, problem) in [
        (r#"{"version":1,"defaults":{"security":"deny"}}"#, "switched off by `security` in"),
        (r#"{"version":2}"#, "no command runs while"),
    ] {
        std::fs::write(&file, text).unwrap();
        let ended = home.run(&["agent", "--yes", "-m", "run touch made.txt"]).await.code(0);
        let _ = ended.says(&[problem, "exec-approvals.json`"]);
        assert!(home.files().is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_command_is_explained_without_running_it() {
    let (_server, home) = tiny().await;
    let home = home.config(UNSANDBOXED);
    let shown = home.run(&["exec-policy", "explain", "ls $(touch made.txt)"]).await.code(0);
    assert!(shown.stdout.contains("a command substitution"), "{}", shown.stdout);
    let shown = home.run(&["exec-policy", "explain", "head -n 1 | sh"]).await.code(0);
    let text = &shown.stdout;
    assert!(text.contains("a filter of standard input") && text.contains("is a shell"), "{text}");
    let _ = home.run(&["exec-policy", "explain", " "]).await.code(2);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
async fn the_approvals_file_is_replaced_by_a_valid_one_and_the_old_bytes_are_kept() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
    let file = home.config_path().with_file_name("exec-approvals.json");
    let new = home.config_path().with_file_name("new.json");
    let set = ["approvals", "set", new.to_str().unwrap(), "--json"];
    let old = b"{\"version\":1, \"agents\": {\xff";
    std::fs::write(&file, old).unwrap();
    for wrong in
        ["", "{", "[]", "{}", r#"{"version":2}"#, r#"{"version":1,"defaults":{"ask":"NO"}}"#]
    {
        std::fs::write(&new, wrong).unwrap();
        let _ = home.run(&set).await.code(1).says(&["it was not changed"]);
        assert_eq!(std::fs::read(&file).unwrap(), old, "{wrong}");
    }
    let text = r#"{"version":1,"defaults":{"security":"deny"}}"#;
    std::fs::write(&new, text).unwrap();
    let answer = read_json(&home.run(&set).await.code(0).stdout);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(std::fs::read(answer["backup"].as_str().unwrap()).unwrap(), old);
    let answer = read_json(&home.run(&set).await.code(0).stdout);
    assert_eq!(answer["backup"], Value::Null, "the same content is no change");
    let shown = home.run(&["exec-policy", "show"]).await.code(0);
    assert!(shown.stdout.contains("effective: security deny"), "{}", shown.stdout);
    let _ = home.run(&["approvals", "set", "/dev/zero"]).await.code(2).says(&["/dev/zero"]);
    let _ = home.run(&["approvals", "set"]).await.code(2);
}

#[tokio::test]
async fn the_policy_is_set_by_key_option_and_preset() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
    let read = async |key: &str| {
        let key = format!("tools.exec.{key}");
        home.run(&["config", "get", &key]).await.code(0).stdout.trim().to_owned()
    };
    let _ = home.run(&["exec-policy", "set", "timeoutSeconds", "60"]).await.code(0);
    assert_eq!(read("timeoutSeconds").await, "60");
    let set = ["exec-policy", "set", "--security", "full", "--ask", "always"];
    let _ = home.run(&set).await.code(0).says(&[]);
    assert_eq!((read("security").await, read("ask").await), ("full".into(), "always".into()));
    for (name, security, ask) in
        [("deny-all", "deny", "off"), ("yolo", "full", "off"), ("cautious", "allowlist", "on-miss")]
    {
        let shown = home.run(&["exec-policy", "preset", name]).await.code(0).stdout;
        assert!(shown.contains(&format!("{name} (security {security}, ask {ask})")), "{shown}");
        assert_eq!((read("security").await, read("ask").await), (security.into(), ask.into()));
        let shown = home.run(&["exec-policy", "show"]).await.code(0).stdout;
        assert!(shown.contains(&format!("effective: security {security}, ask {ask}")), "{shown}");
        assert!(shown.contains(&format!("preset {name}: security {security}")), "{shown}");
    }
    let _ = home.run(&["exec-policy", "preset", "none"]).await.code(2).says(&["`cautious`"]);
    let _ = home.run(&["exec-policy", "set"]).await.code(2);
    let _ = home.run(&["exec-policy", "set", "security", "DENY"]).await.code(3);
    let _ = home.run(&["exec-policy", "set", "secruity", "deny"]).await.code(3);
    assert_eq!(read("security").await, "allowlist", "a value that is wrong changes nothing");
    let _ = home.run(&["exec-policy", "set", "--ask-fallback", "DENY"]).await.code(2);
    let _ = home.run(&["exec-policy", "set", "--ask-fallback", "allowlist"]).await.code(0);
    let answer = read_json(&home.run(&["approvals", "get", "--json"]).await.code(0).stdout);
    assert_eq!(answer["file"]["defaults"]["askFallback"], "allowlist");
    let deny = ["approvals", "set", "-"];
    let _ =
        home.run_with_input(&deny, r#"{"version":1,"defaults":{"security":"deny"}}"#).await.code(0);
    let _ = home.run(&["exec-policy", "preset", "yolo"]).await.code(0).says(&["stricter", "deny"]);
}

#[tokio::test]
async fn what_the_sandbox_allows_is_told_with_what_the_lists_say() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
    let explain = ["exec-policy", "explain", "touch made.txt"];
    let shown = home.run(&explain).await.code(0).stdout;
    for part in [
        "allow\n  because it runs in the sandbox: files enforced by",
        "; network enforced by",
        "; processes enforced by",
        "  without the sandbox: ask\n    because `touch` is not on the allowlist\n",
        "  not allowed by the lists: `touch` is not on the allowlist",
    ] {
        assert!(shown.contains(part), "{part} is not in: {shown}");
    }
    let answer = home.run(&["exec-policy", "explain", "ls $(id)", "--json"]).await.code(0);
    let answer = read_json(&answer.stdout);
    assert_eq!(answer["decision"], "allow");
    assert_eq!(answer["withoutSandbox"]["decision"], "ask");

    let shown = home.run(&["exec-policy", "show"]).await.code(0).stdout;
    for line in [
        "effective: security allowlist, ask on-miss, askFallback deny (outside the sandbox)\n",
        "effective in the sandbox: security full, ask on-miss, askFallback deny\n",
    ] {
        assert!(shown.contains(line), "{line} is not in: {shown}");
    }
    let answer = home.run(&["exec-policy", "show", "--json"]).await.code(0);
    let answer = read_json(&answer.stdout);
    let scope = &answer["effectivePolicy"]["scopes"][1];
    assert_eq!(scope["scopeLabel"], "agent:main:sandbox");
    assert_eq!(scope["security"]["effective"], "full");

    // What the user wrote holds in the sandbox as well.
    let home = home.config("{tools: {exec: {security: 'allowlist'}}}");
    let shown = home.run(&explain).await.code(0).stdout;
    assert!(shown.starts_with("ask\n  because `touch` is not on the allowlist\n"), "{shown}");
    let home = home.config("{tools: {exec: {host: 'gateway'}}}");
    let shown = home.run(&["exec-policy", "show"]).await.code(0).stdout;
    assert!(!shown.contains("sandbox:") && !shown.contains("gateway)"), "{shown}");
}
