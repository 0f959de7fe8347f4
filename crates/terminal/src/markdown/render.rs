//! Renders complete blocks as lines.

mod inline;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use self::inline::{escape_text, has_blank_line_before, is_line_break};
use super::{
    MarkdownOptions,
    painter::{BlockFrame, LineCanvas, QUOTE_BAR, SpanStyle, StyledSpan},
    table::TableCells,
};

/// The indentation of code.
const CODE_INDENT: &str = "  ";

/// Renders the blocks of `text`, whose possible reference definitions are guarded. `number`
/// overrides the number of the first item.
pub(super) fn render_blocks(text: &str, number: Option<u64>, look: MarkdownOptions) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut renderer = BlockRenderer::new(text, number, look);
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        renderer.handle_event(event, range.start, range.end);
    }
    renderer.canvas.finish()
}

/// Renders one line of code.
pub(super) fn render_code_line(text: &str, look: MarkdownOptions) -> String {
    let mut canvas = LineCanvas::new(look);
    paint_code(text, &mut canvas);
    canvas.finish()
}

#[derive(Debug)]
struct BlockRenderer<'t> {
    text: &'t str,
    number: Option<u64>,
    canvas: LineCanvas,
    /// The text of the current paragraph, heading or cell, and where it begins.
    spans: Vec<StyledSpan>,
    text_start: usize,
    styles: Vec<SpanStyle>,
    links: Vec<OpenLink>,
    lists: Vec<OpenList>,
    /// The enclosing quotes and items, innermost last: true for an item.
    container_is_item: Vec<bool>,
    /// The code or HTML that is being read.
    verbatim: Option<String>,
    /// Where the current code begins, until its first line is painted.
    code_start: Option<usize>,
    table: Option<TableCells>,
    cell_end: usize,
}

#[derive(Debug)]
struct OpenLink {
    target: String,
    title: String,
    /// Whether its text is its target, as in `<https://…>`.
    is_automatic: bool,
    /// The number of spans before its text.
    text_start: usize,
}

#[derive(Debug)]
struct OpenList {
    number: Option<u64>,
    has_items: bool,
}

impl<'t> BlockRenderer<'t> {
    fn new(text: &'t str, number: Option<u64>, look: MarkdownOptions) -> Self {
        Self {
            text,
            number,
            canvas: LineCanvas::new(look),
            spans: Vec::new(),
            text_start: 0,
            styles: Vec::new(),
            links: Vec::new(),
            lists: Vec::new(),
            container_is_item: Vec::new(),
            verbatim: None,
            code_start: None,
            table: None,
            cell_end: 0,
        }
    }

    fn handle_event(&mut self, event: Event<'_>, start: usize, end: usize) {
        if self.spans.is_empty() && self.verbatim.is_none() && !matches!(event, Event::End(_)) {
            self.text_start = start;
        }
        match event {
            Event::Start(tag) => self.start_tag(tag, start),
            Event::End(tag) => self.end_tag(tag, end),
            Event::Text(text) | Event::Html(text) if self.verbatim.is_some() => {
                self.verbatim.get_or_insert_default().push_str(&text);
            }
            Event::Code(code) => self.push_code(&code),
            Event::InlineHtml(html) if is_line_break(&html) => self.push_text("\n"),
            // A model means the line breaks that it writes: a poem is no block of text.
            Event::SoftBreak | Event::HardBreak => self.push_text("\n"),
            Event::TaskListMarker(done) => self.push_text(if done { "[x] " } else { "[ ] " }),
            Event::Rule => {
                self.flush_text();
                self.paint_separator(start);
                let rule = "─".repeat(self.canvas.text_width());
                self.canvas.paint_line(&[StyledSpan::new(rule, SpanStyle::FAINT)]);
            }
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.push_text(&text),
        }
    }

    fn start_tag(&mut self, tag: Tag<'_>, start: usize) {
        match tag {
            Tag::Emphasis => self.open_style(SpanStyle::ITALIC, "*"),
            Tag::Strong => self.open_style(SpanStyle::BOLD, "**"),
            Tag::Strikethrough => self.open_style(SpanStyle::STRIKE, "~~"),
            Tag::Link { link_type, dest_url, title, .. }
            | Tag::Image { link_type, dest_url, title, .. } => {
                self.open_link(link_type, &dest_url, &title);
            }
            Tag::TableCell | Tag::TableHead | Tag::TableRow => {
                self.cell_end = start;
                if let Some(table) = &mut self.table
                    && !matches!(tag, Tag::TableCell)
                {
                    table.rows.push(Vec::new());
                }
                let head = self.table.as_ref().is_some_and(|table| table.rows.len() == 1);
                self.styles = if head { vec![SpanStyle::BOLD] } else { Vec::new() };
            }
            // A task box may stand before the paragraph.
            Tag::Paragraph => {}
            tag => {
                self.flush_text();
                self.start_block(tag, start);
            }
        }
    }

    fn start_block(&mut self, tag: Tag<'_>, start: usize) {
        self.text_start = start;
        match tag {
            Tag::Heading { level, .. } => {
                let title = level == HeadingLevel::H1;
                let style = if title {
                    SpanStyle::BOLD.combined_with(SpanStyle::UNDERLINE)
                } else {
                    SpanStyle::BOLD
                };
                let marks = format!("{} ", "#".repeat(level as usize));
                self.open_style(style, &marks);
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) if !language.is_empty() => {
                self.paint_separator(start);
                let language = escape_text(&language).replace('\n', " ");
                self.canvas.paint_line(&[StyledSpan::new(
                    format!("{CODE_INDENT}── {language}"),
                    SpanStyle::FAINT,
                )]);
                self.verbatim = Some(String::new());
            }
            Tag::CodeBlock(_) => {
                self.code_start = Some(start);
                self.verbatim = Some(String::new());
            }
            Tag::HtmlBlock => self.verbatim = Some(String::new()),
            Tag::List(number) => {
                self.paint_separator(start);
                let come_to = self.number.take();
                let number = number.map(|number| come_to.unwrap_or(number));
                self.lists.push(OpenList { number, has_items: false });
            }
            Tag::Item => self.start_item(start),
            Tag::BlockQuote(_) => {
                self.paint_separator(start);
                self.container_is_item.push(false);
                self.canvas.enter_frame(BlockFrame {
                    first: None,
                    rest: format!("{QUOTE_BAR} "),
                    columns: 2,
                });
            }
            Tag::Table(alignments) => {
                self.paint_separator(start);
                self.table = Some(TableCells { alignments, rows: Vec::new() });
            }
            _ => {}
        }
    }

    fn start_item(&mut self, start: usize) {
        let Some(list) = self.lists.last_mut() else { return };
        let marker = match &mut list.number {
            None => "• ".to_owned(),
            Some(number) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
        };
        if std::mem::replace(&mut list.has_items, true) && has_blank_line_before(self.text, start) {
            self.canvas.paint_line(&[]);
        }
        self.container_is_item.push(true);
        let columns = marker.chars().count();
        let rest = " ".repeat(columns);
        self.canvas.enter_frame(BlockFrame { first: Some(marker), rest, columns });
    }

    fn end_tag(&mut self, tag: TagEnd, end: usize) {
        match tag {
            TagEnd::Emphasis => self.close_style("*"),
            TagEnd::Strong => self.close_style("**"),
            TagEnd::Strikethrough => self.close_style("~~"),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Heading(_) => {
                self.styles.clear();
                self.flush_text();
            }
            TagEnd::TableCell => self.end_cell(end),
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(end),
            TagEnd::Table => {
                for line in
                    self.table.take().unwrap_or_default().layout_lines(self.canvas.text_width())
                {
                    self.canvas.paint_line(&line);
                }
            }
            TagEnd::CodeBlock => {
                for line in self.verbatim.take().unwrap_or_default().lines() {
                    if let Some(start) = self.code_start.take() {
                        self.paint_separator(start);
                    }
                    paint_code(&escape_text(line), &mut self.canvas);
                }
                self.code_start = None;
            }
            TagEnd::HtmlBlock => {
                let html = self.verbatim.take().unwrap_or_default();
                self.push_text(html.trim_end());
                self.flush_text();
            }
            TagEnd::Item | TagEnd::BlockQuote(_) => {
                self.flush_text();
                self.canvas.leave_frame();
                self.container_is_item.pop();
            }
            TagEnd::List(_) => drop(self.lists.pop()),
            _ => self.flush_text(),
        }
    }
}

/// Long lines are not broken: the terminal wraps them, so that they can be copied whole.
fn paint_code(text: &str, canvas: &mut LineCanvas) {
    if text.is_empty() {
        canvas.paint_line(&[]);
    } else {
        canvas.paint_line(&[StyledSpan::new(format!("{CODE_INDENT}{text}"), SpanStyle::default())]);
    }
}
