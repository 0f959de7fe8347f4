//! Parses the message of `openclaw agent`.

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
    /// Parses a message: `/new` and `/reset` begin a new session; `None` for an empty message.
    pub(crate) fn parse_message(message: String) -> Option<Self> {
        let trimmed = message.trim();
        if trimmed.is_empty() {
            return None;
        }
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        if matches!(word, "/new" | "/reset") {
            let rest = rest.trim_start();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_begin_a_new_session() {
        let new = |text: &str| Some(AgentRequest::NewSession(Some(text.to_owned())));
        let message = |text: &str| Some(AgentRequest::Message(text.to_owned()));
        for (message, request) in [
            ("", None),
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
            assert_eq!(AgentRequest::parse_message(message.to_owned()), request, "{message:?}");
        }
    }
}
