//! Where the blocks of a text begin and end, told line by line and final at once.
//!
//! Keeps what is open, from the outermost quote or item to the paragraph or code in it, and
//! nothing of what is written. No line changes what was said of a line before it.

use super::shape::{
    Fence, Html, Marker, blank, columns, dedent, delimiter, heading, html, indent,
    interrupts_as_html, rule, separates, stray, task, underline,
};

/// What a line means to the outermost blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It belongs to the block that is open, or to none.
    On,
    /// A block begins with it.
    Block,
    /// The next item of the open list begins with it.
    Item {
        /// What a list with numbers has come to.
        number: u64,
        /// Whether there is a blank line before it.
        apart: bool,
    },
    /// It opens code.
    Opens,
    /// It is a line of that code, so long without what stands in place of the fence's indentation.
    Code(usize),
    /// It closes that code.
    Closes,
}

/// The blocks that are open.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    containers: Vec<Container>,
    leaf: Leaf,
    /// The outermost list, as long as another item may follow.
    list: Option<Marker>,
    /// Whether an item has begun without any text; a blank line ends it.
    begun_empty: bool,
    apart: bool,
}

#[derive(Debug, Clone, Copy)]
enum Container {
    Quote,
    Item { indent: usize },
}

#[derive(Debug, Clone, Copy, Default)]
enum Leaf {
    #[default]
    None,
    Paragraph {
        head: Option<Head>,
    },
    Table,
    Fence(Fence),
    Html(Html),
    Indented,
}

/// The last line of a paragraph, if a table may begin with it.
#[derive(Debug, Clone, Copy)]
struct Head {
    columns: usize,
    /// Containers that it is in by its marks.
    depth: usize,
    /// Whether it ends in a backslash, and so cannot be a head but can end a paragraph.
    escaped: bool,
}

impl Head {
    fn of(text: &str, depth: usize) -> Option<Self> {
        let columns = columns(text);
        let escaped = (text.len() - text.trim_end_matches('\\').len()) % 2 == 1;
        text.contains('|').then_some(Self { columns, depth, escaped })
    }
}

impl Blocks {
    /// Whether nothing is open, so that what was written is final whatever follows.
    pub(super) fn closed(&self) -> bool {
        self.containers.is_empty() && matches!(self.leaf, Leaf::None)
    }

    /// Takes the next line, without its end.
    pub(super) fn line(&mut self, line: &str) -> Step {
        let apart = std::mem::replace(&mut self.apart, separates(line));
        let (mut depth, mut rest) = self.descend(line);
        if let Leaf::Paragraph { head: Some(head) } = self.leaf
            && depth == self.containers.len()
            && delimiter(rest) == Some(head.columns)
            && head.depth < depth
        {
            // The line before seemed to go on with the paragraph lazily, but began its own.
            self.leave(head.depth);
            (depth, rest) = self.descend(line);
        }
        if let Some(step) = self.goes_on(depth, rest) {
            return step;
        }
        self.leaf = Leaf::None;
        self.containers.truncate(depth);
        self.begin(rest, apart)
    }

    /// How many containers the line's marks go on with, and what follows the marks.
    fn descend<'l>(&self, line: &'l str) -> (usize, &'l str) {
        let mut rest = line;
        for (depth, container) in self.containers.iter().enumerate() {
            rest = match container {
                Container::Quote => match dedent(rest, 3).strip_prefix('>') {
                    Some(inner) => dedent(inner, 1),
                    None => return (depth, rest),
                },
                Container::Item { indent: columns } => {
                    if indent(rest) < *columns && !blank(rest) {
                        return (depth, rest);
                    }
                    dedent(rest, *columns)
                }
            };
        }
        (self.containers.len(), rest)
    }

    /// Takes the line into the open leaf, if it belongs there.
    fn goes_on(&mut self, depth: usize, rest: &str) -> Option<Step> {
        let inside = depth == self.containers.len();
        match self.leaf {
            Leaf::None => None,
            Leaf::Fence(fence) => inside.then(|| {
                let outermost = self.containers.is_empty();
                if fence.closes(rest) {
                    self.leaf = Leaf::None;
                    return if outermost { Step::Closes } else { Step::On };
                }
                if outermost { Step::Code(dedent(rest, fence.indent).len()) } else { Step::On }
            }),
            Leaf::Html(Html::With(end)) => inside.then(|| {
                if rest.contains(end) {
                    self.leaf = Leaf::None;
                }
                Step::On
            }),
            Leaf::Html(Html::BeforeBlank) => (inside && !blank(rest)).then_some(Step::On),
            Leaf::Indented => (inside && (indent(rest) >= 4 || blank(rest))).then_some(Step::On),
            Leaf::Table => {
                let text = rest.trim_start_matches(' ');
                let row = inside && text.trim_end() != "|" && !interrupts(text, true);
                row.then_some(Step::On)
            }
            Leaf::Paragraph { head } => self.paragraph_goes_on(head, depth, rest),
        }
    }

    fn paragraph_goes_on(&mut self, head: Option<Head>, depth: usize, rest: &str) -> Option<Step> {
        let inside = depth == self.containers.len();
        let text = rest.trim_start_matches(' ');
        if let Some(head) = head
            && inside
            && !head.escaped
            && delimiter(rest) == Some(head.columns)
        {
            self.leaf = Leaf::Table;
            return Some(Step::On);
        }
        if indent(rest) < 4 {
            if inside && underline(text) {
                self.leaf = Leaf::None;
                return Some(Step::On);
            }
            if interrupts(text, !inside) {
                return None;
            }
        }
        if text.is_empty() {
            return None;
        }
        let heads = indent(rest) < 4 && text.starts_with('|');
        self.leaf = Leaf::Paragraph { head: heads.then(|| Head::of(text, depth)).flatten() };
        Some(Step::On)
    }

    /// Begins whatever the line begins inside the containers that are left.
    fn begin(&mut self, mut rest: &str, apart: bool) -> Step {
        let mut step = Step::On;
        // What keeps a line from being a thematic break is looked for once in a long row of marks.
        let mut known = usize::MAX;
        while indent(rest) < 4 {
            let columns = indent(rest);
            let text = dedent(rest, columns);
            if text.len() <= known {
                match stray(text) {
                    Some(left) => known = left,
                    None => break,
                }
            }
            if let Some((marker, inner)) = Marker::open(text) {
                if self.containers.is_empty() {
                    step = self.item(marker, apart);
                }
                self.containers.push(Container::Item { indent: columns + marker.width });
                let todo = task(inner);
                self.begun_empty = blank(todo.unwrap_or(inner));
                if self.begun_empty {
                    return step;
                }
                if let Some(text) = todo {
                    let head = Head::of(text, self.containers.len());
                    self.leaf = Leaf::Paragraph { head };
                    return step;
                }
                rest = inner;
            } else if let Some(inner) = text.strip_prefix('>') {
                if self.containers.is_empty() {
                    self.list = None;
                    step = Step::Block;
                }
                self.begun_empty = false;
                self.containers.push(Container::Quote);
                rest = dedent(inner, 1);
            } else {
                break;
            }
        }
        if blank(rest) {
            if self.begun_empty && matches!(self.containers.last(), Some(Container::Item { .. })) {
                self.containers.pop();
                self.begun_empty = false;
            }
            return step;
        }
        self.begun_empty = false;
        let outermost = self.containers.is_empty();
        if outermost {
            self.list = None;
            step = Step::Block;
        }
        self.leaf = leaf(rest, self.containers.len());
        if outermost && matches!(self.leaf, Leaf::Fence(_)) { Step::Opens } else { step }
    }

    /// Goes on with the outermost list, or begins another.
    fn item(&mut self, marker: Marker, apart: bool) -> Step {
        match &mut self.list {
            Some(list) if list.kind == marker.kind => {
                list.number = list.number.saturating_add(1);
                Step::Item { number: list.number, apart }
            }
            list => {
                *list = Some(marker);
                Step::Block
            }
        }
    }

    /// Leaves the containers deeper than `depth`, as a paragraph has begun there.
    fn leave(&mut self, depth: usize) {
        self.containers.truncate(depth);
        if depth == 0 {
            self.list = None;
        }
    }
}

/// The leaf that a line begins inside `depth` containers.
fn leaf(rest: &str, depth: usize) -> Leaf {
    let columns = indent(rest);
    let text = dedent(rest, columns);
    if columns >= 4 {
        Leaf::Indented
    } else if let Some(html) = html(text) {
        let ended = matches!(html, Html::With(end) if text.contains(end));
        if ended { Leaf::None } else { Leaf::Html(html) }
    } else if rule(text) || heading(text) {
        Leaf::None
    } else if let Some(fence) = Fence::open(text, columns) {
        Leaf::Fence(fence)
    } else {
        Leaf::Paragraph { head: Head::of(text, depth) }
    }
}

/// Whether `text` ends the paragraph above it; with `any_item`, items do that do not elsewhere.
fn interrupts(text: &str, any_item: bool) -> bool {
    text.is_empty()
        || text.starts_with('>')
        || rule(text)
        || heading(text)
        || Fence::open(text, 0).is_some()
        || Marker::open(text).is_some_and(|(marker, rest)| any_item || marker.interrupts(rest))
        || interrupts_as_html(text).is_some()
}
