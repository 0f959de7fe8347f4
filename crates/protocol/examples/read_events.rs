//! Prints the answer of a run while it is written: `openclaw agent -m hi --output-format stream-json
//! | cargo run -p openclaw-protocol --example read_events`.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use openclaw_protocol::events::WireEvent;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?)? {
            WireEvent::Text { text } => out.write_all(text.as_bytes())?,
            WireEvent::ModelCallStarted { .. } | WireEvent::MessageReset { .. } => {
                out.write_all(b"\n")?;
            }
            WireEvent::Result(result) => writeln!(out, "\nexit code {}", result.exit_code)?,
            _ => {}
        }
        out.flush()?;
    }
    Ok(())
}
