//! How much of a request the server was sent before, and what kept it from having that cached.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_core::{ChatRequest, MessageRef, ToolChoice, Usage};

use crate::repeats::{digest, key};

/// How many requests are remembered; more conversations at a time than these are not told apart.
const REMEMBERED: usize = 8;

/// Fewer tokens than these are not worth a word: caches hold whole blocks, of up to a few hundred
/// tokens.
const WORTH: u32 = 1_024;

/// The part of a request that comes first of those that are not as they were before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Changed {
    /// The tools: a call that is forced is offered in another way.
    Tools,
    /// The message with this number, from 1; the system prompt is not counted.
    Message(usize),
}

/// What a server could have had of a prompt in its cache, and had not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheMiss {
    /// The tokens that it had.
    pub cached: u32,
    /// The tokens of the request before.
    pub cacheable: u32,
    /// What changed since then; `None`: nothing did, so the server let go of it.
    pub changed: Option<Changed>,
}

/// The last requests of an agent. The system prompt is the same in all of them.
#[derive(Debug, Default)]
pub(crate) struct Prefixes(Mutex<VecDeque<Sent>>);

/// A request that the server counted.
#[derive(Debug)]
struct Sent {
    is_forced: bool,
    messages: Vec<u64>,
    tokens: u32,
}

impl Prefixes {
    /// Notes a request and what the server counted of it. Returns the tokens that it was sent
    /// before, and whether it had far fewer of them in its cache.
    pub(crate) fn note(&self, request: &ChatRequest, usage: Usage) -> (u32, Option<CacheMiss>) {
        let Some(cached) = usage.cached else { return (0, None) };
        let sent = Sent {
            is_forced: request.tool_choice != ToolChoice::Auto,
            messages: request.history.messages().map(|message| hash(&message)).collect(),
            tokens: usage.input,
        };
        let mut all = self.all();
        let before = all
            .iter()
            .filter(|before| before.messages.first() == sent.messages.first())
            .filter(|before| before.messages.len() <= sent.messages.len())
            .max_by_key(|before| before.shared(&sent))
            .map(|before| (before.tokens.min(usage.input), before.changed(&sent)));
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(sent);
        let Some((cacheable, changed)) = before else { return (0, None) };
        let is_missed = cacheable >= WORTH && cached < cacheable / 2;
        (cacheable, is_missed.then_some(CacheMiss { cached, cacheable, changed }))
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent {
    fn shared(&self, next: &Self) -> usize {
        self.messages.iter().zip(&next.messages).take_while(|(a, b)| a == b).count()
    }

    fn changed(&self, next: &Self) -> Option<Changed> {
        if self.is_forced != next.is_forced {
            return Some(Changed::Tools);
        }
        let shared = self.shared(next);
        (shared < self.messages.len()).then_some(Changed::Message(shared + 1))
    }
}

fn hash(message: &MessageRef<'_>) -> u64 {
    match message {
        MessageRef::User(text) => digest(text),
        MessageRef::ToolResult { text, .. } => digest(text) ^ 1,
        MessageRef::Assistant { text, calls, .. } => {
            calls.iter().fold(digest(text), |all, call| all.rotate_left(1) ^ key(call))
        }
    }
}

#[cfg(test)]
mod tests {
    use openclaw_core::{AssistantMessage, History, ToolName};

    use super::*;

    fn said(texts: &[&str]) -> ChatRequest {
        let mut history = History::new();
        for (at, text) in texts.iter().enumerate() {
            if at % 2 == 0 {
                history.push_user(text);
            } else {
                history.push_assistant(AssistantMessage::text(*text)).unwrap();
            }
        }
        ChatRequest::new(history)
    }

    fn usage(input: u32, cached: u32) -> Usage {
        Usage { input, output: 1, cached: Some(cached) }
    }

    #[test]
    fn what_goes_on_could_be_cached_and_a_miss_says_what_changed() {
        let prefixes = Prefixes::default();
        assert_eq!(prefixes.note(&said(&["a"]), usage(2_000, 0)), (0, None));
        assert_eq!(prefixes.note(&said(&["a", "b", "c"]), usage(2_100, 1_920)), (2_000, None));
        let missed = |cached, cacheable, changed| {
            (cacheable, Some(CacheMiss { cached, cacheable, changed }))
        };
        let longer = said(&["a", "b", "c", "d", "e"]);
        assert_eq!(prefixes.note(&longer, usage(2_200, 0)), missed(0, 2_100, None));
        let forced = ToolChoice::Named(ToolName::from_model("read"));
        let forced = ChatRequest { tool_choice: forced, ..longer };
        let expected = missed(16, 2_200, Some(Changed::Tools));
        assert_eq!(prefixes.note(&forced, usage(2_200, 16)), expected);
        assert_eq!(
            prefixes.note(&said(&["z"]), usage(2_000, 0)),
            (0, None),
            "another conversation"
        );
    }

    #[test]
    fn the_first_message_that_differs_is_named() {
        let prefixes = Prefixes::default();
        prefixes.note(&said(&["a", "b", "c"]), usage(4_000, 0));
        let (_, miss) = prefixes.note(&said(&["a", "b", "x", "d", "e"]), usage(4_100, 900));
        assert_eq!(miss.unwrap().changed, Some(Changed::Message(3)));
    }

    #[test]
    fn a_server_that_does_not_say_and_a_short_prompt_are_no_misses() {
        let prefixes = Prefixes::default();
        let silent = Usage { input: 4_000, output: 1, cached: None };
        assert_eq!(prefixes.note(&said(&["a"]), silent), (0, None));
        prefixes.note(&said(&["b"]), usage(900, 0));
        assert_eq!(prefixes.note(&said(&["b", "c", "d"]), usage(950, 0)), (900, None));
    }
}
