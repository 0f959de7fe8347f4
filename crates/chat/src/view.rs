//! A turn as it is shown: its finished lines, and the lines that still change.

mod activity;
mod live_rows;
mod tool_rows;

use std::time::{Duration, Instant};

use openclaw_core::TokenUsage;
use openclaw_runtime::{ContextUse, TurnEvent};
use openclaw_terminal::{
    MarkdownOptions, MarkdownStream, OutputPrinter, TextStyle, sanitize, wrap_words,
};

use self::activity::{Activity, RunningTool, TokenRateMeter};
use crate::conversation::ShownModel;
use crate::progress::{
    ANSWER_RESET_NOTICE, ServerWait, activity_text, format_duration, notice_line, server_wait,
};
use crate::reasoning::{ReasoningBuffer, ReasoningDisplay};
use crate::scrollback::{RowKind, ScrollbackBuffer, split_rows};

/// How a turn is shown.
#[derive(Debug, Clone)]
pub(crate) struct RenderOptions {
    pub(crate) printer: OutputPrinter,
    pub(crate) reasoning: ReasoningDisplay,
    pub(crate) columns: usize,
}

/// A turn that is being shown.
#[derive(Debug)]
pub(crate) struct TurnView {
    render_options: RenderOptions,
    model: ShownModel,
    context_use: Option<ContextUse>,
    started_at: Instant,
    activity: Activity,
    answer: Option<MarkdownStream>,
    /// Whether rows of the message that is being written were given out.
    has_printed_rows: bool,
    reasoning_buffer: Option<ReasoningBuffer>,
    running_tools: Vec<RunningTool>,
    token_rate: TokenRateMeter,
    is_stopping: bool,
}

impl TurnView {
    pub(crate) fn new(render_options: RenderOptions, model: ShownModel) -> Self {
        Self {
            render_options,
            model,
            context_use: None,
            started_at: Instant::now(),
            activity: Activity::new("waiting for the model"),
            answer: None,
            has_printed_rows: false,
            reasoning_buffer: None,
            running_tools: Vec::new(),
            token_rate: TokenRateMeter::default(),
            is_stopping: false,
        }
    }

    /// Begins with what was known of the window.
    pub(crate) fn with_context_use(mut self, context_use: Option<ContextUse>) -> Self {
        self.context_use = context_use;
        self
    }

    /// Takes another model.
    pub(crate) fn set_model(&mut self, model: ShownModel) {
        self.model = model;
    }

    /// Says what is being done before anything happens.
    pub(crate) fn with_activity(mut self, label: &str) -> Self {
        self.activity = Activity::new(label);
        self
    }

    /// Shows that the turn is being stopped.
    pub(crate) fn mark_stopping(&mut self) {
        self.is_stopping = true;
    }

    /// Takes another width or another way to show thoughts.
    pub(crate) fn set_render_options(&mut self, render_options: RenderOptions) {
        if let Some(answer) = &mut self.answer {
            answer.set_width(markdown_width(render_options.columns));
        }
        self.render_options = render_options;
    }

    /// Whether the changing lines continue the model's text above them.
    pub(crate) fn is_inside_answer(&self) -> bool {
        self.has_printed_rows
            && self.answer.as_ref().is_some_and(|answer| !answer.pending_lines().is_empty())
    }

    /// How long the model wrote.
    pub(crate) fn generation_time(&self) -> Duration {
        self.token_rate.generation_time
    }

    /// Shows one event: what is final goes to the transcript.
    pub(crate) fn show_event(&mut self, event: &TurnEvent, out: &mut ScrollbackBuffer) {
        match event {
            TurnEvent::ModelCallStarted { .. } => {
                self.activity = Activity::new("waiting for the model");
                self.token_rate.reset_message();
                self.has_printed_rows = false;
            }
            TurnEvent::WaitingForServer { activity, idle_for, other_requests } => {
                let started_at = Instant::now().checked_sub(*idle_for).unwrap_or_else(Instant::now);
                let note =
                    other_requests.filter(|ahead| *ahead > 0).map(|ahead| format!("{ahead} ahead"));
                self.activity = Activity {
                    label: activity_text(*activity).to_owned(),
                    started_at,
                    limit: None,
                    note,
                };
            }
            TurnEvent::CompactionStarted => {
                self.activity = Activity::new("summarising the conversation");
            }
            TurnEvent::TextDelta(text) => self.show_text(text, out),
            TurnEvent::ReasoningDelta(text) => self.show_reasoning(text, out),
            TurnEvent::ToolCallDelta { name, arguments, .. } => {
                self.token_rate.record_delta(arguments);
                if let Some(name) = name {
                    self.end_reasoning(out);
                    self.set_activity(&format!("writing a call of {name}"));
                }
            }
            TurnEvent::ToolStarted { call, effect } => {
                self.end_message(out);
                self.add_running_tool(call, effect);
            }
            TurnEvent::ToolOutputDelta { text, .. } if self.render_options.printer.is_verbose() => {
                self.print_tool_output(text, out);
            }
            TurnEvent::FileChanged { change, .. } => self.print_file_change(change, out),
            TurnEvent::ToolFinished { id, name, is_error, summary, duration } => {
                let default_summary = if *is_error { "failed" } else { "done" };
                let summary = summary.as_deref().unwrap_or(default_summary);
                let label = self.remove_running_tool(id).unwrap_or_else(|| name.to_string());
                let result = format!("{summary} ({})", format_duration(*duration));
                self.print_tool_result(*is_error, &label, &result, out);
                self.activity = Activity::new("waiting for the model");
            }
            TurnEvent::ModelCallFinished { usage, duration, first_token_after, .. } => {
                self.end_message(out);
                self.token_rate.reset_message();
                if let Some(first) = first_token_after {
                    self.token_rate.generation_time += duration.saturating_sub(*first);
                }
                if let Some(usage) = usage {
                    self.record_usage(usage);
                }
                self.activity = Activity::new("going on");
            }
            TurnEvent::SteeringApplied { text } => {
                out.request_gap();
                out.push_rows(
                    RowKind::User,
                    &format_user_message(
                        &self.render_options.printer,
                        text,
                        self.render_options.columns,
                    ),
                );
            }
            TurnEvent::MessageReset => self.reset_message(out),
            other => self.show_notice(other, out),
        }
    }

    fn record_usage(&mut self, usage: &TokenUsage) {
        let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        let window = self.model.window;
        self.context_use = Some(ContextUse { tokens, cached_tokens: usage.cached_tokens, window });
    }

    /// Ends what is still changing: it is final as it is.
    pub(crate) fn finish_turn(&mut self, out: &mut ScrollbackBuffer) {
        self.end_message(out);
        for RunningTool { label, .. } in std::mem::take(&mut self.running_tools) {
            self.print_tool_result(true, &label, "stopped", out);
        }
    }

    /// Ends what is shown of a turn that goes on elsewhere.
    pub(crate) fn leave_turn(&mut self, out: &mut ScrollbackBuffer) {
        self.running_tools.clear();
        self.end_message(out);
    }

    fn show_text(&mut self, text: &str, out: &mut ScrollbackBuffer) {
        self.end_reasoning(out);
        self.token_rate.record_delta(text);
        self.set_activity("answering");
        let options = MarkdownOptions {
            width: markdown_width(self.render_options.columns),
            colour: self.render_options.printer.uses_color(),
        };
        let answer = self.answer.get_or_insert_with(|| MarkdownStream::new(options));
        let final_text = answer.push_text(text);
        if !final_text.is_empty() {
            self.has_printed_rows = true;
            out.push_rows(RowKind::Answer, &final_text);
        }
    }

    fn show_reasoning(&mut self, text: &str, out: &mut ScrollbackBuffer) {
        self.token_rate.record_delta(text);
        self.set_activity("thinking");
        let lines = self.reasoning_buffer.get_or_insert_with(ReasoningBuffer::new).push(text);
        if self.render_options.reasoning == ReasoningDisplay::Full {
            for line in lines {
                self.print_notice(TextStyle::Dim, &sanitize::escape_prose(&line), out);
            }
        }
    }

    /// What is thought is over once there is something else.
    fn end_reasoning(&mut self, out: &mut ScrollbackBuffer) {
        let Some(buffer) = self.reasoning_buffer.take() else { return };
        match self.render_options.reasoning {
            ReasoningDisplay::Off => {}
            ReasoningDisplay::Short => {
                let text = format!("thought for {}", format_duration(buffer.elapsed_time()));
                self.print_notice(TextStyle::Dim, &text, out);
            }
            ReasoningDisplay::Full if buffer.unfinished_line().is_empty() => {}
            ReasoningDisplay::Full => self.print_notice(
                TextStyle::Dim,
                &sanitize::escape_prose(buffer.unfinished_line()),
                out,
            ),
        }
    }

    fn end_message(&mut self, out: &mut ScrollbackBuffer) {
        self.end_reasoning(out);
        if let Some(answer) = self.answer.take() {
            let rest = answer.finish();
            if !rest.is_empty() {
                out.push_rows(RowKind::Answer, &rest);
            }
        }
    }

    /// What was shown of the message that is being written does not hold any more.
    fn reset_message(&mut self, out: &mut ScrollbackBuffer) {
        (self.answer, self.reasoning_buffer) = (None, None);
        if std::mem::take(&mut self.has_printed_rows) {
            self.print_notice(TextStyle::Yellow, ANSWER_RESET_NOTICE, out);
        }
        self.activity = Activity::new("waiting for the model");
    }

    fn show_notice(&mut self, event: &TurnEvent, out: &mut ScrollbackBuffer) {
        match event {
            TurnEvent::ServerReconnected { .. } | TurnEvent::CompactionFinished(_) => {
                self.activity = Activity::new("waiting for the model");
            }
            _ => {}
        }
        if let Some(ServerWait { label, since, limit }) = server_wait(event) {
            self.activity = Activity {
                label: label.to_owned(),
                started_at: since,
                limit: Some(limit),
                note: None,
            };
        }
        if let Some((style, text)) = notice_line(event, self.render_options.printer.is_verbose()) {
            self.print_notice(style, &sanitize::escape_line(&text), out);
        }
    }

    fn print_notice(&self, style: TextStyle, text: &str, out: &mut ScrollbackBuffer) {
        let styled_rows: Vec<String> = split_rows(text)
            .map(|row| self.render_options.printer.style_text(style, row))
            .collect();
        out.push_rows(RowKind::Notice, &styled_rows.join("\n"));
    }

    /// Something comes; since when is told anew when it is something else than before.
    fn set_activity(&mut self, label: &str) {
        if self.activity.label != label {
            self.activity = Activity::new(label);
        }
    }
}

/// What the user said, as it stays: marked where it begins, and set in below.
pub(crate) fn format_user_message(printer: &OutputPrinter, text: &str, columns: usize) -> String {
    let text = sanitize::escape_prose(text);
    let rows = split_rows(&text).flat_map(|row| wrap_words(&row, columns.saturating_sub(2).max(1)));
    let rows = rows.enumerate().map(|(number, row)| {
        let mark = if number == 0 { "›" } else { " " };
        printer.style_text(TextStyle::Bold, format!("{mark} {row}"))
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The width that answers are written for.
fn markdown_width(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
