//! Renders the text inside blocks: styles, links and table cells.

use pulldown_cmark::LinkType;

use super::{BlockRenderer, OpenLink};
use crate::markdown::{
    DEFINITION_GUARD,
    painter::{SpanStyle, StyledSpan},
    sanitize::needs_escape,
    shape::is_separator,
    wrap::wrap_spans,
};

impl BlockRenderer<'_> {
    /// Begins a style inside the current one. Without colour, writes its marks instead.
    pub(super) fn open_style(&mut self, style: SpanStyle, marks: &str) {
        self.push_marks(marks);
        self.styles.push(self.current_style().combined_with(style));
    }

    pub(super) fn close_style(&mut self, marks: &str) {
        self.styles.pop();
        self.push_marks(marks);
    }

    pub(super) fn push_code(&mut self, code: &str) {
        let marks = if code.contains('`') { "``" } else { "`" };
        self.push_marks(marks);
        self.spans.push(StyledSpan::new(
            escape_text(code),
            self.current_style().combined_with(SpanStyle::CODE),
        ));
        self.push_marks(marks);
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.spans.push(StyledSpan::new(escape_text(text), self.current_style()));
    }

    pub(super) fn open_link(&mut self, kind: LinkType, target: &str, title: &str) {
        let automatic = matches!(kind, LinkType::Autolink | LinkType::Email);
        let (target, title) = (escape_text(target), escape_text(title));
        self.links.push(OpenLink {
            target,
            title,
            is_automatic: automatic,
            text_start: self.spans.len(),
        });
    }

    /// Writes the link's target, unless its text is the target.
    pub(super) fn end_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        let text: String =
            self.spans.iter().skip(link.text_start).map(|span| span.text.as_str()).collect();
        let told = link.is_automatic || text == link.target || link.target.is_empty();
        if told && link.title.is_empty() {
            return;
        }
        self.push_text(if text.is_empty() { "(" } else { " (" });
        if !told {
            self.spans.push(StyledSpan::new(
                link.target,
                self.current_style().combined_with(SpanStyle::UNDERLINE),
            ));
        }
        if !link.title.is_empty() {
            let space = if told { "" } else { " " };
            self.push_text(&format!("{space}\"{}\"", link.title));
        }
        self.push_text(")");
    }

    pub(super) fn end_cell(&mut self, end: usize) {
        self.cell_end = end;
        let cell = std::mem::take(&mut self.spans);
        self.push_cell(cell);
    }

    /// Ends a row, with the cells beyond the table's columns, which the parser drops.
    pub(super) fn end_row(&mut self, end: usize) {
        let beyond = self.text.get(self.cell_end..end).unwrap_or_default();
        let beyond = beyond.trim_matches([' ', '|', '\n']);
        if !beyond.is_empty() {
            for cell in beyond.split('|') {
                self.push_cell(vec![StyledSpan::new(
                    escape_text(cell.trim()),
                    SpanStyle::default(),
                )]);
            }
        }
        self.styles.clear();
    }

    /// Wraps and paints the collected text.
    pub(super) fn flush_text(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        let lines = wrap_spans(&spans, self.canvas.text_width());
        if !lines.is_empty() {
            self.paint_separator(self.text_start);
        }
        for line in lines {
            self.canvas.paint_line(&line);
        }
    }

    /// Paints the blank line before a block at `at`; inside an item only if the text has one.
    pub(super) fn paint_separator(&mut self, at: usize) {
        let in_item = self.container_is_item.last().is_some_and(|item| *item);
        if !self.canvas.is_fresh && (!in_item || has_blank_line_before(self.text, at)) {
            self.canvas.paint_line(&[]);
        }
    }

    fn current_style(&self) -> SpanStyle {
        self.styles.last().copied().unwrap_or_default()
    }

    fn push_marks(&mut self, marks: &str) {
        if !self.canvas.has_colour() {
            self.push_text(marks);
        }
    }

    fn push_cell(&mut self, cell: Vec<StyledSpan>) {
        if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
            row.push(cell);
        }
    }
}

/// Escapes unsafe characters of `text`: entities can stand for any character.
pub(super) fn escape_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            DEFINITION_GUARD => {}
            '\t' => shown.push(' '),
            c if c != '\n' && needs_escape(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Returns whether `html` is a `<br>` tag.
pub(super) fn is_line_break(html: &str) -> bool {
    let name = html.trim_start_matches('<').trim_end_matches(['>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

/// Returns whether the line above the offset `at` is blank.
pub(super) fn has_blank_line_before(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rfind('\n'));
    let above = line.and_then(|end| text.get(..end)).and_then(|above| above.rsplit('\n').next());
    above.is_some_and(is_separator)
}
