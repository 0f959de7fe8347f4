//! What `status` and `doctor` say of the gateway and the node of this machine, each with what comes
//! next.

use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::node_exec::{port_of_gateway, start_gateway};

const GATEWAY: &str = "{ gateway: { mode: 'local', port: 1 } }";

async fn found_by(home: &Home, command: &str) -> Value {
    home.run(&[command, "--json"]).await.json()
}

#[tokio::test]
async fn a_machine_that_is_no_node_and_has_no_gateway_says_nothing_of_them() {
    let home = Home::new().config("{}");
    assert_eq!(found_by(&home, "status").await["node"], Value::Null);
    let doctor = found_by(&home, "doctor").await;
    assert_eq!((&doctor["node"], &doctor["gateway"]), (&Value::Null, &Value::Null));
    let ended = home.run(&["doctor"]).await;
    assert!(!ended.stdout.contains("this machine"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_gateway_that_does_not_run_is_named_with_the_command_that_starts_it() {
    let home = Home::new().config(GATEWAY);
    let doctor = found_by(&home, "doctor").await;
    assert_eq!(doctor["gateway"]["reachable"], false, "{doctor}");
    let ended = home.run(&["doctor"]).await;
    assert!(ended.stdout.contains("gateway ws://127.0.0.1:1/: not running"), "{}", ended.stdout);
    assert!(ended.stdout.contains("`openclaw gateway run` starts it"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_node_is_shown_with_the_command_that_comes_next() {
    let gateway_home = Home::new().config("{ gateway: { mode: 'local' } }");
    let gateway = start_gateway(&gateway_home).await;
    let home = Home::new().config("{}");
    let port = port_of_gateway(&gateway_home);
    let mut node = home.start(&["node", "run", "--port", &port, "--display-name", "desk"]);
    node.until_says("openclaw devices approve").await;

    let status = found_by(&home, "status").await["node"].clone();
    assert_eq!(status["displayName"], "desk", "{status}");
    assert_eq!((&status["running"], &status["connected"]), (&json!(true), &json!(false)));
    assert_eq!(status["approvalState"], "pending-approval");
    let next = status["nextCommand"].as_str().unwrap().to_owned();
    assert!(next.starts_with("openclaw devices approve "), "{next}");
    assert_eq!(found_by(&home, "doctor").await["node"]["nextCommand"], next.as_str());
    let ended = home.run(&["status"]).await;
    assert!(ended.stdout.contains("desk; running: yes"), "{}", ended.stdout);
    assert!(ended.stderr.contains(&next), "{}", ended.stderr);

    // The command that was named is the one that helps.
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    let _approved = gateway_home.run(&words).await.code(0);
    node.until_says("connected").await;
    let status = found_by(&home, "status").await["node"].clone();
    assert_eq!(
        (&status["connected"], &status["approvalState"]),
        (&json!(true), &json!("approved"))
    );
    assert_eq!(status["nextCommand"], Value::Null, "{status}");
    let doctor = found_by(&gateway_home, "doctor").await;
    assert_eq!(doctor["gateway"]["reachable"], true, "{doctor}");

    node.terminate().await;
    let _ended = node.ended().await.code(0);
    let doctor = home.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("`openclaw node run` starts it"), "{}", doctor.stdout);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}
