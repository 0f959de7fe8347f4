//! Wraps text between words, or between characters that are two columns wide.

use unicode_width::UnicodeWidthChar as _;

use super::painter::{SpanStyle, StyledSpan};

/// Breaks `spans` into lines of at most `width` columns, at least 4. Wider words are broken
/// anywhere.
pub(super) fn wrap_spans(spans: &[StyledSpan], width: usize) -> Vec<Vec<StyledSpan>> {
    let mut wrapper = LineWrapper { width, ..LineWrapper::default() };
    for span in spans {
        for (cluster, columns) in split_clusters(&span.text, width) {
            match cluster {
                "\n" => {
                    wrapper.end_word();
                    wrapper.end_line();
                }
                " " => {
                    wrapper.end_word();
                    let spaces =
                        if span.style.has_all(SpanStyle::CODE) { wrapper.spaces + 1 } else { 1 };
                    wrapper.spaces = spaces.min(width);
                    wrapper.space_style = span.style;
                }
                wide if columns > 1 => {
                    wrapper.end_word();
                    wrapper.word.push((wide, columns, span.style));
                    wrapper.end_word();
                }
                narrow => wrapper.word.push((narrow, columns, span.style)),
            }
        }
    }
    wrapper.end_word();
    if !wrapper.line.is_empty() {
        wrapper.end_line();
    }
    wrapper.lines
}

/// The columns of a line.
pub(super) fn line_columns(line: &[StyledSpan]) -> usize {
    line.iter()
        .flat_map(|span| split_clusters(&span.text, usize::MAX))
        .map(|(_, columns)| columns)
        .sum()
}

/// Splits text into clusters that must stay together, e.g. a letter and its accents, with their
/// columns. Joined emoji count separately, as some terminals show them: too wide is better than too
/// long.
fn split_clusters(text: &str, width: usize) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut chars = rest.char_indices().peekable();
        let (_, mut last) = chars.next()?;
        let mut columns = last.width().unwrap_or(0);
        let mut end = rest.len();
        for (at, c) in chars {
            // The emoji variant of a narrow character may be wide.
            let more =
                if c == '\u{fe0f}' { usize::from(columns == 1) } else { c.width().unwrap_or(0) };
            let joined = last == '\u{200d}' && last != c;
            let stays = c != '\n' && (more == 0 || c == '\u{fe0f}' || joined);
            if !stays || columns.saturating_add(more) > width || last == '\n' {
                end = at;
                break;
            }
            columns += more;
            last = c;
        }
        let (cluster, after) = rest.split_at(end);
        rest = after;
        Some((cluster, columns))
    })
}

#[derive(Debug, Default)]
struct LineWrapper<'t> {
    width: usize,
    lines: Vec<Vec<StyledSpan>>,
    line: Vec<StyledSpan>,
    used: usize,
    word: Vec<(&'t str, usize, SpanStyle)>,
    spaces: usize,
    space_style: SpanStyle,
}

impl LineWrapper<'_> {
    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let columns: usize = word.iter().map(|(_, columns, _)| columns).sum();
        let spaces = std::mem::take(&mut self.spaces);
        if self.used > 0 && self.used + spaces + columns > self.width {
            self.end_line();
        } else if self.used > 0 {
            let style = self.space_style;
            for _ in 0..spaces {
                self.push_cluster(" ", 1, style);
            }
        }
        for (cluster, columns, style) in word {
            if self.used + columns > self.width {
                self.end_line();
            }
            self.push_cluster(cluster, columns, style);
        }
    }

    fn push_cluster(&mut self, text: &str, columns: usize, style: SpanStyle) {
        self.used += columns;
        match self.line.last_mut() {
            Some(span) if span.style == style => span.text.push_str(text),
            _ => self.line.push(StyledSpan::new(text, style)),
        }
    }

    fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.used = 0;
        self.spaces = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let lines = wrap_spans(&[StyledSpan::new(text, SpanStyle::default())], width);
        lines.iter().map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_break_between_words_and_inside_only_if_they_must() {
        assert_eq!(wrapped("the quick  brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrapped("a unbreakable b", 6), ["a", "unbrea", "kable", "b"]);
        assert_eq!(wrapped("a\n\nb", 6), ["a", "", "b"]);
    }

    #[test]
    fn wide_letters_break_anywhere_and_never_over_the_edge() {
        assert_eq!(wrapped("我们在这里ab", 5), ["我们", "在这", "里ab"]);
        assert_eq!(
            wrapped("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", 4),
            ["e\u{301}e\u{301}e\u{301}e\u{301}", "e\u{301}"]
        );
        assert_eq!(wrapped("👩\u{200d}🔬👩\u{200d}🔬", 5), ["👩\u{200d}🔬", "👩\u{200d}🔬"]);
    }
}
