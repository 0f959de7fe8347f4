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
    let frame = "data: \n\n".len();
    let text = "of some tokens, ".bytes().cycle().take(event.saturating_sub(frame)).collect();
    let event = format!("data: {}\n\n", String::from_utf8(text)?);
    let bytes = Bytes::from(event.repeat(ROUND / event.len()));
    let (mut decoder, mut events) = (Decoder::new(ROUND), 0);
    for _ in 0..rounds {
        for begin in (0..bytes.len()).step_by(READ) {
            decoder.push(bytes.slice(begin..bytes.len().min(begin + READ)));
            while let Some(event) = decoder.next_event()? {
                std::hint::black_box(&event);
                events += 1;
            }
        }
    }
    println!("{{\"events\":{events},\"bytes\":{}}}", bytes.len() * rounds);
    Ok(())
}
