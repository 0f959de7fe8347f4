//! The items of an answer, and what was given of each.

use openclaw_transport::wire::OutputItem;

/// The items in the order in which they were first heard of.
#[derive(Debug, Default)]
pub(super) struct Items(Vec<Item>);

#[derive(Debug)]
struct Item {
    kind: Kind,
    index: Option<u32>,
    id: Option<String>,
    is_done: bool,
    /// Whether the id and the name of a call were given.
    named: (bool, bool),
    given: Vec<(Part, String)>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    Call,
}

/// A text of an item, and its place among others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Text(u32),
    Refusal(u32),
    Thought(u32),
    Summary(u32),
    Arguments,
}

/// How an event refers to an item: by its place and by its id.
type Reference<'a> = (Option<u32>, Option<&'a str>);

/// The place of a call among the calls, and its id and name as far as they are new.
type Naming = (u32, Option<String>, Option<String>);

impl Kind {
    /// The kind of an item; `None` for what a client has no use for.
    pub(super) fn of(item: &OutputItem) -> Option<Self> {
        match item.kind.as_deref()? {
            "message" => Some(Self::Message),
            "reasoning" => Some(Self::Reasoning),
            "function_call" => Some(Self::Call),
            _ => None,
        }
    }
}

impl Items {
    /// Whether there are any, and each is all there.
    pub(super) fn are_done(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|item| item.is_done)
    }

    /// The item that an event refers to; a new one if it `begins` one or none fits.
    pub(super) fn find(&mut self, kind: Kind, (index, id): Reference<'_>, begins: bool) -> usize {
        let id = id.filter(|id| !id.is_empty());
        let by_id = |item: &Item| id.is_some() && item.id.as_deref() == id;
        let by_index = |item: &Item| {
            (index.is_none() || item.index == index) && (!begins || item.id.is_none())
        };
        let same = |fits: &dyn Fn(&Item) -> bool| {
            self.0.iter().rposition(|item| item.kind == kind && fits(item))
        };
        let found = same(&by_id).or_else(|| same(&by_index));
        let at = found.unwrap_or_else(|| self.push(kind));
        if let Some(item) = self.0.get_mut(at) {
            item.index = item.index.or(index);
            if item.id.is_none() {
                item.id = id.map(str::to_owned);
            }
        }
        at
    }

    /// The item that the server says begins or is done; `None` for what is of no use.
    pub(super) fn begin(
        &mut self,
        item: &OutputItem,
        at: Reference<'_>,
        is_done: bool,
    ) -> Option<usize> {
        let found = self.find(Kind::of(item)?, at, !is_done);
        if let Some(item) = self.0.get_mut(found) {
            item.is_done |= is_done;
        }
        Some(found)
    }

    /// The item of a kind that has `before` others before it; a new one if there is none.
    pub(super) fn nth(&mut self, kind: Kind, before: usize) -> usize {
        let mut same = self.0.iter().enumerate().filter(|(_, item)| item.kind == kind);
        let found = same.nth(before).map(|(at, _)| at);
        found.unwrap_or_else(|| self.push(kind))
    }

    /// What of a text was not given yet; it counts as given now. A whole text that does not begin
    /// with what was given is another reading of it, and not repeated.
    pub(super) fn fresh(
        &mut self,
        (item, part): (usize, Part),
        text: &str,
        is_whole: bool,
    ) -> Option<String> {
        let given = &mut self.0.get_mut(item)?.given;
        let at = given.iter().position(|(other, _)| *other == part).unwrap_or_else(|| {
            given.push((part, String::new()));
            given.len() - 1
        });
        let (_, before) = given.get_mut(at)?;
        let fresh = if is_whole { text.strip_prefix(before.as_str())? } else { text };
        before.push_str(fresh);
        (!fresh.is_empty()).then(|| fresh.to_owned())
    }

    /// The place of a call among the calls, with what of its id and name was not given yet.
    pub(super) fn name(
        &mut self,
        item: usize,
        id: Option<&str>,
        name: Option<&str>,
    ) -> Option<Naming> {
        let calls = self.0.iter().take(item).filter(|item| item.kind == Kind::Call).count();
        let item = self.0.get_mut(item)?;
        let take = |value: Option<&str>, given: &mut bool| {
            let value = value.filter(|value| !value.is_empty() && !*given)?;
            *given = true;
            Some(value.to_owned())
        };
        let id = take(id, &mut item.named.0);
        let name = take(name, &mut item.named.1);
        Some((u32::try_from(calls).unwrap_or(u32::MAX), id, name))
    }

    fn push(&mut self, kind: Kind) -> usize {
        let (index, id, given) = (None, None, Vec::new());
        self.0.push(Item { kind, index, id, is_done: false, named: (false, false), given });
        self.0.len() - 1
    }
}
