//! Putting a new entry behind the last one of an object or a list.

use json5::char::is_json5_line_terminator;

use super::{
    layout::{Item, Layout, begins_line, indent, is_blank, tail},
    patch::Patch,
    style::Style,
};
use crate::{diagnostic::Span, path::Segment, text::Value};

/// The changes that add an entry, or an element for an index.
pub(super) fn patches(
    text: &str,
    style: &Style,
    container: Span,
    (segment, value): (&Segment, &Value),
) -> Vec<Patch> {
    let layout = Layout::of(text, container);
    let item = |indent: &str| {
        let mut item = String::new();
        if let Segment::Key(key) = segment {
            style.write_key(key, &mut item);
        }
        style.write(value, indent, &mut item);
        item
    };
    match layout.items.last() {
        Some(last) => behind(text, style, (&layout, last), item),
        None => into_empty(text, style, (layout.inside, segment), item),
    }
}

fn behind(
    text: &str,
    style: &Style,
    (layout, last): (&Layout, &Item),
    item: impl Fn(&str) -> String,
) -> Vec<Patch> {
    let anchor = last.comma.map_or(last.span.end, |comma| comma + 1);
    let tail = tail(text, anchor);
    let mut patches = Vec::new();
    if last.comma.is_none() {
        patches.push(Patch::insert(last.span.end, ","));
    }
    let trailing = if last.comma.is_some() { "," } else { "" };
    let indent = indent(text, last.span.start);
    let before = if begins_line(text, last.span.start) || tail.line_comment {
        format!("{}{indent}", style.line_end)
    } else {
        match is_tight(text, layout) {
            Some(true) => String::new(),
            Some(false) => " ".to_owned(),
            None => style.space.to_owned(),
        }
    };
    patches.push(Patch::insert(tail.end, format!("{before}{}{trailing}", item(indent))));
    patches
}

/// Whether nothing stands between a comma and what follows it; absent without an example.
fn is_tight(text: &str, layout: &Layout) -> Option<bool> {
    let [.., before, last] = layout.items.as_slice() else { return None };
    let between = text.get(before.comma? + 1..last.span.start)?;
    Some(between.is_empty())
}

fn into_empty(
    text: &str,
    style: &Style,
    (inside, segment): (Span, &Segment),
    item: impl Fn(&str) -> String,
) -> Vec<Patch> {
    let content = text.get(inside.start..inside.end).unwrap_or_default();
    // Comments stay in front of the new item, the rest behind it.
    let comments = content.trim_end().len();
    let rest = content.get(comments..).unwrap_or_default();
    let at = inside.start + comments;
    let outer = indent(text, inside.start);
    let breaks = |text: &str| text.contains(is_json5_line_terminator);
    if style.multiline || breaks(content) {
        let inner = format!("{outer}{}", style.unit);
        let trailing = if style.trailing_comma { "," } else { "" };
        let added = format!("{}{inner}{}{trailing}", style.line_end, item(&inner));
        return if breaks(rest) {
            vec![Patch::insert(at, added)]
        } else {
            let added = format!("{added}{}{outer}", style.line_end);
            vec![Patch { span: Span { start: at, end: inside.end }, text: added }]
        };
    }
    let is_object = matches!(segment, Segment::Key(_));
    let pad = if is_object { style.space } else { "" };
    let before = if is_blank(content) { pad } else { style.space };
    let added = format!("{before}{}{pad}", item(outer));
    vec![Patch { span: Span { start: at, end: inside.end }, text: added }]
}
