//! The priority of a request in the local queue.

use openclaw_core::{ChatRequest, MessageRef};
use openclaw_transport::StreamPriority;

/// The priority of a request: whether a user waits for it, or a turn continues.
#[must_use]
pub fn stream_priority(request: &ChatRequest) -> StreamPriority {
    match request.history.messages().last() {
        _ if request.is_background => StreamPriority::Background,
        Some(MessageRef::ToolResult { .. }) => StreamPriority::FollowUp,
        _ => StreamPriority::User,
    }
}

#[cfg(test)]
mod tests {
    use openclaw_core::History;

    use super::*;

    #[test]
    fn a_user_waits_for_the_answer_to_a_message() {
        let mut history = History::new();
        history.push_user_message("hello");
        assert_eq!(stream_priority(&ChatRequest::new(history)), StreamPriority::User);
    }
}
