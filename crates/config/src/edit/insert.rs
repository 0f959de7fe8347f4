//! Appends an entry to an object or a list.

use json5::char::is_json5_line_terminator;

use super::{
    layout::{ContainerLayout, LayoutItem, begins_line, is_blank, line_indent, line_tail},
    patch::TextPatch,
    style::DocumentStyle,
};
use crate::{diagnostic::TextSpan, path::PathSegment, text::Json5Value};

/// The patches that append an entry, or an element for an index.
pub(super) fn insertion_patches(
    text: &str,
    style: &DocumentStyle,
    container: TextSpan,
    segment: &PathSegment,
    value: &Json5Value,
) -> Vec<TextPatch> {
    let layout = ContainerLayout::from_text(text, container);
    let item = |indent: &str| {
        let mut item = String::new();
        if let PathSegment::Key(key) = segment {
            style.write_key(key, &mut item);
        }
        style.write_value(value, indent, &mut item);
        item
    };
    match layout.items.last() {
        Some(last) => append_patches(text, style, &layout, last, item),
        None => fill_empty_patches(text, style, layout.inner_span, segment, item),
    }
}

fn append_patches(
    text: &str,
    style: &DocumentStyle,
    layout: &ContainerLayout,
    last: &LayoutItem,
    item: impl Fn(&str) -> String,
) -> Vec<TextPatch> {
    let anchor = last.comma.map_or(last.span.end, |comma| comma + 1);
    let tail = line_tail(text, anchor);
    let mut patches = Vec::new();
    if last.comma.is_none() {
        patches.push(TextPatch::insert_at(last.span.end, ","));
    }
    let trailing = if last.comma.is_some() { "," } else { "" };
    let indent = line_indent(text, last.span.start);
    let before = if begins_line(text, last.span.start) || tail.ends_in_line_comment {
        format!("{}{indent}", style.line_end)
    } else {
        match is_tight(text, layout) {
            Some(true) => String::new(),
            Some(false) => " ".to_owned(),
            None => style.separator_space.to_owned(),
        }
    };
    patches.push(TextPatch::insert_at(tail.end, format!("{before}{}{trailing}", item(indent))));
    patches
}

/// Whether no space follows a comma; `None` without an example.
fn is_tight(text: &str, layout: &ContainerLayout) -> Option<bool> {
    let [.., before, last] = layout.items.as_slice() else { return None };
    let between = text.get(before.comma? + 1..last.span.start)?;
    Some(between.is_empty())
}

fn fill_empty_patches(
    text: &str,
    style: &DocumentStyle,
    inside: TextSpan,
    segment: &PathSegment,
    item: impl Fn(&str) -> String,
) -> Vec<TextPatch> {
    let content = text.get(inside.start..inside.end).unwrap_or_default();
    // Comments stay before the new item, the remaining space goes behind it.
    let comments = content.trim_end().len();
    let rest = content.get(comments..).unwrap_or_default();
    let at = inside.start + comments;
    let outer = line_indent(text, inside.start);
    let breaks = |text: &str| text.contains(is_json5_line_terminator);
    if style.multiline || breaks(content) {
        let inner = format!("{outer}{}", style.indent_unit);
        let trailing = if style.trailing_comma { "," } else { "" };
        let added = format!("{}{inner}{}{trailing}", style.line_end, item(&inner));
        return if breaks(rest) {
            vec![TextPatch::insert_at(at, added)]
        } else {
            let added = format!("{added}{}{outer}", style.line_end);
            vec![TextPatch { span: TextSpan { start: at, end: inside.end }, text: added }]
        };
    }
    let is_object = matches!(segment, PathSegment::Key(_));
    let pad = if is_object { style.separator_space } else { "" };
    let before = if is_blank(content) { pad } else { style.separator_space };
    let added = format!("{before}{}{pad}", item(outer));
    vec![TextPatch { span: TextSpan { start: at, end: inside.end }, text: added }]
}
