//! Measures how long loading a session takes: `cargo bench -p openclaw-store`.
//!
//! Targets: 20 ms for a session of 10,000 events, 50 ms for a compacted one of 100 MB, and 150 MB
//! of memory for 500 loaded sessions.

use std::{error::Error, io::Write as _, ops::Range, path::Path};

use criterion::Criterion;
use openclaw_core::{
    AssistantMessage, ConversationSummary, EmittedToolCall, Journal as _, JournalEntry,
    ToolArguments, ToolCall, ToolCallId, ToolName, ToolOutput,
};
use openclaw_store::{Session, SessionKey, Store, TurnRecord};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// A turn of two calls: ten events.
const EVENTS_A_TURN: usize = 10;

/// Records turns of two calls each, whose results have this many bytes.
async fn talk(session: &Session, turns: Range<usize>, bytes: usize) -> Fallible<()> {
    let text = "a line of what a tool says\n".repeat(bytes / 27 + 1);
    let output = ToolOutput::from_text(text.get(..bytes).unwrap_or_default());
    for turn in turns {
        session.append_entry(JournalEntry::UserMessage("What does the file say?")).await?;
        let call = |number| -> Fallible<ToolCall> {
            Ok(ToolCall {
                id: ToolCallId::new(&format!("call_{turn}_{number}")).ok_or("an id")?,
                name: ToolName::new("read")?,
                arguments: ToolArguments::parse_json(r#"{"path":"src/main.rs","offset":120}"#)?,
            })
        };
        let calls = [call(0)?, call(1)?];
        let emitted = calls.iter().cloned().map(EmittedToolCall::Valid).collect();
        let message = AssistantMessage { calls: emitted, ..AssistantMessage::default() };
        session.append_entry(JournalEntry::AssistantMessage(&message)).await?;
        for call in &calls {
            session.append_entry(JournalEntry::CallIntent(call)).await?;
            session.append_entry(JournalEntry::CallDispatched(&call.id)).await?;
            session.append_entry(JournalEntry::CallResult(&call.id, &output)).await?;
        }
        let answer = AssistantMessage::from_text("It says that a tool said a line.");
        session.append_entry(JournalEntry::AssistantMessage(&answer)).await?;
        let history = session.history().await;
        session.end_turn(&history, &TurnRecord::default()).await?;
    }
    Ok(())
}

async fn compact(session: &Session) -> Fallible<()> {
    let summary =
        ConversationSummary { text: "Much was read.".to_owned(), ..ConversationSummary::default() };
    Ok(session.append_entry(JournalEntry::Compacted { kept_steps: 30, summary: &summary }).await?)
}

/// The process's present or peak memory in kilobytes; known on Linux only.
fn kilobytes(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn open(path: &Path, key: &SessionKey) -> Fallible<usize> {
    let store = Store::open(path)?;
    Ok(store.acquire_current(key, "main")?.events_read)
}

fn main() -> Fallible<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut out = std::io::stderr();
    let key: SessionKey = "agent:main:main".parse()?;

    for (name, turns, bytes, compacts) in [
        ("10,000 events, never compacted", 10_000 / EVENTS_A_TURN, 500, 0),
        ("10,000 events, compacted ten times", 10_000 / EVENTS_A_TURN, 500, 10),
        ("100 MB, compacted every fifty turns", 2_500, 20_000, 49),
    ] {
        let path = folder.path().join(format!("{turns}-{compacts}.db"));
        let store = Store::open(&path)?;
        let session = store.acquire_current(&key, "main")?.session;
        let parts = compacts + 1;
        for part in 0..parts {
            runtime.block_on(talk(
                &session,
                part * turns / parts..(part + 1) * turns / parts,
                bytes,
            ))?;
            if part < compacts {
                runtime.block_on(compact(&session))?;
            }
        }
        drop((session, store));
        let size = std::fs::metadata(&path)?.len() / 1_000_000;
        writeln!(out, "{name}: a file of {size} MB, {} events read", open(&path, &key)?)?;
        let store = Store::open(&path)?;
        criterion.bench_function(&format!("{name}: take"), |bencher| {
            bencher.iter_with_large_drop(|| store.acquire_current(&key, "main").map(drop));
        });
        drop(store);
        criterion.bench_function(&format!("{name}: open and take"), |bencher| {
            bencher.iter_with_large_drop(|| open(&path, &key).ok());
        });
    }

    let store = Store::open(folder.path().join("many.db"))?;
    let before = kilobytes("VmRSS:");
    let mut held = Vec::new();
    for number in 0..500 {
        let session = store.acquire_current(&format!("many:{number}").parse()?, "main")?.session;
        runtime.block_on(talk(&session, 0..1, 50_000))?;
        held.push(session);
    }
    if let Some((before, after)) = before.zip(kilobytes("VmRSS:")) {
        let each = "each with 100 KB of results";
        writeln!(out, "500 sessions held, {each}: {} KB", after.saturating_sub(before))?;
    }
    let session = held.first().ok_or("no session")?;
    criterion.bench_function("append, durable", |bencher| {
        bencher.iter(|| {
            runtime.block_on(session.append_entry(JournalEntry::UserMessage("More?"))).is_ok()
        });
    });
    criterion.final_summary();
    Ok(())
}
