//! The output of a running tool on its way to the events.

use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_core::{ProgressSink, ToolCallId};

use crate::{EventSender, TurnEvent};

/// The most bytes kept for a receiver that is slower than the tool; what is over is not shown.
const BACKLOG: usize = 64 * 1024;

/// Turns a tool's pieces into events and never blocks the tool: pieces for which there is no
/// room are joined and sent later.
#[derive(Debug)]
pub(crate) struct ToolProgress {
    events: EventSender,
    id: ToolCallId,
    backlog: Mutex<String>,
}

impl ToolProgress {
    pub(crate) fn new(events: EventSender, id: ToolCallId) -> Self {
        Self { events, id, backlog: Mutex::default() }
    }

    /// Sends what is left.
    pub(crate) async fn flush(&self) {
        let text = std::mem::take(&mut *self.backlog());
        if !text.is_empty() {
            self.events.send(TurnEvent::ToolOutput { id: self.id.clone(), text }).await;
        }
    }

    fn backlog(&self) -> MutexGuard<'_, String> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProgressSink for ToolProgress {
    fn output(&self, text: &str) {
        let mut backlog = self.backlog();
        let room = BACKLOG.saturating_sub(backlog.len());
        backlog.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        let text = std::mem::take(&mut *backlog);
        let event = TurnEvent::ToolOutput { id: self.id.clone(), text };
        if let Some(TurnEvent::ToolOutput { text, .. }) = self.events.offer(event) {
            *backlog = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::channel;

    #[tokio::test]
    async fn a_slow_receiver_gets_joined_pieces_up_to_a_bound_and_never_blocks_the_tool() {
        let (sender, mut receiver) = channel();
        let progress = ToolProgress::new(sender, ToolCallId::numbered(1));
        for _ in 0..BACKLOG {
            progress.output("é!");
        }
        let mut texts = Vec::new();
        let flush = async {
            progress.flush().await;
            drop(progress);
        };
        let read = async {
            while let Some(event) = receiver.recv().await {
                let TurnEvent::ToolOutput { text, .. } = event else { panic!("{event:?}") };
                texts.push(text);
            }
        };
        tokio::join!(flush, read);
        let (last, first) = texts.split_last().unwrap();
        assert!(first.iter().all(|text| text == "é!"), "pieces with room come as they are");
        assert!(last.len() <= BACKLOG && last.len() > BACKLOG - 3, "the rest is joined and capped");
    }
}
