//! The entries of a test session, one event each.

use openclaw_core::{
    AssistantMessage, ConversationSummary, EmittedToolCall, Journal as _, JournalEntry, ToolCall,
    ToolCallId, ToolName, ToolOutput,
};

use crate::{RequestPrefix, Session, SessionKey, TurnRecord};

#[derive(Debug, Clone)]
pub(super) enum ScriptEntry {
    Prefix,
    User(&'static str),
    Assistant(AssistantMessage),
    Intent(ToolCall),
    Dispatched(ToolCallId),
    Result(ToolCallId),
    Compacted(usize),
    Turn,
}

pub(super) fn session_key() -> SessionKey {
    "agent:main:main".parse().unwrap()
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn tool_call(id: &str) -> ToolCall {
    let arguments = serde_json::from_str(r#"{"path":"a.txt","times":0.1}"#);
    let arguments: serde_json::Map<_, _> = arguments.unwrap();
    ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("write").unwrap(),
        arguments: arguments.into(),
    }
}

/// Two turns with calls, the second with a compaction in the middle. Each entry makes one event.
pub(super) fn script_entries() -> Vec<ScriptEntry> {
    let calls = |ids: &[&str]| {
        let calls = ids.iter().map(|id| EmittedToolCall::Valid(tool_call(id))).collect();
        ScriptEntry::Assistant(AssistantMessage { calls, ..AssistantMessage::default() })
    };
    let run = |id| {
        let call = tool_call(id);
        let id = call.id.clone();
        [ScriptEntry::Intent(call), ScriptEntry::Dispatched(id.clone()), ScriptEntry::Result(id)]
    };
    let mut entries = vec![ScriptEntry::Prefix, ScriptEntry::User("Write it."), calls(&["a", "b"])];
    entries.extend(run("a"));
    entries.extend(run("b"));
    entries.push(ScriptEntry::Assistant(AssistantMessage::from_text("Written.")));
    entries.extend([ScriptEntry::Turn, ScriptEntry::User("And another."), calls(&["c"])]);
    entries.push(ScriptEntry::Compacted(1));
    entries.extend(run("c"));
    entries.push(ScriptEntry::Assistant(AssistantMessage::from_text("Done.")));
    entries.push(ScriptEntry::Turn);
    entries
}

pub(super) fn perform_entry(session: &Session, entry: &ScriptEntry) {
    block_on(async {
        let append = async |entry| session.append_entry(entry).await.unwrap();
        match entry {
            ScriptEntry::Prefix => {
                let prefix = RequestPrefix {
                    system_prompt: Some("You write.".into()),
                    ..RequestPrefix::default()
                };
                session.set_request_prefix(&prefix).await.unwrap();
            }
            ScriptEntry::User(text) => append(JournalEntry::UserMessage(text)).await,
            ScriptEntry::Assistant(message) => {
                append(JournalEntry::AssistantMessage(message)).await;
            }
            ScriptEntry::Intent(call) => append(JournalEntry::CallIntent(call)).await,
            ScriptEntry::Dispatched(id) => append(JournalEntry::CallDispatched(id)).await,
            ScriptEntry::Result(id) => {
                append(JournalEntry::CallResult(id, &ToolOutput::from_text("1 line"))).await;
            }
            ScriptEntry::Compacted(keep) => {
                let summary = ConversationSummary {
                    text: "Wrote.".to_owned(),
                    ..ConversationSummary::default()
                };
                append(JournalEntry::Compacted { kept_steps: *keep, summary: &summary }).await;
            }
            ScriptEntry::Turn => {
                let history = session.history().await;
                let turn = TurnRecord { outcome: "reply".to_owned(), ..TurnRecord::default() };
                session.end_turn(&history, &turn).await.unwrap();
            }
        }
    });
}
