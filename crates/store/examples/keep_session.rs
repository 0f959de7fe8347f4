//! Adds a message to a session at each run and lists all of them:
//! `cargo run -p openclaw-store --example keep_session -- /tmp/sessions.db "Hello"`.

use std::error::Error;
use std::io::{self, Write as _};

use openclaw_core::{AssistantMessage, Journal as _, JournalEntry, MessageRef};
use openclaw_store::{SessionKey, Store};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "sessions.db".to_owned());
    let message = arguments.next().unwrap_or_else(|| "Hello".to_owned());
    let store = Store::open(path)?;
    let key: SessionKey = "agent:main:main".parse()?;
    let session = store.acquire_current(&key, "main")?.session;
    session.append_entry(JournalEntry::UserMessage(&message)).await?;
    let answer = AssistantMessage::from_text("Noted.");
    session.append_entry(JournalEntry::AssistantMessage(&answer)).await?;
    // A session has one user at a time: drop it before it is acquired again.
    drop(session);
    let loaded = store.acquire_current(&key, "main")?;
    for (number, message) in loaded.history.messages().enumerate() {
        if let MessageRef::User(text) = message {
            writeln!(io::stdout(), "{}: {text}", number / 2 + 1)?;
        }
    }
    Ok(())
}
