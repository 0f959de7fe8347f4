//! The blocks of an answer: text, thinking and tool calls.

use openclaw_core::{
    ChatEvent, EmittedToolCall, InvalidToolCall, ToolArguments, ToolCall, ToolCallId, ToolName,
};

use crate::thinking_cache::ThinkingBlock;
use crate::wire::{EventDelta, ResponseBlock};

const TRUNCATED_CALL: &str = "The answer reached its output limit in the middle of this call.";
const UNCERTAIN_CALL: &str = "The answer ended before the arguments of this call.";
const WITHHELD_CALL: &str = "The server withheld the answer that this call is part of.";

/// How far the tool calls of an ended answer can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerEnding {
    /// The answer has all of its calls.
    Complete,
    /// The last block is truncated.
    Truncated,
    /// The last block may be truncated.
    Uncertain,
    /// None of the calls may be used.
    Withheld,
}

/// The blocks so far.
#[derive(Debug, Default)]
pub(super) struct BlockAssembler {
    blocks: Vec<AnswerBlock>,
    text: TextFlow,
    reasoning: TextFlow,
    call_count: u32,
}

/// The result of all blocks.
#[derive(Debug)]
pub(super) struct AssembledBlocks {
    pub(super) text: String,
    pub(super) reasoning: String,
    /// Whether there was thinking, even if redacted.
    pub(super) has_thinking: bool,
    pub(super) calls: Vec<EmittedToolCall>,
    /// The thinking blocks, if all came first and can be sent back.
    pub(super) leading_thinking: Option<Vec<ThinkingBlock>>,
}

#[derive(Debug)]
struct AnswerBlock {
    index: u32,
    kind: BlockKind,
}

#[derive(Debug)]
enum BlockKind {
    Text,
    Thinking {
        text: String,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse(PartialCall),
    /// A block of another kind, which is ignored.
    Other,
}

#[derive(Debug)]
struct PartialCall {
    index: u32,
    id: ToolCallId,
    name: ToolName,
    arguments: String,
    /// Arguments that came in one piece.
    whole_arguments: Option<String>,
}

/// Joins the texts of several blocks, with a blank line between them.
#[derive(Debug, Default)]
struct TextFlow {
    text: String,
    /// The block that added text last.
    last_block: usize,
}

impl TextFlow {
    fn push_piece(&mut self, block: usize, mut piece: String) -> String {
        let needs_separator = self.last_block != block
            && !self.text.is_empty()
            && !self.text.ends_with(char::is_whitespace)
            && !piece.starts_with(char::is_whitespace);
        if needs_separator {
            piece.insert_str(0, "\n\n");
        }
        self.last_block = block;
        self.text.push_str(&piece);
        piece
    }
}

impl BlockAssembler {
    /// Returns whether no content arrived.
    pub(super) fn is_empty(&self) -> bool {
        let is_redacted =
            |part: &AnswerBlock| matches!(part.kind, BlockKind::RedactedThinking { .. });
        self.text.text.is_empty()
            && self.reasoning.text.is_empty()
            && self.call_count == 0
            && !self.blocks.iter().any(is_redacted)
    }

    /// The number of tool calls so far.
    pub(super) fn call_count(&self) -> usize {
        usize::try_from(self.call_count).unwrap_or(usize::MAX)
    }

    /// Drops the last tool call and what came after it.
    pub(super) fn drop_last_call(&mut self) {
        let is_call = |block: &AnswerBlock| matches!(block.kind, BlockKind::ToolUse(_));
        if let Some(at) = self.blocks.iter().rposition(is_call) {
            self.blocks.truncate(at);
            self.call_count = self.call_count.saturating_sub(1);
        }
    }

    /// Begins a block.
    pub(super) fn begin_block(
        &mut self,
        index: Option<u32>,
        block: ResponseBlock,
        events: &mut Vec<ChatEvent>,
    ) {
        let at = index
            .unwrap_or_else(|| self.blocks.last().map_or(0, |part| part.index.saturating_add(1)));
        let delta =
            EventDelta { text: block.text, thinking: block.thinking, ..EventDelta::default() };
        let kind = match block.kind.as_deref() {
            Some("text") => BlockKind::Text,
            Some("thinking") => {
                let signature = block.signature.unwrap_or_default();
                BlockKind::Thinking { text: String::new(), signature }
            }
            Some("redacted_thinking") => {
                BlockKind::RedactedThinking { data: block.data.unwrap_or_default() }
            }
            Some("tool_use") => {
                let id = block.id.as_deref().and_then(ToolCallId::new);
                let name = block.name.as_deref().unwrap_or_default();
                let input = block.input.filter(|input| {
                    !input.is_null() && input.as_object().is_none_or(|input| !input.is_empty())
                });
                self.begin_call(id, name, input.map(|input| input.to_string()), events)
            }
            _ => BlockKind::Other,
        };
        self.blocks.push(AnswerBlock { index: at, kind });
        self.apply_delta(Some(at), delta, events);
    }

    /// Adds a delta to a block, which is begun if it was not.
    pub(super) fn apply_delta(
        &mut self,
        index: Option<u32>,
        delta: EventDelta,
        events: &mut Vec<ChatEvent>,
    ) {
        let Some(at) =
            self.find_block(index).or_else(|| self.begin_implicit_block(index, &delta, events))
        else {
            return;
        };
        let Some(block) = self.blocks.get_mut(at) else { return };
        match &mut block.kind {
            BlockKind::Text => {
                if let Some(piece) = delta.text.filter(|piece| !piece.is_empty()) {
                    events.push(ChatEvent::TextDelta(self.text.push_piece(at, piece)));
                }
            }
            BlockKind::Thinking { text, signature } => {
                signature.push_str(&delta.signature.unwrap_or_default());
                if let Some(piece) = delta.thinking.filter(|piece| !piece.is_empty()) {
                    text.push_str(&piece);
                    events.push(ChatEvent::ReasoningDelta(self.reasoning.push_piece(at, piece)));
                }
            }
            BlockKind::ToolUse(call) => {
                if let Some(piece) = delta.partial_json.filter(|piece| !piece.is_empty()) {
                    call.arguments.push_str(&piece);
                    events.push(call.delta_event(piece));
                }
            }
            BlockKind::RedactedThinking { .. } | BlockKind::Other => {}
        }
    }

    /// Ends a block.
    pub(super) fn end_block(&mut self, index: Option<u32>, events: &mut Vec<ChatEvent>) {
        let block = self.find_block(index).and_then(|at| self.blocks.get_mut(at));
        if let Some(AnswerBlock { kind: BlockKind::ToolUse(call), .. }) = block {
            call.use_whole_arguments(events);
        }
    }

    /// Ends all blocks.
    pub(super) fn finish_blocks(
        self,
        end: AnswerEnding,
        events: &mut Vec<ChatEvent>,
    ) -> AssembledBlocks {
        let last = self.blocks.len().saturating_sub(1);
        let is_thinking = |part: &AnswerBlock| {
            matches!(part.kind, BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. })
        };
        let has_thinking = self.blocks.iter().any(is_thinking);
        let first_content = self.blocks.iter().position(|part| !is_thinking(part));
        let has_late_thinking =
            self.blocks.iter().skip(first_content.unwrap_or_default()).any(is_thinking);
        let mut leading_thinking = Some(Vec::new()).filter(|_| has_thinking && !has_late_thinking);
        let mut calls = Vec::new();
        for (at, block) in self.blocks.into_iter().enumerate() {
            match block.kind {
                BlockKind::Thinking { text, signature }
                    if signature.is_empty() || text.is_empty() =>
                {
                    leading_thinking = None;
                }
                BlockKind::Thinking { text: thinking, signature } => {
                    if let Some(thoughts) = &mut leading_thinking {
                        thoughts.push(ThinkingBlock::Thinking { thinking, signature });
                    }
                }
                BlockKind::RedactedThinking { data } => {
                    if let Some(thoughts) = &mut leading_thinking {
                        thoughts.push(ThinkingBlock::RedactedThinking { data });
                    }
                }
                BlockKind::ToolUse(mut call) => {
                    call.use_whole_arguments(events);
                    calls.push(call.into_tool_call(end, at == last));
                }
                BlockKind::Text | BlockKind::Other => {}
            }
        }
        AssembledBlocks {
            text: self.text.text,
            reasoning: self.reasoning.text,
            has_thinking,
            calls,
            leading_thinking,
        }
    }

    /// Begins a block for a delta without a start event; `None` when the delta is ignored.
    fn begin_implicit_block(
        &mut self,
        index: Option<u32>,
        delta: &EventDelta,
        events: &mut Vec<ChatEvent>,
    ) -> Option<usize> {
        let kind = match delta {
            EventDelta { text: Some(_), .. } => BlockKind::Text,
            EventDelta { thinking: Some(_), .. } => {
                BlockKind::Thinking { text: String::new(), signature: String::new() }
            }
            EventDelta { partial_json: Some(_), .. } => self.begin_call(None, "", None, events),
            _ => return None,
        };
        self.blocks.push(AnswerBlock { index: index.unwrap_or_default(), kind });
        Some(self.blocks.len() - 1)
    }

    fn begin_call(
        &mut self,
        id: Option<ToolCallId>,
        name: &str,
        input: Option<String>,
        events: &mut Vec<ChatEvent>,
    ) -> BlockKind {
        let index = self.call_count;
        self.call_count = self.call_count.saturating_add(1);
        let name = ToolName::from_model(name);
        let number = usize::try_from(index).unwrap_or_default();
        let id = id.unwrap_or_else(|| ToolCallId::from_number(number));
        events.push(ChatEvent::ToolCallDelta {
            index,
            id: Some(id.clone()),
            name: Some(name.clone()),
            arguments: String::new(),
        });
        BlockKind::ToolUse(PartialCall {
            index,
            id,
            name,
            arguments: String::new(),
            whole_arguments: input,
        })
    }

    fn find_block(&self, index: Option<u32>) -> Option<usize> {
        self.blocks.iter().rposition(|part| index.is_none_or(|index| part.index == index))
    }
}

impl PartialCall {
    fn delta_event(&self, arguments: String) -> ChatEvent {
        ChatEvent::ToolCallDelta { index: self.index, id: None, name: None, arguments }
    }

    /// Uses arguments that came in one piece, if there were no deltas.
    fn use_whole_arguments(&mut self, events: &mut Vec<ChatEvent>) {
        if let Some(input) = self.whole_arguments.take().filter(|_| self.arguments.is_empty()) {
            events.push(self.delta_event(input.clone()));
            self.arguments = input;
        }
    }

    fn into_tool_call(self, end: AnswerEnding, is_last: bool) -> EmittedToolCall {
        let Self { id, name, arguments: raw, .. } = self;
        let ending_problem = match end {
            AnswerEnding::Withheld => Some(WITHHELD_CALL),
            AnswerEnding::Truncated if is_last => Some(TRUNCATED_CALL),
            AnswerEnding::Uncertain if is_last && raw.trim().is_empty() => Some(UNCERTAIN_CALL),
            _ => None,
        };
        let problem = match ending_problem {
            Some(fault) => fault.to_owned(),
            None => match ToolArguments::parse_json(&raw) {
                Ok(arguments) => return EmittedToolCall::Valid(ToolCall { id, name, arguments }),
                Err(error) => format!("Its arguments are {error}."),
            },
        };
        EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem })
    }
}
