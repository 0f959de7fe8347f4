//! The items of an answer, and what of each was passed on.

use openclaw_transport::wire::OutputItem;

/// The items in order of their first event.
#[derive(Debug, Default)]
pub(super) struct OutputItems(Vec<OutputItemState>);

#[derive(Debug)]
struct OutputItemState {
    kind: ItemKind,
    index: Option<u32>,
    id: Option<String>,
    is_done: bool,
    /// Whether the id and the name of a call were passed on.
    has_sent_id: bool,
    /// Whether the name of a call was given.
    has_sent_name: bool,
    sent_texts: Vec<(ItemPart, String)>,
}

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    Message,
    Reasoning,
    Call,
}

/// A text of an item, with its index among texts of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemPart {
    Text(u32),
    Refusal(u32),
    Reasoning(u32),
    Summary(u32),
    Arguments,
}

/// Where a text stands: the position of its item in [`OutputItems`], and its place in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartLocation {
    pub(super) item: usize,
    pub(super) part: ItemPart,
}

/// How an event refers to an item: by its place and by its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct ItemReference<'a> {
    pub(super) index: Option<u32>,
    pub(super) id: Option<&'a str>,
}

/// The index of a call among the calls, and its id and name if they are new.
type CallIdentity = (u32, Option<String>, Option<String>);

impl ItemKind {
    /// Returns the kind of an item; `None` for kinds that are ignored.
    pub(super) fn from_item(item: &OutputItem) -> Option<Self> {
        match item.kind.as_deref()? {
            "message" => Some(Self::Message),
            "reasoning" => Some(Self::Reasoning),
            "function_call" => Some(Self::Call),
            _ => None,
        }
    }
}

impl OutputItems {
    /// Returns whether there are items, and all are done.
    pub(super) fn are_done(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|item| item.is_done)
    }

    /// Returns the index of the item that an event refers to; adds one if the event begins an item
    /// or none matches.
    pub(super) fn find_or_add(
        &mut self,
        kind: ItemKind,
        reference: ItemReference<'_>,
        is_start: bool,
    ) -> usize {
        let ItemReference { index, id } = reference;
        let id = id.filter(|id| !id.is_empty());
        let by_id = |item: &OutputItemState| id.is_some() && item.id.as_deref() == id;
        let by_index = |item: &OutputItemState| {
            (index.is_none() || item.index == index) && (!is_start || item.id.is_none())
        };
        let find_item = |fits: &dyn Fn(&OutputItemState) -> bool| {
            self.0.iter().rposition(|item| item.kind == kind && fits(item))
        };
        let position = find_item(&by_id).or_else(|| find_item(&by_index));
        let position = position.unwrap_or_else(|| self.add_item(kind));
        if let Some(item) = self.0.get_mut(position) {
            item.index = item.index.or(index);
            if item.id.is_none() {
                item.id = id.map(str::to_owned);
            }
        }
        position
    }

    /// Returns the item that an event begins or ends; `None` for ignored kinds.
    pub(super) fn start_or_finish(
        &mut self,
        item: &OutputItem,
        reference: ItemReference<'_>,
        is_done: bool,
    ) -> Option<usize> {
        let position = self.find_or_add(ItemKind::from_item(item)?, reference, !is_done);
        if let Some(item) = self.0.get_mut(position) {
            item.is_done |= is_done;
        }
        Some(position)
    }

    /// Returns the item of a kind with `count_before` others before it; adds one if there is none.
    pub(super) fn nth_of_kind(&mut self, kind: ItemKind, count_before: usize) -> usize {
        let mut same = self.0.iter().enumerate().filter(|(_, item)| item.kind == kind);
        let found = same.nth(count_before).map(|(at, _)| at);
        found.unwrap_or_else(|| self.add_item(kind))
    }

    /// Returns the part of a text that was not passed on, and marks it as passed on. A complete
    /// text that does not begin with the passed part is a different rendering, and is not repeated.
    pub(super) fn take_unsent(
        &mut self,
        location: PartLocation,
        text: &str,
        is_whole: bool,
    ) -> Option<String> {
        let PartLocation { item, part } = location;
        let sent_texts = &mut self.0.get_mut(item)?.sent_texts;
        let index = sent_texts.iter().position(|(other, _)| *other == part).unwrap_or_else(|| {
            sent_texts.push((part, String::new()));
            sent_texts.len() - 1
        });
        let (_, sent_before) = sent_texts.get_mut(index)?;
        let unsent = if is_whole { text.strip_prefix(sent_before.as_str())? } else { text };
        sent_before.push_str(unsent);
        (!unsent.is_empty()).then(|| unsent.to_owned())
    }

    /// Returns the index of a call among the calls, with its id and name if they were not passed
    /// on.
    pub(super) fn call_identity(
        &mut self,
        item: usize,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<CallIdentity> {
        let call_index =
            self.0.iter().take(item).filter(|item| item.kind == ItemKind::Call).count();
        let item = self.0.get_mut(item)?;
        let take_once = |value: Option<&str>, is_sent: &mut bool| {
            let value = value.filter(|value| !value.is_empty() && !*is_sent)?;
            *is_sent = true;
            Some(value.to_owned())
        };
        let id = take_once(id, &mut item.has_sent_id);
        let name = take_once(name, &mut item.has_sent_name);
        Some((u32::try_from(call_index).unwrap_or(u32::MAX), id, name))
    }

    fn add_item(&mut self, kind: ItemKind) -> usize {
        let (index, id, given) = (None, None, Vec::new());
        self.0.push(OutputItemState {
            kind,
            index,
            id,
            is_done: false,
            has_sent_id: false,
            has_sent_name: false,
            sent_texts: given,
        });
        self.0.len() - 1
    }
}
