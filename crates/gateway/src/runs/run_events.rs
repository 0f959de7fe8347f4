//! Tells the connected clients what a run does.

use openclaw_core::ModelAttempt;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{
    AgentEvent, ChatEvent, ChatMessage, ChatState, RunState, TurnOpening,
};
use openclaw_protocol::results::agent::SessionReport;
use openclaw_runtime::encoding::{EventEncoder, TurnTimings, encode_skipped_model, encode_start};
use openclaw_runtime::{AgentRun, ToolRefusalReason, TurnEvent, TurnEventReceiver};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::live_run::LiveRun;
use super::{RunManager, now_millis};
use crate::clients::EventAudience;
use crate::metrics::CallObserver;
use crate::run_result::{RunEnd, event_stream};

/// The most calls that were not allowed of which a run keeps the reasons.
const MAX_DENIED_CALLS: usize = 5;

/// What the events of a turn tell about it.
#[derive(Debug, Default)]
pub(super) struct TurnRecordings {
    pub(super) timings: TurnTimings,
    /// The models that failed or were skipped.
    pub(super) attempts: Vec<ModelAttempt>,
    /// The first calls that were not allowed, with the reasons.
    pub(super) denied_calls: Vec<String>,
}

impl RunManager {
    /// Tells that the turn begins.
    pub(super) fn tell_opening(
        &self,
        run: &LiveRun,
        agent: &AgentRun,
        session: &SessionReport,
        is_resume: bool,
    ) {
        let opening = TurnOpening {
            phase: "open".to_owned(),
            start: encode_start(agent, Some(session), is_resume),
            attempts: agent.report.attempts.iter().map(encode_skipped_model).collect(),
            warnings: agent.report.warnings.iter().map(ToString::to_string).collect(),
        };
        if let Ok(data) = serde_json::to_value(opening) {
            self.tell(run, "lifecycle", data);
        }
    }

    /// Passes on the events of a turn until it ends, and records what they tell.
    pub(super) async fn pass_on_events(
        &self,
        run: &LiveRun,
        mut events: TurnEventReceiver,
        mut observer: CallObserver,
        recordings: &mut TurnRecordings,
    ) {
        let mut encoder = EventEncoder::default();
        while let Some(event) = events.recv().await {
            recordings.timings.record_event(&event);
            if let TurnEvent::ModelAttemptFailed(attempt) = &event {
                recordings.attempts.push(attempt.as_ref().clone());
            }
            if let TurnEvent::ToolRefused { name, refusal, reason, .. } = &event
                && matches!(refusal, ToolRefusalReason::Denied | ToolRefusalReason::NoApprover)
                && recordings.denied_calls.len() < MAX_DENIED_CALLS
            {
                recordings.denied_calls.push(format!("{name}: {reason}"));
            }
            let Some(event) = encoder.encode_event(&event) else { continue };
            observer.observe_event(&event);
            // Without a listener in this process nobody is left out.
            let _ = run.events.send(event.clone());
            match &event {
                WireEvent::Text { text } => self.tell_delta(run, text, None),
                WireEvent::MessageReset { .. } => self.tell_delta(run, "", Some(true)),
                _ => {}
            }
            if let Ok(data) = serde_json::to_value(&event) {
                self.tell(run, event_stream(&event), data);
            }
        }
    }

    pub(super) fn tell(&self, run: &LiveRun, stream: &str, data: Value) {
        let event = AgentEvent {
            run_id: run.id.clone(),
            session_key: run.session_key.clone(),
            seq: run.next_seq(),
            stream: stream.to_owned(),
            ts: now_millis(),
            data,
        };
        let Ok(encoded) = to_raw_value(&event) else { return };
        // Kept first: a client that asks for what it missed gets it there or from now on.
        run.keep_event(event, encoded.get().len());
        self.clients.broadcast_event(EventAudience::Readers, "agent", &encoded);
    }

    pub(super) fn tell_delta(&self, run: &LiveRun, text: &str, replace: Option<bool>) {
        let event = ChatEvent {
            delta_text: Some(text.to_owned()),
            replace,
            ..run.chat_event(ChatState::Delta)
        };
        self.clients.broadcast_event(EventAudience::Readers, "chat", &event);
    }

    pub(super) fn tell_end(&self, run: &LiveRun, end: &RunEnd) {
        let error = end.error_text();
        let phase = if end.status == RunState::Ok { "end" } else { "error" };
        let data = json!({ "phase": phase, "endedAt": run.times().1, "error": error });
        self.tell(run, "lifecycle", data);
        let state = match (end.status, end.aborted) {
            (RunState::Ok, _) => ChatState::Final,
            (_, true) => ChatState::Aborted,
            _ => ChatState::Error,
        };
        let message = end.text.clone().map(|text| ChatMessage {
            omitted_bytes: None,
            role: "assistant".to_owned(),
            text,
            timestamp: now_millis(),
        });
        let event = ChatEvent { message, error_message: error, ..run.chat_event(state) };
        self.clients.broadcast_event(EventAudience::Readers, "chat", &event);
    }
}
