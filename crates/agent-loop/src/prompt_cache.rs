//! Compares each request with earlier ones, to explain prefix-cache misses.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_core::{ChatRequest, MessageRef, TokenUsage, ToolChoice};

use crate::repeated_calls::{call_key, text_digest};

/// How many requests are remembered; this many conversations can be told apart.
const MAX_REMEMBERED_REQUESTS: usize = 8;

/// Misses of fewer tokens are not reported: caches hold whole blocks, of up to a few hundred
/// tokens.
const MIN_REPORTED_TOKENS: u32 = 1_024;

/// The first part of a request that differs from the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrefixChange {
    /// The tools: a forced tool is sent in another way.
    Tools,
    /// The message with this number, from 1; the system prompt is not counted.
    Message(usize),
}

/// A prompt of which the server had less in its prefix cache than it could have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PromptCacheMiss {
    /// The tokens found in the cache.
    pub cached_tokens: u32,
    /// The tokens of the earlier request.
    pub cacheable_tokens: u32,
    /// What changed since then; `None` when nothing did, so the server evicted it.
    pub change: Option<PrefixChange>,
}

/// The last requests of an agent. All have the same system prompt.
#[derive(Debug, Default)]
pub(crate) struct PromptCacheTracker(Mutex<VecDeque<SentRequest>>);

/// A request whose tokens the server counted.
#[derive(Debug)]
struct SentRequest {
    is_forced: bool,
    messages: Vec<u64>,
    tokens: u32,
}

impl PromptCacheTracker {
    /// Records a request and its usage. Returns how many tokens the server was sent before, and a
    /// miss if it had far fewer of them in its cache.
    pub(crate) fn record_request(
        &self,
        request: &ChatRequest,
        usage: TokenUsage,
    ) -> (u32, Option<PromptCacheMiss>) {
        let Some(cached) = usage.cached_tokens else { return (0, None) };
        let sent = SentRequest {
            is_forced: request.tool_choice != ToolChoice::Auto,
            messages: request.history.messages().map(|message| message_hash(&message)).collect(),
            tokens: usage.input_tokens,
        };
        let mut all = self.lock_requests();
        let before = all
            .iter()
            .filter(|before| before.messages.first() == sent.messages.first())
            .filter(|before| before.messages.len() <= sent.messages.len())
            .max_by_key(|before| before.count_shared_messages(&sent))
            .map(|before| (before.tokens.min(usage.input_tokens), before.first_change(&sent)));
        if all.len() == MAX_REMEMBERED_REQUESTS {
            all.pop_front();
        }
        all.push_back(sent);
        let Some((cacheable, changed)) = before else { return (0, None) };
        let is_missed = cacheable >= MIN_REPORTED_TOKENS && cached < cacheable / 2;
        (
            cacheable,
            is_missed.then_some(PromptCacheMiss {
                cached_tokens: cached,
                cacheable_tokens: cacheable,
                change: changed,
            }),
        )
    }

    fn lock_requests(&self) -> MutexGuard<'_, VecDeque<SentRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SentRequest {
    fn count_shared_messages(&self, next: &Self) -> usize {
        self.messages.iter().zip(&next.messages).take_while(|(a, b)| a == b).count()
    }

    fn first_change(&self, next: &Self) -> Option<PrefixChange> {
        if self.is_forced != next.is_forced {
            return Some(PrefixChange::Tools);
        }
        let shared = self.count_shared_messages(next);
        (shared < self.messages.len()).then_some(PrefixChange::Message(shared + 1))
    }
}

fn message_hash(message: &MessageRef<'_>) -> u64 {
    match message {
        MessageRef::User(text) => text_digest(text),
        MessageRef::ToolResult { text, .. } => text_digest(text) ^ 1,
        MessageRef::Assistant { text, calls, .. } => {
            calls.iter().fold(text_digest(text), |all, call| all.rotate_left(1) ^ call_key(call))
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
                history.push_user_message(text);
            } else {
                history.push_assistant_message(AssistantMessage::from_text(*text)).unwrap();
            }
        }
        ChatRequest::new(history)
    }

    fn usage(input: u32, cached: u32) -> TokenUsage {
        TokenUsage { input_tokens: input, output_tokens: 1, cached_tokens: Some(cached) }
    }

    #[test]
    fn what_goes_on_could_be_cached_and_a_miss_says_what_changed() {
        let prefixes = PromptCacheTracker::default();
        assert_eq!(prefixes.record_request(&said(&["a"]), usage(2_000, 0)), (0, None));
        assert_eq!(
            prefixes.record_request(&said(&["a", "b", "c"]), usage(2_100, 1_920)),
            (2_000, None)
        );
        let missed = |cached, cacheable, changed| {
            (
                cacheable,
                Some(PromptCacheMiss {
                    cached_tokens: cached,
                    cacheable_tokens: cacheable,
                    change: changed,
                }),
            )
        };
        let longer = said(&["a", "b", "c", "d", "e"]);
        assert_eq!(prefixes.record_request(&longer, usage(2_200, 0)), missed(0, 2_100, None));
        let forced = ToolChoice::Named(ToolName::from_model("read"));
        let forced = ChatRequest { tool_choice: forced, ..longer };
        let expected = missed(16, 2_200, Some(PrefixChange::Tools));
        assert_eq!(prefixes.record_request(&forced, usage(2_200, 16)), expected);
        assert_eq!(
            prefixes.record_request(&said(&["z"]), usage(2_000, 0)),
            (0, None),
            "another conversation"
        );
    }

    #[test]
    fn the_first_message_that_differs_is_named() {
        let prefixes = PromptCacheTracker::default();
        prefixes.record_request(&said(&["a", "b", "c"]), usage(4_000, 0));
        let (_, miss) =
            prefixes.record_request(&said(&["a", "b", "x", "d", "e"]), usage(4_100, 900));
        assert_eq!(miss.unwrap().change, Some(PrefixChange::Message(3)));
    }

    #[test]
    fn a_server_that_does_not_say_and_a_short_prompt_are_no_misses() {
        let prefixes = PromptCacheTracker::default();
        let silent = TokenUsage { input_tokens: 4_000, output_tokens: 1, cached_tokens: None };
        assert_eq!(prefixes.record_request(&said(&["a"]), silent), (0, None));
        prefixes.record_request(&said(&["b"]), usage(900, 0));
        assert_eq!(prefixes.record_request(&said(&["b", "c", "d"]), usage(950, 0)), (900, None));
    }
}
