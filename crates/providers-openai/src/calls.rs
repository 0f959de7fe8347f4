//! Gathers the pieces of calls, and judges the calls when they are whole.
//!
//! Servers disagree on how calls arrive: all at index 0 with different ids, the name in every
//! piece, no index, `null` arguments. What counts is a new id or a new index; all else continues
//! the call before.

use openclaw_core::{BrokenCall, ChatEvent, EmittedCall, ToolCall, ToolCallId, ToolName};
use openclaw_transport::wire::ToolCallDelta;

use crate::dialect::{Offered, Written};
use crate::salvage;
use crate::schema::Schema;

/// The problem of a call that the output limit cut off.
const CUT: &str = "The answer reached its output limit in the middle of this call.";

/// The calls of an answer under way.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<PartialCall>);

#[derive(Debug)]
struct PartialCall {
    index: u32,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Calls {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one piece and returns what it means to the reader.
    pub(crate) fn delta(&mut self, delta: ToolCallDelta) -> ChatEvent {
        let id = delta.id.filter(|id| !id.trim().is_empty());
        let (name, arguments) = (delta.function.name, delta.function.arguments);
        let index = delta.index.unwrap_or_else(|| match (&id, self.0.last()) {
            (Some(id), Some(last)) if last.id.as_ref() != Some(id) => last.index.saturating_add(1),
            (_, last) => last.map_or(0, |last| last.index),
        });
        let place = self.0.iter().rposition(|call| call.index == index);
        let known = place.filter(|&place| {
            let before = self.0.get(place).and_then(|call| call.id.as_ref());
            id.is_none() || before.is_none() || before == id.as_ref()
        });
        let place = known.unwrap_or(self.0.len());
        let fresh = known.is_none();
        if fresh {
            let name = name.clone().unwrap_or_default();
            let (id, arguments) = (id.clone(), String::new());
            self.0.push(PartialCall { index, id, name, arguments });
        }
        let piece = arguments.unwrap_or_default();
        if let Some(call) = self.0.get_mut(place) {
            call.arguments.push_str(&piece);
            if call.name.is_empty() {
                call.name = name.clone().unwrap_or_default();
            }
            if call.id.is_none() {
                call.id.clone_from(&id);
            }
        }
        ChatEvent::ToolCallDelta {
            index: number(place),
            id: fresh.then(|| id.as_deref().and_then(ToolCallId::new)).flatten(),
            name: fresh.then(|| name.as_deref().map(ToolName::from_model)).flatten(),
            arguments: piece,
        }
    }

    /// Ends the calls; the last one may have been `cut` off.
    pub(crate) fn finish(
        self,
        offered: Option<&Offered>,
        cut: bool,
        events: &mut Vec<ChatEvent>,
    ) -> Vec<EmittedCall> {
        let last = self.0.len().saturating_sub(1);
        let calls = self.0.into_iter().enumerate().map(|(at, call)| {
            let id = call.id.as_deref().and_then(ToolCallId::new);
            let id = id.unwrap_or_else(|| ToolCallId::numbered(at));
            let name = ToolName::from_model(&call.name);
            let schema = offered.map_or_else(Schema::default, |offered| offered.schema(&name));
            let fault = (cut && at == last).then_some(CUT);
            let (call, mends) = judge((id, name), call.arguments, fault, schema);
            if !mends.is_empty() {
                events.push(ChatEvent::Rescued { index: number(at), how: mends });
            }
            call
        });
        calls.collect()
    }
}

/// Ends calls that were written as text: they come now, each in one piece.
pub(crate) fn finish_written(
    written: Vec<(&'static str, Written)>,
    offered: &Offered,
    cut: bool,
    events: &mut Vec<ChatEvent>,
) -> Vec<EmittedCall> {
    let calls = written.into_iter().enumerate().map(|(at, (dialect, call))| {
        let id = ToolCallId::numbered(at);
        let fault = call.fault.map(|fault| if cut { CUT } else { fault });
        let name = (id.clone(), call.name.clone());
        let (call, mends) = judge(name, call.arguments, fault, offered.schema(&call.name));
        let (name, arguments) = match &call {
            EmittedCall::Ready(call) => (call.name.clone(), call.arguments.to_json()),
            EmittedCall::Broken(call) => (call.name.clone(), call.raw.clone()),
        };
        let (index, id, name) = (number(at), Some(id), Some(name));
        events.push(ChatEvent::ToolCallDelta { index, id, name, arguments });
        let how = std::iter::once(dialect).chain(mends).collect();
        events.push(ChatEvent::Rescued { index, how });
        call
    });
    calls.collect()
}

fn judge(
    (id, name): (ToolCallId, ToolName),
    raw: String,
    fault: Option<&str>,
    schema: Schema<'_>,
) -> (EmittedCall, Vec<&'static str>) {
    let problem = match fault {
        Some(fault) => fault.to_owned(),
        None => match salvage::read(&raw, schema) {
            Ok(salvage::Salvaged { arguments, mends }) => {
                return (EmittedCall::Ready(ToolCall { id, name, arguments }), mends);
            }
            Err(error) => format!("Its arguments are {error}."),
        },
    };
    (EmittedCall::Broken(BrokenCall { id, name, raw, problem }), Vec::new())
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
