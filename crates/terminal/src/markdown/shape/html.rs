//! How blocks of HTML begin.

/// Elements whose tag begins a block wherever it stands at the beginning of a line, in order.
const BLOCKS: [&str; 62] = [
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

/// How a block of HTML ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::markdown) enum Html {
    /// With the line that holds this.
    With(&'static str),
    /// Before a blank line.
    BeforeBlank,
}

/// The block of HTML that `text` begins where no paragraph is open.
pub(in crate::markdown) fn html(text: &str) -> Option<Html> {
    interrupts_as_html(text).or_else(|| lone_tag(text).then_some(Html::BeforeBlank))
}

/// The block of HTML that `text` begins even in a paragraph.
pub(in crate::markdown) fn interrupts_as_html(text: &str) -> Option<Html> {
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
            return Some(Html::With(end));
        }
    }
    for (start, end) in [("!--", "-->"), ("?", "?>"), ("![CDATA[", "]]>")] {
        if rest.starts_with(start) {
            return Some(Html::With(end));
        }
    }
    if let Some(rest) = rest.strip_prefix('!') {
        return rest.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(Html::With(">"));
    }
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let after = rest.get(name.len()..).unwrap_or_default();
    let ends = after.is_empty() || after.starts_with([' ', '>']) || after.starts_with("/>");
    let known = BLOCKS.binary_search(&name.to_ascii_lowercase().as_str()).is_ok();
    (ends && known).then_some(Html::BeforeBlank)
}

/// Whether `text` is one whole tag and nothing else.
fn lone_tag(text: &str) -> bool {
    tag(text).is_some_and(super::blank)
}

/// What follows the tag at the beginning of `text`.
fn tag(text: &str) -> Option<&str> {
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
        rest = attribute(after)?;
    }
}

/// What follows the attribute at the beginning of `text`.
fn attribute(text: &str) -> Option<&str> {
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
        assert_eq!(interrupts_as_html("<div class"), Some(Html::BeforeBlank));
        assert_eq!(interrupts_as_html("<!-- x"), Some(Html::With("-->")));
        assert_eq!(interrupts_as_html("<SCRIPT>"), Some(Html::With("</script>")));
        assert_eq!((interrupts_as_html("<b>"), html("<b>")), (None, Some(Html::BeforeBlank)));
        assert_eq!(html("<a href='x y' b=c d />  "), Some(Html::BeforeBlank));
        assert_eq!((html("<b>text"), html("<a href=>"), html("<https://x.y>")), (None, None, None));
    }
}
