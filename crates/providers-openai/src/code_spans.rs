//! Tracks Markdown code and quotes in streamed text: tags and calls inside them are only quoted.

/// The state of Markdown code at the end of a text.
///
/// Code is a fence (at least three `` ` `` or `~` at the start of a line, up to a line of as many)
/// or a span of backticks, which ends with its line at the latest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CodeSpanTracker {
    fence: Option<MarkerRun>,
    /// The number of backticks that opened the span; 0 outside of one.
    span_backticks: usize,
    /// The run of marker characters at the end of the text; its meaning is decided when it ends.
    marker_run: MarkerRun,
    /// Whether the line has text besides the run.
    has_text: bool,
    /// Whether this is the line that opened the fence.
    is_fence_line: bool,
    /// Whether this line closes the fence, if nothing else follows on it.
    may_close_fence: bool,
    quotes: QuoteState,
    /// The last two bytes.
    last_bytes: [u8; 2],
}

/// Quotes on the current line.
#[derive(Debug, Clone, Copy, Default)]
struct QuoteState {
    /// Whether the line is a block quote.
    is_block_quote: bool,
    /// Whether quotation marks are open; they end with their line at the latest.
    has_open_marks: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct MarkerRun {
    marker: u8,
    len: usize,
    starts_line: bool,
}

impl CodeSpanTracker {
    /// Processes the next byte.
    pub(crate) fn advance_byte(&mut self, byte: u8) {
        if !self.is_within_line() || may_quote(byte) {
            self.advance_special_byte(byte);
        }
        let [_, last] = self.last_bytes;
        self.last_bytes = [last, byte];
    }

    /// Processes text within a line that has none of the bytes of [`may_quote`].
    pub(crate) fn skip_plain_text(&mut self, text: &[u8]) {
        let [_, last] = self.last_bytes;
        self.last_bytes = match text {
            [.., before, last] => [*before, *last],
            [only] => [last, *only],
            [] => self.last_bytes,
        };
    }

    /// Whether the line has text, so that plain text on it changes nothing.
    pub(crate) fn is_within_line(&self) -> bool {
        self.has_text && !self.may_close_fence && self.marker_run.len == 0
    }

    fn advance_special_byte(&mut self, byte: u8) {
        if byte == b'`' || byte == b'~' {
            if self.marker_run.marker != byte {
                self.end_marker_run();
                self.marker_run = MarkerRun { marker: byte, len: 0, starts_line: !self.has_text };
            }
            self.marker_run.len += 1;
            return;
        }
        self.end_marker_run();
        match byte {
            b'\n' => {
                let fence = self.fence.filter(|_| !self.may_close_fence);
                *self = Self { fence, ..Self::default() };
            }
            b' ' | b'\t' | b'\r' => {}
            b'>' if !self.has_text => self.quotes.is_block_quote = true,
            _ => {
                self.track_quotes(byte);
                self.has_text = true;
                self.may_close_fence = false;
            }
        }
    }

    /// Returns whether the next byte is inside code.
    pub(crate) fn is_in_code(&self) -> bool {
        if self.marker_run.len == 0 {
            return self.fence.is_some() || self.span_backticks > 0;
        }
        let mut ended = *self;
        ended.end_marker_run();
        ended.fence.is_some() || ended.span_backticks > 0
    }

    /// Returns whether the next byte is inside code or a quote.
    pub(crate) fn is_quoted(&self) -> bool {
        self.quotes.has_open_marks || self.quotes.is_block_quote || self.is_in_code()
    }

    /// Returns whether the next byte is inside a span of backticks.
    pub(crate) fn is_in_span(mut self) -> bool {
        self.end_marker_run();
        self.span_backticks > 0
    }

    /// Returns whether the line has only blanks so far.
    pub(crate) fn is_at_line_start(self) -> bool {
        !self.has_text && self.marker_run.len == 0
    }

    /// Tracks quotation marks: straight, angled and curved. A straight one opens behind white space
    /// or a bracket only.
    fn track_quotes(&mut self, byte: u8) {
        match (self.last_bytes, byte) {
            ([_, before], b'"') => {
                let may_open =
                    matches!(before, 0 | b' ' | b'\t' | b'(' | b'[' | b'{' | b'=' | b':');
                self.quotes.has_open_marks =
                    !self.quotes.has_open_marks && (may_open || !self.has_text);
            }
            ([0xE2, 0x80], 0x9C) | ([_, 0xC2], 0xAB) => self.quotes.has_open_marks = true,
            ([0xE2, 0x80], 0x9D) | ([_, 0xC2], 0xBB) => self.quotes.has_open_marks = false,
            _ => {}
        }
    }

    fn end_marker_run(&mut self) {
        let run = std::mem::take(&mut self.marker_run);
        if run.len == 0 {
            return;
        }
        self.has_text = true;
        match self.fence {
            // A line that opens a backtick fence has no further backticks: this was a span.
            Some(fence) if self.is_fence_line && fence.marker == b'`' && run.marker == b'`' => {
                self.fence = None;
                self.is_fence_line = false;
                self.span_backticks = if run.len == fence.len { 0 } else { fence.len };
            }
            Some(fence) => {
                self.may_close_fence =
                    run.starts_line && run.marker == fence.marker && run.len >= fence.len;
            }
            None if run.starts_line && run.len >= 3 => {
                self.fence = Some(run);
                self.is_fence_line = true;
            }
            None if run.marker == b'`' && self.span_backticks == 0 => self.span_backticks = run.len,
            None if run.marker == b'`' && self.span_backticks == run.len => self.span_backticks = 0,
            None => {}
        }
    }
}

/// Whether a byte within a line may begin or end code or a quote.
pub(crate) fn may_quote(byte: u8) -> bool {
    // The last four end curved and angled quotation marks.
    matches!(byte, b'`' | b'~' | b'\n' | b'"' | 0x9C | 0x9D | 0xAB | 0xBB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_in_code_or_not() {
        let table = [
            ("", false),
            ("a `", true),
            ("a `b`", false),
            ("a ``b`", true),
            ("a `b\n", false),
            ("```", true),
            ("```json\n", true),
            ("```json\n`", true),
            ("```\na\n```\n", false),
            ("```\na\n``` b\n", true),
            ("````\n```\n", true),
            ("~~~\n```\n", true),
            ("a ```\n", false),
            ("> ```\n", true),
            ("```ls``` and", false),
            ("~~~\n~~~\n", false),
            ("~~ a", false),
        ];
        for (text, expected) in table {
            let mut code = CodeSpanTracker::default();
            text.bytes().for_each(|byte| code.advance_byte(byte));
            assert_eq!(code.is_in_code(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_follows_is_quoted_or_not() {
        let table = [
            ("a \"", true),
            ("\"", true),
            ("(\"", true),
            ("a \"b\"", false),
            ("a \"b\n", false),
            ("6\"", false),
            ("it is “", true),
            ("it is “b”", false),
            ("«", true),
            ("«b»", false),
            ("> a", true),
            ("> a\n", false),
            ("a > b", false),
            ("don't", false),
            ("`", true),
        ];
        for (text, expected) in table {
            let mut code = CodeSpanTracker::default();
            text.bytes().for_each(|byte| code.advance_byte(byte));
            assert_eq!(code.is_quoted(), expected, "{text:?}");
        }
    }
}
