//! The folder that a command is started in: the workspace, and the session that belongs to it.

use std::fs;

use openclaw_tests::{Ended, Home};

use crate::servers::tiny;

const SAY: [&str; 4] = ["agent", "--json", "-m", "reply exactly: yes"];

fn workspace(ended: &Ended) -> String {
    ended.json()["meta"]["workspace"].as_str().unwrap().to_owned()
}

fn session_key(ended: &Ended) -> String {
    ended.json()["meta"]["agentMeta"]["sessionKey"].as_str().unwrap().to_owned()
}

fn real_path(home: &Home, folder: &str) -> String {
    home.path().join(folder).canonicalize().unwrap().display().to_string()
}

#[tokio::test]
async fn a_project_is_the_workspace_and_has_a_session_of_its_own() {
    let (_server, home) = tiny().await;
    fs::create_dir_all(home.path().join("app/.git")).unwrap();
    for (folder, root) in [("app", "app"), ("app/src", "app"), ("notes", "notes")] {
        let ended = home.run_in(folder, &SAY).await.code(0);
        assert_eq!(workspace(&ended), real_path(&home, root));
        assert_eq!(session_key(&ended), format!("agent:main:folder:{}", real_path(&home, root)));
    }
    for folder in [".", ".openclaw/workspace"] {
        let ended = home.run_in(folder, &SAY).await.code(0);
        assert!(workspace(&ended).ends_with("/.openclaw/workspace"), "{ended:?}");
        assert_eq!(session_key(&ended), "agent:main:main");
    }
}

#[tokio::test]
async fn a_configured_workspace_wins_and_keeps_the_main_session() {
    let (_server, home) = tiny().await;
    let home = home.env("OPENCLAW_WORKSPACE", "~/fixed");
    fs::create_dir_all(home.path().join("fixed")).unwrap();
    let ended = home.run_in("app", &SAY).await.code(0);
    assert!(workspace(&ended).ends_with("/fixed"), "{ended:?}");
    assert_eq!(session_key(&ended), "agent:main:main");
}

#[tokio::test]
async fn a_configured_workspace_that_is_missing_is_created_in_the_state_folder_alone() {
    let (_server, home) = tiny().await;
    let set = "agents.defaults.workspace=/nonexist";
    let ended = home.run(&[&SAY[..], &["--set", set]].concat()).await.code(1);
    let _ = ended.says(&["open the workspace /nonexist", "there is no such folder", "mkdir -p"]);
    let set = "agents.defaults.workspace=~/.openclaw/workspace-two";
    let ended = home.run(&[&SAY[..], &["--set", set]].concat()).await.code(0);
    assert!(workspace(&ended).ends_with("/.openclaw/workspace-two"), "{ended:?}");
}

#[tokio::test]
async fn a_session_of_a_folder_works_there_wherever_it_is_continued_from() {
    let (_server, home) = tiny().await;
    let first = home.run_in("one", &SAY).await.code(0);
    let id = first.json()["meta"]["agentMeta"]["sessionId"].as_str().unwrap().to_owned();
    let again = home.run_in("two", &[&SAY[..], &["--session-id", &id]].concat()).await.code(0);
    assert_eq!(workspace(&again), workspace(&first));
    assert_eq!(again.json()["meta"]["session"]["messagesBefore"], 2);
}

#[tokio::test]
async fn a_message_is_joined_with_what_is_piped_in() {
    let (server, home) = tiny().await;
    let last_message = || {
        let body = server.requests().pop().unwrap().json();
        let messages = body["messages"].as_array().unwrap();
        let mut users = messages.iter().filter(|message| message["role"] == "user");
        users.next_back().unwrap()["content"].as_str().unwrap().to_owned()
    };
    for args in [
        &["agent", "review", "this", "--no-session"][..],
        &["-p", "review this", "--no-session"],
        &["chat", "review this"],
    ] {
        let _ = home.run_with_input(args, "+ a line\n").await.code(0);
        assert!(last_message().starts_with("review this\n\n+ a line"), "{}", last_message());
    }
    let _ = home.run_with_input(&["-p", "--no-session"], "all of it").await.code(0);
    assert!(last_message().starts_with("all of it"), "{}", last_message());
    let args = ["agent", "-m", "reply exactly: yes", "--no-session"];
    let ended = home.run_with_input(&args, "not read").await.code(0);
    assert!(!last_message().contains("not read"));
    assert_eq!(ended.says(&["standard input is not read with `-m`"]).stdout, "yes\n");
}

#[tokio::test]
async fn the_last_session_of_a_folder_is_continued_and_another_is_named() {
    let (_server, home) = tiny().await;
    let id = |ended: &Ended| ended.json()["meta"]["agentMeta"]["sessionId"].clone();
    let first = id(&home.run_in("one", &SAY).await.code(0));
    let new = ["agent", "--json", "/new reply exactly: new"];
    let second = id(&home.run_in("one", &new).await.code(0));
    let _ = home.run_in("two", &SAY).await.code(0);
    let resume = [&SAY[..], &["--resume", first.as_str().unwrap()]].concat();
    assert_eq!(id(&home.run_in("one", &resume).await.code(0)), first);
    let continued = [&SAY[..], &["--continue"]].concat();
    assert_eq!(id(&home.run_in("one", &continued).await.code(0)), first);
    assert_eq!(id(&home.run_in("one", &SAY).await.code(0)), second);
    let listed = home.run_in("one", &["sessions", "--here", "--json"]).await.code(0).json();
    assert_eq!(listed["count"], 2);
    let listed = home.run(&["sessions", "--search", "EXACTLY: NEW", "--json"]).await.code(0).json();
    assert_eq!(listed["sessions"][0]["sessionId"], second);
    let unknown = [&SAY[..], &["--resume", "nosuch"]].concat();
    let _ = home.run_in("one", &unknown).await.code(2).says(&["nosuch"]);
    let bare = [&SAY[..], &["--resume"]].concat();
    let _ = home.run_in("one", &bare).await.code(2).says(&["`--continue`"]);
}

#[tokio::test]
async fn binary_input_is_reported() {
    let (server, home) = tiny().await;
    let script = r#"printf 'a\377' | "$@""#;
    let output = home.shell(script, &["agent", "what is this?"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("read standard input as text: it is not UTF-8 at byte 1"), "{stderr}");
    assert!(server.requests().is_empty());
}
