//! Tracks Markdown code in streamed text: tags and calls inside code are only quoted.

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
            b'>' if !self.has_text => {}
            _ => {
                self.has_text = true;
                self.may_close_fence = false;
            }
        }
    }

    /// Returns whether the next byte is inside code.
    pub(crate) fn is_in_code(mut self) -> bool {
        self.end_marker_run();
        self.fence.is_some() || self.span_backticks > 0
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
}
