//! Captured output of a command.

use openclaw_process::{CommandEnd, CommandLimits, OutputStream, run};

use crate::support::{bounds, run_shell, shell};

#[tokio::test]
async fn a_flood_stays_within_the_bound_and_ends() {
    const MIB: u64 = 1 << 20;
    let bounds = CommandLimits { max_output_bytes: 1000, ..bounds() };
    let mut seen = 0;
    let command = "echo first; head -c 104857600 /dev/zero; echo last";
    let finished =
        run(shell(command), bounds, |_, piece| seen += piece.len() as u64).await.unwrap();
    assert_eq!(finished.end, CommandEnd::Exited(0));
    assert!(finished.output.head.starts_with(b"first\n\0"));
    assert!(finished.output.tail.ends_with(b"\0last\n"));
    assert_eq!(finished.output.head.len() + finished.output.tail.len(), 1000);
    assert_eq!(seen, 100 * MIB + 11);
    assert_eq!(finished.output.dropped_bytes, seen - 1000);
}

#[tokio::test]
async fn a_flood_does_not_outrun_the_time_limit() {
    let limit = std::time::Duration::from_millis(200);
    let bounds = CommandLimits { time_limit: Some(limit), ..bounds() };
    let finished = run(shell("exec cat /dev/zero"), bounds, |_, _| ()).await.unwrap();
    assert_eq!(finished.end, CommandEnd::TimedOut(limit));
}

#[tokio::test]
async fn bytes_that_are_no_text_are_kept_as_they_are() {
    let finished = run_shell(r"printf '\377\376\000\303'").await.unwrap();
    assert_eq!(finished.output.head, b"\xff\xfe\0\xc3");
}

#[tokio::test]
async fn both_streams_are_read_and_told_apart() {
    let mut pieces = Vec::new();
    // A flood on one stream must not keep the other one waiting for the end.
    let command = "head -c 1000000 /dev/zero & echo problem >&2; wait";
    let finished = run(shell(command), bounds(), |stream, piece| {
        pieces.push((stream, piece.to_vec()));
    })
    .await
    .unwrap();
    assert_eq!(finished.end, CommandEnd::Exited(0));
    let of = |wanted| -> Vec<u8> {
        pieces
            .iter()
            .filter(|(stream, _)| *stream == wanted)
            .flat_map(|(_, piece)| piece.clone())
            .collect()
    };
    assert_eq!(of(OutputStream::Stdout).len(), 1_000_000);
    assert_eq!(of(OutputStream::Stderr), b"problem\n");
}

#[tokio::test]
async fn a_command_may_close_its_output_and_go_on() {
    let finished = run_shell("exec >&- 2>&-; exit 5").await.unwrap();
    assert_eq!(finished.end, CommandEnd::Exited(5));
    assert_eq!(finished.output.head, b"");
}
