//! The bytes of an answer: the events of a stream, and the body of a whole one.

use std::sync::Arc;

use bytes::Bytes;

use super::answer::{Delta, Whole};
use super::request::StreamOptions;
use super::usage::Usage;
use crate::body::EventSource;
use crate::ids::{FINGERPRINT, Ids};
use crate::response::{error_event, quoted};
use crate::turn::{Call, Finish};

/// What every event and every body of one answer say.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) role: String,
    pub(crate) stop_reason: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) ids: Arc<Ids>,
}

/// Writes the events of a stream one by one.
#[derive(Debug)]
pub(crate) struct Events {
    envelope: Envelope,
    head: String,
    deltas: std::vec::IntoIter<Delta>,
    stage: Stage,
    finish: Finish,
    options: StreamOptions,
    /// The delta that says nothing and carries the finish reason.
    empty: &'static str,
    said: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Role,
    Deltas,
    Usage,
    Done,
    End,
}

/// The last line of a stream.
const DONE: &str = "data: [DONE]\n\n";

impl Events {
    pub(crate) fn new(
        envelope: Envelope,
        deltas: Vec<Delta>,
        finish: Finish,
        options: StreamOptions,
        empty: &'static str,
    ) -> Self {
        let head = format!(
            "data: {{\"id\":{},\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{},\"choices\":[",
            quoted(&envelope.id),
            envelope.created,
            quoted(&envelope.model)
        );
        let deltas = deltas.into_iter();
        Self { envelope, head, deltas, stage: Stage::Role, finish, options, empty, said: 0 }
    }

    fn choice(&self, delta: &str) -> String {
        let mut event = String::with_capacity(self.head.len() + delta.len() + 160);
        event.push_str(&self.head);
        event.push_str("{\"index\":0,\"delta\":");
        event.push_str(delta);
        event
    }

    fn finish_choice(&mut self, event: &mut String, finishes: bool) {
        event.push_str(",\"logprobs\":null,\"finish_reason\":");
        if finishes {
            self.said = self.envelope.usage.completion;
            event.push('"');
            event.push_str(self.finish.as_str());
            event.push_str("\",\"stop_reason\":");
            event.push_str(&nullable(self.envelope.stop_reason.as_deref()));
        } else {
            event.push_str("null");
        }
        event.push_str(",\"token_ids\":null}]");
        self.push_usage(event);
        if finishes {
            self.stage = if self.options.include_usage { Stage::Usage } else { Stage::Done };
            if !self.options.include_usage {
                event.push_str(",\"system_fingerprint\":\"");
                event.push_str(FINGERPRINT);
                event.push('"');
            }
        }
        event.push_str("}\n\n");
    }

    fn push_usage(&self, event: &mut String) {
        if self.options.continuous_usage {
            event.push_str(",\"usage\":");
            event.push_str(&self.envelope.usage.so_far(self.said));
        }
    }

    fn delta(&self, delta: Delta) -> String {
        match delta {
            Delta::Text(text) => format!("{{\"content\":{}}}", quoted(&text)),
            Delta::Reasoning(text) => format!("{{\"reasoning\":{}}}", quoted(&text)),
            Delta::Muted => "{\"content\":null}".to_owned(),
            Delta::Arguments { index, text } => format!(
                "{{\"content\":null,\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":{}}}}}]}}",
                quoted(&text)
            ),
            Delta::CallStart { index, id, name } => format!(
                "{{\"content\":null,\"tool_calls\":[{{\"id\":{},\"type\":\"function\",\"index\":{index},\
                 \"function\":{{\"name\":{}}}}}]}}",
                quoted(&call_id(&self.envelope.ids, id)),
                quoted(&name)
            ),
        }
    }
}

impl EventSource for Events {
    fn next(&mut self) -> Option<Bytes> {
        match self.stage {
            Stage::Role => {
                self.stage = Stage::Deltas;
                let role = quoted(&self.envelope.role);
                let mut event = self.choice(&format!("{{\"role\":{role},\"content\":\"\"}}"));
                event.push_str(",\"logprobs\":null,\"finish_reason\":null}]");
                self.push_usage(&mut event);
                event.push_str(",\"prompt_token_ids\":null,\"prompt_text\":null}\n\n");
                Some(event.into())
            }
            Stage::Deltas => {
                let delta = self.deltas.next();
                let is_last = self.deltas.as_slice().is_empty();
                self.said = self.said.saturating_add(1).min(self.envelope.usage.completion);
                let finishes = match &delta {
                    None | Some(Delta::Text(_) | Delta::Reasoning(_)) => is_last,
                    Some(Delta::Arguments { .. }) => is_last && self.finish == Finish::Length,
                    Some(_) => false,
                };
                let text = delta.map_or_else(|| self.empty.to_owned(), |delta| self.delta(delta));
                let mut event = self.choice(&text);
                self.finish_choice(&mut event, finishes);
                Some(event.into())
            }
            Stage::Usage => {
                self.stage = Stage::Done;
                let usage = self.envelope.usage.last();
                let head = &self.head;
                let event = format!(
                    "{head}],\"usage\":{usage},\"system_fingerprint\":\"{FINGERPRINT}\"}}\n\n"
                );
                Some(event.into())
            }
            Stage::Done => {
                self.stage = Stage::End;
                Some(Bytes::from_static(DONE.as_bytes()))
            }
            Stage::End => None,
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::End)
    }

    fn usage(&self) -> &Usage {
        &self.envelope.usage
    }

    fn said(&self) -> u32 {
        self.said
    }

    fn finish(&self) -> Finish {
        self.finish
    }

    fn end_mark(&self) -> Option<&'static str> {
        Some(DONE)
    }

    fn error(&self, message: &str, _engine_dies: bool) -> Option<Bytes> {
        Some(format!("data: {}\n\n", error_event(message)).into())
    }
}

/// The body of an answer that is not streamed.
pub(crate) fn whole_body(envelope: &Envelope, whole: Whole) -> String {
    let calls = if whole.calls.is_empty() {
        String::new()
    } else {
        let calls: Vec<_> =
            whole.calls.into_iter().map(|call| call_object(envelope, call)).collect();
        format!("\"tool_calls\":[{}],", calls.join(","))
    };
    format!(
        "{{\"id\":{},\"object\":\"chat.completion\",\"created\":{},\"model\":{},\"choices\":[{{\"index\":0,\
         \"message\":{{\"role\":{},\"content\":{},\"refusal\":null,\"annotations\":null,\"audio\":null,\
         \"function_call\":null,{calls}\"reasoning\":{}}},\"logprobs\":null,\"finish_reason\":\"{}\",\
         \"stop_reason\":{},\"token_ids\":null,\"routed_experts\":null}}],\"service_tier\":null,\
         \"system_fingerprint\":\"{FINGERPRINT}\",\"usage\":{},\"prompt_logprobs\":null,\
         \"prompt_token_ids\":null,\"prompt_text\":null,\"kv_transfer_params\":null,\
         \"ec_transfer_params\":null,\"metrics\":null}}",
        quoted(&envelope.id),
        envelope.created,
        quoted(&envelope.model),
        quoted(&envelope.role),
        nullable(whole.content.as_deref()),
        nullable(whole.reasoning.as_deref()),
        whole.finish.as_str(),
        nullable(envelope.stop_reason.as_deref()),
        envelope.usage.whole(),
    )
}

fn call_object(envelope: &Envelope, call: Call) -> String {
    format!(
        "{{\"id\":{},\"type\":\"function\",\"function\":{{\"name\":{},\"arguments\":{}}}}}",
        quoted(&call_id(&envelope.ids, call.id)),
        quoted(&call.name),
        quoted(&call.arguments.concat())
    )
}

fn call_id(ids: &Ids, given: Option<String>) -> String {
    given.unwrap_or_else(|| format!("chatcmpl-tool-{}", ids.next()))
}

fn nullable(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}
