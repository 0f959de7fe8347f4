//! Lines as a terminal takes them: what stands before each, styles, and a reset at the end.

use super::Look;

/// Fewer columns than this are not worked with.
const NARROWEST: usize = 8;

/// Stands before the lines of a quote.
pub(super) const BAR: char = '│';

/// How text looks, beyond its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style(u8);

/// Text in one style. A `\n` in it ends a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) style: Style,
}

/// The lines that were painted, and what the next ones are in.
#[derive(Debug)]
pub(super) struct Canvas {
    look: Look,
    lines: String,
    frames: Vec<Frame>,
    /// Frames that there is no room for, inside those that there is room for.
    hidden: usize,
    /// Whether nothing was painted since the innermost frame, or the whole, began.
    pub(super) fresh: bool,
}

/// What stands before the lines of a quote or an item.
#[derive(Debug)]
pub(super) struct Frame {
    /// Before the first line, once.
    pub(super) first: Option<String>,
    /// Before every other line, as wide as the first.
    pub(super) rest: String,
    pub(super) columns: usize,
}

impl Style {
    pub(super) const BOLD: Self = Self(1);
    pub(super) const ITALIC: Self = Self(2);
    pub(super) const STRIKE: Self = Self(4);
    pub(super) const CODE: Self = Self(8);
    pub(super) const UNDERLINE: Self = Self(16);
    pub(super) const FAINT: Self = Self(32);

    /// Both at once.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this has all of `other`.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The escape sequence that turns it on, from a reset terminal.
    fn start(self) -> String {
        let codes = [
            (Self::BOLD, "1"),
            (Self::FAINT, "2"),
            (Self::ITALIC, "3"),
            (Self::UNDERLINE, "4"),
            (Self::STRIKE, "9"),
            (Self::CODE, "36"),
        ];
        let codes: Vec<_> =
            codes.iter().filter(|(style, _)| self.has(*style)).map(|(_, code)| *code).collect();
        format!("\u{1b}[{}m", codes.join(";"))
    }
}

impl Span {
    pub(super) fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl Canvas {
    pub(super) fn new(look: Look) -> Self {
        Self { look, lines: String::new(), frames: Vec::new(), hidden: 0, fresh: true }
    }

    /// Whether styles are shown.
    pub(super) fn colour(&self) -> bool {
        self.look.colour
    }

    /// Columns for text beside what stands before it: at least 4.
    pub(super) fn room(&self) -> usize {
        self.width() - self.taken()
    }

    /// Puts the next lines into `frame`. What is nested so deep that it would leave less than half
    /// of the width is not indented any more.
    pub(super) fn enter(&mut self, frame: Frame) {
        if self.hidden > 0 || self.taken() + frame.columns > self.width() / 2 {
            self.hidden += 1;
        } else {
            self.frames.push(frame);
        }
        self.fresh = true;
    }

    /// Ends the innermost frame; one without a line gets an empty one.
    pub(super) fn leave(&mut self) {
        if self.fresh {
            self.line(&[]);
        }
        if self.hidden > 0 {
            self.hidden -= 1;
        } else {
            self.frames.pop();
        }
    }

    /// Paints one line.
    pub(super) fn line(&mut self, text: &[Span]) {
        self.fresh = false;
        let mut style = Style::default();
        let mut frames = String::new();
        for frame in &mut self.frames {
            match frame.first.take() {
                Some(first) => frames.push_str(&first),
                None => frames.push_str(&frame.rest),
            }
        }
        let frames = if text.is_empty() { frames.trim_end() } else { &frames };
        for piece in frames.split_inclusive(BAR) {
            match piece.strip_suffix(BAR) {
                Some(before) => {
                    self.paint(before, Style::default(), &mut style);
                    self.paint("│", Style::FAINT, &mut style);
                }
                None => self.paint(piece, Style::default(), &mut style),
            }
        }
        for span in text {
            self.paint(&span.text, span.style, &mut style);
        }
        self.paint("\n", Style::default(), &mut style);
    }

    /// Everything that was painted.
    pub(super) fn finish(self) -> String {
        self.lines
    }

    fn width(&self) -> usize {
        usize::from(self.look.width).max(NARROWEST)
    }

    fn taken(&self) -> usize {
        self.frames.iter().map(|frame| frame.columns).sum()
    }

    fn paint(&mut self, text: &str, style: Style, current: &mut Style) {
        if text.is_empty() {
            return;
        }
        if self.look.colour && style != *current {
            if *current != Style::default() {
                self.lines.push_str("\u{1b}[0m");
            }
            if style != Style::default() {
                self.lines.push_str(&style.start());
            }
            *current = style;
        }
        self.lines.push_str(text);
    }
}
