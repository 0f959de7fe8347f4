//! Output on stdout: the answer, one JSON object, or one JSON line per event. Notices for people go
//! to stderr in every format.

use std::io;

use openclaw_chat::TurnProgress;
use openclaw_core::ModelAttempt;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::TurnOpening;
use openclaw_protocol::results::agent::{AgentResult, SessionReport};
use openclaw_runtime::TurnEvent;
use openclaw_runtime::encoding::{
    EventEncoder, TurnTimings, decode_event, encode_skipped_model, encode_start,
};
use openclaw_terminal::OutputPrinter;

use super::agent_session::AgentSession;
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
                let start = encode_start(agent_session.agent_run(), session, is_resume);
                write_json_line(printer, &start)?;
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

impl AgentOutput<'_> {
    /// Begins a turn that runs in a gateway, before anything is known of it.
    pub(crate) fn begin_gateway_turn(self) -> TurnRenderer {
        let printer = self.printer;
        let writes_lines = self.format == OutputFormat::StreamJson;
        let lines = writes_lines.then(|| JsonLinesWriter {
            printer: printer.clone(),
            encoder: EventEncoder::default(),
        });
        TurnRenderer {
            progress: TurnProgress::new(printer, self.is_text() && printer.stdout_is_terminal),
            timings: TurnTimings::default(),
            attempts: Vec::new(),
            json_lines: lines,
        }
    }
}

impl TurnRenderer {
    /// Renders the beginning of a turn that runs in a gateway.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub(crate) fn render_opening(&mut self, opening: &TurnOpening) -> io::Result<()> {
        if let Some(lines) = &self.json_lines {
            write_json_line(&lines.printer, &opening.start)?;
        }
        opening.attempts.iter().try_for_each(|attempt| self.render_wire_event(attempt))
    }

    /// Renders one event of a turn that runs in a gateway.
    ///
    /// # Errors
    /// When writing to stdout fails.
    pub(crate) fn render_wire_event(&mut self, event: &WireEvent) -> io::Result<()> {
        if let Some(lines) = &self.json_lines
            && *event != WireEvent::Unknown
        {
            write_json_line(&lines.printer, event)?;
        }
        match decode_event(event) {
            Some(event) => self.progress.show_event(&event),
            None => Ok(()),
        }
    }

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
