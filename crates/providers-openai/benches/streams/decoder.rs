//! The decoder alone, on events of one size.

use bytes::Bytes;
use openclaw_transport::Decoder;

use crate::Result;

/// How much is decoded in one round.
const ROUND: usize = 16 << 20;

/// How much a read from a socket usually gives at most.
const READ: usize = 16 << 10;

/// Decodes events of so many bytes, 16 MiB in each of so many rounds.
pub(crate) fn run(event: usize, rounds: usize) -> Result<()> {
    // As from a socket, each read is of the same memory.
    let frame = ["data: ", "\n\n"].map(Bytes::from);
    let text = |size| Bytes::from("of some tokens, ".repeat(size / 16 + 1)).slice(..size);
    let [begin, end] = &frame;
    let chunks: Vec<Bytes> = if event < READ {
        let event = [begin, &text(event - 8), end].map(Bytes::as_ref).concat();
        vec![Bytes::from(event.repeat(READ / event.len())); ROUND / READ]
    } else {
        let chunks = vec![text(READ); event / READ];
        let chunks = [vec![begin.clone()], chunks, vec![end.clone()]].concat();
        vec![chunks; ROUND / event].concat()
    };
    let (mut decoder, mut events) = (Decoder::new(ROUND + READ), 0);
    for _ in 0..rounds {
        for chunk in &chunks {
            decoder.push(chunk.clone());
            while let Some(event) = decoder.next_event()? {
                std::hint::black_box(&event);
                events += 1;
            }
        }
    }
    println!("{{\"events\":{events}}}");
    Ok(())
}
