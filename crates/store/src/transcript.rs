//! A transcript of the original OpenClaw, as a log of ours.
//!
//! It is a JSON object a line. The entries make a tree by `id` and `parentId`, of which the branch
//! counts that ends with the last entry; files without them are read in order. Whatever a file
//! holds, what is made of it is legal.

mod branch;
mod content;

use std::collections::HashMap;

use openclaw_core::{AssistantMessage, ModelRef, Summary, ToolCallId, ToolOutput, Usage};
use serde_json::Value;

use self::content::{assistant, text_of, usage};
use crate::event::{Event, Record, TurnRecord};
use crate::files;
use crate::fold::Fold;
use crate::import::{Contents, Line};

/// What stands before an answer of which the question is not in the file.
const NO_QUESTION: &str = "[What this answers is not in the transcript.]";

/// The result of a call that has none in the file.
const NO_RESULT: &str = "[The transcript has no result for this call. It may have run.]";

/// Reads a transcript; `bad` is told of each line that cannot be understood.
pub(crate) fn read(lines: &[Line], mut bad: impl FnMut(&Line, &str)) -> Contents {
    let mut reader = Reader::default();
    for line in lines.iter().filter(|line| line.value.is_none()) {
        bad(line, "not a JSON object");
    }
    for line in branch::active(lines) {
        if let Some(entry) = &line.value
            && let Err(why) = reader.entry(entry)
        {
            bad(line, why);
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    contents: Contents,
    fold: Fold,
    /// A message that may be gone on with.
    pending: Option<AssistantMessage>,
    /// The ids of the last message's calls: in the file, and here.
    ids: Vec<(ToolCallId, ToolCallId)>,
    /// The event that came next when an entry was read.
    places: HashMap<String, u64>,
    turn: TurnRecord,
    at: i64,
}

impl Reader {
    fn entry(&mut self, entry: &Value) -> Result<(), &'static str> {
        let text = |key| entry.get(key).and_then(Value::as_str);
        let says = matches!(
            text("type"),
            Some("message" | "custom_message" | "branch_summary" | "compaction")
        );
        let by_model = entry.pointer("/message/role").and_then(Value::as_str) == Some("assistant");
        if says && !(by_model && self.may_go_on()) {
            self.flush();
        }
        if let Some(id) = text("id") {
            self.places.insert(id.to_owned(), self.next());
        }
        match text("type") {
            Some("session") => {
                self.contents.id = text("id").and_then(|id| id.parse().ok());
            }
            Some("message") => {
                let message = entry.get("message").ok_or("no message")?;
                self.message(message)?;
            }
            Some("model_change") => {
                let model = text("provider").zip(text("modelId"));
                let model = model.and_then(|(provider, id)| ModelRef::new(provider, id).ok());
                self.turn.model = model.map(|model| model.to_string()).or(self.turn.model.take());
            }
            Some("session_info") => self.contents.title = text("name").map(str::to_owned),
            Some("custom_message") => self.user(text_of(entry.get("content"))),
            Some("branch_summary") => self.user(text("summary").unwrap_or_default().to_owned()),
            Some("compaction") => {
                let summary = text("summary").ok_or("no summary")?;
                self.compaction(summary, text("firstKeptEntryId"));
            }
            Some(_) => {}
            None => return Err("no type"),
        }
        Ok(())
    }

    fn message(&mut self, message: &Value) -> Result<(), &'static str> {
        self.at = message.get("timestamp").and_then(Value::as_i64).unwrap_or(self.at);
        let content = message.get("content");
        match message.get("role").and_then(Value::as_str) {
            Some("user" | "custom") => self.user(text_of(content)),
            Some("assistant") => {
                self.assistant(assistant(content));
                self.count(message);
            }
            Some("toolResult") => {
                let id = message.get("toolCallId").and_then(Value::as_str);
                let id = id.and_then(ToolCallId::new).ok_or("a result without a call")?;
                let is_error = message.get("isError").and_then(Value::as_bool).unwrap_or(false);
                let text = text_of(content);
                let mut ids = self.ids.iter().filter(|(theirs, _)| *theirs == id);
                let id = ids.find(|(_, ours)| self.fold.is_open(ours));
                let (_, id) = id.cloned().ok_or("the result of no call before it")?;
                self.push(Event::Result(id, ToolOutput { is_error, ..ToolOutput::ok(text) }));
            }
            Some("bashExecution") => {
                let part = |key| message.get(key).and_then(Value::as_str).unwrap_or_default();
                self.user(format!("$ {}\n{}", part("command"), part("output")));
            }
            Some(_) => return Err("an unknown role"),
            None => return Err("no role"),
        }
        Ok(())
    }

    fn user(&mut self, text: String) {
        if text.trim().is_empty() {
            return;
        }
        self.end_turn();
        self.push(Event::User(text));
    }

    /// Whether the message that is waited with and the next one are one.
    fn may_go_on(&self) -> bool {
        self.pending.as_ref().is_some_and(|message| message.calls.is_empty())
    }

    fn assistant(&mut self, message: AssistantMessage) {
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

    /// Takes up the message that was waited with.
    fn flush(&mut self) {
        let Some(message) = self.pending.take().filter(|message| !message.is_empty()) else {
            return;
        };
        self.answer_open();
        if !self.fold.awaits_answer() {
            self.push(Event::User(NO_QUESTION.to_owned()));
        }
        let theirs: Vec<ToolCallId> = message.calls.iter().map(content::id_of).collect();
        self.push(Event::Assistant(message));
        self.ids = theirs.into_iter().zip(self.fold.ids()).collect();
    }

    fn answer_open(&mut self) {
        for (id, _) in self.fold.open_calls() {
            self.push(Event::Result(id, ToolOutput::error(NO_RESULT)));
        }
    }

    fn end_turn(&mut self) {
        self.flush();
        self.answer_open();
        if self.fold.turn_open {
            let turn = TurnRecord { outcome: "imported".to_owned(), ..self.turn.clone() };
            self.push(Event::Turn(turn));
            (self.turn.usage, self.turn.context) = (Usage::default(), None);
        }
    }

    fn compaction(&mut self, summary: &str, first_kept: Option<&str>) {
        let next = self.next();
        let from = first_kept.and_then(|id| self.places.get(id)).copied().unwrap_or(next);
        let (keep, from) = self.fold.kept_from(from).unwrap_or((0, next));
        let summary = Summary { text: summary.to_owned(), ..Summary::default() };
        self.push(Event::Compacted { from, keep, summary });
    }

    /// Adds what the server counted for a message.
    fn count(&mut self, message: &Value) {
        let text = |key| message.get(key).and_then(Value::as_str);
        let model = text("provider").zip(text("model"));
        let model = model.and_then(|(provider, id)| ModelRef::new(provider, id).ok());
        self.turn.model = model.map(|model| model.to_string()).or(self.turn.model.take());
        if let Some((counted, context)) = usage(message) {
            let sum = &mut self.turn.usage;
            sum.input = sum.input.saturating_add(counted.input);
            sum.output = sum.output.saturating_add(counted.output);
            let cached = counted.cached.map(|new| sum.cached.unwrap_or(0).saturating_add(new));
            sum.cached = cached.or(sum.cached);
            self.turn.context = Some(context);
        }
    }

    fn next(&self) -> u64 {
        self.contents.events + 1
    }

    /// Adds an event, unless it fits nothing before it.
    fn push(&mut self, event: Event) {
        let seq = self.next();
        let event = match event {
            Event::Assistant(message) => {
                self.fold.push_assistant(seq, message).map(Event::Assistant)
            }
            other => self.fold.apply(seq, other.clone()).map(|()| other),
        };
        let Ok(event) = event else { return };
        let at = if self.at > 0 { self.at } else { files::now() };
        self.contents.batch.push(Record::new(seq, at, &event), &event);
        self.contents.events = seq;
    }

    fn finish(mut self) -> Contents {
        self.end_turn();
        self.contents
    }
}
