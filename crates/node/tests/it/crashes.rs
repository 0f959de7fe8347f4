//! A node that is killed at each point of an invocation: no command runs twice, and what was told to
//! have ended has ended.

use std::io::{BufRead as _, BufReader, Read as _, stdin};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use openclaw_exec_policy::{AskMode, SecurityLevel};
use openclaw_node::{InvocationStage, NodeHost, NodeReport};
use serde_json::{Value, json};

use crate::fake_gateway::FakeGateway;
use crate::lab::{TestNode, TestPolicy, options};

const STAGES: [InvocationStage; 6] = [
    InvocationStage::Received,
    InvocationStage::Begun,
    InvocationStage::Started,
    InvocationStage::Ended,
    InvocationStage::Recorded,
    InvocationStage::Acknowledged,
];

/// The killed process: this test with a folder, a port and a stage as extra arguments. Without them,
/// as when all tests run, it does nothing.
#[test]
fn serves_until_it_is_killed() {
    let mut args = std::env::args();
    let Some(folder) = args.find_map(|arg| arg.strip_prefix("serve-in=").map(str::to_owned)) else {
        return;
    };
    let port: u16 = args.next().unwrap().parse().unwrap();
    let until = args.next().unwrap();
    let policy = Arc::new(TestPolicy::new(SecurityLevel::Full, AskMode::Off));
    let node = NodeHost::open(options(Path::new(&folder), port), policy, move |report| {
        let NodeReport::Invocation { id, stage, .. } = report else { return };
        if id == "killed" && format!("{stage:?}") == until {
            println!("\nstopped");
            // Blocks: the parent does not close the pipe before the kill.
            let _ = stdin().read(&mut [0]);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stopped = runtime.block_on(async { node.unwrap().run().await });
    panic!("the node stopped: {stopped:?}");
}

#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
fn start_node(folder: &Path, port: u16, stage: InvocationStage) -> (Child, ChildStdout) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashes::serves_until_it_is_killed", "--nocapture"])
        .arg(format!("serve-in={}", folder.display()))
        .args([port.to_string(), format!("{stage:?}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}

/// Waits until the process has reached its stage, and kills it there.
fn kill_when_stopped(mut child: Child, stdout: ChildStdout) {
    let is_stopped = BufReader::new(stdout).lines().any(|line| line.unwrap() == "stopped");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_stopped, "the stage was not reached");
}

/// How often the command ran, and the answer to the same request after the restart.
async fn kill_and_repeat(stage: InvocationStage) -> (usize, Value) {
    let folder = tempfile::tempdir().unwrap();
    let gateway = FakeGateway::start().await;
    let (child, stdout) = start_node(folder.path(), gateway.port(), stage);
    let mut connected = gateway.welcome().await;
    connected.invoke("pipe", "system.run", json!({ "command": ["mkfifo", "held"] })).await;
    // Before its end the command must still run when the node is killed.
    let text = if stage == InvocationStage::Started {
        "exec 9> held; echo run >> runs; sleep 1000"
    } else {
        "echo run >> runs; echo done"
    };
    let params = json!({ "command": ["sh", "-c", text] });
    connected.request("killed", "system.run", &params).await;
    if stage == InvocationStage::Acknowledged {
        assert_eq!(connected.answer("killed").await["stdout"], "done\n");
    }
    let held = folder.path().join("workspace/held");
    let killing = tokio::task::spawn_blocking(move || {
        let held = (stage == InvocationStage::Started).then(|| std::fs::File::open(held).unwrap());
        kill_when_stopped(child, stdout);
        // Nothing of the command outlives the node: the pipe ends with its last holder.
        if let Some(mut held) = held {
            assert_eq!(held.read_to_end(&mut Vec::new()).unwrap(), 0);
        }
    });
    killing.await.unwrap();
    drop(connected);

    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Off);
    let node = TestNode::start_in(folder, &gateway, &policy);
    let mut connected = gateway.welcome().await;
    let same = json!({ "idempotencyKey": "killed" });
    connected.request_with("again", "system.run", &params, same.clone()).await;
    let answer = connected.answer("again").await;
    connected.request_with("once more", "system.run", &params, same).await;
    assert_eq!(connected.answer("once more").await, answer, "{stage:?}");
    let runs = node.text("runs").lines().count();
    node.stop().await;
    (runs, answer)
}

#[tokio::test]
async fn a_killed_node_runs_nothing_twice_and_loses_no_recorded_result() {
    for stage in STAGES {
        let (runs, answer) = kill_and_repeat(stage).await;
        let code = answer["error"]["code"].as_str();
        match stage {
            // Nothing was begun, so the repeated request runs it.
            InvocationStage::Received => {
                assert_eq!((runs, &answer["stdout"]), (1, &json!("done\n")), "{answer}");
            }
            InvocationStage::Begun => assert_eq!((runs, code), (0, Some("OUTCOME_UNKNOWN"))),
            InvocationStage::Started => {
                assert_eq!(code, Some("OUTCOME_UNKNOWN"));
                assert!(runs <= 1, "{runs}");
            }
            InvocationStage::Ended => assert_eq!((runs, code), (1, Some("OUTCOME_UNKNOWN"))),
            _ => {
                assert_eq!((runs, &answer["stdout"]), (1, &json!("done\n")), "{stage:?} {answer}");
            }
        }
    }
}
