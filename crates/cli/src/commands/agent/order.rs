//! What a message asks for.

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Answer a message.
    Say(String),
    /// Begin a new session, with this as its first message.
    New(Option<String>),
    /// Finish the turn that was interrupted.
    Resume,
}

impl Order {
    /// Reads a message: `/new` and `/reset` begin a new session; `None` when it says nothing.
    pub(crate) fn of_message(message: String) -> Option<Self> {
        let trimmed = message.trim();
        if trimmed.is_empty() {
            return None;
        }
        let (word, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        if matches!(word, "/new" | "/reset") {
            let rest = rest.trim_start();
            return Some(Self::New((!rest.is_empty()).then(|| rest.to_owned())));
        }
        Some(Self::Say(message))
    }

    /// What the model is told; `None` when that is nothing.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Say(text) | Self::New(Some(text)) => Some(text),
            Self::New(None) | Self::Resume => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_may_begin_a_new_session() {
        let new = |text: &str| Some(Order::New(Some(text.to_owned())));
        let say = |text: &str| Some(Order::Say(text.to_owned()));
        for (message, order) in [
            ("", None),
            (" \n ", None),
            ("/new", Some(Order::New(None))),
            (" /reset\n", Some(Order::New(None))),
            ("/new hello\nthere ", new("hello\nthere")),
            ("/reset\n\nhello", new("hello")),
            ("/news", say("/news")),
            ("/new/file", say("/new/file")),
            ("what does /new do?", say("what does /new do?")),
            (" indented ", say(" indented ")),
        ] {
            assert_eq!(Order::of_message(message.to_owned()), order, "{message:?}");
        }
    }
}
