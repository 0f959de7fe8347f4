//! Reads a history like a server.

use std::collections::{HashSet, VecDeque};
use std::fmt::Write;

use openclaw_core::{History, MessageRef, ToolCallId};

/// Writes each message of a history on a line of its own.
pub(crate) fn written(history: &History) -> Vec<String> {
    let line = |message| match message {
        MessageRef::User(text) => format!("user: {text}"),
        MessageRef::Assistant { text, calls, .. } => {
            let mut line = format!("assistant: {text}");
            for call in calls {
                write!(line, " [{} {} {}]", call.id, call.name, call.arguments.to_json()).unwrap();
            }
            line
        }
        MessageRef::ToolResult { call, text, .. } => format!("result {}: {text}", call.id),
    };
    history.messages().map(line).collect()
}

/// Fails unless a server would accept the history: it begins with the user, roles alternate, ids
/// are unique, and each call is followed by its one result.
pub(crate) fn assert_legal(history: &History) {
    let mut ids = HashSet::new();
    let mut owed: VecDeque<&ToolCallId> = VecDeque::new();
    let mut assistant_may_speak = false;
    let mut user_may_speak = true;
    for message in history.messages() {
        match &message {
            MessageRef::ToolResult { call, text, .. } => {
                assert_eq!(owed.pop_front(), Some(&call.id), "{message:?}");
                assert!(!text.is_empty(), "{message:?}");
                (assistant_may_speak, user_may_speak) = (true, true);
            }
            MessageRef::User(_) => {
                assert!(owed.is_empty() && user_may_speak, "{message:?}");
                (assistant_may_speak, user_may_speak) = (true, false);
            }
            MessageRef::Assistant { text, calls, .. } => {
                assert!(owed.is_empty() && assistant_may_speak, "{message:?}");
                assert!(!text.trim().is_empty() || !calls.is_empty(), "{message:?}");
                for call in calls {
                    assert!(ids.insert(&call.id), "{} is used twice", call.id);
                    owed.push_back(&call.id);
                }
                (assistant_may_speak, user_may_speak) = (false, true);
            }
        }
    }
    assert!(owed.is_empty(), "without a result: {owed:?}");
}
