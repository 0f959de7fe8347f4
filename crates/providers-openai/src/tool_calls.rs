//! Assembles tool calls from their deltas and checks them when they are complete.
//!
//! Servers differ in how calls arrive: all at index 0 with different ids, the name in every delta,
//! no index, `null` arguments. A new id or a new index begins a call; anything else continues the
//! previous one.

use openclaw_core::{ChatEvent, EmittedToolCall, InvalidToolCall, ToolCall, ToolCallId, ToolName};
use openclaw_transport::wire::ChatToolCallDelta;

use crate::argument_repair;
use crate::dialect::{OfferedTools, TextToolCall};
use crate::schema::ArgumentSchema;

/// The problem of a call that the output limit truncated.
const TRUNCATED_CALL_PROBLEM: &str =
    "The answer reached its output limit in the middle of this call.";

/// The tool calls of an answer that is being received.
#[derive(Debug, Default)]
pub(crate) struct ToolCallAssembler(Vec<PartialToolCall>);

#[derive(Debug)]
struct PartialToolCall {
    index: u32,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl ToolCallAssembler {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a delta and returns its event.
    pub(crate) fn add_delta(&mut self, delta: ChatToolCallDelta) -> ChatEvent {
        let id = delta.id.filter(|id| !id.trim().is_empty());
        let (name, arguments) = (delta.function.name, delta.function.arguments);
        let index = delta.index.unwrap_or_else(|| match (&id, self.0.last()) {
            (Some(id), Some(last)) if last.id.as_ref() != Some(id) => last.index.saturating_add(1),
            (_, last) => last.map_or(0, |last| last.index),
        });
        let position = self.0.iter().rposition(|call| call.index == index);
        let existing = position.filter(|&position| {
            let before = self.0.get(position).and_then(|call| call.id.as_ref());
            id.is_none() || before.is_none() || before == id.as_ref()
        });
        let position = existing.unwrap_or(self.0.len());
        let is_new = existing.is_none();
        if is_new {
            let name = name.clone().unwrap_or_default();
            let (id, arguments) = (id.clone(), String::new());
            self.0.push(PartialToolCall { index, id, name, arguments });
        }
        let arguments_delta = arguments.unwrap_or_default();
        if let Some(call) = self.0.get_mut(position) {
            call.arguments.push_str(&arguments_delta);
            if call.name.is_empty() {
                call.name = name.clone().unwrap_or_default();
            }
            if call.id.is_none() {
                call.id.clone_from(&id);
            }
        }
        ChatEvent::ToolCallDelta {
            index: to_call_index(position),
            id: is_new.then(|| id.as_deref().and_then(ToolCallId::new)).flatten(),
            name: is_new.then(|| name.as_deref().map(ToolName::from_model)).flatten(),
            arguments: arguments_delta,
        }
    }

    /// Ends the calls; the last one may be truncated.
    pub(crate) fn finish_calls(
        self,
        offered_tools: Option<&OfferedTools>,
        is_truncated: bool,
        events: &mut Vec<ChatEvent>,
    ) -> Vec<EmittedToolCall> {
        let last = self.0.len().saturating_sub(1);
        let calls = self.0.into_iter().enumerate().map(|(at, call)| {
            let id = call.id.as_deref().and_then(ToolCallId::new);
            let id = id.unwrap_or_else(|| ToolCallId::from_number(at));
            let name = ToolName::from_model(&call.name);
            let schema = offered_tools
                .map_or_else(ArgumentSchema::default, |offered| offered.argument_schema(&name));
            let problem = (is_truncated && at == last).then_some(TRUNCATED_CALL_PROBLEM);
            let (call, repairs) = parse_call(id, name, call.arguments, problem, schema);
            if !repairs.is_empty() {
                events.push(ChatEvent::ToolCallRepaired { index: to_call_index(at), repairs });
            }
            call
        });
        calls.collect()
    }
}

/// Ends calls that were written as text: each is returned in one piece.
pub(crate) fn finish_text_calls(
    text_calls: Vec<(&'static str, TextToolCall)>,
    offered_tools: &OfferedTools,
    is_truncated: bool,
    events: &mut Vec<ChatEvent>,
) -> Vec<EmittedToolCall> {
    let calls = text_calls.into_iter().enumerate().map(|(at, (dialect, call))| {
        let id = ToolCallId::from_number(at);
        let problem = call
            .problem
            .as_deref()
            .map(|it| if is_truncated { TRUNCATED_CALL_PROBLEM } else { it });
        let schema = offered_tools.argument_schema(&call.name);
        let (call, repairs) =
            parse_call(id.clone(), call.name.clone(), call.arguments, problem, schema);
        let (name, arguments) = match &call {
            EmittedToolCall::Valid(call) => (call.name.clone(), call.arguments.to_json()),
            EmittedToolCall::Invalid(call) => (call.name.clone(), call.raw_arguments.clone()),
        };
        let (index, id, name) = (to_call_index(at), Some(id), Some(name));
        events.push(ChatEvent::ToolCallDelta { index, id, name, arguments });
        let all_repairs = std::iter::once(dialect).chain(repairs).collect();
        events.push(ChatEvent::ToolCallRepaired { index, repairs: all_repairs });
        call
    });
    calls.collect()
}

fn parse_call(
    id: ToolCallId,
    name: ToolName,
    raw: String,
    known_problem: Option<&str>,
    schema: ArgumentSchema<'_>,
) -> (EmittedToolCall, Vec<&'static str>) {
    let problem = match known_problem {
        Some(fault) => fault.to_owned(),
        None => match argument_repair::parse_arguments(&raw, schema) {
            Ok(argument_repair::RepairedArguments { arguments, repairs }) => {
                return (EmittedToolCall::Valid(ToolCall { id, name, arguments }), repairs);
            }
            Err(error) => format!("Its arguments are {error}."),
        },
    };
    (
        EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem }),
        Vec::new(),
    )
}

fn to_call_index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
