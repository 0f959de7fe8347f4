//! Commands and options of the original that the program does not have itself: each works by
//! another command, is taken with a note, or is refused with a reason.
//!
//! The table is consulted only when the arguments are not those of the program, so that it costs a
//! start nothing.

mod verdicts;

use std::ffi::OsString;

pub use verdicts::{DropInVerdict, drop_in_verdicts};

/// The table; its head describes the lines.
const DROP_IN_TABLE: &str = include_str!("../data/drop-in.txt");

/// What the program makes of a command or an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropInState {
    /// It works.
    Works,
    /// It is accepted, and a sentence says what to do instead.
    Note,
    /// It is refused, and a sentence says what to do instead.
    Refused,
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DropInRow {
    /// The command, without the program's name.
    pub command: &'static str,
    /// The option; `None` for the command itself.
    pub option: Option<&'static str>,
    /// Whether the option takes a value.
    pub takes_value: bool,
    /// Whether the line is also about every command and option below.
    pub covers_below: bool,
    /// The state.
    pub state: DropInState,
    /// What to do instead, or what it does.
    pub sentence: &'static str,
    /// The command of the program that is run instead.
    target: Option<&'static str>,
    /// The JSON of a list that is always empty here.
    empty_list: Option<&'static str>,
}

/// What to do with arguments that are not those of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DropInAction {
    /// Parse these arguments instead, after the notes.
    Retry { args: Vec<OsString>, notes: Vec<String> },
    /// Print a note and end well.
    Note(String),
    /// Print a list without entries, as JSON when that was asked for, after a note.
    EmptyList { json: Option<&'static str>, note: String },
    /// Print an error.
    Refuse(String),
    /// Run a small command: its name, and the words and options behind it.
    Native { command: &'static str, words: Vec<String>, notes: Vec<String> },
}

/// The lines of the table.
pub fn drop_in_rows() -> impl Iterator<Item = DropInRow> {
    DROP_IN_TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(parse_row)
}

fn parse_row(line: &'static str) -> Option<DropInRow> {
    let mut parts = line.splitn(4, " | ");
    let (command, option, state, sentence) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let covers_below = option == "**";
    let takes_value = option.ends_with('=');
    let option = (option.starts_with('-') && option != "-").then(|| option.trim_end_matches('='));
    let target = state.strip_prefix("as ");
    let empty_list = state.strip_prefix("empty ");
    let state = match state {
        "note" => DropInState::Note,
        "refused" => DropInState::Refused,
        _ => DropInState::Works,
    };
    Some(DropInRow {
        command,
        option,
        takes_value,
        covers_below,
        state,
        sentence,
        target,
        empty_list,
    })
}

/// The line about a command of the original, or about one of its options.
#[must_use]
pub fn find_drop_in(command: &str, option: Option<&str>) -> Option<DropInRow> {
    let is_exact = |row: &DropInRow| row.command == command && row.option == option;
    let is_above = |row: &DropInRow| {
        let below = command.strip_prefix(row.command);
        row.covers_below && below.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    drop_in_rows().find(is_exact).or_else(|| drop_in_rows().find(is_above))
}

/// Finds what to do with arguments, of which the first is the program's name; `None` when the table
/// has nothing about them.
pub(crate) fn find_fallback(args: &[OsString]) -> Option<DropInAction> {
    let words: Vec<&str> = args.iter().skip(1).map(|arg| arg.to_str()).collect::<Option<_>>()?;
    let is_plain = |word: &&&str| !word.starts_with('-');
    let plain = words.iter().take_while(is_plain).count();
    // The longest beginning that the table has.
    let (length, row) = (1..=plain).rev().find_map(|length| {
        let command = words.get(..length)?.join(" ");
        Some((length, find_drop_in(&command, None).or_else(|| find_options(&command))?))
    })?;
    let rest = words.get(length..).unwrap_or_default();
    let name = words.get(..length).unwrap_or_default().join(" ");
    let told = format!("`openclaw {name}`: {}", row.sentence);
    match (row.state, row.target) {
        (DropInState::Note, _) if row.option.is_none() => return Some(DropInAction::Note(told)),
        (DropInState::Refused, _) if row.option.is_none() => {
            return Some(DropInAction::Refuse(told));
        }
        _ => {}
    }
    if let Some(json) = row.empty_list {
        let json = rest.contains(&"--json").then_some(json);
        return Some(DropInAction::EmptyList { json, note: told });
    }
    if let Some(target) = rest.iter().find_map(|word| find_target(&name, word)) {
        let program = args.first().cloned();
        let target = target.split(' ').map(OsString::from);
        let args = program.into_iter().chain(target).collect();
        return Some(DropInAction::Retry { args, notes: Vec::new() });
    }
    if let Some(refusal) = find_refused_option(&name, rest) {
        return Some(DropInAction::Refuse(refusal));
    }
    let (kept, notes) = drop_options(&name, rest);
    if let Some(target) = row.target.filter(|_| row.option.is_none()) {
        let program = args.first().cloned();
        let target = target.split(' ').map(OsString::from);
        let kept = kept.into_iter().map(OsString::from);
        return Some(DropInAction::Retry {
            args: program.into_iter().chain(target).chain(kept).collect(),
            notes,
        });
    }
    if row.option.is_none() && row.command == "help" {
        let program = args.first().cloned();
        let asked = kept.into_iter().chain(["--help".to_owned()]).map(OsString::from);
        return Some(DropInAction::Retry {
            args: program.into_iter().chain(asked).collect(),
            notes,
        });
    }
    if row.option.is_none() {
        return Some(DropInAction::Native { command: row.command, words: kept, notes });
    }
    if kept.len() == rest.len() {
        return None;
    }
    let before = args.iter().take(length + 1).cloned();
    let kept = kept.into_iter().map(OsString::from);
    Some(DropInAction::Retry { args: before.chain(kept).collect(), notes })
}

/// Any line about an option of a command that the program has itself.
fn find_options(command: &str) -> Option<DropInRow> {
    drop_in_rows().find(|row| row.command == command && row.option.is_some())
}

/// The command that is run instead of one with an option.
fn find_target(command: &str, option: &str) -> Option<&'static str> {
    drop_in_rows().find(|row| row.command == command && row.option == Some(option))?.target
}

/// Why one of the options is refused: without it the command would do something else.
fn find_refused_option(command: &str, rest: &[&str]) -> Option<String> {
    rest.iter().find_map(|word| {
        let option = word.split('=').next()?;
        let is_meant = |row: &DropInRow| row.command == command && row.option == Some(option);
        let row = drop_in_rows().find(is_meant)?;
        let sentence = row.sentence;
        (row.state == DropInState::Refused)
            .then(|| format!("`{option}` of `openclaw {command}`: {sentence}"))
    })
}

/// Takes the options away that the table has lines on; some ask for what is so anyway.
fn drop_options(command: &str, rest: &[&str]) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut notes) = (Vec::new(), Vec::new());
    let mut words = rest.iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) =
            word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
        let row = drop_in_rows().find(|row| row.command == command && row.option == Some(name));
        let Some(row) = row else {
            kept.push((*word).to_owned());
            continue;
        };
        if row.takes_value
            && value.is_none()
            && words.peek().is_some_and(|next| !next.starts_with('-'))
        {
            words.next();
        }
        if row.state != DropInState::Works {
            notes.push(format!("`{name}` does nothing here: {}", row.sentence));
        }
    }
    (kept, notes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn fallback(text: &str) -> Option<DropInAction> {
        let args: Vec<OsString> = text.split(' ').map(OsString::from).collect();
        find_fallback(&args)
    }

    #[test]
    fn every_line_is_read_and_says_something_once() {
        let mut seen = BTreeSet::new();
        let lines = DROP_IN_TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(lines.count(), drop_in_rows().count());
        for row in drop_in_rows() {
            assert!(seen.insert((row.command, row.option, row.covers_below)), "{row:?}");
            assert!(row.sentence.len() > 10 && !row.sentence.ends_with('.'), "{row:?}");
        }
    }

    #[test]
    fn every_command_and_option_of_the_original_works_or_has_a_line() {
        let missing: Vec<_> =
            drop_in_verdicts().into_iter().filter(|verdict| verdict.outcome.is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        assert!(drop_in_verdicts().len() > 600);
    }

    #[test]
    fn every_command_that_is_run_instead_is_one_of_the_program() {
        for row in drop_in_rows() {
            let Some(target) = row.target else { continue };
            let command: Vec<&str> =
                target.split(' ').take_while(|word| !word.starts_with('-')).collect();
            assert!(verdicts::find_own_command(&command.join(" ")).is_some(), "{target}");
        }
    }

    #[test]
    fn a_command_is_run_instead_noted_or_refused() {
        let Some(DropInAction::Retry { args, notes }) =
            fallback("openclaw infer model inspect --model x --json")
        else {
            panic!()
        };
        assert_eq!(args, ["openclaw", "models", "list", "--json"]);
        assert_eq!(notes, ["`--model` does nothing here: every model is listed"]);
        let Some(DropInAction::Retry { args, notes }) =
            fallback("openclaw agent -m hi --thinking high --reply-to=x --json")
        else {
            panic!()
        };
        assert_eq!(
            (args, notes.len()),
            (["openclaw", "agent", "-m", "hi", "--json"].map(OsString::from).to_vec(), 2)
        );
        let noted = "openclaw gateway discover --json";
        assert!(matches!(fallback(noted), Some(DropInAction::Note(_))));
        for refused in [
            "openclaw agents bind --agent x",
            "openclaw cron add --at x --tools read",
            "openclaw node run --host a --tls",
            "openclaw approvals set --node=n f",
        ] {
            assert!(matches!(fallback(refused), Some(DropInAction::Refuse(_))), "{refused}");
        }
        let Some(DropInAction::Native { command, words, .. }) =
            fallback("openclaw models set vllm/x")
        else {
            panic!()
        };
        assert_eq!((command, words), ("models set", vec!["vllm/x".to_owned()]));
        for other in ["openclaw agent -m hi --nosuch", "openclaw nosuch", "openclaw"] {
            assert_eq!(fallback(other), None, "{other}");
        }
    }
}
