//! What can be typed besides messages.

use super::thoughts::Reasoning;

/// A line, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entered {
    /// For the model.
    Message(String),
    /// For the program.
    Command(Command),
    /// Nothing at all.
    Nothing,
    /// Meant for the program, and not understood; why, as a sentence.
    Unknown(String),
}

/// What the program is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say what can be typed.
    Help,
    /// Begin a new session, with a first message if there is one.
    New(Option<String>),
    /// Use another model; without a name, list them.
    Model(Option<String>),
    /// Tell how things stand.
    Status,
    /// Summarise the conversation.
    Compact,
    /// List the tools.
    Tools,
    /// Take the last turn back.
    Undo,
    /// Take up the turn that was interrupted.
    Resume,
    /// Show what was said to and by the server; the number of an exchange.
    Trace(Option<u64>),
    /// Show thoughts otherwise; without a word, tell how.
    Reasoning(Option<Reasoning>),
    /// End the chat.
    Quit,
}

/// The commands, with what they take and what they do.
pub(crate) const COMMANDS: &[(&str, &str, &str)] = &[
    ("/help", "", "what can be typed"),
    ("/new", "[MESSAGE]", "begin a new session; the one so far stays (also /reset)"),
    ("/model", "[NAME|NUMBER]", "use another model, or list them"),
    ("/status", "", "the model, the window, the session, the workspace"),
    ("/compact", "", "summarise the conversation to make room"),
    ("/tools", "", "what the model can do"),
    ("/undo", "", "take the last turn back; what its tools did stays done"),
    ("/resume", "", "take up a turn that was cut off or failed"),
    ("/trace", "[NUMBER]", "what was said to and by the server"),
    ("/reasoning", "[off|short|full]", "how the model's thoughts are shown"),
    ("/quit", "", "end the chat; the session stays (also /exit, Ctrl-D)"),
];

/// Names that mean another.
const ALIASES: [(&str, &str); 5] = [
    ("/reset", "/new"),
    ("/exit", "/quit"),
    ("/q", "/quit"),
    ("/?", "/help"),
    ("/models", "/model"),
];

/// Reads a line. What begins with one slash is for the program; with two, it is a message that
/// begins with one.
pub(crate) fn read(text: &str) -> Entered {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Entered::Nothing;
    }
    if let Some(message) = trimmed.strip_prefix("//") {
        return Entered::Message(format!("/{message}"));
    }
    let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
    // A path is no command.
    if !word.starts_with('/') || word.get(1..).is_some_and(|rest| rest.contains('/')) {
        return Entered::Message(text.to_owned());
    }
    let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
    match known(word, rest) {
        Ok(command) => Entered::Command(command),
        Err(why) => Entered::Unknown(why),
    }
}

fn known(word: &str, rest: Option<&str>) -> Result<Command, String> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == word);
    let name = alias.map_or(word, |(_, name)| *name);
    let owned = rest.map(str::to_owned);
    let command = match name {
        "/new" => return Ok(Command::New(owned)),
        "/model" => return Ok(Command::Model(owned)),
        "/trace" => {
            let number = rest.map(str::parse).transpose();
            return number.map(Command::Trace).map_err(|_| {
                "`/trace` takes the number of an exchange, e.g. `/trace 3`".to_owned()
            });
        }
        "/reasoning" => {
            let how = rest.map(|word| {
                Reasoning::named(word)
                    .ok_or_else(|| "`/reasoning` takes `off`, `short` or `full`".to_owned())
            });
            return how.transpose().map(Command::Reasoning);
        }
        "/help" => Command::Help,
        "/status" => Command::Status,
        "/compact" => Command::Compact,
        "/tools" => Command::Tools,
        "/undo" => Command::Undo,
        "/resume" => Command::Resume,
        "/quit" => Command::Quit,
        _ => return Err(unknown(word)),
    };
    match rest {
        None => Ok(command),
        Some(_) => Err(format!("`{name}` takes nothing behind it")),
    }
}

fn unknown(word: &str) -> String {
    let names = COMMANDS.iter().map(|(name, ..)| *name);
    let names = names.chain(ALIASES.iter().map(|(alias, _)| *alias));
    let nearest = names.map(|name| (distance(word, name), name)).min();
    let nearest = match nearest {
        Some((distance, name)) if distance <= 2 => format!("did you mean `{name}`? "),
        _ => String::new(),
    };
    format!(
        "`{word}` is no command; {nearest}`/help` lists them, and `/{word}` says it to the model"
    )
}

/// How many letters have to be put in, left out or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let pairs = row.iter().zip(row.iter().skip(1)).zip(&b);
        for ((diagonal, above), y) in pairs {
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// What the text before the cursor may be completed to: how many bytes of it that replaces, and by
/// what. `models` are the names of models.
pub(crate) fn candidates(before: &str, models: &[String]) -> (usize, Vec<String>) {
    let fitting = |typed: &str, names: &mut dyn Iterator<Item = &str>| {
        let names = names.filter(|name| name.starts_with(typed)).map(str::to_owned).collect();
        (typed.len(), names)
    };
    match before.split_once(' ') {
        None if before.starts_with('/') => {
            fitting(before, &mut COMMANDS.iter().map(|(name, ..)| *name))
        }
        Some(("/model", typed)) => fitting(typed, &mut models.iter().map(String::as_str)),
        Some(("/reasoning", typed)) => {
            fitting(typed, &mut Reasoning::ALL.iter().map(|how| how.name()))
        }
        _ => (0, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages_or_commands() {
        let message = |text: &str| Entered::Message(text.to_owned());
        for (text, expected) in [
            ("", Entered::Nothing),
            (" \n", Entered::Nothing),
            ("hello /help", message("hello /help")),
            ("//help me", message("/help me")),
            ("/etc/passwd is what?", message("/etc/passwd is what?")),
            ("/help", Entered::Command(Command::Help)),
            ("/reset", Entered::Command(Command::New(None))),
            ("/new do it", Entered::Command(Command::New(Some("do it".to_owned())))),
            ("/model  x/y ", Entered::Command(Command::Model(Some("x/y".to_owned())))),
            ("/trace 3", Entered::Command(Command::Trace(Some(3)))),
            ("/reasoning on", Entered::Command(Command::Reasoning(Some(Reasoning::Full)))),
            ("/exit", Entered::Command(Command::Quit)),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_understood_names_the_nearest() {
        let why = |text: &str| match read(text) {
            Entered::Unknown(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(why("/stauts").contains("did you mean `/status`?"));
        assert!(why("/modle x").contains("did you mean `/model`?"));
        assert!(!why("/zzzzzz").contains("did you mean"));
        assert!(why("/zzzzzz").contains("`//zzzzzz` says it to the model"));
        assert!(why("/undo 3").contains("takes nothing"));
        assert!(why("/trace x").contains("number"));
        assert!(why("/reasoning loud").contains("`short`"));
    }

    #[test]
    fn every_command_of_the_list_is_understood() {
        for (name, ..) in COMMANDS {
            assert!(matches!(read(name), Entered::Command(_)), "{name}");
        }
    }

    #[test]
    fn commands_and_models_are_completed() {
        let models = ["vllm/a".to_owned(), "vllm/b".to_owned(), "fast".to_owned()];
        assert_eq!(candidates("/st", &models), (3, vec!["/status".to_owned()]));
        let found = candidates("/model vllm/", &models);
        assert_eq!(found, (5, vec!["vllm/a".to_owned(), "vllm/b".to_owned()]));
        assert_eq!(candidates("hello", &models), (0, Vec::new()));
        assert_eq!(candidates("/reasoning s", &[]), (1, vec!["short".to_owned()]));
    }
}
