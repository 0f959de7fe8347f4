//! Assembles tool calls from their deltas.
//!
//! Servers differ in how calls arrive: all at index 0, with a new id in every delta, the name in
//! pieces or in every delta, no index, `{}` before the arguments. So neither an id nor an index
//! alone begins a call: a name does, where the call before it cannot go on.

use std::collections::HashMap;

use openclaw_core::{ChatEvent, ToolCallId, ToolName};
use openclaw_transport::wire::ChatToolCallDelta;

use super::partial_arguments::PartialArguments;
use super::to_call_index;
use crate::dialect::OfferedTools;

/// The tool calls of an answer that is being received. The time is linear in the deltas.
#[derive(Debug, Default)]
pub(crate) struct ToolCallAssembler {
    offered_tools: Option<OfferedTools>,
    /// The most calls that are assembled.
    max_calls: usize,
    /// Whether a delta began one call more.
    is_over_limit: bool,
    calls: Vec<PartialToolCall>,
    /// The latest call at each index.
    by_index: HashMap<u32, usize>,
    /// The latest call of each id.
    by_id: HashMap<String, usize>,
    /// The number of calls with a position in the message.
    positions: usize,
}

#[derive(Debug, Default)]
pub(super) struct PartialToolCall {
    index: u32,
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: PartialArguments,
    /// Its position in the message, once it is known to be a call.
    position: Option<usize>,
    /// Whether it may be the beginning of the call before it, sent once more.
    is_tentative: bool,
    /// Whether an event told its name.
    is_named: bool,
}

/// The parts of a delta, without what is empty.
#[derive(Debug)]
struct CallDeltaParts {
    index: Option<u32>,
    id: Option<String>,
    name: Option<String>,
    arguments: String,
}

/// What a delta belongs to.
enum DeltaTarget {
    Call(usize),
    NewCall,
    /// A call, if arguments follow.
    TentativeCall,
    /// It repeats a call that is complete.
    Repetition,
}

impl ToolCallAssembler {
    pub(crate) fn new(offered_tools: Option<OfferedTools>, max_calls: usize) -> Self {
        Self { offered_tools, max_calls, ..Self::default() }
    }

    /// Returns whether the server began one call more than are assembled.
    pub(crate) fn is_over_limit(&self) -> bool {
        self.is_over_limit
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds a delta and returns its event.
    pub(crate) fn add_delta(&mut self, delta: ChatToolCallDelta) -> ChatEvent {
        let update = CallDeltaParts {
            index: delta.index,
            id: delta.id.filter(|id| !id.trim().is_empty()),
            name: delta.function.name.filter(|name| !name.trim().is_empty()),
            arguments: delta.function.arguments.unwrap_or_default(),
        };
        let at = match self.find_target(&update) {
            DeltaTarget::Repetition => return ChatEvent::Heartbeat,
            DeltaTarget::Call(at) => at,
            _ if self.calls.len() >= self.max_calls => {
                self.is_over_limit = true;
                return ChatEvent::Heartbeat;
            }
            DeltaTarget::NewCall => self.open_call(update.index, false),
            DeltaTarget::TentativeCall => self.open_call(update.index, true),
        };
        self.update_call(at, update)
    }

    fn find_target(&self, update: &CallDeltaParts) -> DeltaTarget {
        let current = self.find_current(update);
        match (current, &update.name) {
            (Some((position, call)), Some(name)) => self.judge_name(call, position, name, update),
            (Some((position, _)), None) => DeltaTarget::Call(position),
            (None, Some(_)) => DeltaTarget::NewCall,
            // A piece at an index of its own that nothing opened continues an unfinished call.
            (None, None) => match self.calls.last() {
                Some(last) if update.id.is_none() && !last.arguments.is_complete() => {
                    DeltaTarget::Call(self.calls.len() - 1)
                }
                _ => DeltaTarget::NewCall,
            },
        }
    }

    /// Finds the call with the id and index of a delta, or the latest one with its index.
    fn find_current(&self, update: &CallDeltaParts) -> Option<(usize, &PartialToolCall)> {
        let find = |at: usize| Some((at, self.calls.get(at)?));
        let by_id = update.id.as_ref().and_then(|id| find(*self.by_id.get(id)?));
        let by_id = by_id.filter(|(_, call)| update.index.is_none_or(|index| call.index == index));
        by_id.or_else(|| match update.index {
            Some(index) => find(*self.by_index.get(&index)?),
            None => find(self.calls.len().checked_sub(1)?),
        })
    }

    /// Decides whether a delta with a name continues the call before it.
    fn judge_name(
        &self,
        call: &PartialToolCall,
        at: usize,
        name: &str,
        update: &CallDeltaParts,
    ) -> DeltaTarget {
        let has_other_id = matches!((&call.id, &update.id), (Some(a), Some(b)) if a != b);
        let has_same_id = matches!((&call.id, &update.id), (Some(a), Some(b)) if a == b);
        let has_same_name = call.name.trim() == name.trim();
        let arguments = update.arguments.trim();
        let continues = if call.name.is_empty() {
            true
        } else if call.arguments.is_complete() {
            let is_repetition = has_same_name
                && !has_other_id
                && (call.arguments.text().trim() == arguments
                    || (has_same_id && arguments.is_empty()));
            if is_repetition {
                return DeltaTarget::Repetition;
            }
            if has_same_name && update.id.is_none() && arguments.is_empty() {
                return DeltaTarget::TentativeCall;
            }
            has_same_id && call.arguments.is_empty_object()
        } else if call.arguments.is_empty() {
            let are_both_tools = || self.is_offered(&call.name) && self.is_offered(name);
            !has_other_id && (has_same_name || !are_both_tools())
        } else if has_other_id {
            has_same_name && !arguments.is_empty() && !arguments.starts_with('{')
        } else {
            has_same_id || has_same_name
        };
        if continues { DeltaTarget::Call(at) } else { DeltaTarget::NewCall }
    }

    fn is_offered(&self, name: &str) -> bool {
        let offered = self.offered_tools.as_ref();
        offered.is_some_and(|offered| offered.find_tool(name).is_some())
    }

    fn open_call(&mut self, index: Option<u32>, is_tentative: bool) -> usize {
        let next_index = || self.calls.last().map_or(0, |last| last.index.saturating_add(1));
        let index = index.unwrap_or_else(next_index);
        let at = self.calls.len();
        self.calls.push(PartialToolCall { index, is_tentative, ..PartialToolCall::default() });
        self.by_index.insert(index, at);
        at
    }

    fn update_call(&mut self, at: usize, update: CallDeltaParts) -> ChatEvent {
        let Some(call) = self.calls.get_mut(at) else { return ChatEvent::Heartbeat };
        if call.id.is_none()
            && let Some(id) = update.id
        {
            self.by_id.insert(id.clone(), at);
            call.id = Some(id);
        }
        if let Some(name) = update.name {
            if name.starts_with(&call.name) {
                call.name = name;
            } else if call.name.trim() != name.trim() && call.arguments.is_empty() {
                call.name.push_str(&name);
            }
        }
        call.arguments.push(&update.arguments);
        let has_arguments = !call.arguments.is_empty();
        if call.name.is_empty() || (call.is_tentative && !has_arguments) {
            return ChatEvent::Heartbeat;
        }
        let is_first = call.position.is_none();
        let position = *call.position.get_or_insert(self.positions);
        self.positions += usize::from(is_first);
        let offered_tools = self.offered_tools.as_ref();
        // A name may come in pieces.
        let is_whole_name =
            || has_arguments || offered_tools.is_none_or(|it| it.find_tool(&call.name).is_some());
        let is_named = !call.is_named && is_whole_name();
        call.is_named |= is_named;
        ChatEvent::ToolCallDelta {
            index: to_call_index(position),
            id: is_first.then(|| call.id.as_deref().and_then(ToolCallId::new)).flatten(),
            name: is_named.then(|| resolve_name(&call.name, offered_tools).0),
            arguments: if is_first { call.arguments.raw_text() } else { update.arguments },
        }
    }

    /// Ends the calls, in their order in the message. What has neither a name nor arguments is no
    /// call, unless the answer was truncated in it. A call that no event told of yet gets one.
    pub(super) fn into_calls(
        mut self,
        is_truncated: bool,
        events: &mut Vec<ChatEvent>,
    ) -> Vec<PartialToolCall> {
        let last = self.calls.len().saturating_sub(1);
        for (at, call) in self.calls.iter_mut().enumerate() {
            let says_nothing = call.arguments.is_empty() || call.arguments.is_empty_object();
            let is_dropped = (says_nothing || call.is_tentative) && !(is_truncated && at == last);
            if call.position.is_some() || is_dropped {
                continue;
            }
            call.position = Some(self.positions);
            events.push(ChatEvent::ToolCallDelta {
                index: to_call_index(self.positions),
                id: call.id.as_deref().and_then(ToolCallId::new),
                name: Some(resolve_name(&call.name, self.offered_tools.as_ref()).0),
                arguments: call.arguments.raw_text(),
            });
            self.positions += 1;
        }
        self.calls.retain(|call| call.position.is_some());
        self.calls.sort_by_key(|call| call.position);
        self.calls
    }
}

/// The offered tool that a model means by a name, and whether it wrote the name differently. A name
/// that no tool or more than one fits stays as it is.
pub(super) fn resolve_name(name: &str, offered_tools: Option<&OfferedTools>) -> (ToolName, bool) {
    match offered_tools.and_then(|offered| offered.find_tool(name)) {
        Some(offered_name) => (offered_name.clone(), offered_name.as_str() != name),
        None => (ToolName::from_model(name), false),
    }
}
