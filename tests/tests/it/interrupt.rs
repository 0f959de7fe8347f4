//! Ctrl-C: nothing goes on behind the back of whoever stopped it.

use openclaw_mock_vllm::{Call, Gate, Reply, Turn};
use openclaw_tests::soon;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::servers::tiny;

#[tokio::test]
async fn an_answer_under_way_is_aborted_at_the_server() {
    for args in [&["agent", "-m", "hi"][..], &["infer", "model", "run", "--prompt", "hi"]] {
        let (server, home) = tiny().await;
        let gate = Gate::new();
        server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
        let running = home.start(args);
        soon(gate.reached()).await;
        running.interrupt().await;
        let ended = running.ended().await.code(130).says(&["stopped"]);
        assert!(!ended.stdout.contains("two") && !ended.stderr.contains("panic"), "{ended:#?}");
        let requests = server.requests();
        soon(requests.last().unwrap().until_aborted()).await;
    }
}

#[tokio::test]
async fn a_prefill_that_has_not_answered_yet_is_aborted_too() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("late")).gate(0, &gate));
    let running = home.start(&["agent", "-m", "hi", "--json"]);
    soon(gate.reached()).await;
    running.interrupt().await;
    let ended = running.ended().await.code(130).says(&["stopped"]);
    let value = ended.json();
    assert_eq!(value["meta"]["stopReason"], json!("cancelled"), "{value}");
    assert_eq!((&value["ok"], &value["meta"]["aborted"]), (&json!(false), &json!(true)));
    assert_eq!(value["error"]["kind"], json!("cancelled"));
    soon(server.requests().last().unwrap().until_aborted()).await;
}

#[tokio::test]
async fn a_running_command_is_ended_with_all_that_it_started() {
    let (server, home) = tiny().await;
    let fifo = home.fifo("alive").await;
    let mut alive = pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
    // Each of the three processes holds the pipe open; its end is read when the last is gone.
    let command =
        format!("exec 9>'{}'; sleep 1000 & (sleep 1000) & echo up >&9; wait", fifo.display());
    server.push(Turn::call("exec", json!({"command": command}).to_string()));
    let running = home.start(&["agent", "--yes", "-m", "hi"]);
    let mut word = [0; 3];
    soon(alive.read_exact(&mut word)).await.unwrap();
    assert_eq!(&word, b"up\n");
    running.interrupt().await;
    let _ = running.ended().await.code(130);
    let mut rest = Vec::new();
    soon(alive.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_file_that_was_about_to_be_written_is_as_it_was() {
    let (server, home) = tiny().await;
    home.put("kept.txt", "as it was");
    let pieces = ["{\"path\": \"kept.txt\", ", "\"content\": \"half", " of it\"}"];
    let gate = Gate::new();
    server.push(Reply::from(Turn::empty().then_call(Call::pieces("write", pieces))).gate(3, &gate));
    let running = home.start(&["agent", "-m", "hi"]);
    soon(gate.reached()).await;
    running.interrupt().await;
    let _ = running.ended().await.code(130);
    assert_eq!(home.get("kept.txt"), "as it was");
    assert_eq!(home.files(), ["kept.txt"]);
}
