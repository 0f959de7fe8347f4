//! Reads and parses the message of `openclaw agent`.

use openclaw_config::SessionConfig;
use openclaw_terminal::{OutputPrinter, stdin_has_data};

use crate::args::AgentTurnArgs;
use crate::exit::ExitReason;
use crate::stdin_text;

/// What the run is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AgentRequest {
    /// Answer a message.
    Message(String),
    /// Begin a new session, with this as its first message.
    NewSession(Option<String>),
    /// Finish the turn that was interrupted.
    Resume,
}

impl AgentRequest {
    /// Parses a message: `/new`, `/reset` and the triggers of the config begin a new session; `None`
    /// for an empty message.
    pub(crate) fn parse_message(message: String, session: &SessionConfig) -> Option<Self> {
        let trimmed = message.trim();
        if trimmed.is_empty() {
            return None;
        }
        if let Some(rest) = session.strip_reset_trigger(trimmed) {
            return Some(Self::NewSession((!rest.is_empty()).then(|| rest.to_owned())));
        }
        Some(Self::Message(message))
    }

    /// The message for the model; `None` when there is none.
    pub(crate) fn message_text(&self) -> Option<&str> {
        match self {
            Self::Message(text) | Self::NewSession(Some(text)) => Some(text),
            Self::NewSession(None) | Self::Resume => None,
        }
    }
}

/// Reads the message of the turn; `None` resumes a turn.
///
/// # Errors
/// When there is no such message; the error is already printed.
pub(crate) fn read_message(
    args: &mut AgentTurnArgs,
    printer: &OutputPrinter,
) -> Result<Option<String>, ExitReason> {
    let text = std::mem::take(&mut args.text).join(" ");
    let message = match args.message.take() {
        Some(message) => {
            if message != "-" && stdin_has_data() {
                printer.print_note("standard input is not read with `-m`");
                printer.print_hint("`openclaw agent TEXT` joins it with the message.");
            }
            stdin_text::read_text_or_stdin(message)
        }
        None if text.is_empty() && args.resume.is_some() => return Ok(None),
        None if text.is_empty() => stdin_text::read_stdin_text(),
        None => stdin_text::join_with_stdin(text),
    };
    if args.resume.is_some() && args.resumed_session().is_none() {
        printer.print_error("`--resume` without an ID finishes a turn and takes no message");
        printer.print_hint(
            "`--continue` goes on with the last session of this folder, `--resume ID` with another.",
        );
        return Err(ExitReason::Usage);
    }
    message.map(Some).map_err(|error| {
        printer.print_error(format_args!("failed to {error}"));
        ExitReason::Usage
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_begin_a_new_session() {
        let new = |text: &str| Some(AgentRequest::NewSession(Some(text.to_owned())));
        let message = |text: &str| Some(AgentRequest::Message(text.to_owned()));
        let mut session = SessionConfig::default();
        session.reset_triggers = ["/fresh", "start over", " "].map(str::to_owned).to_vec();
        for (message, request) in [
            ("", None),
            ("/Fresh hello", new("hello")),
            ("Start over", Some(AgentRequest::NewSession(None))),
            ("start overt", message("start overt")),
            ("ärger", message("ärger")),
            (" \n ", None),
            ("/new", Some(AgentRequest::NewSession(None))),
            (" /reset\n", Some(AgentRequest::NewSession(None))),
            ("/new hello\nthere ", new("hello\nthere")),
            ("/reset\n\nhello", new("hello")),
            ("/news", message("/news")),
            ("/new/file", message("/new/file")),
            ("what does /new do?", message("what does /new do?")),
            (" indented ", message(" indented ")),
        ] {
            let parsed = AgentRequest::parse_message(message.to_owned(), &session);
            assert_eq!(parsed, request, "{message:?}");
        }
    }
}
