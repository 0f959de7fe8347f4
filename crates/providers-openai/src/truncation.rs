//! Detects a server that read only a part of the prompt without reporting it.

use openclaw_core::{ChatRequest, MessageRef};

/// The smallest context window that a truncated prompt is attributed to. A lower count is another
/// way of counting, e.g. without cached tokens.
const MIN_TRUNCATED_WINDOW: u32 = 1024;

/// Context windows are multiples of this.
const WINDOW_STEP: u32 = 1024;

/// A truncated prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PromptTruncation {
    /// The least tokens of the prompt.
    pub(crate) min_tokens: u32,
    /// The likely context window, in tokens.
    pub(crate) context_window: u32,
}

/// Detects from the server's token count whether it read less than a prompt that has at least
/// `min_tokens` tokens.
pub(crate) fn detect_truncation(
    counted_tokens: u32,
    min_tokens: u32,
    context_window: u32,
) -> Option<PromptTruncation> {
    let is_truncated = u64::from(counted_tokens) * 10 < u64::from(min_tokens) * 7;
    // Servers drop whole messages, so the window is a little larger than the count.
    let rounded_window = counted_tokens.checked_next_multiple_of(WINDOW_STEP).unwrap_or(u32::MAX);
    (is_truncated && counted_tokens >= MIN_TRUNCATED_WINDOW && rounded_window < context_window)
        .then_some(PromptTruncation { min_tokens, context_window: rounded_window })
}

/// The fewest tokens of a request: a tokenizer never joins two words.
pub(crate) fn min_request_tokens(request: &ChatRequest) -> u32 {
    let message_words = request.history.messages().map(|message| match message {
        MessageRef::User(text) => count_words(&text),
        MessageRef::Assistant { text, .. } | MessageRef::ToolResult { text, .. } => {
            count_words(text)
        }
    });
    let system = request.system_prompt.as_deref().map_or(0, count_words);
    u32::try_from(message_words.sum::<usize>() + system).unwrap_or(u32::MAX)
}

fn count_words(text: &str) -> usize {
    text.split_ascii_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_that_cannot_be_right_is_a_cut() {
        let cut = |window| Some(PromptTruncation { min_tokens: 9928, context_window: window });
        let table = [
            (4096, 9928, 32_768, cut(4096)),
            (3871, 9928, 32_768, cut(4096)),
            (4097, 9928, 32_768, cut(5120)),
            (9928, 9928, 32_768, None),
            (7000, 9928, 32_768, None),
            // Counted without cached tokens.
            (35, 9928, 32_768, None),
            (0, 9928, 32_768, None),
            // The count is no smaller than the window.
            (4096, 9928, 4096, None),
        ];
        for (read, least, window, expected) in table {
            assert_eq!(detect_truncation(read, least, window), expected, "{read} of {least}");
        }
    }

    #[test]
    fn words_are_counted_wherever_they_stand() {
        let mut history = openclaw_core::History::new();
        history.push_user_message("one two\nthree");
        let request =
            ChatRequest { system_prompt: Some("be brief".into()), ..ChatRequest::new(history) };
        assert_eq!(min_request_tokens(&request), 5);
    }
}
