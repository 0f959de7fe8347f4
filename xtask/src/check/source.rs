//! Blanks comments and literals of Rust text, so that a rule sees only code.

/// Replaces every comment, string and character literal of `text` by spaces, line by line.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut index = 0;
    let mut in_word = false;
    while index < chars.len() {
        let end = match (at(index), at(index + 1)) {
            ('/', '/') => line_end(&chars, index),
            ('/', '*') => block_comment_end(&chars, index),
            ('"', _) => string_end(&chars, index),
            ('r', '"' | '#') if !in_word => raw_string_end(&chars, index).unwrap_or(index),
            ('b' | 'c', 'r') if !in_word => raw_string_end(&chars, index + 1).unwrap_or(index),
            ('\'', _) => char_literal_end(&chars, index).unwrap_or(index),
            _ => index,
        };
        if end == index {
            let char = at(index);
            in_word = char == '_' || char.is_alphanumeric();
            code.push(char);
            index += 1;
        } else {
            in_word = false;
            code.extend((index..end).map(|blanked| if at(blanked) == '\n' { '\n' } else { ' ' }));
            index = end;
        }
    }
    code
}

/// Counts the lines of `text` before a trailing inline `#[cfg(test)] mod tests`.
pub(crate) fn lines_without_tests(text: &str) -> usize {
    inline_tests_start(text).unwrap_or_else(|| text.lines().count())
}

/// Returns how many lines precede the attribute of an inline test module; `None` without one.
pub(crate) fn inline_tests_start(text: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let module = lines.iter().rposition(|line| line.starts_with("mod tests {"))?;
    let before = lines.get(..module)?;
    let attribute = before.iter().rposition(|line| line.starts_with("#[cfg(test)]"))?;
    let only_attributes = before.iter().skip(attribute).all(|line| !line.starts_with('}'));
    only_attributes.then_some(attribute)
}

/// Returns the identifiers and keywords of `text`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| char != '_' && !char.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn line_end(chars: &[char], start: usize) -> usize {
    let rest = chars.iter().skip(start);
    start + rest.take_while(|char| **char != '\n').count()
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = start;
    while let Some(pair) = chars.get(index..index + 2) {
        match pair {
            ['/', '*'] => (depth, index) = (depth + 1, index + 2),
            ['*', '/'] => (depth, index) = (depth.saturating_sub(1), index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            return index;
        }
    }
    chars.len()
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut index = start + 1;
    while let Some(char) = chars.get(index) {
        match char {
            '\\' => index += 2,
            '"' => return index + 1,
            _ => index += 1,
        }
    }
    chars.len()
}

/// Returns the end of a raw string whose `r` is at `start`; `None` when no raw string begins there.
fn raw_string_end(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars.iter().skip(start + 1).take_while(|char| **char == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = chars.get(open + 1..)?;
    let length = body.windows(close.len()).position(|window| window == close.as_slice());
    Some(length.map_or(chars.len(), |length| open + 1 + length + close.len()))
}

/// Returns the end of a character literal; `None` for a lifetime or a label.
fn char_literal_end(chars: &[char], start: usize) -> Option<usize> {
    match chars.get(start + 1)? {
        '\\' => {
            let rest = chars.iter().enumerate().skip(start + 3);
            rest.into_iter().find(|(_, char)| **char == '\'').map(|(index, _)| index + 1)
        }
        _ if chars.get(start + 2) == Some(&'\'') => Some(start + 3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{code_only, inline_tests_start, lines_without_tests};

    #[track_caller]
    fn blanked(text: &str, kept: &str) {
        let code = code_only(text);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), kept);
        assert_eq!(code.lines().count(), text.lines().count());
    }

    #[test]
    fn comments_and_literals_are_blanked_and_code_stays() {
        blanked("a /* b /* c */ d */ e // f\ng", "a e g");
        blanked(r#"let a = "x\"y"; b"#, "let a = ; b");
        blanked(r###"let a = br##"x"# y"##; b"###, "let a = ; b");
        blanked(
            r"fn f<'a>(x: &'a str) { '\''; '\n'; 'z'; '\u{1F600}' }",
            "fn f<'a>(x: &'a str) { ; ; ; }",
        );
        blanked("for r in rows { number\"a\" }", "for r in rows { number }");
        blanked("\"over\ntwo lines\" a", "a");
    }

    #[test]
    fn text_that_ends_early_is_read_to_its_end() {
        for text in ["/* a", "\"a", "\"a\\", "r#\"a", "'", "'\\", "r#", "/"] {
            assert_eq!(code_only(text).chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn a_trailing_test_module_is_not_counted() {
        let text = "a\n\n#[cfg(test)]\nmod tests {\n    b\n}\n";
        assert_eq!(lines_without_tests(text), 2);
        assert_eq!(lines_without_tests("a\n#[cfg(test)]\nmod tests;\nb\n"), 4);
        assert_eq!(inline_tests_start("#[cfg(test)]\nfn a() {\n}\nmod tests {\n}\n"), None);
    }
}
