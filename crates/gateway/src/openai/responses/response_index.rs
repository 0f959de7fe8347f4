//! The conversations of responses of models, so that a later request can follow one.
//!
//! They are in memory: what an agent said is in its session, and a client without an agent can
//! always send the whole conversation.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// The most responses that are remembered.
const MAX_RESPONSES: usize = 1_000;

/// The most bytes of all their conversations.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The conversations of responses, by their ids.
#[derive(Debug, Default)]
pub(crate) struct ResponseIndex(Mutex<KeptResponses>);

#[derive(Debug, Default)]
struct KeptResponses {
    chats: HashMap<String, KeptMessages>,
    /// The ids, the oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

#[derive(Debug)]
struct KeptMessages {
    messages: Arc<[Value]>,
    bytes: usize,
}

impl ResponseIndex {
    /// The messages up to a response and with it; `None` when it is not known any more.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<[Value]>> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.chats.get(id).map(|kept| Arc::clone(&kept.messages))
    }

    /// Remembers the messages up to a response and with it.
    pub(crate) fn remember(&self, id: &str, messages: Vec<Value>) {
        let bytes = messages.iter().map(|message| message.to_string().len()).sum();
        if bytes > MAX_BYTES {
            return;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = KeptMessages { messages: messages.into(), bytes };
        state.bytes += bytes;
        if let Some(former) = state.chats.insert(id.to_owned(), kept) {
            state.bytes -= former.bytes;
        } else {
            state.order.push_back(id.to_owned());
        }
        while state.order.len() > MAX_RESPONSES || state.bytes > MAX_BYTES {
            let Some(oldest) = state.order.pop_front() else { return };
            if let Some(removed) = state.chats.remove(&oldest) {
                state.bytes -= removed.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_conversations_are_forgotten() {
        let index = ResponseIndex::default();
        let large = Value::from("x".repeat(MAX_BYTES / 2));
        for id in ["a", "b", "c"] {
            index.remember(id, vec![large.clone()]);
        }
        assert!(index.find("a").is_none() && index.find("b").is_none());
        assert_eq!(index.find("c").unwrap().len(), 1);
        for number in 0..MAX_RESPONSES {
            index.remember(&number.to_string(), vec![Value::Null]);
        }
        assert!(index.find("c").is_none() && index.find("0").is_some());
    }
}
