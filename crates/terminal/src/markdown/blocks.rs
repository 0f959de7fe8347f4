//! Finds where blocks begin and end, line by line; each answer is final.
//!
//! Tracks only the open blocks, from the outermost quote or item to the paragraph or code inside
//! it. No line changes the role of an earlier line.

use super::shape::{
    CodeFence, HtmlBlockEnd, ListMarker, delimiter_columns, html_block_end,
    interrupting_html_block, is_blank, is_heading, is_separator, is_setext_underline,
    is_thematic_break, leading_spaces, strip_indent, strip_task_box, table_columns,
    thematic_break_remainder,
};

/// The role of a line for the outermost blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineRole {
    /// It belongs to the open block, or to none.
    Continuation,
    /// It begins a block.
    BlockStart,
    /// It begins the next item of the open list.
    ItemStart {
        /// The item's number in an ordered list.
        number: u64,
        /// Whether a blank line precedes it.
        is_separate: bool,
    },
    /// It opens fenced code.
    CodeStart,
    /// It is a line of that code; the length of its text without the fence's indentation.
    Code(usize),
    /// It closes that code.
    CodeEnd,
}

/// Tracks the open blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct BlockTracker {
    containers: Vec<OpenContainer>,
    leaf: OpenLeaf,
    /// The outermost list, while another item may follow.
    list: Option<ListMarker>,
    /// Whether the open item has no text yet; a blank line then ends it.
    is_item_empty: bool,
    after_blank_line: bool,
}

#[derive(Debug, Clone, Copy)]
enum OpenContainer {
    Quote,
    Item { indent: usize },
}

#[derive(Debug, Clone, Copy, Default)]
enum OpenLeaf {
    #[default]
    None,
    Paragraph {
        table_head: Option<TableHeadCandidate>,
    },
    Table,
    Fence(CodeFence),
    Html(HtmlBlockEnd),
    Indented,
}

/// The last line of a paragraph, if it may be the head of a table.
#[derive(Debug, Clone, Copy)]
struct TableHeadCandidate {
    columns: usize,
    /// The number of containers that its marks put it in.
    depth: usize,
    /// Whether it ends in a backslash, so that it can only end a paragraph.
    is_escaped: bool,
}

impl TableHeadCandidate {
    fn from_text(text: &str, depth: usize) -> Option<Self> {
        let columns = table_columns(text);
        let escaped = (text.len() - text.trim_end_matches('\\').len()) % 2 == 1;
        text.contains('|').then_some(Self { columns, depth, is_escaped: escaped })
    }
}

impl BlockTracker {
    /// Returns whether no block is open, so that all lines so far are final.
    pub(super) fn is_closed(&self) -> bool {
        self.containers.is_empty() && matches!(self.leaf, OpenLeaf::None)
    }

    /// Handles the next line, without its line end.
    pub(super) fn push_line(&mut self, line: &str) -> LineRole {
        let apart = std::mem::replace(&mut self.after_blank_line, is_separator(line));
        let (mut depth, mut rest) = self.match_containers(line);
        if let OpenLeaf::Paragraph { table_head: Some(head) } = self.leaf
            && depth == self.containers.len()
            && delimiter_columns(rest) == Some(head.columns)
            && head.depth < depth
        {
            // The previous line looked like a lazy continuation but was the head of a table.
            self.leave_containers(head.depth);
            (depth, rest) = self.match_containers(line);
        }
        if let Some(step) = self.continue_leaf(depth, rest) {
            return step;
        }
        self.leaf = OpenLeaf::None;
        self.containers.truncate(depth);
        self.begin_blocks(rest, apart)
    }

    /// The number of containers that the line's marks continue, and the text after the marks.
    fn match_containers<'l>(&self, line: &'l str) -> (usize, &'l str) {
        let mut rest = line;
        for (depth, container) in self.containers.iter().enumerate() {
            rest = match container {
                OpenContainer::Quote => match strip_indent(rest, 3).strip_prefix('>') {
                    Some(inner) => strip_indent(inner, 1),
                    None => return (depth, rest),
                },
                OpenContainer::Item { indent: columns } => {
                    if leading_spaces(rest) < *columns && !is_blank(rest) {
                        return (depth, rest);
                    }
                    strip_indent(rest, *columns)
                }
            };
        }
        (self.containers.len(), rest)
    }

    /// Adds the line to the open leaf, if it belongs there.
    fn continue_leaf(&mut self, depth: usize, rest: &str) -> Option<LineRole> {
        let inside = depth == self.containers.len();
        match self.leaf {
            OpenLeaf::None => None,
            OpenLeaf::Fence(fence) => inside.then(|| {
                let outermost = self.containers.is_empty();
                if fence.is_closed_by(rest) {
                    self.leaf = OpenLeaf::None;
                    return if outermost { LineRole::CodeEnd } else { LineRole::Continuation };
                }
                if outermost {
                    LineRole::Code(strip_indent(rest, fence.indent).len())
                } else {
                    LineRole::Continuation
                }
            }),
            OpenLeaf::Html(HtmlBlockEnd::Line(end)) => inside.then(|| {
                if rest.contains(end) {
                    self.leaf = OpenLeaf::None;
                }
                LineRole::Continuation
            }),
            OpenLeaf::Html(HtmlBlockEnd::BeforeBlank) => {
                (inside && !is_blank(rest)).then_some(LineRole::Continuation)
            }
            OpenLeaf::Indented => (inside && (leading_spaces(rest) >= 4 || is_blank(rest)))
                .then_some(LineRole::Continuation),
            OpenLeaf::Table => {
                let text = rest.trim_start_matches(' ');
                let row = inside && text.trim_end() != "|" && !interrupts_paragraph(text, true);
                row.then_some(LineRole::Continuation)
            }
            OpenLeaf::Paragraph { table_head: head } => self.continue_paragraph(head, depth, rest),
        }
    }

    fn continue_paragraph(
        &mut self,
        head: Option<TableHeadCandidate>,
        depth: usize,
        rest: &str,
    ) -> Option<LineRole> {
        let inside = depth == self.containers.len();
        let text = rest.trim_start_matches(' ');
        if let Some(head) = head
            && inside
            && !head.is_escaped
            && delimiter_columns(rest) == Some(head.columns)
        {
            self.leaf = OpenLeaf::Table;
            return Some(LineRole::Continuation);
        }
        if leading_spaces(rest) < 4 {
            if inside && is_setext_underline(text) {
                self.leaf = OpenLeaf::None;
                return Some(LineRole::Continuation);
            }
            if interrupts_paragraph(text, !inside) {
                return None;
            }
        }
        if text.is_empty() {
            return None;
        }
        let heads = leading_spaces(rest) < 4 && text.starts_with('|');
        self.leaf = OpenLeaf::Paragraph {
            table_head: heads.then(|| TableHeadCandidate::from_text(text, depth)).flatten(),
        };
        Some(LineRole::Continuation)
    }

    /// Opens the blocks that the line begins inside the remaining containers.
    fn begin_blocks(&mut self, mut rest: &str, apart: bool) -> LineRole {
        let mut step = LineRole::Continuation;
        // In a long row of marks, searches only once for what prevents a thematic break.
        let mut known = usize::MAX;
        while leading_spaces(rest) < 4 {
            let columns = leading_spaces(rest);
            let text = strip_indent(rest, columns);
            if text.len() <= known {
                match thematic_break_remainder(text) {
                    Some(left) => known = left,
                    None => break,
                }
            }
            if let Some((marker, inner)) = ListMarker::parse_marker(text) {
                if self.containers.is_empty() {
                    step = self.begin_item(marker, apart);
                }
                self.containers.push(OpenContainer::Item { indent: columns + marker.width });
                let todo = strip_task_box(inner);
                self.is_item_empty = is_blank(todo.unwrap_or(inner));
                if self.is_item_empty {
                    return step;
                }
                if let Some(text) = todo {
                    let head = TableHeadCandidate::from_text(text, self.containers.len());
                    self.leaf = OpenLeaf::Paragraph { table_head: head };
                    return step;
                }
                rest = inner;
            } else if let Some(inner) = text.strip_prefix('>') {
                if self.containers.is_empty() {
                    self.list = None;
                    step = LineRole::BlockStart;
                }
                self.is_item_empty = false;
                self.containers.push(OpenContainer::Quote);
                rest = strip_indent(inner, 1);
            } else {
                break;
            }
        }
        if is_blank(rest) {
            if self.is_item_empty
                && matches!(self.containers.last(), Some(OpenContainer::Item { .. }))
            {
                self.containers.pop();
                self.is_item_empty = false;
            }
            return step;
        }
        self.is_item_empty = false;
        let outermost = self.containers.is_empty();
        if outermost {
            self.list = None;
            step = LineRole::BlockStart;
        }
        self.leaf = parse_leaf(rest, self.containers.len());
        if outermost && matches!(self.leaf, OpenLeaf::Fence(_)) {
            LineRole::CodeStart
        } else {
            step
        }
    }

    /// Continues the outermost list, or begins another one.
    fn begin_item(&mut self, marker: ListMarker, apart: bool) -> LineRole {
        match &mut self.list {
            Some(list) if list.kind == marker.kind => {
                list.number = list.number.saturating_add(1);
                LineRole::ItemStart { number: list.number, is_separate: apart }
            }
            list => {
                *list = Some(marker);
                LineRole::BlockStart
            }
        }
    }

    /// Closes the containers deeper than `depth`, because a paragraph has begun there.
    fn leave_containers(&mut self, depth: usize) {
        self.containers.truncate(depth);
        if depth == 0 {
            self.list = None;
        }
    }
}

/// The leaf block that a line begins inside `depth` containers.
fn parse_leaf(rest: &str, depth: usize) -> OpenLeaf {
    let columns = leading_spaces(rest);
    let text = strip_indent(rest, columns);
    if columns >= 4 {
        OpenLeaf::Indented
    } else if let Some(html) = html_block_end(text) {
        let ended = matches!(html, HtmlBlockEnd::Line(end) if text.contains(end));
        if ended { OpenLeaf::None } else { OpenLeaf::Html(html) }
    } else if is_thematic_break(text) || is_heading(text) {
        OpenLeaf::None
    } else if let Some(fence) = CodeFence::parse_fence(text, columns) {
        OpenLeaf::Fence(fence)
    } else {
        OpenLeaf::Paragraph { table_head: TableHeadCandidate::from_text(text, depth) }
    }
}

/// Returns whether `text` interrupts the paragraph above. With `any_item`, every list item does.
fn interrupts_paragraph(text: &str, any_item: bool) -> bool {
    text.is_empty()
        || text.starts_with('>')
        || is_thematic_break(text)
        || is_heading(text)
        || CodeFence::parse_fence(text, 0).is_some()
        || ListMarker::parse_marker(text)
            .is_some_and(|(marker, rest)| any_item || marker.interrupts_paragraph(rest))
        || interrupting_html_block(text).is_some()
}
