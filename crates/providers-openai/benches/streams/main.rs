//! Streams of tokens from a server to their reader. Each role is a process of its own, so that
//! what each costs can be told apart: `cargo xtask bench streams` starts and measures them.
#![expect(clippy::print_stdout, reason = "results go to whoever started the role")]

mod client;
mod crowd;
mod decoder;
mod overhead;
mod server;
mod socket;

use std::error::Error;

use openclaw_mock_vllm::{MockVllm, ModelSpec, Pace};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "roles, each started by `cargo xtask bench streams`:
  decode BYTES ROUNDS            decodes events of that size, 16 MiB in each round
  copy BYTES ROUNDS              only copies them
  serve                          sends `tokens-N-every-M-us`, the model that is asked for
  mock PER_SECOND                the mock server at that pace
  socket ADDRESS MODEL           reads a stream from a bare socket and parses each event
  client ADDRESS MODEL           reads a stream as a `ChatModel`
  crowd ADDRESS STREAMS TOKENS   reads that many streams at a time
  overhead ADDRESS ROUNDS        times first events over a bare socket and as a `ChatModel`";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["decode", bytes, rounds] => decoder::run(bytes.parse()?, rounds.parse()?),
        ["copy", bytes, rounds] => {
            decoder::copy(bytes.parse()?, rounds.parse()?);
            Ok(())
        }
        ["serve"] => server::serve(),
        ["mock", rate] => mock(rate.parse()?),
        ["socket", address, model] => socket::run(address, model),
        ["client", address, model] => runtime()?.block_on(client::run(address, model)),
        ["crowd", address, streams, tokens] => {
            runtime()?.block_on(crowd::run(address, streams.parse()?, tokens.parse()?))
        }
        ["overhead", address, rounds] => {
            runtime()?.block_on(overhead::run(address, rounds.parse()?))
        }
        // Cargo's own arguments are here too.
        _ => {
            println!("{USAGE}");
            Ok(())
        }
    }
}

/// Prints a stream's number of tokens; an error if it differs from the number ordered.
fn report(tokens: u64, model: &str) -> Result<()> {
    if server::ordered(model) != Some(tokens) {
        return Err(format!("{tokens} tokens came of {model}").into());
    }
    println!("{{\"tokens\":{tokens}}}");
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn mock(per_second: u32) -> Result<()> {
    let per_chunk = std::time::Duration::from_secs(1) / per_second;
    runtime()?.block_on(async {
        let server = MockVllm::builder()
            .model(ModelSpec::new("tiny", 1_000_000))
            .pace(Pace { per_chunk, ..Pace::default() })
            .record_requests(false)
            .start()
            .await?;
        println!("127.0.0.1:{}", server.port());
        std::future::pending().await
    })
}
