//! Whoever reads stdout may stop reading: `openclaw … | head` is no failure.

use openclaw_mock_vllm::{Gate, Reply, Turn};
use openclaw_tests::soon;

use crate::servers::tiny;

#[tokio::test]
async fn an_answer_that_nobody_reads_any_more_is_no_failure() {
    for args in [
        &["infer", "model", "run", "--prompt", "hi"][..],
        &["infer", "model", "run", "--prompt", "hi", "--json"],
        &["agent", "-m", "hi"],
        &["agent", "-m", "hi", "--json"],
    ] {
        let (server, home) = tiny().await;
        let gate = Gate::new();
        server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(1, &gate));
        let mut running = home.start(args);
        soon(gate.reached()).await;
        running.close_stdout();
        gate.open();
        let ended = running.ended().await.code(0);
        assert_eq!(ended.stderr, "", "{args:?}");
    }
}

#[tokio::test]
async fn a_list_that_nobody_reads_is_no_failure() {
    let (_server, home) = tiny().await;
    for args in [
        &["models", "list"][..],
        &["models", "list", "--json"],
        &["models", "status"],
        &["--help"],
        &["--version"],
    ] {
        let mut running = home.start(args);
        running.close_stdout();
        let ended = running.ended().await.code(0);
        assert_eq!(ended.stderr, "", "{args:?}");
    }
}
