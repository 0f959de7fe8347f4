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
