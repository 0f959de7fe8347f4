//! Paints lines for a terminal: frame prefixes, styles, and a reset at the end of each line.

use super::MarkdownOptions;

/// The least width in columns.
const MIN_WIDTH: usize = 8;

/// The prefix of a quote's lines.
pub(super) const QUOTE_BAR: char = '│';

/// The style of text, as a set of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SpanStyle(u8);

/// Text in one style. A `\n` in it ends the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StyledSpan {
    pub(super) text: String,
    pub(super) style: SpanStyle,
}

/// The painted lines, and the frames around the next ones.
#[derive(Debug)]
pub(super) struct LineCanvas {
    options: MarkdownOptions,
    lines: String,
    frames: Vec<BlockFrame>,
    /// The number of inner frames that do not fit the width.
    hidden_frames: usize,
    /// Whether nothing was painted since the innermost frame, or the text, began.
    pub(super) is_fresh: bool,
}

/// The prefixes of the lines of a quote or an item.
#[derive(Debug)]
pub(super) struct BlockFrame {
    /// The prefix of the first line; taken when that is painted.
    pub(super) first: Option<String>,
    /// The prefix of the other lines, as wide as the first one.
    pub(super) rest: String,
    pub(super) columns: usize,
}

impl SpanStyle {
    pub(super) const BOLD: Self = Self(1);
    pub(super) const ITALIC: Self = Self(2);
    pub(super) const STRIKE: Self = Self(4);
    pub(super) const CODE: Self = Self(8);
    pub(super) const UNDERLINE: Self = Self(16);
    pub(super) const FAINT: Self = Self(32);

    /// The union of both styles.
    pub(super) fn combined_with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether this style includes all of `other`.
    pub(super) fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The escape sequence that turns the style on after a reset.
    fn start_sequence(self) -> String {
        let codes = [
            (Self::BOLD, "1"),
            (Self::FAINT, "2"),
            (Self::ITALIC, "3"),
            (Self::UNDERLINE, "4"),
            (Self::STRIKE, "9"),
            (Self::CODE, "36"),
        ];
        let codes: Vec<_> =
            codes.iter().filter(|(style, _)| self.has_all(*style)).map(|(_, code)| *code).collect();
        format!("\u{1b}[{}m", codes.join(";"))
    }
}

impl StyledSpan {
    pub(super) fn new(text: impl Into<String>, style: SpanStyle) -> Self {
        Self { text: text.into(), style }
    }
}

impl LineCanvas {
    pub(super) fn new(options: MarkdownOptions) -> Self {
        Self { options, lines: String::new(), frames: Vec::new(), hidden_frames: 0, is_fresh: true }
    }

    /// Returns whether styles are shown.
    pub(super) fn has_colour(&self) -> bool {
        self.options.colour
    }

    /// The columns for text beside the prefixes: at least 4.
    pub(super) fn text_width(&self) -> usize {
        self.total_width() - self.frame_width()
    }

    /// Puts the next lines into `frame`. A frame that would leave less than half of the width is
    /// not shown.
    pub(super) fn enter_frame(&mut self, frame: BlockFrame) {
        if self.hidden_frames > 0 || self.frame_width() + frame.columns > self.total_width() / 2 {
            self.hidden_frames += 1;
        } else {
            self.frames.push(frame);
        }
        self.is_fresh = true;
    }

    /// Leaves the innermost frame; paints an empty line if the frame has none.
    pub(super) fn leave_frame(&mut self) {
        if self.is_fresh {
            self.paint_line(&[]);
        }
        if self.hidden_frames > 0 {
            self.hidden_frames -= 1;
        } else {
            self.frames.pop();
        }
    }

    /// Paints one line.
    pub(super) fn paint_line(&mut self, text: &[StyledSpan]) {
        self.is_fresh = false;
        let mut style = SpanStyle::default();
        let mut frames = String::new();
        for frame in &mut self.frames {
            match frame.first.take() {
                Some(first) => frames.push_str(&first),
                None => frames.push_str(&frame.rest),
            }
        }
        let frames = if text.is_empty() { frames.trim_end() } else { &frames };
        for piece in frames.split_inclusive(QUOTE_BAR) {
            match piece.strip_suffix(QUOTE_BAR) {
                Some(before) => {
                    self.paint_text(before, SpanStyle::default(), &mut style);
                    self.paint_text("│", SpanStyle::FAINT, &mut style);
                }
                None => self.paint_text(piece, SpanStyle::default(), &mut style),
            }
        }
        for span in text {
            self.paint_text(&span.text, span.style, &mut style);
        }
        self.paint_text("\n", SpanStyle::default(), &mut style);
    }

    /// Returns all painted lines.
    pub(super) fn finish(self) -> String {
        self.lines
    }

    fn total_width(&self) -> usize {
        usize::from(self.options.width).max(MIN_WIDTH)
    }

    fn frame_width(&self) -> usize {
        self.frames.iter().map(|frame| frame.columns).sum()
    }

    fn paint_text(&mut self, text: &str, style: SpanStyle, current: &mut SpanStyle) {
        if text.is_empty() {
            return;
        }
        if self.options.colour && style != *current {
            if *current != SpanStyle::default() {
                self.lines.push_str("\u{1b}[0m");
            }
            if style != SpanStyle::default() {
                self.lines.push_str(&style.start_sequence());
            }
            *current = style;
        }
        self.lines.push_str(text);
    }
}
