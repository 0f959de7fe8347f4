//! `openclaw sessions show`.

use std::collections::VecDeque;
use std::io;

use openclaw_core::{
    AssistantMessage, BrokenCall, EmittedCall, Summary, ToolCall, ToolCallId, ToolOutput,
};
use openclaw_runtime::{LogContent, LogEntry, TurnRecord};
use serde_json::{Value, json};

use super::entry::to_json;
use super::row::{Row, count};
use super::{fail, find};
use crate::args::sessions::SessionsShow;
use crate::commands::Context;
use crate::exit::Exit;
use crate::progress::{ago, time};
use crate::times::utc;
use crate::visible;

/// The longest a call or its result is shown, in characters.
const SHORT: usize = 100;

pub(super) fn run(context: &Context, args: &SessionsShow) -> io::Result<Exit> {
    let (store, info) = match find(context, &args.session) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let mut kept = Kept { last: args.last, users: 0, entries: VecDeque::new(), left_out: false };
    if let Err(error) = store.entries(&info.id, &mut |entry| kept.take(entry)) {
        return Ok(fail(context, &error));
    }
    let row = Row::new(context, &store, info);
    if args.json {
        let entries: Vec<Value> = kept.entries.iter().map(to_json).collect();
        let value = json!({ "session": row.to_json(), "entries": entries });
        context.printer.answer_json(&value)?;
        return Ok(Exit::Ok);
    }
    let mut page = Page::new(context.printer.is_verbose());
    page.head(&row);
    if kept.left_out {
        page.aside("what was said before is left out");
    }
    for entry in &kept.entries {
        page.entry(entry);
    }
    page.end(&row);
    context.printer.answer(&page.text)?;
    Ok(Exit::Ok)
}

/// The events that are asked for.
struct Kept {
    /// So many messages of the user are wanted; `None` for all.
    last: Option<u64>,
    users: u64,
    entries: VecDeque<LogEntry>,
    left_out: bool,
}

impl Kept {
    fn take(&mut self, entry: LogEntry) {
        let is_user =
            |entry: &LogEntry| entry.counts && matches!(entry.content, LogContent::User(_));
        self.users += u64::from(is_user(&entry));
        self.entries.push_back(entry);
        let Some(last) = self.last else { return };
        while self.users > last
            || self.users == last && self.entries.front().is_some_and(|first| !is_user(first))
        {
            let Some(gone) = self.entries.pop_front() else { return };
            self.users -= u64::from(is_user(&gone));
            self.left_out = true;
        }
    }
}

/// A conversation as it is written down for people.
struct Page {
    text: String,
    /// Whether the model's thoughts are shown.
    shows_reasoning: bool,
    /// The calls without a result so far, and whether each was begun.
    open: Vec<(ToolCall, bool)>,
    taken_back: u64,
    unreadable: u64,
}

impl Page {
    fn new(shows_reasoning: bool) -> Self {
        let (text, open) = (String::new(), Vec::new());
        Self { text, shows_reasoning, open, taken_back: 0, unreadable: 0 }
    }

    fn head(&mut self, row: &Row) {
        let info = &row.info;
        let leads = if info.current { "" } else { " (which leads to another session now)" };
        self.line(&format!("session {}, {}{leads}", info.id, info.key));
        let model = info.model.as_deref().unwrap_or("no model yet");
        let (turns, age) = (info.turns, ago(row.age()));
        let turns = if turns == 1 { "1 turn".to_owned() } else { format!("{turns} turns") };
        let tokens = [info.input_tokens, info.cached_tokens, info.output_tokens].map(count);
        let [input, cached, output] = tokens;
        let mut line =
            format!("{model}, {turns}, {input} tokens in ({cached} cached), {output} out, {age}");
        if info.turn_open {
            line = format!("{line}, {}", row.state());
        }
        self.line(&line);
    }

    fn entry(&mut self, entry: &LogEntry) {
        match &entry.content {
            LogContent::Unreadable => self.unreadable += 1,
            _ if !entry.counts => self.taken_back += 1,
            LogContent::User(text) => self.user(entry.at, text),
            LogContent::Assistant(message) => self.assistant(message),
            LogContent::Dispatched(id) => {
                if let Some((_, begun)) = self.open.iter_mut().find(|(call, _)| call.id == *id) {
                    *begun = true;
                }
            }
            LogContent::Result(id, output) => self.result(id, output),
            LogContent::Compacted { summary, .. } => self.compaction(summary),
            LogContent::Turn(turn) => self.turn(turn),
            _ => {}
        }
    }

    fn user(&mut self, at: u64, text: &str) {
        self.unanswered();
        self.line("");
        self.aside(&format!("{} UTC", utc(at)));
        for line in text.lines() {
            self.line(&format!("> {line}"));
        }
        self.line("");
    }

    fn assistant(&mut self, message: &AssistantMessage) {
        self.unanswered();
        if let Some(reasoning) = message.reasoning.as_ref().filter(|_| self.shows_reasoning) {
            for line in reasoning.text.trim().lines() {
                self.line(&format!("  ~ {line}"));
            }
        }
        if !message.text.trim().is_empty() {
            self.line(message.text.trim_end());
        }
        for call in &message.calls {
            match call {
                EmittedCall::Ready(call) => self.open.push((call.clone(), false)),
                EmittedCall::Broken(BrokenCall { name, problem, .. }) => {
                    self.line(&format!("● {name} ✗ not run: {}", short(problem)));
                }
            }
        }
    }

    fn result(&mut self, id: &ToolCallId, output: &ToolOutput) {
        let Some(place) = self.open.iter().position(|(call, _)| call.id == *id) else { return };
        let (call, _) = self.open.remove(place);
        let mark = if output.is_error { "✗" } else { "✓" };
        let first = || output.text.lines().find(|line| !line.trim().is_empty());
        let said = output.summary.as_deref().or_else(first).unwrap_or_default();
        self.line(format!("● {} {mark} {}", what(&call), short(said)).trim_end());
    }

    /// The calls that the conversation went on without.
    fn unanswered(&mut self) {
        for (call, begun) in std::mem::take(&mut self.open) {
            let state = if begun { "was begun and has no result" } else { "was not run" };
            self.line(&format!("● {} ? {state}", what(&call)));
        }
    }

    fn compaction(&mut self, summary: &Summary) {
        self.line("");
        self.aside("what is above, but for the last steps, was replaced by a summary");
        for line in summary.text.trim().lines().chain(summary.ledger.iter().map(String::as_str)) {
            self.line(&format!("  | {line}"));
        }
    }

    fn turn(&mut self, turn: &TurnRecord) {
        self.unanswered();
        if turn.outcome != "reply" && turn.outcome != "imported" {
            let after = if turn.duration.is_zero() {
                String::new()
            } else {
                format!(" after {}", time(turn.duration))
            };
            self.aside(&format!("the turn ended as {}{after}", turn.outcome));
        }
    }

    fn end(&mut self, row: &Row) {
        self.unanswered();
        if row.info.turn_open {
            self.aside(&format!("the turn is {}", row.state()));
        }
        for (count, what) in [
            (self.taken_back, "taken back and are not shown"),
            (self.unreadable, "damaged, or of a newer version, and cannot be shown"),
        ] {
            if count > 0 {
                self.aside(&format!("{count} entries of the log were {what}"));
            }
        }
    }

    /// What is not of the conversation.
    fn aside(&mut self, text: &str) {
        self.line(&format!("[{text}]"));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(&visible::prose(text));
        self.text.push('\n');
    }
}

/// A call in a line: the tool and what it is about.
fn what(call: &ToolCall) -> String {
    let arguments = call.arguments.as_map();
    let about = ["command", "path"].into_iter().find_map(|key| arguments.get(key)?.as_str());
    let about = about.map_or_else(|| call.arguments.to_json(), str::to_owned);
    format!("{} {}", call.name, short(&about))
}

/// A text in one line, harmless and cut to a length.
fn short(text: &str) -> String {
    let line = text.trim().replace('\n', "⏎");
    let mut shown: String = line.chars().take(SHORT).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    visible::line(&shown)
}
