//! Converts a transcript of the original OpenClaw to a log.
//!
//! A transcript has one JSON object per line. Its entries form a tree by `id` and `parentId`, of
//! which the branch that ends with the last entry counts; files without them are read in order. The
//! resulting log is legal whatever the file holds.

mod branch;
mod content;
mod timestamp;

use std::collections::HashMap;

use openclaw_core::{
    AssistantMessage, ConversationSummary, ModelRef, TokenUsage, ToolCallId, ToolOutput,
};
use serde_json::Value;

use self::content::{content_text, parse_assistant_message, parse_usage};
use crate::event::{EventRecord, LogEvent, TurnRecord};
use crate::files;
use crate::import::{ImportedSession, SourceLine};
use crate::session_state::SessionState;

/// A user message for an answer whose question is not in the file.
const NO_QUESTION: &str = "[What this answers is not in the transcript.]";

/// The result of a call that has none in the file.
const NO_RESULT: &str = "[The transcript has no result for this call. It may have run.]";

/// Reads a transcript and reports each line that cannot be parsed to `on_bad_line`.
pub(crate) fn read(
    lines: &[SourceLine],
    mut on_bad_line: impl FnMut(&SourceLine, &str),
) -> ImportedSession {
    let mut reader = TranscriptReader::default();
    for line in lines.iter().filter(|line| line.value.is_none()) {
        on_bad_line(line, "not a JSON object");
    }
    for line in branch::active_branch(lines) {
        if let Some(entry) = &line.value
            && let Err(why) = reader.read_entry(entry)
        {
            on_bad_line(line, why);
        }
    }
    reader.into_contents()
}

#[derive(Default)]
struct TranscriptReader {
    contents: ImportedSession,
    state: SessionState,
    /// A message that the next entry may continue.
    pending: Option<AssistantMessage>,
    /// The ids of the last message's calls: in the file, and in the log.
    call_ids: Vec<(ToolCallId, ToolCallId)>,
    /// The number of the next event when an entry was read, by the entry's id.
    seqs_by_entry_id: HashMap<String, u64>,
    turn: TurnRecord,
    recorded_at: i64,
}

impl TranscriptReader {
    fn read_entry(&mut self, entry: &Value) -> Result<(), &'static str> {
        let text = |key| entry.get(key).and_then(Value::as_str);
        let is_message = matches!(
            text("type"),
            Some("message" | "custom_message" | "branch_summary" | "compaction")
        );
        let by_model = entry.pointer("/message/role").and_then(Value::as_str) == Some("assistant");
        if is_message && !(by_model && self.can_continue_answer()) {
            self.flush_pending();
        }
        if let Some(time) = entry.get("timestamp").and_then(timestamp::parse_timestamp) {
            self.recorded_at = time;
        }
        if let Some(id) = text("id") {
            self.seqs_by_entry_id.insert(id.to_owned(), self.next_seq());
        }
        match text("type") {
            Some("session") => {
                self.contents.id = text("id").and_then(|id| id.parse().ok());
            }
            Some("message") => {
                let message = entry.get("message").ok_or("no message")?;
                self.read_message(message)?;
            }
            Some("model_change") => {
                let model = text("provider").zip(text("modelId"));
                let model = model.and_then(|(provider, id)| ModelRef::new(provider, id).ok());
                self.turn.model = model.map(|model| model.to_string()).or(self.turn.model.take());
            }
            Some("session_info") => self.contents.title = text("name").map(str::to_owned),
            Some("custom_message") => self.push_user_message(content_text(entry.get("content"))),
            Some("branch_summary") => {
                self.push_user_message(text("summary").unwrap_or_default().to_owned());
            }
            Some("compaction") => {
                let summary = text("summary").ok_or("no summary")?;
                self.push_compaction(summary, text("firstKeptEntryId"));
            }
            Some(_) => {}
            None => return Err("no type"),
        }
        Ok(())
    }

    fn read_message(&mut self, message: &Value) -> Result<(), &'static str> {
        let time = message.get("timestamp").and_then(timestamp::parse_timestamp);
        self.recorded_at = time.unwrap_or(self.recorded_at);
        let content = message.get("content");
        match message.get("role").and_then(Value::as_str) {
            Some("user" | "custom") => self.push_user_message(content_text(content)),
            Some("assistant") => {
                self.merge_assistant_message(parse_assistant_message(content));
                self.add_usage(message);
            }
            Some("toolResult") => {
                let id = message.get("toolCallId").and_then(Value::as_str);
                let id = id.and_then(ToolCallId::new).ok_or("a result without a call")?;
                let is_error = message.get("isError").and_then(Value::as_bool).unwrap_or(false);
                let text = content_text(content);
                let mut ids = self.call_ids.iter().filter(|(theirs, _)| *theirs == id);
                let id = ids.find(|(_, ours)| self.state.is_call_open(ours));
                let (_, id) = id.cloned().ok_or("the result of no call before it")?;
                self.push_event(LogEvent::CallResult(
                    id,
                    ToolOutput { is_error, ..ToolOutput::from_text(text) },
                ));
            }
            Some("bashExecution") => {
                let part = |key| message.get(key).and_then(Value::as_str).unwrap_or_default();
                self.push_user_message(format!("$ {}\n{}", part("command"), part("output")));
            }
            Some(_) => return Err("an unknown role"),
            None => return Err("no role"),
        }
        Ok(())
    }

    fn push_user_message(&mut self, text: String) {
        if text.trim().is_empty() {
            return;
        }
        self.end_turn();
        self.push_event(LogEvent::UserMessage(text));
    }

    /// Returns whether the next message continues the pending one.
    fn can_continue_answer(&self) -> bool {
        self.pending.as_ref().is_some_and(|message| message.calls.is_empty())
    }

    fn merge_assistant_message(&mut self, message: AssistantMessage) {
        match &mut self.pending {
            Some(before) => {
                if !before.text.is_empty() && !message.text.is_empty() {
                    before.text.push_str("\n\n");
                }
                before.text.push_str(&message.text);
                before.calls = message.calls;
                before.reasoning = message.reasoning.or(before.reasoning.take());
            }
            None => self.pending = Some(message),
        }
    }

    /// Adds the pending message.
    fn flush_pending(&mut self) {
        let Some(message) = self.pending.take().filter(|message| !message.is_empty()) else {
            return;
        };
        self.answer_open_calls();
        if !self.state.accepts_answer() {
            self.push_event(LogEvent::UserMessage(NO_QUESTION.to_owned()));
        }
        let theirs: Vec<ToolCallId> = message.calls.iter().map(content::call_id).collect();
        self.push_event(LogEvent::AssistantMessage(message));
        self.call_ids = theirs.into_iter().zip(self.state.logged_ids()).collect();
    }

    fn answer_open_calls(&mut self) {
        for (id, _) in self.state.open_calls() {
            self.push_event(LogEvent::CallResult(id, ToolOutput::from_error(NO_RESULT)));
        }
    }

    fn end_turn(&mut self) {
        self.flush_pending();
        self.answer_open_calls();
        if self.state.turn_open {
            let turn = TurnRecord { outcome: "imported".to_owned(), ..self.turn.clone() };
            self.push_event(LogEvent::TurnEnd(turn));
            (self.turn.usage, self.turn.context_tokens) = (TokenUsage::default(), None);
        }
    }

    fn push_compaction(&mut self, summary: &str, first_kept: Option<&str>) {
        let next = self.next_seq();
        let from = first_kept.and_then(|id| self.seqs_by_entry_id.get(id)).copied().unwrap_or(next);
        let (keep, from) = self.state.kept_steps_from(from).unwrap_or((0, next));
        let summary =
            ConversationSummary { text: summary.to_owned(), ..ConversationSummary::default() };
        self.push_event(LogEvent::Compacted { first_kept_seq: from, kept_steps: keep, summary });
    }

    /// Adds the token usage of a message.
    fn add_usage(&mut self, message: &Value) {
        let text = |key| message.get(key).and_then(Value::as_str);
        let model = text("provider").zip(text("model"));
        let model = model.and_then(|(provider, id)| ModelRef::new(provider, id).ok());
        self.turn.model = model.map(|model| model.to_string()).or(self.turn.model.take());
        if let Some((counted, context)) = parse_usage(message) {
            let sum = &mut self.turn.usage;
            sum.input_tokens = sum.input_tokens.saturating_add(counted.input_tokens);
            sum.output_tokens = sum.output_tokens.saturating_add(counted.output_tokens);
            let cached =
                counted.cached_tokens.map(|new| sum.cached_tokens.unwrap_or(0).saturating_add(new));
            sum.cached_tokens = cached.or(sum.cached_tokens);
            self.turn.context_tokens = Some(context);
        }
    }

    fn next_seq(&self) -> u64 {
        self.contents.events + 1
    }

    /// Adds an event, unless it does not follow from earlier ones.
    fn push_event(&mut self, event: LogEvent) {
        let seq = self.next_seq();
        let Ok(event) = self.state.prepare_event(event) else { return };
        if self.state.apply_event(seq, event.clone()).is_err() {
            return;
        }
        let recorded_at =
            if self.recorded_at > 0 { self.recorded_at } else { files::unix_millis() };
        self.contents.batch.push(EventRecord::new(seq, recorded_at, &event), &event);
        self.contents.events = seq;
    }

    fn into_contents(mut self) -> ImportedSession {
        self.end_turn();
        self.contents
    }
}
