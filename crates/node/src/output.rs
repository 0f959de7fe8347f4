//! The output of a command: kept for the result, and told to the gateway as it comes.

use openclaw_process::{CapturedOutput, OutputCapture, OutputStream};
use openclaw_protocol::gateway::NodeInvokeProgress;
use serde_json::json;
use tokio::sync::mpsc;

/// The most bytes of each stream that are kept: the start and the end.
pub(crate) const MAX_STREAM_BYTES: usize = 200_000;

/// The most bytes of output that are told while a command runs; the result has the rest.
const MAX_PROGRESS_BYTES: usize = 200_000;

/// The most characters of a chunk.
const MAX_CHUNK_CHARS: usize = 16_384;

/// A request of the node to its gateway that needs no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinkMessage {
    pub(crate) method: &'static str,
    pub(crate) params: serde_json::Value,
}

/// The way to the gateway over one connection. It is closed when that ends.
pub(crate) type LinkSender = mpsc::Sender<LinkMessage>;

/// Collects the output of one command.
#[derive(Debug)]
pub(crate) struct RunOutput {
    stdout: OutputCapture,
    stderr: OutputCapture,
    progress: ProgressSender,
}

/// Tells the output of a command to its gateway.
#[derive(Debug)]
struct ProgressSender {
    link: LinkSender,
    invoke_id: String,
    node_id: String,
    seq: u64,
    told_bytes: usize,
    /// What was not sent because the connection is busy.
    waiting: String,
}

impl RunOutput {
    pub(crate) fn new(link: LinkSender, invoke_id: &str, node_id: &str) -> Self {
        Self {
            stdout: OutputCapture::new(MAX_STREAM_BYTES),
            stderr: OutputCapture::new(MAX_STREAM_BYTES),
            progress: ProgressSender {
                link,
                invoke_id: invoke_id.to_owned(),
                node_id: node_id.to_owned(),
                seq: 0,
                told_bytes: 0,
                waiting: String::new(),
            },
        }
    }

    /// Adds output.
    pub(crate) fn push_output(&mut self, stream: OutputStream, text: &str) {
        match stream {
            OutputStream::Stdout => self.stdout.push(text.as_bytes()),
            OutputStream::Stderr => self.stderr.push(text.as_bytes()),
        }
        self.progress.push_text(text);
    }

    /// The kept output of both streams.
    pub(crate) fn into_streams(self) -> (CapturedOutput, CapturedOutput) {
        (self.stdout.into_output(), self.stderr.into_output())
    }
}

impl ProgressSender {
    fn push_text(&mut self, text: &str) {
        let room = MAX_PROGRESS_BYTES.saturating_sub(self.told_bytes);
        let end = text.floor_char_boundary(room.min(text.len()));
        let text = text.get(..end).unwrap_or_default();
        self.told_bytes += text.len();
        self.waiting.push_str(text);
        while !self.waiting.is_empty() && self.send_chunk() {}
    }

    /// Sends the next chunk; returns false when the connection is busy or closed.
    fn send_chunk(&mut self) -> bool {
        let end = self.waiting.char_indices().nth(MAX_CHUNK_CHARS).map(|(index, _)| index);
        let end = end.unwrap_or(self.waiting.len());
        let progress = NodeInvokeProgress {
            invoke_id: self.invoke_id.clone(),
            node_id: self.node_id.clone(),
            seq: self.seq,
            chunk: self.waiting.get(..end).unwrap_or_default().to_owned(),
        };
        let message = LinkMessage { method: "node.invoke.progress", params: json!(progress) };
        let is_sent = self.link.try_send(message).is_ok();
        if is_sent {
            self.seq += 1;
            self.waiting.drain(..end);
        }
        is_sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(message: LinkMessage) -> NodeInvokeProgress {
        serde_json::from_value(message.params).unwrap()
    }

    #[test]
    fn a_busy_connection_gets_all_output_later_without_a_gap() {
        let (link, mut messages) = mpsc::channel(1);
        let mut output = RunOutput::new(link, "i", "n");
        for text in ["one ", "two ", "thrée "] {
            output.push_output(OutputStream::Stdout, text);
        }
        let first = chunk(messages.try_recv().unwrap());
        assert_eq!((first.seq, first.chunk.as_str()), (0, "one "));
        output.push_output(OutputStream::Stderr, "four");
        let second = chunk(messages.try_recv().unwrap());
        assert_eq!((second.seq, second.chunk.as_str()), (1, "two thrée four"));
        let (stdout, stderr) = output.into_streams();
        assert_eq!((stdout.to_text(), stderr.to_text()), ("one two thrée ".into(), "four".into()));
    }

    #[test]
    fn a_flood_is_told_up_to_a_limit_in_chunks_of_limited_size() {
        let (link, mut messages) = mpsc::channel(1000);
        let mut output = RunOutput::new(link, "i", "n");
        let flood = "é".repeat(300_000);
        output.push_output(OutputStream::Stdout, &flood);
        output.push_output(OutputStream::Stdout, &flood);
        let mut told = 0;
        let mut seq = 0;
        while let Ok(message) = messages.try_recv() {
            let progress = chunk(message);
            assert_eq!(progress.seq, seq);
            assert!(progress.chunk.chars().count() <= MAX_CHUNK_CHARS);
            told += progress.chunk.len();
            seq += 1;
        }
        assert_eq!(told, MAX_PROGRESS_BYTES);
        let (stdout, _) = output.into_streams();
        assert_eq!(stdout.head.len() + stdout.tail.len(), MAX_STREAM_BYTES);
        assert_eq!(stdout.dropped_bytes, 1_200_000 - MAX_STREAM_BYTES as u64);
    }
}
