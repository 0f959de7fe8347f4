//! The conversation as messages.

use std::borrow::Cow;

use openclaw_core::{ChatRequest, MessageRef, Reasoning, ToolCall};
use openclaw_transport::wire;

use super::{offer, takes_no_tools};
use crate::knowledge::{Facts, Lack};
use crate::native::{self, Extra};
use crate::responses::REASONING_SUMMARY;
use crate::thinking;

/// What the model says between a result and the user, where its template wants that it does.
const BRIDGE: &str = "I have the results.";

/// The messages of a request: the system prompt, if any, what was said, and the tail.
#[must_use]
pub fn messages<'a>(request: &'a ChatRequest, facts: &Facts) -> Vec<wire::Message<'a>> {
    let in_text = takes_no_tools(facts);
    let mut writer = Writer { facts, in_text, messages: Vec::new() };
    let system = request.system.as_deref().filter(|text| !text.is_empty()).map(Cow::Borrowed);
    let offer = in_text.then(|| offer::tools(&request.tools)).flatten().map(Cow::Owned);
    let system = match (system, offer) {
        (Some(system), Some(offer)) => Some(Cow::Owned(format!("{system}\n\n{offer}"))),
        (system, offer) => system.or(offer),
    };
    let folded = facts.lack(Lack::SystemRole);
    if let Some(content) = system {
        writer.messages.push(if folded {
            wire::Message::User { content }
        } else if facts.takes(Extra::DeveloperRole) {
            wire::Message::Developer { content }
        } else {
            wire::Message::System { content }
        });
    }
    let mut said: Vec<_> = request.history.messages().collect();
    // An answer that is to be continued stays the last.
    let begun = said.pop_if(|last| matches!(last, MessageRef::Assistant { .. }));
    for message in said {
        writer.write(message);
    }
    if let Some(order) = in_text.then(|| offer::order(request)).flatten() {
        writer.user(Cow::Owned(order));
    }
    if let Some(tail) = request.tail.as_deref().filter(|tail| !tail.is_empty()) {
        writer.user(Cow::Borrowed(tail));
    }
    if let Some(begun) = begun {
        writer.write(begun);
    }
    writer.messages
}

struct Writer<'f, 'a> {
    facts: &'f Facts,
    /// Calls and results are text.
    in_text: bool,
    messages: Vec<wire::Message<'a>>,
}

impl<'a> Writer<'_, 'a> {
    fn write(&mut self, message: MessageRef<'a>) {
        match message {
            MessageRef::User(content) => self.user(content),
            MessageRef::Assistant { text, reasoning, calls } => {
                let (content, reasoning) = tagged(text, reasoning);
                self.assistant(content, reasoning, &calls);
            }
            MessageRef::ToolResult { text, .. } if self.in_text => {
                self.user(Cow::Owned(offer::result(text)));
            }
            MessageRef::ToolResult { call, text } => self.result(call, text),
        }
    }

    /// Adds what the user says; to what the user said right before, if that is so.
    fn user(&mut self, content: Cow<'a, str>) {
        let is_after_result = matches!(self.messages.last(), Some(wire::Message::Tool { .. }));
        if is_after_result && self.facts.lack(Lack::UserAfterResult) {
            self.messages.push(wire::Message::Assistant {
                content: Some(Cow::Borrowed(BRIDGE)),
                reasoning: None,
                reasoning_content: None,
                tool_calls: Vec::new(),
            });
        }
        match self.messages.last_mut() {
            Some(wire::Message::User { content: before }) => {
                before.to_mut().push_str("\n\n");
                before.to_mut().push_str(&content);
            }
            _ => self.messages.push(wire::Message::User { content }),
        }
    }

    fn assistant(
        &mut self,
        content: Cow<'a, str>,
        reasoning: Option<&'a Reasoning>,
        calls: &[&'a ToolCall],
    ) {
        let content = if self.in_text { offer::with_calls(content, calls) } else { content };
        let needs_content = self.facts.lack(Lack::ContentParts);
        // A summary is not what the model thought.
        let reasoning = reasoning.filter(|thought| thought.field != REASONING_SUMMARY);
        let (content, reasoning) = match reasoning {
            Some(thought) if self.facts.takes(Extra::ThinkingAsText) => {
                (Cow::Owned(as_text(thought, &content)), None)
            }
            reasoning => (content, reasoning.filter(|_| !self.facts.lack(Lack::ReasoningField))),
        };
        let thought = reasoning.map(|thought| Cow::Borrowed(thought.text.as_str()));
        let is_old = reasoning.is_some_and(|thought| thought.field == "reasoning_content");
        let (reasoning, reasoning_content) = if is_old { (None, thought) } else { (thought, None) };
        // One call a message: the others follow the results before them.
        let at_once = if self.facts.lack(Lack::ParallelCalls) { 1 } else { usize::MAX };
        let calls = if self.in_text { &[] } else { calls };
        self.messages.push(wire::Message::Assistant {
            content: (needs_content || !content.is_empty()).then_some(content),
            reasoning,
            reasoning_content,
            tool_calls: calls.iter().take(at_once).map(|call| self.call(call)).collect(),
        });
    }

    fn result(&mut self, call: &'a ToolCall, text: &'a str) {
        let tool_call_id = self.id(call);
        if self.facts.lack(Lack::ParallelCalls)
            && matches!(self.messages.last(), Some(wire::Message::Tool { .. }))
        {
            let needs_content = self.facts.lack(Lack::ContentParts);
            self.messages.push(wire::Message::Assistant {
                content: needs_content.then_some(Cow::Borrowed("")),
                reasoning: None,
                reasoning_content: None,
                tool_calls: vec![self.call(call)],
            });
        }
        let name = self.facts.takes(Extra::ToolResultName);
        let name = name.then(|| Cow::Borrowed(call.name.as_str()));
        let content = Cow::Borrowed(text);
        self.messages.push(wire::Message::Tool { tool_call_id, name, content });
    }

    fn call(&self, call: &'a ToolCall) -> wire::ToolCall<'a> {
        wire::ToolCall {
            id: self.id(call),
            kind: wire::CallKind::Function,
            function: wire::FunctionCall {
                name: Cow::Borrowed(call.name.as_str()),
                arguments: Cow::Owned(call.arguments.to_json()),
            },
        }
    }

    fn id(&self, call: &'a ToolCall) -> Cow<'a, str> {
        let id = call.id.as_str();
        if self.facts.lack(Lack::LongCallIds) {
            Cow::Owned(short_id(id))
        } else {
            Cow::Borrowed(id)
        }
    }
}

/// The text of an answer, and the reasoning that goes into a field: what came between tags goes
/// back between them.
fn tagged<'a>(
    text: &'a str,
    reasoning: Option<&'a Reasoning>,
) -> (Cow<'a, str>, Option<&'a Reasoning>) {
    match reasoning.map(|r| (r, thinking::close_of(r.field))) {
        Some((Reasoning { text: thought, field: open }, Some(close))) => {
            let thought = thought.trim();
            (Cow::Owned(format!("{open}\n{thought}\n{close}\n\n{text}")), None)
        }
        _ => (Cow::Borrowed(text), reasoning),
    }
}

/// What the model thought, in front of its text.
fn as_text(thought: &Reasoning, text: &str) -> String {
    let thought = format!("<thinking>\n{}\n</thinking>", thought.text.trim());
    if text.is_empty() { thought } else { format!("{thought}\n\n{text}") }
}

/// Nine letters and digits that stand for an id: the same for the same one, and hardly ever for
/// another (36⁹ are more than 2⁴⁶).
fn short_id(id: &str) -> String {
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let mut hash = native::fnv1a(id.bytes());
    let digit = |_| {
        let digit = u32::try_from(hash % 36).unwrap_or_default();
        hash /= 36;
        char::from_digit(digit, 36).unwrap_or('0')
    };
    (0..9).map(digit).collect()
}
