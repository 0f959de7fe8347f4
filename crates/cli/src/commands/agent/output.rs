//! Output on stdout: the answer, one JSON object, or one JSON line per event. Notices for people go
//! to stderr in every format.

use std::io;

use openclaw_chat::TurnProgress;
use openclaw_core::ModelAttempt;
use openclaw_protocol::events::{EVENTS_VERSION, TurnStart, WireEvent};
use openclaw_protocol::results::agent::{AgentResult, SessionReport};
use openclaw_runtime::TurnEvent;
use openclaw_runtime::encoding::{EventEncoder, encode_skipped_model};
use openclaw_terminal::OutputPrinter;

use super::agent_session::AgentSession;
use super::result::{session_ids, tool_names};
use super::timings::TurnTimings;
use crate::args::OutputFormat;
use crate::json_answer::{write_json_answer, write_json_line};

/// Writes the result of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgentOutput<'p> {
    pub(crate) printer: &'p OutputPrinter,
    pub(crate) format: OutputFormat,
}

/// Renders one running turn.
#[derive(Debug)]
pub(crate) struct TurnRenderer {
    pub(crate) progress: TurnProgress,
    pub(crate) timings: TurnTimings,
    /// The models that failed or were skipped, since one was connected.
    pub(crate) attempts: Vec<ModelAttempt>,
    json_lines: Option<JsonLinesWriter>,
}

/// Writes the events of a turn as JSON lines.
#[derive(Debug)]
struct JsonLinesWriter {
    printer: OutputPrinter,
    encoder: EventEncoder,
}

impl AgentOutput<'_> {
    /// Returns true when stdout is plain text, for people.
    pub(crate) fn is_text(self) -> bool {
        self.format == OutputFormat::Text
    }

    /// Writes the result object of the run; nothing in text format.
    pub(crate) fn write_result(self, result: AgentResult) -> io::Result<()> {
        match self.format {
            OutputFormat::Text => Ok(()),
            OutputFormat::Json => write_json_answer(self.printer, &result),
            OutputFormat::StreamJson => {
                write_json_line(self.printer, &WireEvent::Result(Box::new(result)))
            }
        }
    }

    /// Begins a turn. In `stream-json`, writes the first line, which names the model and the
    /// session.
    pub(crate) fn begin_turn(
        self,
        agent_session: &AgentSession,
        session: Option<&SessionReport>,
        is_resume: bool,
    ) -> io::Result<TurnRenderer> {
        let printer = self.printer;
        let attempts = agent_session.agent_run().report.attempts.clone();
        let streams_text = self.is_text() && printer.stdout_is_terminal;
        let mut progress = TurnProgress::new(printer, streams_text);
        let lines = match self.format {
            OutputFormat::StreamJson => {
                write_json_line(printer, &start_event(agent_session, session, is_resume))?;
                for attempt in &attempts {
                    write_json_line(printer, &encode_skipped_model(attempt))?;
                }
                Some(JsonLinesWriter { printer: printer.clone(), encoder: EventEncoder::default() })
            }
            OutputFormat::Text | OutputFormat::Json => None,
        };
        progress.show_attempts(&attempts);
        Ok(TurnRenderer { progress, timings: TurnTimings::default(), attempts, json_lines: lines })
    }
}

impl TurnRenderer {
    /// Renders one event.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub(crate) fn render_event(&mut self, event: &TurnEvent) -> io::Result<()> {
        self.timings.record_event(event);
        if let TurnEvent::ModelAttemptFailed(attempt) = event {
            self.attempts.push(attempt.as_ref().clone());
        }
        if let Some(lines) = &mut self.json_lines {
            lines.write_event(event)?;
        }
        self.progress.show_event(event)
    }

    /// Ends the rendering; returns true when the answer was already streamed to stdout.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub(crate) fn finish_turn(&mut self) -> io::Result<bool> {
        self.progress.finish_output()
    }
}

impl JsonLinesWriter {
    fn write_event(&mut self, event: &TurnEvent) -> io::Result<()> {
        match self.encoder.encode_event(event) {
            Some(value) => write_json_line(&self.printer, &value),
            None => Ok(()),
        }
    }
}

/// The first event: the model, the agent and the session.
fn start_event(
    agent_session: &AgentSession,
    session: Option<&SessionReport>,
    is_resume: bool,
) -> WireEvent {
    let run = agent_session.agent_run();
    let info = run.model.model_info();
    let ids = session_ids(session);
    WireEvent::Start(Box::new(TurnStart {
        version: EVENTS_VERSION,
        session_id: ids.session_id,
        session_key: ids.session_key,
        session: session.cloned(),
        resumed: is_resume,
        provider: info.reference.provider_id().to_owned(),
        model: info.reference.model_id().to_owned(),
        context_window: info.limits.context_window,
        context_window_source: info.limits.context_window_source.label().to_owned(),
        workspace: run.workspace.display().to_string(),
        tools: tool_names(agent_session),
    }))
}
