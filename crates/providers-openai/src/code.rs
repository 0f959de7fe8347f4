//! Follows Markdown's code through a text that comes in pieces: what stands in code is quoted.

/// Where the end of a text stands.
///
/// Code is a fence (at least three `` ` `` or `~` at the start of a line, up to a line of as many)
/// or a span of backticks, which ends with its line at the latest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Code {
    fence: Option<Run>,
    /// How many backticks opened the span; 0 outside of one.
    span: usize,
    /// The marks that the text ends in; what they mean is known when they end.
    run: Run,
    /// Whether something stands on this line, the run aside.
    begun: bool,
    /// Whether this is the line that opened the fence.
    is_info: bool,
    /// Whether this line closes the fence, if nothing else follows on it.
    closes: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Run {
    mark: u8,
    len: usize,
    leads: bool,
}

impl Code {
    /// Goes on by one byte.
    pub(crate) fn step(&mut self, byte: u8) {
        if byte == b'`' || byte == b'~' {
            if self.run.mark != byte {
                self.settle();
                self.run = Run { mark: byte, len: 0, leads: !self.begun };
            }
            self.run.len += 1;
            return;
        }
        self.settle();
        match byte {
            b'\n' => {
                let fence = self.fence.filter(|_| !self.closes);
                *self = Self { fence, ..Self::default() };
            }
            b' ' | b'\t' | b'\r' => {}
            b'>' if !self.begun => {}
            _ => {
                self.begun = true;
                self.closes = false;
            }
        }
    }

    /// Tells whether what follows is in code.
    pub(crate) fn is_code(mut self) -> bool {
        self.settle();
        self.fence.is_some() || self.span > 0
    }

    /// Tells whether what follows is in a span of backticks.
    pub(crate) fn is_span(mut self) -> bool {
        self.settle();
        self.span > 0
    }

    /// Tells whether nothing but blanks stands on the line yet.
    pub(crate) fn is_line_start(self) -> bool {
        !self.begun && self.run.len == 0
    }

    fn settle(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.len == 0 {
            return;
        }
        self.begun = true;
        match self.fence {
            // A fence has no backticks beside its mark: it was a span on one line.
            Some(fence) if self.is_info && fence.mark == b'`' && run.mark == b'`' => {
                self.fence = None;
                self.is_info = false;
                self.span = if run.len == fence.len { 0 } else { fence.len };
            }
            Some(fence) => {
                self.closes = run.leads && run.mark == fence.mark && run.len >= fence.len;
            }
            None if run.leads && run.len >= 3 => {
                self.fence = Some(run);
                self.is_info = true;
            }
            None if run.mark == b'`' && self.span == 0 => self.span = run.len,
            None if run.mark == b'`' && self.span == run.len => self.span = 0,
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
            let mut code = Code::default();
            text.bytes().for_each(|byte| code.step(byte));
            assert_eq!(code.is_code(), expected, "{text:?}");
        }
    }
}
