//! Limits a tool's output to what the context window has room for, and saves the complete output.

use openclaw_core::{
    History, ImageContent, MessageRef, TokenUsage, ToolCall, ToolOutput, ToolOutputStore,
};

use crate::repeated_calls::text_digest;
use crate::{Agent, TurnEvent};

/// The bytes of output counted as one token. Code, logs and JSON have about three; the reserve
/// makes up for text that has fewer.
const BYTES_PER_TOKEN: u64 = 3;
/// The fewest bytes of an output that the model is shown, even if the context window is full.
const MIN_OUTPUT_BYTES: u64 = 1_024;
/// The part of the context window reserved for the answer when no limit is configured.
const ANSWER_RESERVE_DIVISOR: u32 = 8;
/// How many bytes a cut may move to fall between two lines.
const LINE_SLACK_BYTES: usize = 200;

/// The bytes that the results of one message may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutputBudget {
    /// Bytes left in the context window.
    remaining_bytes: u64,
}

impl OutputBudget {
    /// The bytes left in the context window after a message: without the request, the message, and
    /// the reserve for the next answer.
    pub(crate) fn after_answer(
        agent: &Agent,
        usage: Option<TokenUsage>,
        request_bytes: impl FnOnce() -> u64,
    ) -> Self {
        let limits = agent.model.model_info().limits;
        let answer =
            agent.limits.max_output_tokens.or(limits.max_output_tokens).unwrap_or(u32::MAX);
        let reserve = u64::from(answer.min(limits.context_window / ANSWER_RESERVE_DIVISOR));
        let used = match usage {
            Some(usage) => u64::from(usage.input_tokens) + u64::from(usage.output_tokens),
            None => request_bytes() / BYTES_PER_TOKEN,
        };
        let tokens = u64::from(limits.context_window).saturating_sub(used).saturating_sub(reserve);
        Self { remaining_bytes: tokens.saturating_mul(BYTES_PER_TOKEN) }
    }

    /// The bytes that one of `results` outstanding results may have: an even share, with one share
    /// left over when all have come.
    pub(crate) fn share_among(self, results: usize, max_bytes: usize) -> usize {
        let results = u64::try_from(results).unwrap_or(u64::MAX);
        let share = (self.remaining_bytes / results.saturating_add(1)).max(MIN_OUTPUT_BYTES);
        usize::try_from(share).unwrap_or(usize::MAX).min(max_bytes)
    }

    /// Subtracts the cost of the images of a result.
    pub(crate) fn consume_images(&mut self, images: &[ImageContent]) {
        self.consume_bytes(image_bytes(images));
    }

    /// Subtracts the bytes of a result.
    pub(crate) fn consume_bytes(&mut self, bytes: usize) {
        self.remaining_bytes =
            self.remaining_bytes.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// The bytes of text that cost as much as these images.
fn image_bytes(images: &[ImageContent]) -> usize {
    let tokens: u64 = images.iter().map(|image| u64::from(image.tokens)).sum();
    usize::try_from(tokens.saturating_mul(BYTES_PER_TOKEN)).unwrap_or(usize::MAX)
}

/// The bytes of the next request's texts: system prompt, tools and messages. An image counts as the
/// text that costs as much.
pub(crate) fn request_bytes(agent: &Agent, history: &History) -> u64 {
    let tools = agent.tools.tool_specs().iter().map(|tool| {
        tool.name.as_str().len() + tool.description.len() + tool.parameters.to_string().len()
    });
    let messages = history.messages().map(|message| match message {
        MessageRef::User(text) => text.len(),
        MessageRef::ToolResult { text, images, .. } => text.len() + image_bytes(images),
        MessageRef::Assistant { text, reasoning, calls } => {
            let calls = calls.iter().map(|call| call.arguments.to_json().len());
            text.len() + reasoning.map_or(0, |thought| thought.text.len()) + calls.sum::<usize>()
        }
    });
    let system = agent.system_prompt.as_deref().map_or(0, str::len);
    u64::try_from(tools.chain(messages).sum::<usize>() + system).unwrap_or(u64::MAX)
}

/// Cuts the middle out of an output longer than `limit` bytes and saves the complete output.
/// Returns the event when it was cut.
pub(crate) fn truncate_output(
    call: &ToolCall,
    output: &mut ToolOutput,
    limit: usize,
    store: Option<&dyn ToolOutputStore>,
) -> Option<TurnEvent> {
    let bytes = output.text.len();
    if bytes <= limit {
        return None;
    }
    let kept = store.map(|spill| spill.store_output(call, &output.text));
    let place = match &kept {
        None => String::new(),
        Some(Ok(place)) => format!("; the whole output is {place}"),
        Some(Err(error)) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            format!("; the whole output could not be kept: {}", cause.unwrap_or_default())
        }
    };
    let (head, tail) = split_ends(&output.text, limit);
    let left_out = bytes - head.len() - tail.len();
    let text = format!("{head}\n[… {left_out} of {bytes} bytes left out here{place} …]\n{tail}");
    output.original_digest = output.original_digest.or_else(|| Some(text_digest(&output.text)));
    output.text = text;
    Some(TurnEvent::ToolOutputTruncated {
        id: call.id.clone(),
        total_bytes: bytes,
        omitted_bytes: left_out,
        saved_to: kept.and_then(Result::ok),
    })
}

/// The start and the end of a text, `limit` bytes together, cut between lines when a line break is
/// near.
fn split_ends(text: &str, limit: usize) -> (&str, &str) {
    let half = limit / 2;
    let head = text.get(..text.floor_char_boundary(half)).unwrap_or_default();
    let slack = head.floor_char_boundary(head.len().saturating_sub(LINE_SLACK_BYTES));
    let head = match head.get(slack..).and_then(|end| end.rfind('\n')) {
        Some(at) => head.get(..slack + at).unwrap_or(head),
        None => head,
    };
    let tail = text.get(text.ceil_char_boundary(text.len() - half)..).unwrap_or_default();
    let slack = tail.floor_char_boundary(LINE_SLACK_BYTES);
    let tail = match tail.get(..slack).and_then(|start| start.find('\n')) {
        Some(at) => tail.get(at + 1..).unwrap_or(tail),
        None => tail,
    };
    (head, tail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ends_are_cut_between_lines_where_there_are_any() {
        let lines: String = (0..100).map(|n| "line ".to_owned() + &n.to_string() + "\n").collect();
        let (head, tail) = split_ends(&lines, 60);
        assert_eq!((head, tail), ("line 0\nline 1\nline 2\nline 3", "line 97\nline 98\nline 99\n"));
        assert_eq!(split_ends(&"x".repeat(100), 10), ("xxxxx", "xxxxx"));
    }

    #[test]
    fn results_share_what_is_left_and_leave_as_much() {
        let mut room = OutputBudget { remaining_bytes: 40_000 };
        assert_eq!((room.share_among(1, 50_000), room.share_among(3, 50_000)), (20_000, 10_000));
        assert_eq!(room.share_among(1, 8_000), 8_000);
        room.consume_bytes(39_000);
        assert_eq!(room.share_among(1, 50_000), 1_024, "the least is always shown");
    }

    proptest! {
        #[test]
        fn the_ends_of_any_text_are_of_it_and_within_the_limit(
            text in "([a-zé\n]{0,9}|\\PC|\n){0,200}",
            limit in 0usize..300,
        ) {
            prop_assume!(text.len() > limit);
            let (head, tail) = split_ends(&text, limit);
            prop_assert!(text.starts_with(head) && text.ends_with(tail));
            prop_assert!(head.len() + tail.len() <= limit);
        }
    }
}
