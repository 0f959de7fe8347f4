//! The commands for nodes as a person types them: a gateway and nodes, each a process of its own.

use std::path::PathBuf;

use openclaw_tests::{Ended, Home, Running};
use serde_json::Value;

use crate::node_exec::{NodeSetup, port_of_gateway, start_gateway, waiting_device};

const OPEN: &str = "{ tools: { exec: { security: 'full', ask: 'off' } } }";

fn node_file(home: &Home, name: &str) -> PathBuf {
    home.path().join(".openclaw").join(name)
}

fn node_json(home: &Home) -> String {
    std::fs::read_to_string(node_file(home, "node.json")).unwrap()
}

/// Starts a node until it waits for its approval.
async fn start_waiting(home: &Home, port: &str, name: &str) -> Running {
    let mut node = home.start(&["node", "run", "--port", port, "--display-name", name]);
    node.until_says("openclaw devices approve").await;
    node
}

async fn status_of_node(home: &Home) -> Value {
    let ended = home.run(&["node", "status", "--json"]).await;
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"))
}

async fn run_on_node(home: &Home, words: &[&str]) -> Ended {
    home.run(&[&["nodes", "run", "--"], words].concat()).await
}

#[tokio::test]
async fn a_node_that_does_not_start_changes_nothing_that_is_remembered() {
    let gateway_home = Home::new().config("{}");
    let gateway = start_gateway(&gateway_home).await;
    let home = Home::new().config("{}");
    let node = start_waiting(&home, &port_of_gateway(&gateway_home), "first").await;
    let remembered = node_json(&home);
    assert!(remembered.contains("first"), "{remembered}");

    let second = ["node", "run", "--port", "9", "--display-name", "second"];
    let _said = home.run(&second).await.code(9).says(&["openclaw node status"]);
    assert_eq!(node_json(&home), remembered);
    node.terminate().await;
    let _ended = node.ended().await.code(0);
    for name in ["", "  ", "a\u{7}b"] {
        let words = ["node", "run", "--port", "9", "--display-name", name];
        let _said = home.run(&words).await.code(2).says(&["--display-name"]);
    }
    let words = ["node", "run", "--port", "9", "--host", "a b"];
    let _said = home.run(&words).await.code(2).says(&["no valid host"]);
    std::fs::remove_file(node_file(&home, "node/identity.json")).unwrap();
    std::fs::create_dir(node_file(&home, "node/identity.json")).unwrap();
    let _said = home.run(&["node", "run", "--port", "9"]).await.code(3).says(&["identity.json"]);
    assert_eq!(node_json(&home), remembered);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

#[tokio::test]
async fn the_node_s_config_counts_for_the_next_command_and_a_broken_one_lets_nothing_run() {
    let home = Home::new().config("{}");
    let setup = NodeSetup::start(&home, OPEN).await;
    let config = setup.node_home.config_path();
    let write = |text: &str| {
        let new = config.with_extension("new");
        std::io::Write::write_all(&mut std::fs::File::create(&new).unwrap(), text.as_bytes())
            .unwrap();
        std::fs::rename(&new, &config).unwrap();
    };
    let _ran = run_on_node(&home, &["touch", "one"]).await.code(0);

    write("{ tools: { exec: { security: 'deny' } } }");
    let refused = run_on_node(&home, &["touch", "two"]).await.code(5);
    let _said = refused.says(&["tools.exec.security"]);

    for (text, said) in [
        ("{ tools: ", "openclaw.json"),
        ("{ tools: { exec: { security: 'fulll' } } }", "tools.exec.security"),
        ("{ tools: { exec: { securty: 'deny' } } }", "tools.exec.securty"),
    ] {
        write(text);
        let refused = run_on_node(&home, &["touch", "two"]).await.code(5);
        let _said = refused.says(&[said, "this node runs no command until that is mended"]);
    }
    std::fs::remove_file(&config).unwrap();
    let refused = run_on_node(&home, &["touch", "two"]).await.code(5);
    let _said = refused.says(&["openclaw.json", "was there before"]);
    std::fs::create_dir(&config).unwrap();
    let refused = run_on_node(&home, &["touch", "two"]).await.code(5);
    let _said = refused.says(&["failed to read the config file"]);
    std::fs::remove_dir(&config).unwrap();

    write(OPEN);
    let _ran = run_on_node(&home, &["touch", "three"]).await.code(0);
    assert_eq!(setup.node_home.files(), ["one", "three"]);
    setup.end().await;
}

#[tokio::test]
async fn a_program_that_cannot_run_is_named_with_the_exit_code_of_a_shell() {
    let home = Home::new().config("{}");
    let setup = NodeSetup::start(&home, OPEN).await;
    setup.node_home.put("plain.txt", "no program");
    for (program, code) in [
        ("nosuchprog", 127),
        ("./nosuchprog", 127),
        ("/no/such/prog", 127),
        ("./plain.txt", 126),
        ("/etc", 126),
    ] {
        let ended = run_on_node(&home, &[program, "x"]).await.code(code);
        let _said = ended.says(&[&format!("`{program}`")]);
    }
    let ended = home.run(&["nodes", "run", "--json", "--", "nosuchprog"]).await.code(127).json();
    assert_eq!(ended["payload"]["exitCode"], 127, "{ended}");
    setup.end().await;
}

#[tokio::test]
async fn what_is_typed_wrong_about_nodes_is_told_with_the_next_command() {
    let home = Home::new().config("{}");
    let nobody = home.run(&["nodes", "status"]).await.code(4);
    let _said = nobody.says(&["`openclaw gateway run`"]);
    let nobody = home.run(&["nodes", "status", "--url", "ws://127.0.0.1:1"]).await.code(4);
    let _said = nobody.says(&["`openclaw gateway run --port 1`"]);

    let setup = NodeSetup::start(&home, OPEN).await;
    let node_id = home.run(&["nodes", "list", "--json"]).await.json()["paired"][0]["nodeId"]
        .as_str()
        .unwrap()
        .to_owned();
    let listed = home.run(&["nodes", "status"]).await.code(0);
    assert!(listed.stdout.contains(&node_id), "{listed:?}");
    assert!(!listed.stderr.contains("pending"), "{listed:?}");
    for words in [["nodes", "approve"], ["nodes", "reject"], ["devices", "approve"]] {
        let ended = home.run(&[&words[..], &["nosuch"]].concat()).await.code(5);
        assert!(!ended.stderr.contains("failed to get an answer"), "{ended:?}");
        let _said = ended.says(&["`nosuch`", "`openclaw nodes pending`"]);
    }
    let _said = home.run(&["devices", "remove", "nosuch"]).await.code(5).says(&["devices list"]);
    let called = home.run(&["gateway", "call", "x", "--params", "{bad"]).await.code(2);
    let words = ["nodes", "invoke", "--command", "x", "--params", "{bad"];
    assert_eq!(home.run(&words).await.code(2).stderr, called.stderr);

    let other = Home::new().config("{}");
    let mut node = start_waiting(&other, &port_of_gateway(&home), "other").await;
    let listed = home.run(&["nodes", "status"]).await.code(0);
    let _said = listed.says(&["`openclaw nodes pending`"]);
    let id = waiting_device(&home).await;
    let _approved = home.run(&["devices", "approve", &id]).await.code(0);
    node.until_says("connected").await;
    for (name, said) in [("server-node", node_id.as_str()), ("", "empty"), (" ", "empty")] {
        let words = ["nodes", "rename", "--node", "other", "--name", name];
        let ended = home.run(&words).await.code(5).says(&[said]);
        assert!(!ended.stderr.contains("failed to get an answer"), "{ended:?}");
    }

    let _said = home.run(&["nodes", "remove"]).await.code(2).says(&["--node"]);
    node.terminate().await;
    let _ended = node.ended().await.code(0);
    until_offline(&home, "other").await;
    let removed = home.run(&["nodes", "remove", "--node", "other"]).await.code(0);
    assert!(removed.stdout.contains("it was not connected"), "{removed:?}");
    let removed = home.run(&["nodes", "remove", "--node", "server-node"]).await.code(0);
    assert!(removed.stdout.contains("its connection was closed"), "{removed:?}");
    setup.end().await;
}

/// Waits until the gateway knows that a node has gone.
async fn until_offline(home: &Home, name: &str) {
    loop {
        let list = home.run(&["nodes", "list", "--json"]).await.code(0).json();
        let nodes = list["paired"].as_array().unwrap().iter();
        if nodes.clone().any(|node| node["displayName"] == name && node["connected"] == false) {
            return;
        }
    }
}

#[tokio::test]
async fn the_status_of_a_node_names_the_command_that_comes_next() {
    // Gateway and node use one state folder, so that the gateway is asked with its own secret.
    let home = Home::new().config(OPEN);
    let gateway = start_gateway(&home).await;
    let port = port_of_gateway(&home);
    assert_eq!(status_of_node(&home).await["nextCommand"], "openclaw node run");
    let mut node = start_waiting(&home, &port, "own").await;
    let waiting = status_of_node(&home).await;
    let id = waiting_device(&home).await;
    assert_eq!(waiting["phase"], "waiting-for-approval", "{waiting}");
    assert_eq!(waiting["nextCommand"], format!("openclaw devices approve {id}"));
    assert_eq!(waiting["error"], Value::Null, "{waiting}");

    // Only its identity is approved: its commands wait for themselves.
    let _approved = home.run(&["devices", "approve", &id, "--identity-only"]).await.code(0);
    node.until_says("openclaw nodes approve").await;
    let pending = status_of_node(&home).await;
    let request = pending["pendingRequestId"].as_str().unwrap().to_owned();
    assert_eq!(pending["nextCommand"], format!("openclaw nodes approve {request}"));
    let _rejected = home.run(&["nodes", "reject", &request]).await.code(0);
    node.until_says("not approved").await;
    let status = home.run(&["node", "status"]).await.code(0);
    let _said =
        status.says(&["not approved: system.run.prepare", "start `openclaw node run` again"]);
    node.terminate().await;
    let _ended = node.ended().await.code(0);

    let mut node = home.start(&["node", "run"]);
    node.until_says("openclaw nodes approve").await;
    let request = status_of_node(&home).await["pendingRequestId"].as_str().unwrap().to_owned();
    let _approved = home.run(&["nodes", "approve", &request]).await.code(0);
    node.until_says("approved: system.execApprovals.get").await;
    let well = status_of_node(&home).await;
    assert_eq!((&well["nextCommand"], &well["approvalState"]), (&Value::Null, &"approved".into()));
    // A node that lost its token is let in by the secret of its own gateway.
    node.terminate().await;
    let _ended = node.ended().await.code(0);
    std::fs::remove_file(node_file(&home, "node/tokens.json")).unwrap();
    let mut node = home.start(&["node", "run"]);
    node.until_says("connected to the gateway").await;
    node.terminate().await;
    let _ended = node.ended().await.code(0);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

#[tokio::test]
async fn a_node_tells_its_state_without_the_gateway_and_shows_it_no_other_secret() {
    let gateway_home = Home::new().config("{}");
    let gateway = start_gateway(&gateway_home).await;
    let port = port_of_gateway(&gateway_home);
    // This machine had a gateway of its own at the same address.
    let home = Home::new().config("{}").env("OPENCLAW_GATEWAY_TOKEN", "another-gateways-token");
    home.put_state("gateway/token", "this-machines-own-token-of-a-gateway\n");
    home.put_state("gateway/address", &format!("127.0.0.1:{port}\n"));
    home.put_state("gateway/gateway.lock", "1");
    let mut node = start_waiting(&home, &port, "far").await;
    let waiting = status_of_node(&home).await;
    let id = waiting_device(&gateway_home).await;
    assert_eq!(waiting["pid"], node.id(), "{waiting}");
    assert_eq!(waiting["nextCommand"], format!("openclaw devices approve {id}"));
    assert!(waiting["error"].as_str().unwrap().contains("was not asked"), "{waiting}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let state = std::fs::metadata(node_file(&home, "node/state.json")).unwrap();
        assert_eq!(state.permissions().mode() & 0o777, 0o600);
    }
    let _approved = gateway_home.run(&["devices", "approve", &id]).await.code(0);
    node.until_says("approved: ").await;
    let connected = status_of_node(&home).await;
    assert_eq!((&connected["phase"], &connected["connected"]), (&"connected".into(), &true.into()));
    assert_eq!(connected["approvalState"], "approved");

    node.kill().await;
    let killed = status_of_node(&home).await;
    assert_eq!((&killed["running"], &killed["connected"]), (&false.into(), &false.into()));
    assert_eq!(killed["nextCommand"], "openclaw node run");

    let home = Home::new().config("{}");
    let words = ["node", "run", "--port", &port, "--token", "a-token-that-is-wrong"];
    let refused = home.run(&words).await.code(5);
    let _said = refused.says(&["A node needs no secret"]);
    let status = home.run(&["node", "status"]).await.code(1);
    assert!(status.stdout.contains("the gateway refused it"), "{status:?}");

    // A command with the address of another gateway shows it no secret either.
    let home = Home::new().config("{}").env("OPENCLAW_GATEWAY_TOKEN", "another-gateways-token");
    let url = format!("ws://127.0.0.1:{port}");
    let refused = home.run(&["gateway", "health", "--url", &url]).await.code(5);
    let _said = refused.says(&["devices approve"]);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}
