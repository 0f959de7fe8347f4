//! Taking an entry out of an object or a list, with its comma and the space it leaves.

use super::{
    layout::{Item, Layout, begins_line, is_blank, line_end, spaces_after, spaces_before},
    patch::Patch,
};
use crate::diagnostic::Span;

/// The changes that take out the item that begins at `start`; absent when there is none.
pub(super) fn patches(text: &str, container: Span, start: usize) -> Option<Vec<Patch>> {
    let Layout { items, inside } = Layout::of(text, container);
    let place = items.iter().position(|item| item.span.start == start)?;
    let item = *items.get(place)?;
    let end = match item.comma {
        Some(comma) if is_blank(text.get(item.span.end..comma)?) => comma + 1,
        _ => item.span.end,
    };
    let alone = items.len() == 1;
    if alone && is_blank(text.get(inside.start..start)?) && is_blank(text.get(end..inside.end)?) {
        return Some(vec![Patch::delete(inside.start, inside.end)]);
    }
    let mut patches = vec![with_space(text, start, end, item)];
    let before = place.checked_sub(1).and_then(|place| items.get(place));
    let comma = match item.comma {
        Some(comma) if comma >= end => Some(comma),
        Some(_) => None,
        None => before.and_then(|before| before.comma),
    };
    patches.extend(comma.map(|comma| Patch::delete(comma, comma + 1)));
    Some(patches)
}

/// Widens the removed bytes to their whole lines, or by the spaces on one side of them.
fn with_space(text: &str, start: usize, end: usize, item: Item) -> Patch {
    let left = start - spaces_before(text, start);
    let right = end + spaces_after(text, end);
    match (begins_line(text, start), line_end(text, right)) {
        (true, Some(length)) => Patch::delete(left, right + length),
        (true, None) => Patch::delete(start, right),
        (false, None) if item.comma.is_some() => Patch::delete(start, right),
        (false, _) => Patch::delete(left, end),
    }
}
