//! From the events of an answer to the pieces that all answers are put together from.
//!
//! The API says everything up to four times: piece by piece, when a text is all there, when its
//! item is, and when the answer is. What was given once is not given again, and what a server
//! left out of its pieces is made up for by whatever says it whole. Servers also disagree on which
//! of the two keys of an item they keep: its place and its id.

mod items;

use openclaw_transport::wire::{
    ChatChunk, ChunkChoice, ContentPart, Delta, FunctionCallDelta, OutputItem, PromptTokensDetails,
    Response, ResponseEvent, ResponseUsage, ToolCallDelta, Usage,
};

use self::items::{Items, Kind, Part};

/// Where reasoning comes from that is the text of a reasoning item.
const REASONING_TEXT: &str = "reasoning_text";
/// Where reasoning comes from that is a summary of what the model does not show.
pub(crate) const REASONING_SUMMARY: &str = "reasoning_summary";

/// The events of an answer so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    items: Items,
    text: Flow,
    thought: Flow,
    /// Where the reasoning comes from. Who shows both shows the same twice.
    reasoning: Option<&'static str>,
}

/// A text that is put together from places, with a blank line between two of them.
#[derive(Debug, Default)]
struct Flow {
    place: Option<(usize, Part)>,
    ends_blank: bool,
}

impl Flow {
    fn join(&mut self, place: (usize, Part), text: String) -> String {
        let parts = self.place.is_some_and(|before| before != place)
            && !self.ends_blank
            && !text.starts_with(char::is_whitespace);
        self.place = Some(place);
        self.ends_blank = text.ends_with(char::is_whitespace);
        if parts { format!("\n\n{text}") } else { text }
    }
}

impl Reader {
    /// Where the reasoning of the message came from.
    pub(crate) fn reasoning(&self) -> Option<&'static str> {
        self.reasoning
    }

    /// Whether there are items and the server said of each that it is all there.
    pub(crate) fn is_settled(&self) -> bool {
        self.items.are_done()
    }

    /// Reads an event that does not end the answer.
    pub(crate) fn event(&mut self, event: ResponseEvent) -> ChatChunk {
        let mut deltas = Vec::new();
        let kind = event.kind.as_deref().unwrap_or_default();
        let (what, is_whole) = match kind.rsplit_once('.') {
            Some((what, "delta")) => (what, false),
            Some((what, "done" | "added")) => (what, true),
            _ => (kind, false),
        };
        let at = (event.output_index, event.item_id.as_deref());
        let content = event.content_index.unwrap_or_default();
        let summary = event.summary_index.unwrap_or_default();
        let said = if is_whole { event.text.or(event.refusal) } else { event.delta };
        match what {
            "response.output_text" | "response.refusal" => {
                let item = self.items.find(Kind::Message, at, false);
                let is_refusal = what == "response.refusal";
                let part = if is_refusal { Part::Refusal(content) } else { Part::Text(content) };
                deltas.extend(self.say((item, part), said.as_deref(), is_whole));
            }
            "response.reasoning_text" | "response.reasoning" => {
                let item = self.items.find(Kind::Reasoning, at, false);
                deltas.extend(self.say((item, Part::Thought(content)), said.as_deref(), is_whole));
            }
            "response.reasoning_summary_text" | "response.reasoning_summary" => {
                let item = self.items.find(Kind::Reasoning, at, false);
                deltas.extend(self.say((item, Part::Summary(summary)), said.as_deref(), is_whole));
            }
            "response.function_call_arguments" => {
                let item = self.items.find(Kind::Call, at, false);
                let said = if is_whole { event.arguments } else { said };
                let said = said.as_deref().unwrap_or_default();
                deltas.extend(self.call(item, (None, event.name.as_deref()), said, is_whole));
            }
            "response.content_part" => {
                if let Some(part) = &event.part {
                    let kind = if is_thought(part) { Kind::Reasoning } else { Kind::Message };
                    let item = self.items.find(kind, at, false);
                    deltas.extend(self.part((item, kind), content, part));
                }
            }
            "response.output_item" => {
                if let Some(item) = event.item {
                    let is_done = kind.ends_with("done");
                    let at = (event.output_index, item.id.as_deref());
                    if let Some(found) = self.items.begin(&item, at, is_done) {
                        deltas = self.item(found, &item);
                    }
                }
            }
            _ => {}
        }
        chunk(deltas, None, None)
    }

    /// Reads the answer as it is said whole at its end, with why it ended.
    pub(crate) fn end(&mut self, response: &Response, reason: &str) -> ChatChunk {
        let mut deltas = Vec::new();
        let mut seen = Vec::new();
        for item in &response.output {
            let Some(kind) = Kind::of(item) else { continue };
            // Some servers make new ids for what they sent before: only the order can be trusted.
            let before = seen.iter().filter(|other| **other == kind).count();
            seen.push(kind);
            let found = self.items.nth(kind, before);
            deltas.extend(self.item(found, item));
        }
        chunk(deltas, response.usage, Some(reason.to_owned()))
    }

    fn item(&mut self, found: usize, item: &OutputItem) -> Vec<Delta> {
        if Kind::of(item) == Some(Kind::Call) {
            let id = item.call_id.as_deref().or(item.id.as_deref());
            let arguments = item.arguments.as_deref().unwrap_or_default();
            return self
                .call(found, (id, item.name.as_deref()), arguments, true)
                .into_iter()
                .collect();
        }
        let mut deltas = Vec::new();
        let kind = Kind::of(item).unwrap_or(Kind::Message);
        for (at, part) in (0..).zip(&item.content) {
            deltas.extend(self.part((found, kind), at, part));
        }
        for (at, part) in (0..).zip(&item.summary) {
            deltas.extend(self.say((found, Part::Summary(at)), part.text.as_deref(), true));
        }
        deltas
    }

    fn part(&mut self, (item, kind): (usize, Kind), at: u32, part: &ContentPart) -> Option<Delta> {
        let place = match part.kind.as_deref() {
            _ if kind == Kind::Reasoning => Part::Thought(at),
            Some("refusal") => Part::Refusal(at),
            _ => Part::Text(at),
        };
        let text = part.text.as_deref().or(part.refusal.as_deref());
        self.say((item, place), text, true)
    }

    /// Says what of a text was not said yet.
    fn say(&mut self, place: (usize, Part), text: Option<&str>, is_whole: bool) -> Option<Delta> {
        let source = match place.1 {
            Part::Thought(_) => Some(REASONING_TEXT),
            Part::Summary(_) => Some(REASONING_SUMMARY),
            _ => None,
        };
        let text = text.filter(|text| !text.is_empty())?;
        if let Some(source) = source
            && *self.reasoning.get_or_insert(source) != source
        {
            return None;
        }
        let fresh = self.items.fresh(place, text, is_whole)?;
        let flow = if source.is_some() { &mut self.thought } else { &mut self.text };
        let said = Some(flow.join(place, fresh));
        Some(match place.1 {
            Part::Refusal(_) => Delta { refusal: said, ..Delta::default() },
            Part::Text(_) => Delta { content: said, ..Delta::default() },
            _ => Delta { reasoning: said, ..Delta::default() },
        })
    }

    /// Says what of a call was not said yet.
    fn call(
        &mut self,
        item: usize,
        (id, name): (Option<&str>, Option<&str>),
        arguments: &str,
        is_whole: bool,
    ) -> Option<Delta> {
        let (index, id, name) = self.items.name(item, id, name)?;
        let arguments = self.items.fresh((item, Part::Arguments), arguments, is_whole);
        if id.is_none() && name.is_none() && arguments.is_none() {
            return None;
        }
        let function = FunctionCallDelta { name, arguments };
        let call = ToolCallDelta { index: Some(index), id, function };
        Some(Delta { tool_calls: vec![call], ..Delta::default() })
    }
}

fn is_thought(part: &ContentPart) -> bool {
    part.kind.as_deref() == Some("reasoning_text")
}

fn chunk(deltas: Vec<Delta>, usage: Option<ResponseUsage>, reason: Option<String>) -> ChatChunk {
    let choice = |delta| ChunkChoice { index: 0, delta, finish_reason: None };
    let mut choices: Vec<ChunkChoice> = deltas.into_iter().map(choice).collect();
    if reason.is_some() {
        choices.push(ChunkChoice { finish_reason: reason, ..ChunkChoice::default() });
    }
    let usage = usage.map(|usage| Usage {
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
