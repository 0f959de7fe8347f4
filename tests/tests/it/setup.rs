//! `openclaw setup`: from an empty home folder to an answer.

use std::fs;

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_tests::{Home, Tmux};

use crate::chat::last_messages;

const SAY: [&str; 3] = ["agent", "--json", "reply exactly: yes"];

async fn server(models: &[&str]) -> MockVllm {
    let builder = MockVllm::builder().api_key("canary-key");
    let builder =
        models.iter().fold(builder, |builder, model| builder.model(ModelSpec::new(*model, 40_960)));
    builder.start().await.unwrap()
}

#[tokio::test]
async fn a_newcomer_gets_from_nothing_to_a_project_and_back() {
    let server = server(&["tiny"]).await;
    let home = Home::new().env("MY_KEY", "canary-key");
    let without = home.run_in("one", &["agent", "hi"]).await.code(3);
    let _ = without.says(&["`openclaw setup` finds your server and writes the config."]);
    let url = server.base_url();
    let args = ["setup", "--base-url", &url, "--api-key-env", "MY_KEY"];
    let ended = home.run_in("one", &args).await.code(0);
    assert!(ended.stdout.contains("openclaw agent \"What is in this folder?\""), "{ended:#?}");
    let written = fs::read_to_string(home.config_path()).unwrap();
    assert!(written.contains("// the key stays in the environment"), "{written}");
    assert!(written.contains("apiKey: \"${MY_KEY}\"") && !written.contains("canary"), "{written}");
    let checked = home.run(&["config", "validate"]).await.code(0);
    assert_eq!(checked.stderr, "");
    let first = home.run_in("one", &SAY).await.code(0).json();
    let second = home.run_in("two", &SAY).await.code(0).json();
    let session = |json: &serde_json::Value| json["meta"]["agentMeta"]["sessionId"].clone();
    assert_ne!(session(&first), session(&second));
    let continued = [&SAY[..], &["--continue"]].concat();
    let again = home.run_in("one", &continued).await.code(0).json();
    assert_eq!(session(&again), session(&first));
}

#[tokio::test]
async fn a_config_that_is_there_keeps_its_comments() {
    let server = server(&["a", "b"]).await;
    let home = Home::new()
        .env("MY_KEY", "canary-key")
        .config("{\n  // mine\n  tools: { deny: ['exec'] },\n}\n");
    let url = server.base_url();
    let args = [
        "onboard",
        "--non-interactive",
        "--install-daemon",
        "--custom-base-url",
        &url,
        "--api-key-env",
        "MY_KEY",
        "--custom-provider-id",
        "lab",
        "--custom-model-id",
        "b",
    ];
    let ended = home.run(&args).await.code(0);
    let _ = ended.says(&["`--install-daemon` does nothing here"]);
    let written = fs::read_to_string(home.config_path()).unwrap();
    assert!(written.contains("// mine") && written.contains("lab/b"), "{written}");
}

#[tokio::test]
async fn nothing_is_written_when_no_model_answers() {
    let server = server(&["tiny"]).await;
    let home = Home::new();
    let url = server.base_url();
    let ended = home.run(&["setup", "--base-url", &url]).await.code(5);
    let _ = ended.says(&["`--api-key-env VAR`"]);
    let closed = "http://127.0.0.1:1/v1";
    let _ = home.run(&["setup", "--base-url", closed]).await.code(4).says(&["found no server"]);
    let unset = ["setup", "--base-url", &url, "--api-key-env", "NOT_SET"];
    let _ = home.run(&unset).await.code(2).says(&["NOT_SET"]);
    let home = home.env("MY_KEY", "canary-key");
    let other = ["setup", "--base-url", &url, "--api-key-env", "MY_KEY", "--model", "nope"];
    let _ = home.run(&other).await.code(2).says(&["no server has the model `nope`", "tiny"]);
    assert!(!home.config_path().exists());
}

#[tokio::test]
async fn a_former_config_is_named() {
    let server = server(&["tiny"]).await;
    let home = Home::new();
    let folder = home.path().join(".clawdbot");
    fs::create_dir_all(&folder).unwrap();
    fs::File::create(folder.join("clawdbot.json")).unwrap();
    let url = server.base_url();
    let ended = home.run(&["setup", "--base-url", &url]).await;
    let _ = ended.says(&[".clawdbot/clawdbot.json", "takes it over"]);
}

/// Only what the README says, at a terminal.
#[tokio::test]
async fn the_path_of_the_readme_leads_from_an_empty_home_through_two_projects_and_back() {
    let server = server(&["tiny"]).await;
    let home = Home::new().env("VLLM_KEY", "canary-key");
    let Some(tmux) = Tmux::start_shell(&home) else {
        eprintln!("there is no tmux");
        return;
    };
    tmux.enter("openclaw agent hi; echo code=$?");
    let screen = tmux.shows("code=3").await;
    assert!(screen.contains("`openclaw setup` finds your server"), "{screen}");
    let url = server.base_url();
    tmux.enter(&format!("clear; openclaw setup --base-url {url} --api-key-env VLLM_KEY"));
    tmux.shows("write it? [Y/n]").await;
    tmux.enter("y");
    let screen = tmux.shows("openclaw chat").await;
    assert!(screen.contains("The config is written. Three things to try"), "{screen}");
    tmux.enter("clear; mkdir my-project other-project; cd my-project; echo 'print(1)' > main.py");
    server.push(Turn::call("read", r#"{"path": "main.py"}"#));
    server.push(Turn::text("It prints one."));
    tmux.enter("openclaw agent \"Read main.py and tell me what it does\"; echo code=$?");
    let screen = tmux.shows("code=0").await;
    assert!(screen.contains("It prints one."), "{screen}");
    assert!(format!("{:?}", last_messages(&server)).contains("print(1)"));
    server.push(Turn::text("Nothing in it yet."));
    tmux.enter("cd ../other-project; openclaw agent \"What is in this folder?\"; echo other=$?");
    let screen = tmux.shows("other=0").await;
    assert!(screen.contains("Nothing in it yet."), "{screen}");
    assert!(!format!("{:?}", last_messages(&server)).contains("main.py"));
    server.push(Turn::text("One, as I said."));
    tmux.enter(
        "cd ../my-project; openclaw agent --continue \"And what was printed?\"; echo again=$?",
    );
    tmux.shows("again=0").await;
    let messages = format!("{:?}", last_messages(&server));
    assert!(
        messages.contains("It prints one.") && !messages.contains("Nothing in it"),
        "{messages}"
    );
    tmux.enter("clear; openclaw chat");
    let screen = tmux.shows("/help lists the commands and keys").await;
    assert!(screen.contains("works in") && screen.contains("my-project"), "{screen}");
    tmux.run(&["send-keys", "C-d"]);
    tmux.shows("is kept; `openclaw chat`").await;
}
