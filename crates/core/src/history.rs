//! The history of a conversation, in a form that is always a valid request.
//!
//! A server refuses a history whose calls and results do not pair up, whose arguments are not JSON
//! objects, or whose roles come in the wrong order, and keeps refusing it on every later turn. So
//! each call has a slot for its one result, an invalid call is answered with an error at once, and
//! calls still open when the conversation goes on are answered as interrupted.

mod summary;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::{
    AssistantMessage, EmittedToolCall, ImageContent, InvalidToolCall, ReasoningContent,
    ToolArguments, ToolCall, ToolCallId, ToolOutput,
};

pub use summary::{ConversationSummary, HistoryStep};

/// The result of a call that was still open when the conversation went on.
const INTERRUPTED_RESULT: &str = "This call was interrupted before it finished. It may or may not have had an effect; check \
     before you repeat it.";

/// How many bytes of an invalid call's arguments its error result quotes at most.
const MAX_QUOTED_BYTES: usize = 2_000;

/// A conversation without its system prompt. Cloning is cheap: entries are shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    entries: Vec<Arc<HistoryEntry>>,
    /// The ids of all calls, so that a repeated id is found.
    call_ids: Arc<HashSet<ToolCallId>>,
}

/// One message, as it is sent to the model.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageRef<'a> {
    /// The user's text. Adjacent user messages, and a summary before them, are joined by a blank
    /// line.
    User(Cow<'a, str>),
    /// The model's message. Each of its calls is followed by exactly one result.
    Assistant {
        /// The visible text; may be empty when there are calls.
        text: &'a str,
        /// The reasoning, if the server sent any.
        reasoning: Option<&'a ReasoningContent>,
        /// The calls; an invalid one has empty arguments.
        calls: Vec<&'a ToolCall>,
    },
    /// The result of a tool call.
    ToolResult {
        /// The call that this is the result of.
        call: &'a ToolCall,
        /// The text for the model.
        text: &'a str,
        /// The images for the model, which the text describes.
        images: &'a [ImageContent],
    },
}

/// Why a history could not be changed. It is left as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The message has neither text nor a call.
    #[error("record an empty message")]
    EmptyMessage,
    /// The model's message does not follow a user message, a summary or tool results.
    #[error("record a message that answers nothing")]
    NothingToAnswer,
    /// No open call has this id.
    #[error("record a result for {0}, which is not an open call")]
    CallNotOpen(ToolCallId),
    /// The number of steps to keep is not below the number of steps.
    #[error("summarise a conversation of which all is to be kept")]
    NothingToReplace,
}

#[derive(Debug, Clone, PartialEq)]
enum HistoryEntry {
    /// Only ever the first.
    Summary(ConversationSummary),
    User(String),
    Assistant {
        text: String,
        reasoning: Option<ReasoningContent>,
        slots: Vec<CallSlot>,
    },
}

/// A call and its result, once there is one.
#[derive(Debug, Clone, PartialEq)]
struct CallSlot {
    call: ToolCall,
    result: Option<ToolOutput>,
}

impl History {
    /// An empty conversation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether the conversation has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a user message. Calls still open are answered as interrupted.
    pub fn push_user_message(&mut self, text: &str) {
        self.answer_open_calls();
        self.entries.push(Arc::new(HistoryEntry::User(text.to_owned())));
    }

    /// Checks that the model's message may be added next, and gives its calls the ids that they
    /// will have in the history: an id that was used before is replaced.
    ///
    /// # Errors
    /// When the message is empty, or follows nothing that it could answer.
    pub fn prepare_assistant_message(
        &self,
        mut message: AssistantMessage,
    ) -> Result<AssistantMessage, HistoryError> {
        if message.is_empty() {
            return Err(HistoryError::EmptyMessage);
        }
        match self.entries.last().map(Arc::as_ref) {
            Some(HistoryEntry::User(_) | HistoryEntry::Summary(_)) => {}
            Some(HistoryEntry::Assistant { slots, .. }) if !slots.is_empty() => {}
            _ => return Err(HistoryError::NothingToAnswer),
        }
        let mut new_ids: HashSet<ToolCallId> = HashSet::with_capacity(message.calls.len());
        for call in &mut message.calls {
            let id = call.id_mut();
            let is_used = |id: &ToolCallId| self.call_ids.contains(id) || new_ids.contains(id);
            if is_used(id) {
                // One of `n + 1` numbers is free among `n` used ids.
                let used = self.call_ids.len() + new_ids.len();
                let mut numbers = (0..=used).rev().map(ToolCallId::from_number);
                *id = numbers.find(|id| !is_used(id)).unwrap_or_else(|| id.clone());
            }
            new_ids.insert(id.clone());
        }
        Ok(message)
    }

    /// Adds the model's message and returns the calls to run, with their final ids: an id that was
    /// used before is replaced. Invalid calls get an error result at once and are not returned.
    ///
    /// # Errors
    /// As for [`prepare_assistant_message`](Self::prepare_assistant_message).
    pub fn push_assistant_message(
        &mut self,
        message: AssistantMessage,
    ) -> Result<Vec<ToolCall>, HistoryError> {
        let AssistantMessage { text, reasoning, calls } =
            self.prepare_assistant_message(message)?;
        self.answer_open_calls();
        let slots: Vec<CallSlot> = calls.into_iter().map(CallSlot::new).collect();
        if !slots.is_empty() {
            let used = Arc::make_mut(&mut self.call_ids);
            used.extend(slots.iter().map(|slot| slot.call.id.clone()));
        }
        let ready = slots.iter().filter(|slot: &&CallSlot| slot.result.is_none());
        let ready = ready.map(|slot| slot.call.clone()).collect();
        self.entries.push(Arc::new(HistoryEntry::Assistant { text, reasoning, slots }));
        Ok(ready)
    }

    /// Puts the result of an open call into its slot.
    ///
    /// # Errors
    /// When no open call has this id: it was never made, or it has a result already.
    pub fn resolve_call(
        &mut self,
        id: &ToolCallId,
        output: ToolOutput,
    ) -> Result<(), HistoryError> {
        let slot = match self.entries.last_mut().map(Arc::make_mut) {
            Some(HistoryEntry::Assistant { slots, .. }) => {
                slots.iter_mut().find(|slot| slot.call.id == *id && slot.result.is_none())
            }
            _ => None,
        };
        let slot = slot.ok_or_else(|| HistoryError::CallNotOpen(id.clone()))?;
        slot.result = Some(output);
        Ok(())
    }

    /// The calls without a result, in order. Until resolved they are sent as interrupted.
    pub fn open_calls(&self) -> impl Iterator<Item = &ToolCall> {
        let slots = match self.entries.last().map(Arc::as_ref) {
            Some(HistoryEntry::Assistant { slots, .. }) => slots.as_slice(),
            _ => &[],
        };
        slots.iter().filter(|slot| slot.result.is_none()).map(|slot| &slot.call)
    }

    /// The calls since the last user message that have a result, in order.
    pub fn results_since_user_message(&self) -> impl Iterator<Item = (&ToolCall, &ToolOutput)> {
        let is_user = |entry: &Arc<HistoryEntry>| matches!(entry.as_ref(), HistoryEntry::User(_));
        let start = self.entries.iter().rposition(is_user).unwrap_or(0);
        let slots = self.entries.iter().skip(start).flat_map(|entry| match entry.as_ref() {
            HistoryEntry::Assistant { slots, .. } => slots.as_slice(),
            HistoryEntry::User(_) | HistoryEntry::Summary(_) => &[],
        });
        slots.filter_map(|slot| Some((&slot.call, slot.result.as_ref()?)))
    }

    /// The messages to send. The first is a user message, roles alternate as servers require, and
    /// each call is followed by its one result.
    pub fn messages(&self) -> impl Iterator<Item = MessageRef<'_>> {
        let mut messages: Vec<MessageRef<'_>> = Vec::with_capacity(self.entries.len() * 2);
        for entry in &self.entries {
            match entry.as_ref() {
                HistoryEntry::Summary(summary) => {
                    messages.push(MessageRef::User(Cow::Owned(summary.to_string())));
                }
                HistoryEntry::User(text) => match messages.last_mut() {
                    Some(MessageRef::User(before)) => {
                        *before = Cow::Owned(format!("{before}\n\n{text}"));
                    }
                    _ => messages.push(MessageRef::User(Cow::Borrowed(text))),
                },
                HistoryEntry::Assistant { text, reasoning, slots } => {
                    messages.push(MessageRef::Assistant {
                        text,
                        reasoning: reasoning.as_ref(),
                        calls: slots.iter().map(|slot| &slot.call).collect(),
                    });
                    messages.extend(slots.iter().map(CallSlot::result_message));
                }
            }
        }
        messages.into_iter()
    }

    /// Whether a result has an image.
    #[must_use]
    pub fn has_images(&self) -> bool {
        self.entries.iter().any(|entry| entry.has_images())
    }

    /// The same conversation with `note` in place of each image: for a model that takes none.
    #[must_use]
    pub fn without_images(&self, note: &str) -> Self {
        let mut history = self.clone();
        for entry in history.entries.iter_mut().filter(|entry| entry.has_images()) {
            let HistoryEntry::Assistant { slots, .. } = Arc::make_mut(entry) else { continue };
            for output in slots.iter_mut().filter_map(|slot| slot.result.as_mut()) {
                if !std::mem::take(&mut output.images).is_empty() {
                    output.text = format!("{}\n{note}", output.text);
                }
            }
        }
        history
    }

    /// Answers open calls as interrupted. After this, later entries never change the messages
    /// before them, which keeps the server's prefix cache valid.
    fn answer_open_calls(&mut self) {
        if self.open_calls().next().is_none() {
            return;
        }
        if let Some(HistoryEntry::Assistant { slots, .. }) =
            self.entries.last_mut().map(Arc::make_mut)
        {
            for slot in slots.iter_mut().filter(|slot| slot.result.is_none()) {
                slot.result = Some(ToolOutput::from_error(INTERRUPTED_RESULT));
            }
        }
    }

    fn collect_call_ids(&self) -> HashSet<ToolCallId> {
        let slots = self.entries.iter().filter_map(|entry| match entry.as_ref() {
            HistoryEntry::Assistant { slots, .. } => Some(slots),
            HistoryEntry::User(_) | HistoryEntry::Summary(_) => None,
        });
        slots.flatten().map(|slot| slot.call.id.clone()).collect()
    }
}

impl HistoryEntry {
    fn has_images(&self) -> bool {
        match self {
            Self::Assistant { slots, .. } => slots
                .iter()
                .filter_map(|slot| slot.result.as_ref())
                .any(|output| !output.images.is_empty()),
            Self::Summary(_) | Self::User(_) => false,
        }
    }
}

impl CallSlot {
    fn new(call: EmittedToolCall) -> Self {
        let (call, result) = match call {
            EmittedToolCall::Valid(call) => (call, None),
            EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem }) => {
                let raw = truncate_raw_arguments(&raw);
                let text = format!("This call was not run: {problem} You wrote: {raw}");
                let call = ToolCall { id, name, arguments: ToolArguments::default() };
                (call, Some(ToolOutput::from_error(text)))
            }
        };
        Self { call, result }
    }

    fn result_message(&self) -> MessageRef<'_> {
        let (text, images) = match &self.result {
            Some(output) => (output.text.as_str(), output.images.as_slice()),
            None => (INTERRUPTED_RESULT, &[][..]),
        };
        MessageRef::ToolResult { call: &self.call, text, images }
    }
}

/// Cuts raw arguments to [`MAX_QUOTED_BYTES`] and says how many bytes were left out.
fn truncate_raw_arguments(raw: &str) -> Cow<'_, str> {
    if raw.len() <= MAX_QUOTED_BYTES {
        return Cow::Borrowed(raw);
    }
    let end = raw.floor_char_boundary(MAX_QUOTED_BYTES);
    let shown = raw.get(..end).unwrap_or_default();
    Cow::Owned(format!("{shown} [… {} bytes more]", raw.len() - end))
}

#[cfg(test)]
mod tests;
