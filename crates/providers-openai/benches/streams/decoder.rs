//! The decoder alone, on events of one size, compared with merely copying them.

use bytes::Bytes;
use openclaw_transport::SseDecoder;

use crate::Result;

/// The bytes decoded in one round.
const ROUND: usize = 16 << 20;

/// The most bytes that a read from a socket usually returns.
const READ: usize = 16 << 10;

/// Decodes events of `event` bytes, 16 MiB in each round.
pub(crate) fn run(event: usize, rounds: usize) -> Result<()> {
    let chunks = chunks(event);
    let (mut decoder, mut events) = (SseDecoder::new(ROUND + READ), 0);
    for _ in 0..rounds {
        for chunk in &chunks {
            decoder.push_chunk(chunk.clone());
            while let Some(event) = decoder.next_event()? {
                std::hint::black_box(&event);
                events += 1;
            }
        }
    }
    println!("{{\"events\":{events}}}");
    Ok(())
}

/// Copies the same pieces into one buffer for each event, and does nothing else.
pub(crate) fn copy(event: usize, rounds: usize) {
    let chunks = chunks(event);
    for _ in 0..rounds {
        let mut whole = Vec::new();
        for chunk in &chunks {
            whole.extend_from_slice(std::hint::black_box(chunk));
            if whole.len() >= event {
                std::hint::black_box(std::mem::take(&mut whole));
            }
        }
    }
}

/// The reads of a round. As with a socket, each reuses the same memory.
fn chunks(event: usize) -> Vec<Bytes> {
    let frame = ["data: ", "\n\n"].map(Bytes::from);
    let text = |size| Bytes::from("of some tokens, ".repeat(size / 16 + 1)).slice(..size);
    let [begin, end] = &frame;
    if event < READ {
        let event = [begin, &text(event - 8), end].map(Bytes::as_ref).concat();
        vec![Bytes::from(event.repeat(READ / event.len())); ROUND / READ]
    } else {
        let chunks = vec![text(READ); event / READ];
        let chunks = [vec![begin.clone()], chunks, vec![end.clone()]].concat();
        vec![chunks; ROUND / event].concat()
    }
}
