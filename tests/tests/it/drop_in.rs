//! Commands of the original that scripts call: each works, or is taken with a sentence.

use openclaw_tests::Home;

use crate::servers::tiny;

#[tokio::test]
async fn scripts_get_a_sentence_and_never_an_unknown_command() {
    // A gateway of this machine must not answer instead.
    let home = Home::new().env("OPENCLAW_GATEWAY_PORT", "1");
    for (command, code, said) in [
        ("cron list --json", 0, "no gateway runs here"),
        ("cron add --every 1h -m x --tools read", 2, "the tools of its agent"),
        ("plugins install x", 2, "there are no plugins here"),
        ("hooks enable x", 2, "nothing runs here on an event yet"),
        ("devices list", 4, "openclaw gateway run"),
        ("daemon status", 4, "openclaw gateway run"),
        ("update --yes", 2, "install a new version"),
        ("uninstall", 2, "state folder"),
        ("channels login --channel x", 2, "there are no chat channels here"),
        ("doctor --generate-gateway-token", 3, "makes its token"),
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        let ended = home.run(&args).await.code(code).says(&[said]);
        assert!(!ended.stderr.contains("unrecognized"), "{ended:#?}");
    }
    for (command, json) in [
        ("plugins list --json", serde_json::json!({ "plugins": [] })),
        ("agents bindings --json", serde_json::json!([])),
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        assert_eq!(home.run(&args).await.code(0).json(), json, "{command}");
    }
    let plain = home.run(&["models", "--status-json"]).await.code(0).json();
    assert!(plain["auth"].is_object(), "{plain}");
    for command in ["tasks list --json", "mcp list --json", "docs"] {
        let args: Vec<&str> = command.split(' ').collect();
        let _ = home.run(&args).await.code(0);
    }
    for command in ["acp", "secrets reload", "backup create", "reset --yes", "webhooks"] {
        let args: Vec<&str> = command.split(' ').collect();
        let ended = home.run(&args).await.code(2);
        assert!(!ended.stderr.contains("unrecognized"), "{ended:#?}");
    }
    let _ = home.run(&["frobnicate"]).await.code(2).says(&["openclaw agent \"frobnicate"]);
    let helped = home.run(&["help", "agent"]).await.code(0);
    assert!(helped.stdout.contains("Usage: openclaw agent"), "{helped:#?}");
    let script = home.run(&["completion", "--shell", "zsh"]).await.code(0);
    assert!(script.stdout.starts_with("#compdef openclaw"));
}

#[tokio::test]
async fn an_agent_runs_with_the_options_of_a_script() {
    let (_server, home) = tiny().await;
    let args = [
        "agent",
        "--agent",
        "main",
        "--thinking",
        "high",
        "--to",
        "+1",
        "--deliver",
        "-m",
        "reply exactly: yes",
    ];
    let ended = home.run(&args).await.code(0).says(&["`--thinking`", "`--to`", "`--deliver`"]);
    assert_eq!(ended.stdout, "yes\n");
    let status = home.run(&["status", "--deep", "--usage", "--timeout", "1000"]).await.code(0);
    for row in ["Provider   vllm", "Server     vllm: serves tiny", "Gateway    ", "Sessions   1, "]
    {
        assert!(status.stdout.contains(row), "{row}: {status:#?}");
    }
    assert_eq!(status.stderr, "");
    let status = home.run(&["status", "--all", "--json"]).await.code(0).json();
    assert_eq!(status["gateway"]["reachable"], false);
    assert_eq!(
        (&status["sessions"]["count"], &status["servers"][0]["models"][0]),
        (&1.into(), &"tiny".into())
    );
    assert!(status["auth"]["providers"].is_array() && status["price"].is_null());
    let health = home.run(&["health"]).await.code(0);
    assert!(health.stdout.contains("pass    reachable"), "{health:#?}");
}

#[tokio::test]
async fn models_and_agents_are_set_by_their_commands() {
    let home =
        Home::new().config("{\n  // mine\n  agents: { defaults: { model: 'vllm/a' } },\n}\n");
    for command in [
        "models set vllm/b",
        "models fallbacks add vllm/c",
        "models fallbacks add vllm/d",
        "models fallbacks remove vllm/c",
        "models aliases add fast vllm/d",
        "agents add coder --workspace /srv/code --model fast --non-interactive",
        "agents set-identity --agent coder --name Coder --emoji X",
        "agents set-identity --name Home",
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        let _ = home.run(&args).await.code(0);
    }
    let text = std::fs::read_to_string(home.config_path()).unwrap();
    assert!(text.contains("// mine"), "{text}");
    let get = async |key: &str| home.run(&["config", "get", key, "--json"]).await.json();
    assert_eq!(get("agents.defaults.model.primary").await, "vllm/b");
    assert_eq!(get("agents.defaults.model.fallbacks").await, serde_json::json!(["vllm/d"]));
    assert_eq!(home.run(&["models", "fallbacks"]).await.stdout, "vllm/d\n");
    assert_eq!(home.run(&["models", "aliases", "list"]).await.stdout, "fast -> vllm/d\n");
    let agents: serde_json::Value = home.run(&["agents", "list", "--json"]).await.json();
    assert_eq!((&agents[0]["id"], &agents[0]["isDefault"]), (&"main".into(), &true.into()));
    assert_eq!((&agents[1]["name"], &agents[1]["model"]), (&"Coder".into(), &"fast".into()));
    assert_eq!(agents[0]["name"], "Home");
    assert_eq!(get("agents.list[1].identity.emoji").await, "X");
    let deleted = home.run(&["agents", "delete", "coder", "--json"]).await.code(0).json();
    assert_eq!(deleted["agentId"], "coder");
    let added = ["agents", "add", "other", "--agent-dir", "/srv/keys", "--json"];
    assert_eq!(home.run(&added).await.code(0).json()["agentDir"], "/srv/keys");
    assert_eq!(get("agents.list[1].agentDir").await, "/srv/keys");
    let _ = home.run(&["models", "status", "--check"]).await.code(1).says(&["provider `vllm`"]);
    let _ = home.run(&["models", "set", "nothing"]).await.code(2);
    let whole = home.run(&["config", "get"]).await.code(0);
    assert!(whole.stdout.contains("vllm/b"), "{whole:#?}");
}
