//! Converts Responses events to the chunks that all answers are assembled from.
//!
//! The API sends everything up to four times: as deltas, when a text is complete, when its item is,
//! and when the answer is. What was passed on once is not repeated, and what is missing from the
//! deltas is taken from the complete form. Servers also disagree on which key of an item is stable:
//! its index or its id.

mod items;

use openclaw_transport::LenientJsonParser;
use openclaw_transport::wire::{
    ChatChunk, ChatDelta, ChatToolCallDelta, ChatUsage, ChunkChoice, ContentPart,
    FunctionCallDelta, OutputItem, PromptTokensDetails, ResponseEvent, ResponseObject,
    ResponseUsage,
};

use self::items::{ItemKind, ItemPart, ItemReference, OutputItems, PartLocation};

/// The source of reasoning that is the text of a reasoning item.
const REASONING_TEXT: &str = "reasoning_text";
/// The source of reasoning that is a summary of hidden reasoning.
pub(crate) const REASONING_SUMMARY: &str = "reasoning_summary";

/// The state of one answer.
#[derive(Debug, Default)]
pub(crate) struct ResponsesReader {
    output_items: OutputItems,
    text_joiner: TextJoiner,
    reasoning_joiner: TextJoiner,
    /// Parses events that are not quite JSON.
    pub(super) json_parser: LenientJsonParser,
    /// The source of the reasoning. A server that sends both sources sends the same twice.
    reasoning_source: Option<&'static str>,
}

/// What an event says of a call.
#[derive(Debug, Clone, Copy)]
struct CallUpdate<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    arguments: &'a str,
    /// Whether the arguments are all there, and not the next piece of them.
    is_whole: bool,
}

/// Joins texts of several parts, with a blank line between them.
#[derive(Debug, Default)]
struct TextJoiner {
    last_location: Option<PartLocation>,
    ends_with_whitespace: bool,
}

impl TextJoiner {
    fn join_part(&mut self, location: PartLocation, text: String) -> String {
        let needs_blank_line = self.last_location.is_some_and(|before| before != location)
            && !self.ends_with_whitespace
            && !text.starts_with(char::is_whitespace);
        self.last_location = Some(location);
        self.ends_with_whitespace = text.ends_with(char::is_whitespace);
        if needs_blank_line { format!("\n\n{text}") } else { text }
    }
}

impl ResponsesReader {
    /// The source of the message's reasoning.
    pub(crate) fn reasoning_source(&self) -> Option<&'static str> {
        self.reasoning_source
    }

    /// Returns whether there are items and the server marked all of them as done.
    pub(crate) fn is_complete(&self) -> bool {
        self.output_items.are_done()
    }

    /// Reads an event that does not end the answer.
    pub(crate) fn read_event(&mut self, event: ResponseEvent) -> ChatChunk {
        let mut deltas = Vec::new();
        let kind = event.kind.as_deref().unwrap_or_default();
        let (event_type, is_whole) = match kind.rsplit_once('.') {
            Some((what, "delta")) => (what, false),
            Some((what, "done" | "added")) => (what, true),
            _ => (kind, false),
        };
        let reference = ItemReference { index: event.output_index, id: event.item_id.as_deref() };
        let content_index = event.content_index.unwrap_or_default();
        let summary_index = event.summary_index.unwrap_or_default();
        let text = if is_whole { event.text.or(event.refusal) } else { event.delta };
        match event_type {
            "response.output_text" | "response.refusal" => {
                let item = self.output_items.find_or_add(ItemKind::Message, reference, false);
                let is_refusal = event_type == "response.refusal";
                let part = if is_refusal {
                    ItemPart::Refusal(content_index)
                } else {
                    ItemPart::Text(content_index)
                };
                let location = PartLocation { item, part };
                deltas.extend(self.text_delta(location, text.as_deref(), is_whole));
            }
            "response.reasoning_text" | "response.reasoning" => {
                let item = self.output_items.find_or_add(ItemKind::Reasoning, reference, false);
                let location = PartLocation { item, part: ItemPart::Reasoning(content_index) };
                deltas.extend(self.text_delta(location, text.as_deref(), is_whole));
            }
            "response.reasoning_summary_text" | "response.reasoning_summary" => {
                let item = self.output_items.find_or_add(ItemKind::Reasoning, reference, false);
                let location = PartLocation { item, part: ItemPart::Summary(summary_index) };
                deltas.extend(self.text_delta(location, text.as_deref(), is_whole));
            }
            "response.function_call_arguments" => {
                let item = self.output_items.find_or_add(ItemKind::Call, reference, false);
                let arguments = if is_whole { event.arguments } else { text };
                let update = CallUpdate {
                    id: None,
                    name: event.name.as_deref(),
                    arguments: arguments.as_deref().unwrap_or_default(),
                    is_whole,
                };
                deltas.extend(self.call_delta(item, update));
            }
            "response.content_part" => {
                if let Some(part) = &event.part {
                    let kind = if is_reasoning_part(part) {
                        ItemKind::Reasoning
                    } else {
                        ItemKind::Message
                    };
                    let item = self.output_items.find_or_add(kind, reference, false);
                    deltas.extend(self.part_delta(item, kind, content_index, part));
                }
            }
            "response.output_item" => {
                if let Some(item) = event.item {
                    let is_done = kind.ends_with("done");
                    let reference =
                        ItemReference { index: event.output_index, id: item.id.as_deref() };
                    if let Some(position) =
                        self.output_items.start_or_finish(&item, reference, is_done)
                    {
                        deltas = self.item_deltas(position, &item);
                    }
                }
            }
            _ => {}
        }
        build_chunk(deltas, None, None)
    }

    /// Reads the complete answer at its end, with its finish reason.
    pub(crate) fn read_final_response(
        &mut self,
        response: &ResponseObject,
        reason: &str,
    ) -> ChatChunk {
        let mut deltas = Vec::new();
        let mut kinds_before = Vec::new();
        for item in &response.output {
            let Some(kind) = ItemKind::from_item(item) else { continue };
            // Some servers give items new ids at the end: only their order is reliable.
            let count_before = kinds_before.iter().filter(|other| **other == kind).count();
            kinds_before.push(kind);
            let position = self.output_items.nth_of_kind(kind, count_before);
            deltas.extend(self.item_deltas(position, item));
        }
        build_chunk(deltas, response.usage, Some(reason.to_owned()))
    }

    fn item_deltas(&mut self, position: usize, item: &OutputItem) -> Vec<ChatDelta> {
        if ItemKind::from_item(item) == Some(ItemKind::Call) {
            let update = CallUpdate {
                id: item.call_id.as_deref().or(item.id.as_deref()),
                name: item.name.as_deref(),
                arguments: item.arguments.as_deref().unwrap_or_default(),
                is_whole: true,
            };
            return self.call_delta(position, update).into_iter().collect();
        }
        let mut deltas = Vec::new();
        let kind = ItemKind::from_item(item).unwrap_or(ItemKind::Message);
        for (at, part) in (0..).zip(&item.content) {
            deltas.extend(self.part_delta(position, kind, at, part));
        }
        for (at, part) in (0..).zip(&item.summary) {
            let location = PartLocation { item: position, part: ItemPart::Summary(at) };
            deltas.extend(self.text_delta(location, part.text.as_deref(), true));
        }
        deltas
    }

    fn part_delta(
        &mut self,
        item: usize,
        kind: ItemKind,
        at: u32,
        part: &ContentPart,
    ) -> Option<ChatDelta> {
        let item_part = match part.kind.as_deref() {
            _ if kind == ItemKind::Reasoning => ItemPart::Reasoning(at),
            Some("refusal") => ItemPart::Refusal(at),
            _ => ItemPart::Text(at),
        };
        let text = part.text.as_deref().or(part.refusal.as_deref());
        self.text_delta(PartLocation { item, part: item_part }, text, true)
    }

    /// Returns the part of a text that was not passed on yet.
    fn text_delta(
        &mut self,
        location: PartLocation,
        text: Option<&str>,
        is_whole: bool,
    ) -> Option<ChatDelta> {
        let source = match location.part {
            ItemPart::Reasoning(_) => Some(REASONING_TEXT),
            ItemPart::Summary(_) => Some(REASONING_SUMMARY),
            _ => None,
        };
        let text = text.filter(|text| !text.is_empty())?;
        if let Some(source) = source
            && *self.reasoning_source.get_or_insert(source) != source
        {
            return None;
        }
        let unsent = self.output_items.take_unsent(location, text, is_whole)?;
        let joiner =
            if source.is_some() { &mut self.reasoning_joiner } else { &mut self.text_joiner };
        let delta_text = Some(joiner.join_part(location, unsent));
        Some(match location.part {
            ItemPart::Refusal(_) => ChatDelta { refusal: delta_text, ..ChatDelta::default() },
            ItemPart::Text(_) => ChatDelta { content: delta_text, ..ChatDelta::default() },
            _ => ChatDelta { reasoning: delta_text, ..ChatDelta::default() },
        })
    }

    /// Returns the part of a call that was not passed on yet.
    fn call_delta(&mut self, item: usize, update: CallUpdate<'_>) -> Option<ChatDelta> {
        let (index, id, name) = self.output_items.call_identity(item, update.id, update.name)?;
        let location = PartLocation { item, part: ItemPart::Arguments };
        let arguments = self.output_items.take_unsent(location, update.arguments, update.is_whole);
        if id.is_none() && name.is_none() && arguments.is_none() {
            return None;
        }
        let function = FunctionCallDelta { name, arguments };
        let call = ChatToolCallDelta { index: Some(index), id, function };
        Some(ChatDelta { tool_calls: vec![call], ..ChatDelta::default() })
    }
}

fn is_reasoning_part(part: &ContentPart) -> bool {
    part.kind.as_deref() == Some("reasoning_text")
}

fn build_chunk(
    deltas: Vec<ChatDelta>,
    usage: Option<ResponseUsage>,
    reason: Option<String>,
) -> ChatChunk {
    let choice = |delta| ChunkChoice { delta, ..ChunkChoice::default() };
    let mut choices: Vec<ChunkChoice> = deltas.into_iter().map(choice).collect();
    if reason.is_some() {
        choices.push(ChunkChoice { finish_reason: reason, ..ChunkChoice::default() });
    }
    let usage = usage.map(|usage| ChatUsage {
        prompt_tokens: usage.input_tokens,
        completion_tokens: usage.output_tokens,
        total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
        prompt_tokens_details: usage
            .input_tokens_details
            .map(|details| PromptTokensDetails { cached_tokens: details.cached_tokens }),
    });
    ChatChunk { choices, usage, ..ChatChunk::default() }
}

#[cfg(test)]
mod tests;
