//! Sub-agents through the command line and the gateway.

use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::tiny;

/// Asks for a sub-agent that answers by itself.
const SPAWN: &str = "call the tool `sessions_spawn` with `task` set to \"reply exactly: pear\".";

/// How often a state is looked at that comes by itself.
const LOOKS: usize = 200;

/// The sessions, once one of them is as it should be.
async fn sessions_when(home: &Home, is_there: impl Fn(&Value) -> bool) -> Vec<Value> {
    for _ in 0..LOOKS {
        let list = home.run(&["sessions", "list", "--json"]).await.code(0).json();
        let sessions = list["sessions"].as_array().unwrap().clone();
        if sessions.iter().any(&is_there) {
            return sessions;
        }
    }
    panic!("no session is as it should be");
}

#[tokio::test]
async fn in_the_gateway_the_end_of_a_sub_agent_begins_a_turn_of_its_session() {
    let (_server, home) = tiny().await;
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let params = json!({ "message": SPAWN, "idempotencyKey": "k" }).to_string();
    let call = ["gateway", "call", "agent", "--expect-final", "--params", params.as_str()];
    let _accepted = home.run(&call).await.code(0);
    let is_woken = |session: &Value| session["key"] == "agent:main:main" && session["turns"] == 2;
    let sessions = sessions_when(&home, is_woken).await;
    let child = sessions.iter().find(|it| it["spawnedBy"] == "agent:main:main").unwrap();
    assert!(child["key"].as_str().unwrap().starts_with("agent:main:subagent:"));
    let parent = sessions.iter().find(|it| it["key"] == "agent:main:main").unwrap();
    assert_eq!(
        (&parent["subagents"]["runs"], &parent["subagents"]["open"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(parent["subagents"]["outputTokens"], child["outputTokens"]);
    let shown = home.run(&["sessions", "show", "agent:main:main"]).await.code(0);
    for part in ["ended with an answer", "> pear", "its sub-agents: 1,"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let shown = home.run(&["sessions", "show", child["key"].as_str().unwrap()]).await.code(0);
    assert!(shown.stdout.contains("a sub-agent of agent:main:main"), "{}", shown.stdout);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

/// A home whose sub-agents have a server of their own.
async fn home_with_kids() -> (MockVllm, MockVllm, Home) {
    let start = || MockVllm::builder().model(ModelSpec::new("tiny", 40_960)).start();
    let (above, below) = (start().await.unwrap(), start().await.unwrap());
    let home = Home::new().config(&format!(
        "{{ models: {{ providers: {{ lab: {{ baseUrl: '{}' }}, kids: {{ baseUrl: '{}' }} }} }},
           agents: {{ defaults: {{ model: 'lab/tiny', subagents: {{ model: 'kids/tiny' }} }} }} }}",
        above.base_url(),
        below.base_url()
    ));
    (above, below, home)
}

#[tokio::test]
async fn a_program_that_ends_cancels_its_sub_agents_and_says_so() {
    let (above, below, home) = home_with_kids().await;
    let gate = Gate::new();
    below.push(Reply::from(Turn::text("Never.")).gate(0, &gate));
    above.push(Turn::call("sessions_spawn", r#"{"task":"wait","label":"slow"}"#));
    above.push(Turn::text("It works."));
    let ended = home.run(&["agent", "--local", "-m", "Start it."]).await.code(0);
    let _said = ended.says(&["a sub-agent was cancelled", "(slow)"]);
    above.push(Turn::text("I see."));
    let _next = home.run(&["agent", "--local", "-m", "And now?"]).await.code(0);
    let shown = home.run(&["sessions", "show", "agent:main:main"]).await.code(0);
    assert!(shown.stdout.contains("(slow) was cancelled"), "{}", shown.stdout);
}

#[tokio::test]
async fn a_killed_program_leaves_a_sub_agent_as_ended_unknown() {
    let (above, below, home) = home_with_kids().await;
    let gate = Gate::new();
    below.push(Reply::from(Turn::text("Never.")).gate(0, &gate));
    above.push(Turn::call("sessions_spawn", r#"{"task":"wait","label":"lost"}"#));
    above.push(Turn::call("subagents", r#"{"action":"wait"}"#));
    let program = home.start(&["agent", "--local", "-m", "Start it."]);
    gate.reached().await;
    program.kill().await;
    above.push(Turn::text("I see."));
    let _next = home.run(&["agent", "--local", "-m", "And now?"]).await.code(0);
    let list = home.run(&["sessions", "list", "--json"]).await.code(0).json();
    let parent =
        list["sessions"].as_array().unwrap().iter().find(|it| it["key"] == "agent:main:main");
    assert_eq!(parent.unwrap()["subagents"]["open"], 0, "{list}");
    let shown = home.run(&["sessions", "show", "agent:main:main"]).await.code(0);
    assert!(
        shown.stdout.contains("(lost) ended with the program, unknown how"),
        "{}",
        shown.stdout
    );
}
