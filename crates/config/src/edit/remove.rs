//! Removes an entry from an object or a list, with its comma and the space around it.

use super::{
    layout::{
        ContainerLayout, LayoutItem, begins_line, is_blank, line_end_length, spaces_after,
        spaces_before,
    },
    patch::TextPatch,
};
use crate::diagnostic::TextSpan;

/// The patches that remove the item at offset `start`; `None` when there is none.
pub(super) fn removal_patches(
    text: &str,
    container: TextSpan,
    start: usize,
) -> Option<Vec<TextPatch>> {
    let ContainerLayout { items, inner_span } = ContainerLayout::from_text(text, container);
    let place = items.iter().position(|item| item.span.start == start)?;
    let item = *items.get(place)?;
    let end = match item.comma {
        Some(comma) if is_blank(text.get(item.span.end..comma)?) => comma + 1,
        _ => item.span.end,
    };
    let alone = items.len() == 1;
    if alone
        && is_blank(text.get(inner_span.start..start)?)
        && is_blank(text.get(end..inner_span.end)?)
    {
        return Some(vec![TextPatch::delete_range(inner_span.start, inner_span.end)]);
    }
    let mut patches = vec![delete_with_space(text, start, end, item)];
    let before = place.checked_sub(1).and_then(|place| items.get(place));
    let comma = match item.comma {
        Some(comma) if comma >= end => Some(comma),
        Some(_) => None,
        None => before.and_then(|before| before.comma),
    };
    patches.extend(comma.map(|comma| TextPatch::delete_range(comma, comma + 1)));
    Some(patches)
}

/// Extends a deletion to whole lines, or by the spaces on one side.
fn delete_with_space(text: &str, start: usize, end: usize, item: LayoutItem) -> TextPatch {
    let left = start - spaces_before(text, start);
    let right = end + spaces_after(text, end);
    match (begins_line(text, start), line_end_length(text, right)) {
        (true, Some(length)) => TextPatch::delete_range(left, right + length),
        (true, None) => TextPatch::delete_range(start, right),
        (false, None) if item.comma.is_some() => TextPatch::delete_range(start, right),
        (false, _) => TextPatch::delete_range(left, end),
    }
}
