//! Checks tool calls when they are complete.

mod assembler;
mod partial_arguments;

use openclaw_core::{ChatEvent, EmittedToolCall, InvalidToolCall, ToolCall, ToolCallId, ToolName};

pub(crate) use self::assembler::ToolCallAssembler;

use self::assembler::resolve_name;
use crate::argument_repair;
use crate::dialect::{OfferedTools, TextToolCall};
use crate::schema::ArgumentSchema;

/// The problem of a call that the output limit truncated.
const TRUNCATED_CALL_PROBLEM: &str =
    "The answer reached its output limit in the middle of this call.";

/// The repair of a call whose tool was named in another way.
const NAME_REPAIR: &str = "matched the name with an offered tool";

/// The repair of arguments that were sent more than once.
const SURPLUS_REPAIR: &str = "left out an empty object before the arguments, or their repetition";

impl ToolCallAssembler {
    /// Ends the calls; the last one may be truncated.
    pub(crate) fn finish_calls(
        self,
        offered_tools: Option<&OfferedTools>,
        is_truncated: bool,
        events: &mut Vec<ChatEvent>,
    ) -> Vec<EmittedToolCall> {
        let partial_calls = self.into_calls(is_truncated, events);
        let last = partial_calls.len().saturating_sub(1);
        let calls = partial_calls.into_iter().enumerate().map(|(at, call)| {
            let id = call.id.as_deref().and_then(ToolCallId::new);
            let id = id.unwrap_or_else(|| ToolCallId::from_number(at));
            let (name, is_renamed) = resolve_name(&call.name, offered_tools);
            let schema = offered_tools
                .map_or_else(ArgumentSchema::default, |offered| offered.argument_schema(&name));
            let mut repairs: Vec<_> = is_renamed.then_some(NAME_REPAIR).into_iter().collect();
            let problem = (is_truncated && at == last).then_some(TRUNCATED_CALL_PROBLEM);
            let raw = call.arguments.raw_text();
            let raw = match call.arguments.without_surplus().filter(|_| problem.is_none()) {
                Some(arguments) => {
                    repairs.push(SURPLUS_REPAIR);
                    arguments
                }
                None => raw,
            };
            let (call, argument_repairs) = parse_call(id, name, raw, problem, schema);
            repairs.extend(argument_repairs);
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
            .map(|it| if is_truncated { TRUNCATED_CALL_PROBLEM } else { it })
            .or((call.is_unclosed && is_truncated).then_some(TRUNCATED_CALL_PROBLEM));
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
        None => match argument_repair::parse_arguments(&raw, name.as_str(), schema) {
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
