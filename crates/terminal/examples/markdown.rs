//! Renders Markdown from standard input while it arrives: `cargo run -p openclaw-terminal --example
//! markdown -- 60 < README.md`. The argument is the width in columns, by default 80.

use std::io::{self, Read as _, Write as _};

use openclaw_terminal::{MarkdownOptions, MarkdownStream};

fn main() -> io::Result<()> {
    let width = std::env::args().nth(1).and_then(|width| width.parse().ok()).unwrap_or(80);
    let mut stream = MarkdownStream::new(MarkdownOptions { width, colour: true });
    let mut out = io::stdout().lock();
    let mut held = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = io::stdin().read(&mut piece)?;
        held.extend_from_slice(piece.get(..read).unwrap_or_default());
        // A chunk may end within a UTF-8 character; at the end of input, invalid bytes are
        // replaced.
        let whole = match std::str::from_utf8(&held) {
            Err(cut) if read > 0 && cut.error_len().is_none() => cut.valid_up_to(),
            _ => held.len(),
        };
        let rest = held.split_off(whole);
        let text = String::from_utf8_lossy(&std::mem::replace(&mut held, rest)).into_owned();
        out.write_all(stream.push_text(&text).as_bytes())?;
        out.flush()?;
        if read == 0 {
            return out.write_all(stream.finish().as_bytes());
        }
    }
}
