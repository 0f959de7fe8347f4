//! Parses the lines of the chat: messages and slash commands.

use openclaw_config::SessionConfig;
use strsim::levenshtein;

use crate::file_changes::UndoScope;
use crate::reasoning::ReasoningDisplay;

/// One parsed line of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InputLine {
    /// A message for the model.
    Message(String),
    /// A slash command.
    Command(ChatCommand),
    /// An empty line.
    Empty,
    /// An unknown command or bad arguments, with the reason as a sentence.
    Invalid(String),
}

/// A slash command with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChatCommand {
    /// Lists the commands and keys.
    Help,
    /// Begins a new session, with an optional first message.
    New(Option<String>),
    /// Switches to another model; without a name, lists the models.
    Model(Option<String>),
    /// Shows the model, the session and the context window.
    Status,
    /// Summarises the conversation.
    Compact,
    /// Lists the tools.
    Tools,
    /// Undoes the last turn, its file changes, or both.
    Undo(UndoScope),
    /// Shows the file changes of the last turn that has any.
    Diff,
    /// Resumes the interrupted turn; without one, or with a text, goes on with another session.
    Resume(Option<String>),
    /// Goes on with another session of the folder, which the text names.
    Sessions(Option<String>),
    /// Shows a traced exchange, by its number or the last one.
    Trace(Option<u64>),
    /// Sets how reasoning is shown; without a word, prints the current setting.
    Reasoning(Option<ReasoningDisplay>),
    /// Changes how commands run in the session; without words, shows it.
    Exec(Option<String>),
    /// Quits the chat.
    Quit,
}

/// The commands: name, arguments, description.
pub(crate) const SLASH_COMMANDS: &[(&str, &str, &str)] = &[
    ("/help", "", "what can be typed"),
    ("/new", "[MESSAGE]", "begin a new session; the one so far stays (also /reset)"),
    ("/model", "[NAME|NUMBER]", "use another model, or list them"),
    ("/status", "", "the model, the window, the session, the workspace"),
    ("/compact", "", "summarise the conversation to make room"),
    ("/tools", "", "what the model can do"),
    ("/undo", "[files|keep]", "take the last turn back with its file changes, or one of both"),
    ("/diff", "", "what the tools changed in files, in the last turn that changed any"),
    ("/sessions", "[NUMBER|TEXT]", "go on with another session of this folder"),
    ("/resume", "[NUMBER|TEXT]", "take up a turn that was cut off or failed, or another session"),
    ("/exec", "[host=|node=|security=|ask=]", "how commands run in this session, or change that"),
    ("/trace", "[NUMBER]", "what was said to and by the server"),
    ("/reasoning", "[off|short|full]", "how the model's thoughts are shown"),
    ("/quit", "", "end the chat; the session stays (also /exit, Ctrl-D)"),
];

/// The keys listed by `/help`.
const KEY_HELP: &str = "\
Enter sends, Alt-Enter or a \\ before Enter begins a new line; Tab completes
Ctrl-C stops the turn, clears the line, and pressed twice quits; Ctrl-Z suspends
up, down and Ctrl-R find what was entered before; a line that begins with a space is not kept
while a turn runs, Enter says the line to it, before the model is asked again
a message that begins with a slash is written with two";

/// Aliases: the alias, and the command it stands for.
const COMMAND_ALIASES: [(&str, &str); 5] = [
    ("/reset", "/new"),
    ("/exit", "/quit"),
    ("/q", "/quit"),
    ("/?", "/help"),
    ("/models", "/model"),
];

/// Parses a line. One leading slash makes a command; two make a message with one slash. The reset
/// triggers of the config begin a new session.
pub(crate) fn parse_line(text: &str, session: &SessionConfig) -> InputLine {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return InputLine::Empty;
    }
    if let Some(message) = trimmed.strip_prefix("//") {
        return InputLine::Message(format!("/{message}"));
    }
    if let Some(rest) = session.strip_reset_trigger(trimmed) {
        let message = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        return InputLine::Command(ChatCommand::New(message));
    }
    let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
    // A word with a second slash is a path and no command.
    if !word.starts_with('/') || word.get(1..).is_some_and(|rest| rest.contains('/')) {
        return InputLine::Message(text.to_owned());
    }
    let argument = Some(rest.trim()).filter(|rest| !rest.is_empty());
    match parse_command(word, argument) {
        Ok(command) => InputLine::Command(command),
        Err(message) => InputLine::Invalid(message),
    }
}

fn parse_command(word: &str, argument: Option<&str>) -> Result<ChatCommand, String> {
    let alias = COMMAND_ALIASES.iter().find(|(alias, _)| *alias == word);
    let name = alias.map_or(word, |(_, name)| *name);
    let owned = argument.map(str::to_owned);
    let command = match name {
        "/new" => return Ok(ChatCommand::New(owned)),
        "/sessions" => return Ok(ChatCommand::Sessions(owned)),
        "/resume" => return Ok(ChatCommand::Resume(owned)),
        "/exec" => return Ok(ChatCommand::Exec(owned)),
        "/model" => return Ok(ChatCommand::Model(owned)),
        "/trace" => {
            let number = argument.map(str::parse).transpose();
            return number.map(ChatCommand::Trace).map_err(|_| {
                "`/trace` takes the number of an exchange, e.g. `/trace 3`".to_owned()
            });
        }
        "/undo" => {
            let scope = argument.map_or(Some(UndoScope::TurnAndFiles), UndoScope::from_word);
            return scope.map(ChatCommand::Undo).ok_or_else(|| {
                "`/undo` takes `files`, for file changes only, or `keep`, to keep them".to_owned()
            });
        }
        "/reasoning" => {
            let display = argument.map(|word| {
                ReasoningDisplay::from_word(word)
                    .ok_or_else(|| "`/reasoning` takes `off`, `short` or `full`".to_owned())
            });
            return display.transpose().map(ChatCommand::Reasoning);
        }
        "/help" => ChatCommand::Help,
        "/status" => ChatCommand::Status,
        "/compact" => ChatCommand::Compact,
        "/tools" => ChatCommand::Tools,
        "/diff" => ChatCommand::Diff,
        "/quit" => ChatCommand::Quit,
        _ => return Err(unknown_command_message(word)),
    };
    match argument {
        None => Ok(command),
        Some(_) => Err(format!("`{name}` takes nothing behind it")),
    }
}

fn unknown_command_message(word: &str) -> String {
    let names = SLASH_COMMANDS.iter().map(|(name, ..)| *name);
    let names = names.chain(COMMAND_ALIASES.iter().map(|(alias, _)| *alias));
    let nearest = names.map(|name| (levenshtein(word, name), name)).min();
    let nearest = match nearest {
        Some((distance, name)) if distance <= 2 => format!("did you mean `{name}`? "),
        _ => String::new(),
    };
    format!(
        "`{word}` is no command; {nearest}`/help` lists them, and `/{word}` says it to the model"
    )
}

/// The Levenshtein distance: insertions, deletions and substitutions that turn one word into the
/// other.
pub(crate) fn completion_candidates(before: &str, models: &[String]) -> (usize, Vec<String>) {
    let filter_names = |prefix: &str, names: &mut dyn Iterator<Item = &str>| {
        let names = names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect();
        (prefix.len(), names)
    };
    match before.split_once(' ') {
        None if before.starts_with('/') => {
            filter_names(before, &mut SLASH_COMMANDS.iter().map(|(name, ..)| *name))
        }
        Some(("/model", prefix)) => filter_names(prefix, &mut models.iter().map(String::as_str)),
        Some(("/reasoning", prefix)) => {
            filter_names(prefix, &mut ReasoningDisplay::ALL.iter().map(|display| display.name()))
        }
        _ => (0, Vec::new()),
    }
}

/// Returns the text of `/help`.
pub(crate) fn help_text() -> String {
    let commands = SLASH_COMMANDS.iter().map(|(name, arguments, description)| {
        let usage = format!("{name} {arguments}");
        format!("{usage:<32} {description}")
    });
    commands.chain(KEY_HELP.lines().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> InputLine {
        parse_line(text, &SessionConfig::default())
    }

    #[test]
    fn the_triggers_of_the_config_begin_a_new_session() {
        let mut session = SessionConfig::default();
        session.reset_triggers = vec!["/fresh".to_owned(), "start over".to_owned()];
        let new = |message: Option<&str>| {
            InputLine::Command(ChatCommand::New(message.map(str::to_owned)))
        };
        for (text, expected) in [
            ("start over", new(None)),
            ("Start over with this", new(Some("with this"))),
            ("/fresh hello", new(Some("hello"))),
            ("/new", new(None)),
            ("start overt", InputLine::Message("start overt".to_owned())),
        ] {
            assert_eq!(parse_line(text, &session), expected, "{text:?}");
        }
        assert!(matches!(parse("/fresh"), InputLine::Invalid(_)));
    }

    #[test]
    fn lines_are_messages_or_commands() {
        let message = |text: &str| InputLine::Message(text.to_owned());
        for (text, expected) in [
            ("", InputLine::Empty),
            (" \n", InputLine::Empty),
            ("hello /help", message("hello /help")),
            ("//help me", message("/help me")),
            ("/etc/passwd is what?", message("/etc/passwd is what?")),
            ("/help", InputLine::Command(ChatCommand::Help)),
            ("/reset", InputLine::Command(ChatCommand::New(None))),
            ("/new do it", InputLine::Command(ChatCommand::New(Some("do it".to_owned())))),
            ("/model  x/y ", InputLine::Command(ChatCommand::Model(Some("x/y".to_owned())))),
            ("/undo", InputLine::Command(ChatCommand::Undo(UndoScope::TurnAndFiles))),
            ("/undo files", InputLine::Command(ChatCommand::Undo(UndoScope::FilesOnly))),
            ("/undo keep", InputLine::Command(ChatCommand::Undo(UndoScope::TurnOnly))),
            ("/trace 3", InputLine::Command(ChatCommand::Trace(Some(3)))),
            (
                "/reasoning on",
                InputLine::Command(ChatCommand::Reasoning(Some(ReasoningDisplay::Full))),
            ),
            ("/exec", InputLine::Command(ChatCommand::Exec(None))),
            (
                "/exec host=node ask=always",
                InputLine::Command(ChatCommand::Exec(Some("host=node ask=always".to_owned()))),
            ),
            ("/exit", InputLine::Command(ChatCommand::Quit)),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_understood_names_the_nearest() {
        let error_message = |text: &str| match parse(text) {
            InputLine::Invalid(message) => message,
            other => panic!("{other:?}"),
        };
        assert!(error_message("/stauts").contains("did you mean `/status`?"));
        assert!(error_message("/modle x").contains("did you mean `/model`?"));
        assert!(!error_message("/zzzzzz").contains("did you mean"));
        assert!(error_message("/zzzzzz").contains("`//zzzzzz` says it to the model"));
        assert!(error_message("/undo 3").contains("takes `files`"));
        assert!(error_message("/diff 3").contains("takes nothing"));
        assert!(error_message("/trace x").contains("number"));
        assert!(error_message("/reasoning loud").contains("`short`"));
    }

    #[test]
    fn every_command_of_the_list_is_understood() {
        for (name, ..) in SLASH_COMMANDS {
            assert!(matches!(parse(name), InputLine::Command(_)), "{name}");
        }
    }

    #[test]
    fn commands_and_models_are_completed() {
        let models = ["vllm/a".to_owned(), "vllm/b".to_owned(), "fast".to_owned()];
        assert_eq!(completion_candidates("/st", &models), (3, vec!["/status".to_owned()]));
        let completions = completion_candidates("/model vllm/", &models);
        assert_eq!(completions, (5, vec!["vllm/a".to_owned(), "vllm/b".to_owned()]));
        assert_eq!(completion_candidates("hello", &models), (0, Vec::new()));
        assert_eq!(completion_candidates("/reasoning s", &[]), (1, vec!["short".to_owned()]));
    }
}
