//! Which session a chat of a client continues: clients send the whole chat each time, and the agent
//! has it in a session already.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::request::{ChatCompletion, PlainMessage};
use crate::random::{random_uuid, to_hex};

/// The most chats that are remembered.
const MAX_CHATS: usize = 10_000;

/// The sessions of chats, by what was said in them.
#[derive(Debug, Default)]
pub(crate) struct ConversationIndex {
    state: Mutex<IndexState>,
}

#[derive(Debug, Default)]
struct IndexState {
    sessions: HashMap<[u8; 32], String>,
    /// The digests, the oldest first.
    order: VecDeque<[u8; 32]>,
}

/// Where a chat goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChatSession {
    pub(crate) key: String,
    /// The message for the agent. In a new session it begins with what was said before.
    pub(crate) message: String,
}

impl ConversationIndex {
    /// The session of a chat: the one that the client names, the one in which the same was said
    /// before, or a new one.
    pub(crate) fn find_session(&self, completion: &ChatCompletion, agent: &str) -> ChatSession {
        let last = completion.messages.last().map(|message| message.text.clone());
        let last = last.unwrap_or_default();
        if let Some(key) = &completion.session_key {
            return ChatSession { key: key.clone(), message: last };
        }
        if let Some(name) = &completion.conversation {
            let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
            return ChatSession { key: format!("agent:{agent}:openai:{name}"), message: last };
        }
        let earlier = completion.messages.split_last().map_or(&[][..], |(_, earlier)| earlier);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = state.sessions.get(&digest(agent, earlier)) {
            return ChatSession { key: key.clone(), message: last };
        }
        let id = random_uuid().unwrap_or_else(|_| to_hex(&digest(agent, earlier)));
        let message = with_transcript(earlier, &last);
        ChatSession { key: format!("agent:{agent}:openai:{id}"), message }
    }

    /// Remembers that the chat, with this answer, goes on in a session.
    pub(crate) fn remember(&self, completion: &ChatCompletion, answer: &str, key: &str) {
        if completion.session_key.is_some() || completion.conversation.is_some() {
            return;
        }
        let Some(agent) = key.strip_prefix("agent:").and_then(|rest| rest.split(':').next()) else {
            return;
        };
        let mut messages = completion.messages.clone();
        messages.push(PlainMessage { role: "assistant".to_owned(), text: answer.to_owned() });
        let digest = digest(agent, &messages);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sessions.insert(digest, key.to_owned()).is_none() {
            state.order.push_back(digest);
        }
        while state.order.len() > MAX_CHATS {
            if let Some(oldest) = state.order.pop_front() {
                state.sessions.remove(&oldest);
            }
        }
    }
}

/// A digest of what was said. Clients trim answers, so white space at the ends does not count.
fn digest(agent: &str, messages: &[PlainMessage]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let texts = messages.iter().flat_map(|message| [message.role.as_str(), message.text.trim()]);
    for text in std::iter::once(agent).chain(texts) {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

/// The message of a chat that began elsewhere.
fn with_transcript(earlier: &[PlainMessage], last: &str) -> String {
    if earlier.is_empty() {
        return last.to_owned();
    }
    let mut message = String::from("[The conversation so far]\n");
    for PlainMessage { role, text } in earlier {
        // Writing to a string does not fail.
        let _ = writeln!(message, "{role}: {text}");
    }
    message.push_str("[The message to answer]\n");
    message.push_str(last);
    message
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn completion(messages: &Value, user: Option<&str>) -> ChatCompletion {
        let body = json!({ "model": "openclaw", "messages": messages, "user": user });
        ChatCompletion::parse(&body, &HeaderMap::new()).unwrap()
    }

    #[test]
    fn a_chat_goes_on_in_its_session_and_another_one_does_not() {
        let index = ConversationIndex::default();
        let first = completion(&json!([{ "role": "user", "content": "Hi" }]), None);
        let session = index.find_session(&first, "main");
        assert_eq!(session.message, "Hi");
        index.remember(&first, "Hello! \n", &session.key);
        let chat = json!([
            { "role": "user", "content": "Hi" },
            { "role": "assistant", "content": "Hello!" },
            { "role": "user", "content": "And now?" },
        ]);
        let next = index.find_session(&completion(&chat, None), "main");
        assert_eq!((next.key.as_str(), next.message.as_str()), (session.key.as_str(), "And now?"));
        assert_ne!(index.find_session(&completion(&chat, None), "work").key, session.key);
        let other = json!([
            { "role": "user", "content": "Hi" },
            { "role": "assistant", "content": "Edited." },
            { "role": "user", "content": "And now?" },
        ]);
        let other = index.find_session(&completion(&other, None), "main");
        assert_ne!(other.key, session.key);
        assert!(
            other.message.contains("assistant: Edited.") && other.message.ends_with("And now?")
        );
    }

    #[test]
    fn a_client_that_names_its_chat_has_one_session_for_it() {
        let index = ConversationIndex::default();
        let chat = completion(&json!([{ "role": "user", "content": "Hi" }]), Some("c\n1"));
        let session = index.find_session(&chat, "main");
        assert_eq!(session.key, "agent:main:openai:c_1");
    }
}
