//! `openclaw sessions show`.

use std::collections::VecDeque;
use std::io;

use openclaw_chat::{
    CommandContext, exchanges::format_utc, format_age, format_dollars, format_duration,
};
use openclaw_core::{
    AssistantMessage, ConversationSummary, EmittedToolCall, InvalidToolCall, ToolCall, ToolCallId,
    ToolOutput,
};
use openclaw_protocol::results::sessions::SessionTranscript;
use openclaw_runtime::{ChildUsage, LogContent, LogEntry, TurnRecord};
use openclaw_terminal::sanitize;

use super::entry::report_entry;
use super::row::{SessionRow, format_token_count};
use super::{find_session, report_store_error};
use crate::args::sessions::SessionsShowArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// The longest preview of a tool call or result, in characters.
const PREVIEW_CHARS: usize = 100;

pub(super) fn run(context: &CommandContext, args: &SessionsShowArgs) -> io::Result<ExitReason> {
    let (store, info) = match find_session(context, args.session.as_deref()) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let mut recent = RecentEntries {
        last: args.last,
        user_messages: 0,
        entries: VecDeque::new(),
        is_truncated: false,
    };
    if let Err(error) = store.read_entries(&info.id, &mut |entry| recent.push_entry(entry)) {
        return Ok(report_store_error(context, &error));
    }
    let row = SessionRow::new(context, &store, info);
    if args.json {
        let transcript = SessionTranscript {
            session: row.to_report(),
            entries: recent.entries.iter().map(report_entry).collect(),
        };
        write_json_answer(&context.printer, &transcript)?;
        return Ok(ExitReason::Ok);
    }
    let mut writer = TranscriptWriter::new(context.printer.is_verbose());
    writer.write_header(&row);
    if recent.is_truncated {
        writer.write_bracketed("what was said before is left out");
    }
    for entry in &recent.entries {
        writer.write_entry(entry);
    }
    writer.write_footer(&row);
    context.printer.write_answer(&writer.text)?;
    Ok(ExitReason::Ok)
}

/// Collects the requested log entries.
struct RecentEntries {
    /// How many user messages to keep; `None` for all.
    last: Option<u64>,
    user_messages: u64,
    entries: VecDeque<LogEntry>,
    is_truncated: bool,
}

impl RecentEntries {
    fn push_entry(&mut self, entry: LogEntry) {
        let is_user = |entry: &LogEntry| {
            entry.is_active && matches!(entry.content, LogContent::UserMessage(_))
        };
        self.user_messages += u64::from(is_user(&entry));
        self.entries.push_back(entry);
        let Some(last) = self.last else { return };
        while self.user_messages > last
            || self.user_messages == last
                && self.entries.front().is_some_and(|first| !is_user(first))
        {
            let Some(removed) = self.entries.pop_front() else { return };
            self.user_messages -= u64::from(is_user(&removed));
            self.is_truncated = true;
        }
    }
}

/// Writes a conversation as text.
struct TranscriptWriter {
    text: String,
    /// Whether reasoning is shown.
    shows_reasoning: bool,
    /// The calls without a result so far, and whether each was started.
    open_calls: Vec<(ToolCall, bool)>,
    retracted_count: u64,
    unreadable_count: u64,
}

impl TranscriptWriter {
    fn new(shows_reasoning: bool) -> Self {
        let (text, open_calls) = (String::new(), Vec::new());
        Self { text, shows_reasoning, open_calls, retracted_count: 0, unreadable_count: 0 }
    }

    fn write_header(&mut self, row: &SessionRow) {
        let info = &row.info;
        let key_note = if info.is_current { "" } else { " (which points to another session now)" };
        self.write_line(&format!("session {}, {}{key_note}", info.id, info.key));
        let model = info.model.as_deref().unwrap_or("no model yet");
        let (turns, age) = (info.turns, format_age(row.last_used_age()));
        let turns = if turns == 1 { "1 turn".to_owned() } else { format!("{turns} turns") };
        let tokens =
            [info.input_tokens, info.cached_tokens, info.output_tokens].map(format_token_count);
        let [input, cached, output] = tokens;
        let mut line =
            format!("{model}, {turns}, {input} tokens in ({cached} cached), {output} out, {age}");
        if let Some(cost) = row.cost {
            line = format!("{line}, {}", format_dollars(cost));
        }
        if info.turn_open {
            line = format!("{line}, {}", row.state_name());
        }
        self.write_line(&line);
        if let Some(parent) = &row.spawned_by {
            self.write_line(&format!("a sub-agent of {parent}"));
        }
        let ChildUsage { runs, open_runs, input_tokens, output_tokens, .. } = row.children;
        if runs > 0 {
            let [input, output] = [input_tokens, output_tokens].map(format_token_count);
            let open =
                if open_runs > 0 { format!(", {open_runs} not ended") } else { String::new() };
            self.write_line(&format!(
                "its sub-agents: {runs}{open}, {input} tokens in, {output} out besides"
            ));
        }
    }

    fn write_entry(&mut self, entry: &LogEntry) {
        match &entry.content {
            LogContent::Unreadable => self.unreadable_count += 1,
            _ if !entry.is_active => self.retracted_count += 1,
            LogContent::UserMessage(text) => self.write_user_message(entry.recorded_at, text),
            LogContent::AssistantMessage(message) => self.write_assistant_message(message),
            LogContent::CallDispatched(id) => {
                if let Some((_, begun)) =
                    self.open_calls.iter_mut().find(|(call, _)| call.id == *id)
                {
                    *begun = true;
                }
            }
            LogContent::CallResult(id, output) => self.write_tool_result(id, output),
            LogContent::Compacted { summary, .. } => self.write_compaction(summary),
            LogContent::TurnEnd(turn) => self.write_turn_end(turn),
            _ => {}
        }
    }

    fn write_user_message(&mut self, at: u64, text: &str) {
        self.write_open_calls();
        self.write_line("");
        self.write_bracketed(&format!("{} UTC", format_utc(at)));
        for line in text.lines() {
            self.write_line(&format!("> {line}"));
        }
        self.write_line("");
    }

    fn write_assistant_message(&mut self, message: &AssistantMessage) {
        self.write_open_calls();
        if let Some(reasoning) = message.reasoning.as_ref().filter(|_| self.shows_reasoning) {
            for line in reasoning.text.trim().lines() {
                self.write_line(&format!("  ~ {line}"));
            }
        }
        if !message.text.trim().is_empty() {
            self.write_line(message.text.trim_end());
        }
        for call in &message.calls {
            match call {
                EmittedToolCall::Valid(call) => self.open_calls.push((call.clone(), false)),
                EmittedToolCall::Invalid(InvalidToolCall { name, problem, .. }) => {
                    self.write_line(&format!("● {name} ✗ not run: {}", shorten_text(problem)));
                }
            }
        }
    }

    fn write_tool_result(&mut self, id: &ToolCallId, output: &ToolOutput) {
        let Some(index) = self.open_calls.iter().position(|(call, _)| call.id == *id) else {
            return;
        };
        let (call, _) = self.open_calls.remove(index);
        let mark = if output.is_error { "✗" } else { "✓" };
        let first = || output.text.lines().find(|line| !line.trim().is_empty());
        let preview = output.summary.as_deref().or_else(first).unwrap_or_default();
        self.write_line(
            format!("● {} {mark} {}", describe_call(&call), shorten_text(preview)).trim_end(),
        );
    }

    /// Writes the calls that never got a result.
    fn write_open_calls(&mut self) {
        for (call, begun) in std::mem::take(&mut self.open_calls) {
            let state = if begun { "was begun and has no result" } else { "was not run" };
            self.write_line(&format!("● {} ? {state}", describe_call(&call)));
        }
    }

    fn write_compaction(&mut self, summary: &ConversationSummary) {
        self.write_line("");
        self.write_bracketed("what is above, but for the last steps, was replaced by a summary");
        for line in summary.text.trim().lines().chain(summary.ledger.iter().map(String::as_str)) {
            self.write_line(&format!("  | {line}"));
        }
    }

    fn write_turn_end(&mut self, turn: &TurnRecord) {
        self.write_open_calls();
        if turn.outcome != "reply" && turn.outcome != "imported" {
            let after = if turn.duration.is_zero() {
                String::new()
            } else {
                format!(" after {}", format_duration(turn.duration))
            };
            self.write_bracketed(&format!("the turn ended as {}{after}", turn.outcome));
        }
    }

    fn write_footer(&mut self, row: &SessionRow) {
        self.write_open_calls();
        if row.info.turn_open {
            self.write_bracketed(&format!("the turn is {}", row.state_name()));
        }
        for (count, what) in [
            (self.retracted_count, "undone and are not shown"),
            (self.unreadable_count, "damaged, or of a newer version, and cannot be shown"),
        ] {
            if count > 0 {
                self.write_bracketed(&format!("{count} entries of the log were {what}"));
            }
        }
    }

    /// Writes a remark that is no part of the conversation.
    fn write_bracketed(&mut self, text: &str) {
        self.write_line(&format!("[{text}]"));
    }

    fn write_line(&mut self, text: &str) {
        self.text.push_str(&sanitize::escape_prose(text));
        self.text.push('\n');
    }
}

/// Describes a call in one line: the tool and its main argument.
fn describe_call(call: &ToolCall) -> String {
    let arguments = call.arguments.as_map();
    let about = ["command", "path"].into_iter().find_map(|key| arguments.get(key)?.as_str());
    let about = about.map_or_else(|| call.arguments.to_json(), str::to_owned);
    format!("{} {}", call.name, shorten_text(&about))
}

/// Returns the text in one line, escaped and truncated.
fn shorten_text(text: &str) -> String {
    let line = text.trim().replace('\n', "⏎");
    let mut shown: String = line.chars().take(PREVIEW_CHARS).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    sanitize::escape_line(&shown)
}
