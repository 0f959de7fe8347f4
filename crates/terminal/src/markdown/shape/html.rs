//! Recognises the beginning of HTML blocks.

/// Elements whose tag begins a block at the start of any line, sorted.
const BLOCK_ELEMENTS: [&str; 62] = [
    "address",
    "article",
    "aside",
    "base",
    "basefont",
    "blockquote",
    "body",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "legend",
    "li",
    "link",
    "main",
    "menu",
    "menuitem",
    "nav",
    "noframes",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "search",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "track",
    "ul",
];

/// Where an HTML block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::markdown) enum HtmlBlockEnd {
    /// With the line that contains this text.
    Line(&'static str),
    /// Before a blank line.
    BeforeBlank,
}

/// The HTML block that `text` begins where no paragraph is open.
pub(in crate::markdown) fn html_block_end(text: &str) -> Option<HtmlBlockEnd> {
    interrupting_html_block(text).or_else(|| is_lone_tag(text).then_some(HtmlBlockEnd::BeforeBlank))
}

/// The HTML block that `text` begins even inside a paragraph.
pub(in crate::markdown) fn interrupting_html_block(text: &str) -> Option<HtmlBlockEnd> {
    let rest = text.strip_prefix('<')?;
    for (tag, end) in [
        ("pre", "</pre>"),
        ("style", "</style>"),
        ("script", "</script>"),
        ("textarea", "</textarea>"),
    ] {
        let named = rest.get(..tag.len()).is_some_and(|name| name.eq_ignore_ascii_case(tag));
        let after = rest.as_bytes().get(tag.len());
        if named && matches!(after, None | Some(b' ' | b'>')) {
            return Some(HtmlBlockEnd::Line(end));
        }
    }
    for (start, end) in [("!--", "-->"), ("?", "?>"), ("![CDATA[", "]]>")] {
        if rest.starts_with(start) {
            return Some(HtmlBlockEnd::Line(end));
        }
    }
    if let Some(rest) = rest.strip_prefix('!') {
        return rest
            .starts_with(|c: char| c.is_ascii_alphabetic())
            .then_some(HtmlBlockEnd::Line(">"));
    }
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let after = rest.get(name.len()..).unwrap_or_default();
    let ends = after.is_empty() || after.starts_with([' ', '>']) || after.starts_with("/>");
    let known = BLOCK_ELEMENTS.binary_search(&name.to_ascii_lowercase().as_str()).is_ok();
    (ends && known).then_some(HtmlBlockEnd::BeforeBlank)
}

/// Returns whether `text` is exactly one complete tag.
fn is_lone_tag(text: &str) -> bool {
    strip_tag(text).is_some_and(super::is_blank)
}

/// The text after the tag at the beginning of `text`.
fn strip_tag(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let name = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let skip = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if let Some(rest) = rest.strip_prefix('/') {
        return name(rest)
            .then(|| rest.trim_start_matches(skip))?
            .trim_start_matches(' ')
            .strip_prefix('>');
    }
    let mut rest = name(rest).then(|| rest.trim_start_matches(skip))?;
    loop {
        let after = rest.trim_start_matches(' ');
        if after.starts_with(['/', '>']) {
            return after.strip_prefix('/').unwrap_or(after).strip_prefix('>');
        }
        if after.len() == rest.len() {
            return None;
        }
        rest = strip_attribute(after)?;
    }
}

/// The text after the attribute at the beginning of `text`.
fn strip_attribute(text: &str) -> Option<&str> {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':')).then_some(())?;
    let rest = text.trim_start_matches(|c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-')
    });
    let Some(value) = rest.trim_start_matches(' ').strip_prefix('=') else { return Some(rest) };
    let value = value.trim_start_matches(' ');
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            return quoted.split_once(quote).map(|(_, rest)| rest);
        }
    }
    let rest = value.trim_start_matches(|c: char| !" \"'=<>`".contains(c));
    (rest.len() < value.len()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_begins_with_a_known_tag_or_a_lone_one() {
        assert_eq!(interrupting_html_block("<div class"), Some(HtmlBlockEnd::BeforeBlank));
        assert_eq!(interrupting_html_block("<!-- x"), Some(HtmlBlockEnd::Line("-->")));
        assert_eq!(interrupting_html_block("<SCRIPT>"), Some(HtmlBlockEnd::Line("</script>")));
        assert_eq!(
            (interrupting_html_block("<b>"), html_block_end("<b>")),
            (None, Some(HtmlBlockEnd::BeforeBlank))
        );
        assert_eq!(html_block_end("<a href='x y' b=c d />  "), Some(HtmlBlockEnd::BeforeBlank));
        assert_eq!(
            (
                html_block_end("<b>text"),
                html_block_end("<a href=>"),
                html_block_end("<https://x.y>")
            ),
            (None, None, None)
        );
    }
}
