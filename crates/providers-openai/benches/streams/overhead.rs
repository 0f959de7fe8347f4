//! The time that the client adds to a request: to the first token on a warm connection.

use std::time::{Duration, Instant};

use crate::socket::{Reader, Socket};
use crate::{Result, client};

const ONE: &str = "tokens-1-every-0-us";

/// Times both in turn and prints the medians.
pub(crate) async fn run(address: &str, rounds: u32) -> Result<()> {
    let model = client::model(address, ONE)?;
    let mut socket = Socket::connect(address)?;
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(by_socket(&mut socket)?);
        let begun = Instant::now();
        let mut first = None;
        client::read(&model, client::request("hi"), || first = Some(begun.elapsed())).await?;
        whole.push(first.ok_or("there was no token")?);
    }
    println!("{{\"socket_us\":{:.1},\"client_us\":{:.1}}}", median(bare), median(whole));
    Ok(())
}

fn by_socket(socket: &mut Socket) -> Result<Duration> {
    let begun = Instant::now();
    let mut reader = Reader::default();
    socket.send(ONE)?;
    while reader.tokens == 0 {
        socket.receive(&mut reader)?;
    }
    let first = begun.elapsed();
    while !reader.ended {
        socket.receive(&mut reader)?;
    }
    Ok(first)
}

/// The median in microseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
}
