//! Markdown that is still being written, as lines for a terminal.
//!
//! A block is given out once nothing that follows can change it, so that it can stay above for
//! good; the block that is still open is rendered anew as often as the screen wants it.

mod clean;

use clean::Cleaner;

/// A character that no cleaned text holds.
const MARK: char = '\u{fdd0}';

/// How the lines are to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; fewer than 8 are taken as 8.
    pub width: u16,
    /// Whether escape sequences for colours and weights may be used. The layout is the same
    /// without.
    pub colour: bool,
}

/// A text that comes piece by piece, turned into finished lines.
#[derive(Debug)]
pub struct MarkdownStream {
    look: Look,
    cleaner: Cleaner,
    unfinished: String,
}

impl MarkdownStream {
    /// A stream of which nothing has come yet.
    #[must_use]
    pub fn new(look: Look) -> Self {
        Self { look, cleaner: Cleaner::default(), unfinished: String::new() }
    }

    /// Takes the next piece and returns the lines that are final now, each ending in `\n`: often
    /// none.
    pub fn push(&mut self, text: &str) -> String {
        self.cleaner.push(text, &mut self.unfinished);
        match self.unfinished.rfind('\n') {
            Some(end) => self.unfinished.drain(..=end).collect(),
            None => String::new(),
        }
    }

    /// The lines of what is not final, as it stands, each ending in `\n`: to be drawn below the
    /// final ones and replaced by what comes next. Of a very long block only the end is shown.
    #[must_use]
    pub fn pending(&self) -> String {
        if self.unfinished.is_empty() { String::new() } else { format!("{}\n", self.unfinished) }
    }

    /// Goes on with another width; what was given out stays as it is.
    pub fn resize(&mut self, width: u16) {
        self.look.width = width;
    }

    /// The remaining lines, each ending in `\n`, as nothing follows.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.cleaner.finish(&mut self.unfinished);
        self.pending()
    }
}

/// Renders a whole text: the same lines as a [`MarkdownStream`] gives out in pieces.
#[must_use]
pub fn render(text: &str, look: Look) -> String {
    let mut stream = MarkdownStream::new(look);
    let mut lines = stream.push(text);
    lines.push_str(&stream.finish());
    lines
}
