//! `.env` files: one `NAME=VALUE` a line.

/// The largest file that is read, in bytes.
pub(crate) const MAX_ENV_FILE_BYTES: u64 = 256 * 1024;

/// A line that is no assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidEnvLine(
    /// Its number, from 1.
    pub(crate) usize,
);

/// A variable of a file: its name and its value.
pub(crate) type EnvAssignment = (String, String);

/// Parses the assignments of a file, and finds the lines that are none.
///
/// `export` before a name is ignored, and so are empty lines and lines that begin with `#`. A value
/// in double quotes has the escape sequences `\n`, `\r`, `\t`, `\"` and `\\`, one in single quotes
/// none; both may go over several lines. Another value ends at ` #`. Nothing in a value is replaced.
pub(crate) fn parse_env_text(text: &str) -> (Vec<EnvAssignment>, Vec<InvalidEnvLine>) {
    let (mut assignments, mut invalid) = (Vec::new(), Vec::new());
    let text = text.trim_start_matches('\u{feff}');
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (first, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let content = first.trim();
        let parsed = match content {
            "" => None,
            comment if comment.starts_with('#') => None,
            _ => Some(parse_assignment(rest)),
        };
        let remaining = match parsed {
            None => after,
            Some(Some((assignment, remaining))) => {
                assignments.push(assignment);
                remaining
            }
            Some(None) => {
                invalid.push(InvalidEnvLine(line));
                after
            }
        };
        let used = rest.len() - remaining.len();
        line += rest.get(..used).unwrap_or_default().matches('\n').count();
        rest = remaining;
    }
    (assignments, invalid)
}

/// Parses the assignment at the start of a text; returns it and the text after its line.
fn parse_assignment(text: &str) -> Option<(EnvAssignment, &str)> {
    let line_end = text.find('\n').unwrap_or(text.len());
    let equals = text.find('=').filter(|at| *at < line_end)?;
    let (name, value) = (text.get(..equals)?.trim(), text.get(equals + 1..)?);
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return None;
    }
    let start = value.trim_start_matches([' ', '\t']);
    let quote = start.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    if let Some((value, after)) = quote.and_then(|quote| parse_quoted(start, quote)) {
        return Some(((name.to_owned(), value), after));
    }
    let (line, after) = value.split_once('\n').unwrap_or((value, ""));
    let end = [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min();
    let value = line.get(..end.unwrap_or(line.len()))?.trim();
    Some(((name.to_owned(), value.to_owned()), after))
}

/// Parses a quoted value; returns it and the text after its line.
fn parse_quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, character)) = chars.next() {
        match character {
            _ if character == quote => {
                let after = text.get(at + 1..)?;
                let rest_of_line = after.split_once('\n').map_or("", |(_, rest)| rest);
                return Some((value, rest_of_line));
            }
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_as_shells_and_containers_write_them() {
        let text = "# keys\nA=1\nexport B = two words # a comment\nC=\"x \\\"y\\\"\\n#z\" # c\n\
                    D='$raw \\n'\n\nE=\nF=a=b#c\nG=\"over\ntwo lines\"\nno assignment\n1X=2\nH=\"open\nI=9";
        let (assignments, invalid) = parse_env_text(text);
        let read: Vec<_> =
            assignments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            read,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "x \"y\"\n#z"),
                ("D", "$raw \\n"),
                ("E", ""),
                ("F", "a=b#c"),
                ("G", "over\ntwo lines"),
                ("H", "\"open"),
                ("I", "9"),
            ]
        );
        assert_eq!(invalid, [InvalidEnvLine(11), InvalidEnvLine(12)]);
        assert_eq!(parse_env_text("\u{feff}A=1\r\nB=2\r\n").0.len(), 2);
        assert_eq!(parse_env_text("A=1\r\n").0, [("A".to_owned(), "1".to_owned())]);
    }
}
