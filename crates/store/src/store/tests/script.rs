//! What a session goes through, an event an entry.

use openclaw_core::{
    AssistantMessage, EmittedCall, Journal as _, JournalEntry, Summary, ToolCall, ToolCallId,
    ToolName, ToolOutput,
};

use crate::{Prefix, Session, SessionKey, TurnRecord};

#[derive(Debug, Clone)]
pub(super) enum Entry {
    Prefix,
    User(&'static str),
    Assistant(AssistantMessage),
    Intent(ToolCall),
    Dispatched(ToolCallId),
    Result(ToolCallId),
    Compacted(usize),
    Turn,
}

pub(super) fn key() -> SessionKey {
    "agent:main:main".parse().unwrap()
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn call(id: &str) -> ToolCall {
    let arguments = serde_json::from_str(r#"{"path":"a.txt","times":0.1}"#);
    let arguments: serde_json::Map<_, _> = arguments.unwrap();
    ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("write").unwrap(),
        arguments: arguments.into(),
    }
}

/// Two turns with calls, one of them compacted in the middle. The event of each entry is one.
pub(super) fn script() -> Vec<Entry> {
    let calls = |ids: &[&str]| {
        let calls = ids.iter().map(|id| EmittedCall::Ready(call(id))).collect();
        Entry::Assistant(AssistantMessage { calls, ..AssistantMessage::default() })
    };
    let run = |id| {
        let call = call(id);
        let id = call.id.clone();
        [Entry::Intent(call), Entry::Dispatched(id.clone()), Entry::Result(id)]
    };
    let mut entries = vec![Entry::Prefix, Entry::User("Write it."), calls(&["a", "b"])];
    entries.extend(run("a"));
    entries.extend(run("b"));
    entries.push(Entry::Assistant(AssistantMessage::text("Written.")));
    entries.extend([Entry::Turn, Entry::User("And another."), calls(&["c"])]);
    entries.push(Entry::Compacted(1));
    entries.extend(run("c"));
    entries.push(Entry::Assistant(AssistantMessage::text("Done.")));
    entries.push(Entry::Turn);
    entries
}

pub(super) fn perform(session: &Session, entry: &Entry) {
    block_on(async {
        let append = async |entry| session.append(entry).await.unwrap();
        match entry {
            Entry::Prefix => {
                let prefix = Prefix { system: Some("You write.".into()), ..Prefix::default() };
                session.set_prefix(&prefix).await.unwrap();
            }
            Entry::User(text) => append(JournalEntry::User(text)).await,
            Entry::Assistant(message) => append(JournalEntry::Assistant(message)).await,
            Entry::Intent(call) => append(JournalEntry::Intent(call)).await,
            Entry::Dispatched(id) => append(JournalEntry::Dispatched(id)).await,
            Entry::Result(id) => {
                append(JournalEntry::Result(id, &ToolOutput::ok("1 line"))).await;
            }
            Entry::Compacted(keep) => {
                let summary = Summary { text: "Wrote.".to_owned(), ..Summary::default() };
                append(JournalEntry::Compacted { keep: *keep, summary: &summary }).await;
            }
            Entry::Turn => {
                let history = session.history().await;
                let turn = TurnRecord { outcome: "reply".to_owned(), ..TurnRecord::default() };
                session.end_turn(&history, &turn).await.unwrap();
            }
        }
    });
}
