//! A model that does as it is told, in a handful of fixed phrases.

use serde_json::Value;

use crate::response::quoted;
use crate::template::content;
use crate::tokenizer::pieces;
use crate::turn::{Call, Turn};

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) messages: &'a [Value],
    /// The tools that may be called.
    pub(crate) tools: &'a [&'a str],
    /// Whether a call must be made.
    pub(crate) is_forced: bool,
    /// Whether the last message is to be written on, not answered.
    pub(crate) goes_on: bool,
}

/// Decides what to say or to call next.
pub(crate) fn by_rules(question: &Question<'_>) -> Turn {
    let role = |message: &Value| message.get("role").and_then(Value::as_str).map(str::to_owned);
    let asked =
        question.messages.iter().rposition(|message| role(message).as_deref() == Some("user"));
    let (prompt, after) = match asked.and_then(|at| question.messages.split_at_checked(at)) {
        Some((_, [user, after @ ..])) => (without_aside(&content(user)).to_owned(), after),
        _ => (String::new(), question.messages),
    };
    let results: Vec<_> = after
        .iter()
        .filter(|message| role(message).as_deref() == Some("tool"))
        .map(content)
        .collect();
    if results.is_empty()
        && let Some(turn) = named_call(&prompt, question.tools)
    {
        return turn;
    }
    let (exact, steps) = plan(&prompt, question.tools);
    if let Some(step) = steps.get(results.len()) {
        return call(step);
    }
    if question.is_forced
        && let Some(name) = question.tools.first()
    {
        return Turn::call(*name, "{}");
    }
    let answer = match (exact, results.last()) {
        (Some(exact), _) => exact.to_owned(),
        (None, Some(result)) => {
            let first = result.lines().next().unwrap_or_default();
            format!("Done. The last result begins with: {first}")
        }
        (None, None) => {
            let words: Vec<_> = prompt.split_whitespace().take(6).collect();
            format!("You said \"{}\". I am here to help.", words.join(" "))
        }
    };
    let last = question.messages.last();
    let begun =
        last.filter(|message| question.goes_on && role(message).as_deref() == Some("assistant"));
    let begun = begun.map(content).unwrap_or_default();
    Turn::tokens(answer.strip_prefix(&begun).unwrap_or(&answer))
}

/// The call of `call the tool NAME with KEY set to VALUE`, each name in backticks and the value as
/// JSON, if the tool is offered.
fn named_call(prompt: &str, tools: &[&str]) -> Option<Turn> {
    const BEGINNING: &str = "call the tool `";
    if find_phrase(prompt, BEGINNING)? != 0 {
        return None;
    }
    let (name, rest) = prompt.get(BEGINNING.len()..)?.split_once('`')?;
    let (key, rest) = rest.trim_start().strip_prefix("with `")?.split_once('`')?;
    let rest = rest.trim_start().strip_prefix("set to ")?;
    let value = rest.split(". ").next()?.trim_end_matches('.');
    let value: Value = serde_json::from_str(value).ok()?;
    let name = tools.iter().find(|tool| **tool == name)?;
    Some(Turn::call(*name, format!("{{{}: {value}}}", quoted(key))))
}

/// What a person said, without a last paragraph in brackets that a client added, e.g. the time.
fn without_aside(prompt: &str) -> &str {
    match prompt.trim_end().rsplit_once("\n\n") {
        Some((said, aside)) if aside.starts_with('[') && aside.ends_with(']') => said,
        _ => prompt,
    }
}

/// One call: the tool and its arguments in order.
struct Step<'a> {
    tool: &'static str,
    arguments: Vec<(&'static str, &'a str)>,
}

/// The text to repeat, if one is asked for, and the calls to make before it.
fn plan<'a>(prompt: &'a str, tools: &[&str]) -> (Option<&'a str>, Vec<Step<'a>>) {
    let exact = ["reply exactly:", "reply with exactly:"]
        .into_iter()
        .filter_map(|phrase| Some((find_phrase(prompt, phrase)?, phrase.len())))
        .min();
    let (before, exact) = match exact {
        Some((at, length)) => {
            (prompt.get(..at).unwrap_or_default(), prompt.get(at + length..).map(str::trim))
        }
        None => (prompt, None),
    };
    let in_text = steps(before, tools);
    if !in_text.is_empty() {
        return (exact, in_text);
    }
    // The request may stand on a line of its own, between others that a client added.
    let in_line = before.lines().map(|line| steps(line, tools)).find(|steps| !steps.is_empty());
    (exact, in_line.unwrap_or_default())
}

fn find_phrase(prompt: &str, phrase: &str) -> Option<usize> {
    // Lowering ASCII letters keeps every position.
    prompt.to_ascii_lowercase().find(phrase)
}

fn steps<'a>(text: &'a str, tools: &[&str]) -> Vec<Step<'a>> {
    let sentences = text.split(" then ").map(|sentence| sentence.trim().trim_end_matches(','));
    sentences.filter_map(step).filter(|step| tools.contains(&step.tool)).collect()
}

fn step(sentence: &str) -> Option<Step<'_>> {
    let (verb, rest) = sentence.split_once(' ')?;
    let rest = rest.trim();
    let (tool, arguments) = match verb.to_ascii_lowercase().as_str() {
        "write" => {
            let (text, path) = rest.rsplit_once(" to ")?;
            ("write", vec![("path", unquoted(path)), ("content", unquoted(text))])
        }
        "read" => {
            // As in "read main.py and tell me what it does".
            let path = rest.split_once(" and ").map_or(rest, |(path, _)| path);
            ("read", vec![("path", unquoted(path))])
        }
        "run" => ("exec", vec![("command", unquoted(rest))]),
        "replace" => {
            let (texts, path) = rest.rsplit_once(" in ")?;
            let (old, new) = texts.split_once(" with ")?;
            let path = ("path", unquoted(path));
            ("edit", vec![path, ("old_text", unquoted(old)), ("new_text", unquoted(new))])
        }
        _ => return None,
    };
    Some(Step { tool, arguments })
}

/// The text without one pair of quotes or backticks around all of it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    let found = ['"', '\'', '`'].into_iter().find_map(inside);
    found.filter(|inside| !inside.is_empty() && !inside.contains(['"', '\'', '`'])).unwrap_or(text)
}

fn call(step: &Step<'_>) -> Turn {
    let fields: Vec<_> = step
        .arguments
        .iter()
        .map(|(name, value)| format!("\"{name}\": {}", quoted(value)))
        .collect();
    let arguments = format!("{{{}}}", fields.join(", "));
    Turn::empty().then_call(Call::pieces(step.tool, pieces(&arguments)))
}

#[cfg(test)]
mod tests;
