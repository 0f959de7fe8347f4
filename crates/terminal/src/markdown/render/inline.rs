//! Text inside blocks: styles, links, cells, and when it becomes lines.

use pulldown_cmark::LinkType;

use super::{Link, Renderer};
use crate::markdown::{
    MARK,
    clean::hides,
    paint::{Span, Style},
    shape::separates,
    wrap::wrap,
};

impl Renderer<'_> {
    /// Begins a style inside the current one. Without colour its marks are written, as nothing else
    /// would tell of it.
    pub(super) fn open(&mut self, style: Style, marks: &str) {
        self.put_marks(marks);
        self.styles.push(self.style().and(style));
    }

    pub(super) fn close(&mut self, marks: &str) {
        self.styles.pop();
        self.put_marks(marks);
    }

    pub(super) fn code(&mut self, code: &str) {
        let marks = if code.contains('`') { "``" } else { "`" };
        self.put_marks(marks);
        self.spans.push(Span::new(shown(code), self.style().and(Style::CODE)));
        self.put_marks(marks);
    }

    pub(super) fn put(&mut self, text: &str) {
        self.spans.push(Span::new(shown(text), self.style()));
    }

    pub(super) fn link(&mut self, kind: LinkType, target: &str, title: &str) {
        let automatic = matches!(kind, LinkType::Autolink | LinkType::Email);
        let (target, title) = (shown(target), shown(title));
        self.links.push(Link { target, title, automatic, begins: self.spans.len() });
    }

    /// Writes where the link leads, unless its text says so.
    pub(super) fn end_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        let text: String =
            self.spans.iter().skip(link.begins).map(|span| span.text.as_str()).collect();
        let told = link.automatic || text == link.target || link.target.is_empty();
        if told && link.title.is_empty() {
            return;
        }
        self.put(if text.is_empty() { "(" } else { " (" });
        if !told {
            self.spans.push(Span::new(link.target, self.style().and(Style::UNDERLINE)));
        }
        if !link.title.is_empty() {
            let space = if told { "" } else { " " };
            self.put(&format!("{space}\"{}\"", link.title));
        }
        self.put(")");
    }

    pub(super) fn end_cell(&mut self, end: usize) {
        self.cell_end = end;
        let cell = std::mem::take(&mut self.spans);
        self.add_cell(cell);
    }

    /// Ends a row with the cells that it has beyond the table's columns, which the parser leaves
    /// out.
    pub(super) fn end_row(&mut self, end: usize) {
        let beyond = self.text.get(self.cell_end..end).unwrap_or_default();
        let beyond = beyond.trim_matches([' ', '|', '\n']);
        if !beyond.is_empty() {
            for cell in beyond.split('|') {
                self.add_cell(vec![Span::new(shown(cell.trim()), Style::default())]);
            }
        }
        self.styles.clear();
    }

    /// Makes lines of the text that was put.
    pub(super) fn flush(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        let lines = wrap(&spans, self.canvas.room());
        if !lines.is_empty() {
            self.separate(self.begins);
        }
        for line in lines {
            self.canvas.line(&line);
        }
    }

    /// Paints the blank line before a block that begins at `at`: in an item only if it was written.
    pub(super) fn separate(&mut self, at: usize) {
        let in_item = self.around.last().is_some_and(|item| *item);
        if !self.canvas.fresh && (!in_item || blank_before(self.text, at)) {
            self.canvas.line(&[]);
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn put_marks(&mut self, marks: &str) {
        if !self.canvas.colour() {
            self.put(marks);
        }
    }

    fn add_cell(&mut self, cell: Vec<Span>) {
        if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
            row.push(cell);
        }
    }
}

/// What the terminal may get of `text`: entities can stand for any character.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            MARK => {}
            '\t' => shown.push(' '),
            c if c != '\n' && hides(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Whether `html` is the tag that breaks a line.
pub(super) fn line_break(html: &str) -> bool {
    let name = html.trim_start_matches('<').trim_end_matches(['>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

/// Whether the line above that of the offset `at` is blank.
pub(super) fn blank_before(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rfind('\n'));
    let above = line.and_then(|end| text.get(..end)).and_then(|above| above.rsplit('\n').next());
    above.is_some_and(separates)
}
