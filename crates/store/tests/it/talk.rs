//! A test conversation like an agent's: with its own history, and a session as its journal.

use openclaw_core::{
    AssistantMessage, ConversationSummary, EmittedToolCall, History, InvalidToolCall, Journal as _,
    JournalEntry, MessageRef, ToolArguments, ToolCall, ToolCallId, ToolName, ToolOutput,
};
use openclaw_store::{LoadedSession, Session, SessionKey, Store, TurnRecord};
use tempfile::TempDir;

pub(crate) fn key() -> SessionKey {
    "agent:main:main".parse().unwrap()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A folder with a store in it.
pub(crate) fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("state/sessions.db")).unwrap();
    (folder, store)
}

pub(crate) fn take(store: &Store) -> LoadedSession {
    store.acquire_current(&key(), "main").unwrap()
}

#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) session: Session,
    pub(crate) history: History,
    /// The calls that were announced, and those that were started.
    begun: Vec<ToolCallId>,
}

impl Talk {
    pub(crate) fn new(loaded: LoadedSession) -> Self {
        Self { session: loaded.session, history: loaded.history, begun: Vec::new() }
    }

    fn append(&self, entry: JournalEntry<'_>) {
        block_on(self.session.append_entry(entry)).unwrap();
    }

    pub(crate) fn begin(&mut self) {
        self.history = block_on(self.session.begin_turn()).unwrap();
    }

    pub(crate) fn user(&mut self, text: &str) {
        self.append(JournalEntry::UserMessage(text));
        self.history.push_user_message(text);
    }

    /// Records a message if the history accepts it, like the agent.
    pub(crate) fn assistant(&mut self, message: &AssistantMessage) -> Vec<ToolCall> {
        if self.open().is_some() {
            return Vec::new();
        }
        let mut history = self.history.clone();
        let Ok(calls) = history.push_assistant_message(message.clone()) else { return Vec::new() };
        self.append(JournalEntry::AssistantMessage(message));
        self.history = history;
        calls
    }

    fn open(&self) -> Option<ToolCall> {
        self.history.open_calls().next().cloned()
    }

    pub(crate) fn intend(&mut self) {
        if let Some(call) = self.open() {
            self.append(JournalEntry::CallIntent(&call));
        }
    }

    pub(crate) fn dispatch(&mut self) {
        if let Some(call) = self.open() {
            self.append(JournalEntry::CallDispatched(&call.id));
            self.begun.push(call.id);
        }
    }

    pub(crate) fn result(&mut self, text: &str) {
        if let Some(call) = self.open() {
            let output = ToolOutput::from_text(text).with_summary("done");
            self.append(JournalEntry::CallResult(&call.id, &output));
            self.history.resolve_call(&call.id, output).unwrap();
        }
    }

    pub(crate) fn compact(&mut self, keep: usize, text: &str) {
        // Open calls are among the kept steps, as in the agent.
        let keep = if self.open().is_some() { keep.max(1) } else { keep };
        let summary =
            ConversationSummary { text: text.to_owned(), ..ConversationSummary::default() };
        let mut history = self.history.clone();
        if history.apply_summary(keep, summary.clone()).is_ok() {
            self.append(JournalEntry::Compacted { kept_steps: keep, summary: &summary });
            self.history = history;
        }
    }

    /// Ends the turn, with the agent's own results for open calls.
    pub(crate) fn end(&mut self) {
        self.end_as("reply");
    }

    pub(crate) fn end_as(&mut self, outcome: &str) {
        while let Some(call) = self.open() {
            self.history.resolve_call(&call.id, ToolOutput::from_error("cancelled")).unwrap();
        }
        let turn = TurnRecord { outcome: outcome.to_owned(), ..TurnRecord::default() };
        block_on(self.session.end_turn(&self.history, &turn)).unwrap();
    }

    pub(crate) fn undo_turn(&mut self) -> bool {
        let undone = block_on(self.session.undo_turn()).unwrap();
        undone.map(|history| self.history = history).is_some()
    }

    pub(crate) fn undo_compaction(&mut self) -> bool {
        let undone = block_on(self.session.undo_compaction()).unwrap();
        undone.map(|history| self.history = history).is_some()
    }

    /// A turn with one call and an answer.
    pub(crate) fn turn(&mut self, text: &str) {
        self.begin();
        self.user(text);
        self.assistant(&calls(&["call_0"]));
        self.intend();
        self.dispatch();
        self.result("it is so");
        self.assistant(&AssistantMessage::from_text(format!("About {text}: yes.")));
        self.end();
    }
}

pub(crate) fn calls(ids: &[&str]) -> AssistantMessage {
    let calls = ids.iter().map(|id| {
        EmittedToolCall::Valid(ToolCall {
            id: ToolCallId::new(id).unwrap(),
            name: ToolName::new("read").unwrap(),
            arguments: ToolArguments::parse_json(r#"{"path":"a.txt","share":0.30000000000000004}"#)
                .unwrap(),
        })
    });
    AssistantMessage { calls: calls.collect(), ..AssistantMessage::default() }
}

pub(crate) fn broken(id: &str) -> AssistantMessage {
    let call = InvalidToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("read").unwrap(),
        raw_arguments: "{\"path\":".to_owned(),
        problem: "It was cut off.".to_owned(),
    };
    AssistantMessage { calls: vec![EmittedToolCall::Invalid(call)], ..AssistantMessage::default() }
}

/// Checks what every server requires of a conversation.
pub(crate) fn assert_legal(history: &History) {
    let mut open: Vec<String> = Vec::new();
    let mut used: Vec<String> = Vec::new();
    let mut before: Option<&str> = None;
    for message in history.messages() {
        let role = match &message {
            MessageRef::User(_) => "user",
            MessageRef::Assistant { text, calls, .. } => {
                assert!(!text.trim().is_empty() || !calls.is_empty());
                for call in calls {
                    let id = call.id.as_str().to_owned();
                    assert!(!used.contains(&id), "{id} is used twice");
                    used.push(id.clone());
                    open.push(id);
                }
                open.reverse();
                "assistant"
            }
            MessageRef::ToolResult { call, .. } => {
                assert_eq!(open.pop().as_deref(), Some(call.id.as_str()));
                "result"
            }
        };
        assert!(role == "result" || open.is_empty() || role == "assistant");
        match (before, role) {
            (None, role) => assert_eq!(role, "user"),
            (Some("assistant"), role) => assert_ne!(role, "assistant"),
            (Some("user"), role) => assert_eq!(role, "assistant"),
            _ => {}
        }
        before = Some(role);
    }
    assert!(open.is_empty());
}
