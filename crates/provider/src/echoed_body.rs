//! Removes a request that a server echoes in its error.
//!
//! The keys of an echoed request read like a refusal: "invalid" before `"tools":` is how servers
//! say that they take no tools. An echo is JSON, plain, escaped or over several lines, or what
//! Python prints of the same object, and may be cut at either end.

use std::ops::Range;

/// The keys of requests of all APIs that error objects of servers do not have.
const BODY_KEYS: &[&str] = &[
    "anyOf",
    "arguments",
    "chat_template_kwargs",
    "content",
    "description",
    "function",
    "include_usage",
    "input_schema",
    "instructions",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "messages",
    "model",
    "parallel_tool_calls",
    "parameters",
    "prompt_cache_key",
    "properties",
    "reasoning",
    "reasoning_content",
    "required",
    "role",
    "store",
    "stream",
    "stream_options",
    "strict",
    "system",
    "temperature",
    "tool_call_id",
    "tool_calls",
    "tool_choice",
    "tools",
    "top_p",
];

/// So many different keys of a request in one object are an echo.
const MIN_ECHOED_KEYS: usize = 2;

/// What stands in place of an echo.
const PLACEHOLDER: &str = " … ";

/// Replaces each echo of a request in a message by an ellipsis.
pub(crate) fn remove_echoed_bodies(message: &str) -> String {
    let keys = find_keys(message);
    let mut remaining = String::with_capacity(message.len());
    let mut from = 0;
    for key in &keys {
        if key.place.start < from {
            continue;
        }
        let echo = enclosing_value(message, &key.place);
        let echo = echo.start.max(from)..echo.end;
        let mut names: Vec<&str> =
            keys.iter().filter(|key| echo.contains(&key.place.start)).map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() >= MIN_ECHOED_KEYS {
            remaining.push_str(message.get(from..echo.start).unwrap_or_default());
            remaining.push_str(PLACEHOLDER);
            from = echo.end;
        }
    }
    remaining.push_str(message.get(from..).unwrap_or_default());
    remaining
}

/// A key of a request with its place in a message.
struct EchoedKey {
    name: &'static str,
    place: Range<usize>,
}

/// The keys of requests in a message: quoted before a colon, as in JSON, or bare before `=`, as
/// Python prints the arguments of a constructor.
fn find_keys(message: &str) -> Vec<EchoedKey> {
    let mut keys = Vec::new();
    let mut at = 0;
    while let Some(rest) = message.get(at..).filter(|rest| !rest.is_empty()) {
        let word_len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if word_len == 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let word = rest.get(..word_len).unwrap_or_default();
        let before = message.get(..at).unwrap_or_default();
        let after = rest.get(word_len..).unwrap_or_default();
        if let Some(name) = BODY_KEYS.iter().find(|key| **key == word)
            && is_key_position(before, after)
        {
            keys.push(EchoedKey { name, place: at..at + word_len });
        }
        at += word_len;
    }
    keys
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_key_position(before: &str, after: &str) -> bool {
    let is_named_argument = after.strip_prefix('=').is_some_and(|value| !value.starts_with('='));
    let Some(quoted) = after.trim_start_matches('\\').strip_prefix(['"', '\'']) else {
        return is_named_argument;
    };
    before.ends_with(['"', '\'']) && quoted.trim_start().starts_with(':')
}

/// The value around a key: from the bracket that is open there to the one that closes it, or to the
/// end of a message that is cut. Without an open bracket the beginning was cut off, or the key is
/// one of several arguments.
fn enclosing_value(message: &str, key: &Range<usize>) -> Range<usize> {
    let mut depth = 0;
    let before = message.get(..key.start).unwrap_or_default();
    for (start, character) in before.char_indices().rev() {
        match character {
            '}' | ']' | ')' => depth += 1,
            '{' | '[' | '(' if depth == 0 => return start..value_end(message, start),
            '{' | '[' | '(' => depth -= 1,
            _ => {}
        }
    }
    if message.get(key.end..).is_some_and(|after| after.starts_with('=')) {
        return key.start..arguments_end(message, key.start);
    }
    cut_beginning(before)..message.len()
}

/// The end of a row of arguments, `name=value` each, that begins at a place.
fn arguments_end(message: &str, start: usize) -> usize {
    let mut end = start;
    let mut next = start;
    while let Some(rest) = message.get(next..) {
        let name_len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if name_len == 0 || !rest.get(name_len..).is_some_and(|rest| rest.starts_with('=')) {
            break;
        }
        let value_start = next + name_len + 1;
        let value = message.get(value_start..).unwrap_or_default();
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '{' | '[' | '(' | '"' | '\'');
        let word_len = value.find(is_end).unwrap_or(value.len());
        end = match value.get(word_len..).and_then(|rest| rest.chars().next()) {
            Some('{' | '[' | '(' | '"' | '\'') => value_end(message, value_start + word_len),
            _ => value_start + word_len,
        };
        let rest = message.get(end..).unwrap_or_default();
        next = end + rest.len() - rest.trim_start_matches([',', ' ', '\n']).len();
        if next == end {
            break;
        }
    }
    end
}

/// Where a value begins whose beginning was cut off before a key: after an ellipsis, after a colon
/// of the server's own sentence, or at the key.
fn cut_beginning(before: &str) -> usize {
    let Some(before_quote) = before.strip_suffix(['"', '\'']) else { return before.len() };
    let own_colons = before_quote.match_indices(": ").filter(|(at, _)| {
        let previous = before_quote.get(..*at).and_then(|text| text.chars().next_back());
        previous.is_some_and(char::is_alphanumeric)
    });
    let colon = own_colons.last().map_or(0, |(at, colon)| at + colon.len());
    let ellipsis = ["...", "…"].iter().filter_map(|mark| before_quote.rfind(mark)).max();
    colon.max(ellipsis.unwrap_or_default())
}

/// The end of the value that begins with an open bracket or a quote.
fn value_end(message: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    let mut string = None;
    let mut backslashes = 0;
    let mut previous = ' ';
    let value = message.get(start..).unwrap_or_default();
    for (offset, character) in value.char_indices() {
        match (character, string) {
            ('"' | '\'', None) if !previous.is_alphanumeric() => {
                string = Some((character, backslashes));
            }
            // Each level of escaping puts more backslashes before the quotes inside a string.
            (_, Some((quote, level)))
                if character == quote
                    && (backslashes == level || level == 0 && backslashes % 2 == 0) =>
            {
                string = None;
                if depth == 0 {
                    return start + offset + character.len_utf8();
                }
            }
            ('{' | '[' | '(', None) => depth += 1,
            ('}' | ']' | ')', None) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + offset + character.len_utf8();
                }
            }
            _ => {}
        }
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        previous = character;
    }
    message.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_removed_and_the_words_of_the_server_stay() {
        for (message, expected) in [
            (
                r#"invalid request: {"model": "m", "messages": [{"role": "user", "content": "a } b"}], "tools": []} (tools are not supported)"#,
                "invalid request:  …  (tools are not supported)",
            ),
            (
                r#"invalid: "{\"model\": \"m\", \"messages\": [{\"content\": \"say \\\"}\\\"\"}], \"tools\": []}" given"#,
                r#"invalid: " … " given"#,
            ),
            (
                "bad {'model': 'm', 'messages': [{'content': \"it's } here\"}], 'tools': None} end",
                "bad  …  end",
            ),
            (
                "ChatRequest(model='m', messages=[Message(role='user', content='x')], tools=[]) x",
                "ChatRequest …  x",
            ),
            (
                "tool_choice=\"required\" is odd: messages=[M(role='user')], model='m' end",
                "tool_choice=\"required\" is odd:  …  end",
            ),
            (r#"invalid: {"model": "m", "messages": [{"role": "us"#, "invalid:  … "),
            (r#"invalid: ole": "user", "content": "x"}], "tools": []}"#, "invalid:  … "),
            (
                "[{'type': 'missing', 'loc': ('body', 'tools'), 'msg': 'Field', 'input': {'model': 'm', 'stream': True}}]",
                "[{'type': 'missing', 'loc': ('body', 'tools'), 'msg': 'Field', 'input':  … }]",
            ),
        ] {
            assert_eq!(remove_echoed_bodies(message), expected, "{message}");
        }
    }

    #[test]
    fn what_only_names_a_key_is_no_echo() {
        for message in [
            "tool_choice=\"required\" requires --tool-call-parser to be set",
            "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]",
            "{\"object\": \"error\", \"message\": \"m does not support tools\", \"model\": \"m\"}",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "can't use \"strict\": true (here)",
            "",
        ] {
            assert_eq!(remove_echoed_bodies(message), message);
        }
    }
}
