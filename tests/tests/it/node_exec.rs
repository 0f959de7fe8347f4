//! Commands of an agent on a node: a gateway, a node and an agent, each a process of its own.

use openclaw_mock_vllm::Turn;
use openclaw_tests::{Home, Running};
use serde_json::json;

use crate::servers::tiny;

/// A gateway, and a node with a home folder of its own.
pub(crate) struct NodeSetup {
    pub(crate) gateway: Running,
    pub(crate) node: Running,
    pub(crate) node_home: Home,
}

impl NodeSetup {
    /// Starts both and approves the node; `node_config` is the node's own.
    pub(crate) async fn start(home: &Home, node_config: &str) -> Self {
        let gateway = start_gateway(home).await;
        let node_home = Home::new().config(node_config);
        let port = port_of_gateway(home);
        let args = ["node", "run", "--port", &port, "--display-name", "server-node"];
        let mut node = node_home.start(&args);
        node.until_says("openclaw devices approve").await;
        let id = waiting_device(home).await;
        let _approved = home.run(&["devices", "approve", &id]).await.code(0);
        node.until_says("connected").await;
        Self { gateway, node, node_home }
    }

    pub(crate) async fn end(self) {
        self.node.terminate().await;
        let _node = self.node.ended().await;
        self.gateway.terminate().await;
        let _gateway = self.gateway.ended().await.code(0);
    }
}

/// Starts the gateway of a home folder on a port that the system chooses.
pub(crate) async fn start_gateway(home: &Home) -> Running {
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    gateway
}

/// The port of the gateway that ran last with a home folder.
pub(crate) fn port_of_gateway(home: &Home) -> String {
    let address = home.path().join(".openclaw/gateway/address");
    let address = std::fs::read_to_string(address).unwrap();
    address.trim().rsplit(':').next().unwrap().to_owned()
}

/// The request of the only device that waits.
pub(crate) async fn waiting_device(home: &Home) -> String {
    let pending = home.run(&["devices", "list", "--json"]).await.code(0).json();
    pending["pending"][0]["requestId"].as_str().unwrap().to_owned()
}

/// The four settings as people type them.
async fn configure(home: &Home) {
    for (key, value) in [
        ("tools.exec.host", "node"),
        ("tools.exec.node", "server-node"),
        ("tools.exec.security", "allowlist"),
        ("tools.exec.ask", "on-miss"),
    ] {
        let _set = home.run(&["config", "set", key, value]).await.code(0);
    }
    let _valid = home.run(&["config", "validate"]).await.code(0);
}

fn last_request(server: &openclaw_mock_vllm::MockVllm) -> String {
    String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned()
}

#[tokio::test]
async fn commands_run_on_the_node_and_files_stay_in_the_workspace() {
    let (server, home) = tiny().await;
    let setup =
        NodeSetup::start(&home, "{ tools: { exec: { security: 'full', ask: 'off' } } }").await;
    configure(&home).await;
    server.push(Turn::call("exec", r#"{"command":"echo $HOME; pwd; echo made > made-there.txt"}"#));
    server.push(Turn::call("write", r#"{"path":"here.txt","content":"here"}"#));
    server.push(Turn::text("Done."));
    let ended = home.run(&["agent", "-m", "Build it", "--json"]).await.code(0);
    assert!(ended.stdout.contains("Done."), "{ended:#?}");
    let node_folder = std::fs::canonicalize(setup.node_home.path()).unwrap();
    let told = last_request(&server);
    assert!(told.contains(&*node_folder.to_string_lossy()), "{told}");
    assert!(told.contains("on the node `server-node`"), "{told}");
    assert!(setup.node_home.files().contains(&"made-there.txt".to_owned()));
    assert_eq!(home.files(), ["here.txt"]);
    let asked = ["exec-policy", "explain", "touch x"];
    let explained = home.run(&asked).await.code(0);
    assert!(explained.stdout.starts_with("allow\n  because the node allows it"), "{explained:#?}");
    let explained = home.run(&["exec-policy", "explain", "touch x", "--json"]).await.code(0).json();
    let folder = node_folder.join(".openclaw/workspace");
    assert_eq!(explained["node"]["directory"], json!(folder), "{explained}");
    let explained = home.run(&["sandbox", "explain"]).await.code(0);
    let folder = format!("folder on the node: {}", folder.display());
    for line in ["agent main: commands run on the node `server-node`: its allowlist", &folder] {
        assert!(explained.stdout.contains(line), "{line}: {explained:#?}");
    }
    assert!(explained.stdout.contains("sandbox on the node:\n  files: "), "{explained:#?}");
    let audited = home.run(&["security", "audit", "--json"]).await.code(0).json();
    let about: Vec<&str> = audited["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["checkId"].as_str().filter(|id| id.starts_with("exec.")))
        .collect();
    assert_eq!(about, ["exec.node"], "{audited}");
    let examined = home.run(&["doctor"]).await;
    assert!(examined.stdout.contains("  sandbox on the node:\n"), "{examined:#?}");
    setup.end().await;

    let explained = home.run(&asked).await.code(0);
    for line in ["the node decides\n", "`openclaw gateway run` starts it", "denies the command"] {
        assert!(explained.stdout.contains(line), "{line}: {explained:#?}");
    }
    let explained = home.run(&["sandbox", "explain"]).await.code(0);
    assert!(explained.stdout.contains("the node was not asked: "), "{explained:#?}");

    // Nobody is there to ask any more.
    let refused = home.run(&["agent", "-m", "Again"]).await.code(3);
    let _told = refused.says(&["tools.exec.host", "openclaw.json", "openclaw gateway run"]);
}

#[tokio::test]
async fn the_node_s_own_policy_holds_and_its_questions_are_answered_here() {
    let (server, home) = tiny().await;
    let setup = NodeSetup::start(
        &home,
        "{ tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } } }",
    )
    .await;
    configure(&home).await;
    let call = || Turn::call("exec", json!({ "command": "touch asked.txt" }).to_string());
    server.push(call());
    server.push(Turn::text("Not allowed."));
    let _ended = home.run(&["agent", "-m", "Touch it"]).await.code(0);
    let told = last_request(&server);
    for part in [
        "running a command on the node `server-node` needs a person's approval",
        "the node runs it only after approval: `touch` is not on the allowlist",
        "`openclaw approvals allowlist add ",
        "touch --agent main` on the node's machine allows it without a question",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!setup.node_home.files().contains(&"asked.txt".to_owned()));
    server.push(call());
    server.push(Turn::text("Touched."));
    let _ended = home.run(&["agent", "-m", "Touch it", "--yes"]).await.code(0);
    assert!(setup.node_home.files().contains(&"asked.txt".to_owned()), "{}", last_request(&server));
    setup.node.terminate().await;
    let _node = setup.node.ended().await;
    server.push(call());
    server.push(Turn::text("Offline."));
    let _ended = home.run(&["agent", "-m", "Touch it", "--yes"]).await.code(0);
    assert!(last_request(&server).contains("is not connected; nothing was run"));
    setup.gateway.terminate().await;
    let _gateway = setup.gateway.ended().await.code(0);
}

#[tokio::test]
async fn a_node_that_denies_is_not_overruled() {
    let (server, home) = tiny().await;
    let setup = NodeSetup::start(&home, "{ tools: { exec: { security: 'deny' } } }").await;
    configure(&home).await;
    server.push(Turn::call("exec", r#"{"command":"touch denied.txt"}"#));
    server.push(Turn::text("Denied."));
    let _ended = home.run(&["agent", "-m", "Touch it", "--yes"]).await.code(0);
    let told = last_request(&server);
    assert!(told.contains("the node's policy does not permit it"), "{told}");
    assert!(setup.node_home.files().is_empty());
    setup.end().await;
}
