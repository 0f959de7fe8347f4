//! Notices a server that read only a part of the prompt and did not say so.

use openclaw_core::{ChatRequest, MessageRef};

/// The smallest window that a prompt is believed to have been cut to. Below it, a low count is
/// another way of counting, e.g. without what was cached.
const SMALLEST: u32 = 1024;

/// Windows are multiples of this.
const STEP: u32 = 1024;

/// A prompt that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The least tokens that it has.
    pub(crate) least: u32,
    /// The window that it was cut to, most likely.
    pub(crate) window: u32,
}

/// Judges by the server's own count whether it read all of a prompt, of which at least `least`
/// tokens are certain.
pub(crate) fn judge(read: u32, least: u32, window: u32) -> Option<Cut> {
    let is_cut = u64::from(read) * 10 < u64::from(least) * 7;
    // What is left out is whole messages, so that the window is a little larger than the rest.
    let shown = read.checked_next_multiple_of(STEP).unwrap_or(u32::MAX);
    (is_cut && read >= SMALLEST && shown < window).then_some(Cut { least, window: shown })
}

/// The fewest tokens that a request can have: words are never joined in one token.
pub(crate) fn least_tokens(request: &ChatRequest) -> u32 {
    let said = request.history.messages().map(|message| match message {
        MessageRef::User(text) => words(&text),
        MessageRef::Assistant { text, .. } | MessageRef::ToolResult { text, .. } => words(text),
    });
    let system = request.system.as_deref().map_or(0, words);
    u32::try_from(said.sum::<usize>() + system).unwrap_or(u32::MAX)
}

fn words(text: &str) -> usize {
    text.split_ascii_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_that_cannot_be_right_is_a_cut() {
        let cut = |window| Some(Cut { least: 9928, window });
        let table = [
            (4096, 9928, 32_768, cut(4096)),
            (3871, 9928, 32_768, cut(4096)),
            (4097, 9928, 32_768, cut(5120)),
            (9928, 9928, 32_768, None),
            (7000, 9928, 32_768, None),
            // Counted without what was cached.
            (35, 9928, 32_768, None),
            (0, 9928, 32_768, None),
            // There is no smaller window to speak of.
            (4096, 9928, 4096, None),
        ];
        for (read, least, window, expected) in table {
            assert_eq!(judge(read, least, window), expected, "{read} of {least}");
        }
    }

    #[test]
    fn words_are_counted_wherever_they_stand() {
        let mut history = openclaw_core::History::new();
        history.push_user("one two\nthree");
        let request = ChatRequest { system: Some("be brief".into()), ..ChatRequest::new(history) };
        assert_eq!(least_tokens(&request), 5);
    }
}
