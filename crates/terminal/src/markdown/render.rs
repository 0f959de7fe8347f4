//! Whole blocks as lines.

mod inline;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use self::inline::{blank_before, line_break, shown};
use super::{
    Look,
    paint::{BAR, Canvas, Frame, Span, Style},
    table::Table,
};

/// Code stands in from the text around it.
const CODE: &str = "  ";

/// Renders the blocks of `text`, in which what could define a reference is marked. `number`
/// overrules that of the first item.
pub(super) fn blocks(text: &str, number: Option<u64>, look: Look) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut renderer = Renderer::new(text, number, look);
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        renderer.event(event, range.start, range.end);
    }
    renderer.canvas.finish()
}

/// Renders one line of code.
pub(super) fn code_line(text: &str, look: Look) -> String {
    let mut canvas = Canvas::new(look);
    paint_code(text, &mut canvas);
    canvas.finish()
}

#[derive(Debug)]
struct Renderer<'t> {
    text: &'t str,
    number: Option<u64>,
    canvas: Canvas,
    /// Text of the paragraph, heading or cell that is being read, and where it begins.
    spans: Vec<Span>,
    begins: usize,
    styles: Vec<Style>,
    links: Vec<Link>,
    lists: Vec<List>,
    /// Quotes and items around, innermost last; whether it is an item.
    around: Vec<bool>,
    /// Code or HTML that is being read.
    verbatim: Option<String>,
    /// Where the code begins, if nothing of it was painted.
    code: Option<usize>,
    table: Option<Table>,
    cell_end: usize,
}

#[derive(Debug)]
struct Link {
    target: String,
    title: String,
    /// Whether its text is its target.
    automatic: bool,
    /// Spans before its text.
    begins: usize,
}

#[derive(Debug)]
struct List {
    number: Option<u64>,
    begun: bool,
}

impl<'t> Renderer<'t> {
    fn new(text: &'t str, number: Option<u64>, look: Look) -> Self {
        Self {
            text,
            number,
            canvas: Canvas::new(look),
            spans: Vec::new(),
            begins: 0,
            styles: Vec::new(),
            links: Vec::new(),
            lists: Vec::new(),
            around: Vec::new(),
            verbatim: None,
            code: None,
            table: None,
            cell_end: 0,
        }
    }

    fn event(&mut self, event: Event<'_>, start: usize, end: usize) {
        if self.spans.is_empty() && self.verbatim.is_none() && !matches!(event, Event::End(_)) {
            self.begins = start;
        }
        match event {
            Event::Start(tag) => self.start(tag, start),
            Event::End(tag) => self.end(tag, end),
            Event::Text(text) | Event::Html(text) if self.verbatim.is_some() => {
                self.verbatim.get_or_insert_default().push_str(&text);
            }
            Event::Code(code) => self.code(&code),
            Event::InlineHtml(html) if line_break(&html) => self.put("\n"),
            Event::SoftBreak => self.put(" "),
            Event::HardBreak => self.put("\n"),
            Event::TaskListMarker(done) => self.put(if done { "[x] " } else { "[ ] " }),
            Event::Rule => {
                self.flush();
                self.separate(start);
                let rule = "─".repeat(self.canvas.room());
                self.canvas.line(&[Span::new(rule, Style::FAINT)]);
            }
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.put(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>, start: usize) {
        match tag {
            Tag::Emphasis => self.open(Style::ITALIC, "*"),
            Tag::Strong => self.open(Style::BOLD, "**"),
            Tag::Strikethrough => self.open(Style::STRIKE, "~~"),
            Tag::Link { link_type, dest_url, title, .. }
            | Tag::Image { link_type, dest_url, title, .. } => {
                self.link(link_type, &dest_url, &title);
            }
            Tag::TableCell | Tag::TableHead | Tag::TableRow => {
                self.cell_end = start;
                if let Some(table) = &mut self.table
                    && !matches!(tag, Tag::TableCell)
                {
                    table.rows.push(Vec::new());
                }
                let head = self.table.as_ref().is_some_and(|table| table.rows.len() == 1);
                self.styles = if head { vec![Style::BOLD] } else { Vec::new() };
            }
            // The box of a task may stand before it.
            Tag::Paragraph => {}
            tag => {
                self.flush();
                self.start_block(tag, start);
            }
        }
    }

    fn start_block(&mut self, tag: Tag<'_>, start: usize) {
        self.begins = start;
        match tag {
            Tag::Heading { level, .. } => {
                let title = level == HeadingLevel::H1;
                let style = if title { Style::BOLD.and(Style::UNDERLINE) } else { Style::BOLD };
                let marks = format!("{} ", "#".repeat(level as usize));
                self.open(style, &marks);
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(language)) if !language.is_empty() => {
                self.separate(start);
                let language = shown(&language).replace('\n', " ");
                self.canvas.line(&[Span::new(format!("{CODE}── {language}"), Style::FAINT)]);
                self.verbatim = Some(String::new());
            }
            Tag::CodeBlock(_) => {
                self.code = Some(start);
                self.verbatim = Some(String::new());
            }
            Tag::HtmlBlock => self.verbatim = Some(String::new()),
            Tag::List(number) => {
                self.separate(start);
                let come_to = self.number.take();
                let number = number.map(|number| come_to.unwrap_or(number));
                self.lists.push(List { number, begun: false });
            }
            Tag::Item => self.item(start),
            Tag::BlockQuote(_) => {
                self.separate(start);
                self.around.push(false);
                self.canvas.enter(Frame { first: None, rest: format!("{BAR} "), columns: 2 });
            }
            Tag::Table(alignments) => {
                self.separate(start);
                self.table = Some(Table { alignments, rows: Vec::new() });
            }
            _ => {}
        }
    }

    fn item(&mut self, start: usize) {
        let Some(list) = self.lists.last_mut() else { return };
        let marker = match &mut list.number {
            None => "• ".to_owned(),
            Some(number) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
        };
        if std::mem::replace(&mut list.begun, true) && blank_before(self.text, start) {
            self.canvas.line(&[]);
        }
        self.around.push(true);
        let columns = marker.chars().count();
        let rest = " ".repeat(columns);
        self.canvas.enter(Frame { first: Some(marker), rest, columns });
    }

    fn end(&mut self, tag: TagEnd, end: usize) {
        match tag {
            TagEnd::Emphasis => self.close("*"),
            TagEnd::Strong => self.close("**"),
            TagEnd::Strikethrough => self.close("~~"),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Heading(_) => {
                self.styles.clear();
                self.flush();
            }
            TagEnd::TableCell => self.end_cell(end),
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(end),
            TagEnd::Table => {
                for line in self.table.take().unwrap_or_default().lines(self.canvas.room()) {
                    self.canvas.line(&line);
                }
            }
            TagEnd::CodeBlock => {
                for line in self.verbatim.take().unwrap_or_default().lines() {
                    if let Some(start) = self.code.take() {
                        self.separate(start);
                    }
                    paint_code(&shown(line), &mut self.canvas);
                }
                self.code = None;
            }
            TagEnd::HtmlBlock => {
                let html = self.verbatim.take().unwrap_or_default();
                self.put(html.trim_end());
                self.flush();
            }
            TagEnd::Item | TagEnd::BlockQuote(_) => {
                self.flush();
                self.canvas.leave();
                self.around.pop();
            }
            TagEnd::List(_) => drop(self.lists.pop()),
            _ => self.flush(),
        }
    }
}

/// Long lines stay whole: the terminal breaks them, and copies them whole.
fn paint_code(text: &str, canvas: &mut Canvas) {
    if text.is_empty() {
        canvas.line(&[]);
    } else {
        canvas.line(&[Span::new(format!("{CODE}{text}"), Style::default())]);
    }
}
