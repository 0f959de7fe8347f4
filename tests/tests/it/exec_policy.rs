//! `openclaw approvals` and `openclaw exec-policy`.

use serde_json::Value;

use crate::servers::tiny;

fn read_json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn patterns_are_added_shown_and_removed_and_count_at_once() {
    let (_server, home) = tiny().await;
    let home = home.config("{}");
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
async fn a_file_that_cannot_be_read_is_told_and_not_changed() {
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
    let home = home.config("{}");
    let shown = home.run(&["exec-policy", "explain", "ls $(touch made.txt)"]).await.code(0);
    assert!(shown.stdout.contains("a command substitution"), "{}", shown.stdout);
    let shown = home.run(&["exec-policy", "explain", "head -n 1 | sh"]).await.code(0);
    let text = &shown.stdout;
    assert!(text.contains("a filter of standard input") && text.contains("is a shell"), "{text}");
    let _ = home.run(&["exec-policy", "explain", " "]).await.code(2);
}
