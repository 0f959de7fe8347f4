//! Forwards a running tool's output to the turn's events.

use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_core::{FileChange, ProgressSink, ToolCallId};

use crate::{TurnEvent, TurnEventSender};

/// The most bytes buffered for a slow receiver; more is dropped.
const MAX_BACKLOG_BYTES: usize = 64 * 1024;

/// Turns a tool's output into events and never blocks the tool: output that the channel has no room
/// for is joined and sent later.
#[derive(Debug)]
pub(crate) struct ToolProgress {
    events: TurnEventSender,
    id: ToolCallId,
    backlog: Mutex<String>,
    changes: Mutex<Vec<FileChange>>,
}

impl ToolProgress {
    pub(crate) fn new(events: TurnEventSender, id: ToolCallId) -> Self {
        Self { events, id, backlog: Mutex::default(), changes: Mutex::default() }
    }

    /// Sends the buffered output and the changes of files.
    pub(crate) async fn flush_backlog(&self) {
        let text = std::mem::take(&mut *self.lock_backlog());
        if !text.is_empty() {
            self.events.send_event(TurnEvent::ToolOutputDelta { id: self.id.clone(), text }).await;
        }
        let changes = std::mem::take(&mut *self.lock_changes());
        for change in changes {
            self.events.send_event(TurnEvent::FileChanged { id: self.id.clone(), change }).await;
        }
    }

    fn lock_backlog(&self) -> MutexGuard<'_, String> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_changes(&self) -> MutexGuard<'_, Vec<FileChange>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProgressSink for ToolProgress {
    fn write_output(&self, text: &str) {
        let mut backlog = self.lock_backlog();
        let room = MAX_BACKLOG_BYTES.saturating_sub(backlog.len());
        backlog.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        let text = std::mem::take(&mut *backlog);
        let event = TurnEvent::ToolOutputDelta { id: self.id.clone(), text };
        if let Some(TurnEvent::ToolOutputDelta { text, .. }) = self.events.try_send_event(event) {
            *backlog = text;
        }
    }

    fn report_change(&self, change: FileChange) {
        self.lock_changes().push(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::event_channel;

    #[tokio::test]
    async fn the_changes_of_files_are_sent_however_many_there_are() {
        let (sender, mut receiver) = event_channel();
        let progress = ToolProgress::new(sender, ToolCallId::from_number(1));
        let change = |number: usize| FileChange {
            path: number.to_string(),
            diff: String::new(),
            added_lines: 0,
            removed_lines: 0,
            is_truncated: false,
        };
        (0..5_000).for_each(|number| progress.report_change(change(number)));
        let flush = async {
            progress.flush_backlog().await;
            drop(progress);
        };
        let read = async {
            let mut changes = Vec::new();
            while let Some(TurnEvent::FileChanged { change, .. }) = receiver.recv().await {
                changes.push(change);
            }
            changes
        };
        let ((), changes) = tokio::join!(flush, read);
        assert_eq!(changes, (0..5_000).map(change).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_slow_receiver_gets_joined_pieces_up_to_a_bound_and_never_blocks_the_tool() {
        let (sender, mut receiver) = event_channel();
        let progress = ToolProgress::new(sender, ToolCallId::from_number(1));
        for _ in 0..MAX_BACKLOG_BYTES {
            progress.write_output("é!");
        }
        let mut texts = Vec::new();
        let flush = async {
            progress.flush_backlog().await;
            drop(progress);
        };
        let read = async {
            while let Some(event) = receiver.recv().await {
                let TurnEvent::ToolOutputDelta { text, .. } = event else { panic!("{event:?}") };
                texts.push(text);
            }
        };
        tokio::join!(flush, read);
        let (last, first) = texts.split_last().unwrap();
        assert!(first.iter().all(|text| text == "é!"), "pieces with room come as they are");
        assert!(
            last.len() <= MAX_BACKLOG_BYTES && last.len() > MAX_BACKLOG_BYTES - 3,
            "the rest is joined and capped"
        );
    }
}
