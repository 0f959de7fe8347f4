//! What is checked, in which order, and what each check builds on.

/// One thing that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The config has nothing wrong in it.
    Config,
    /// A model is named, and its provider is known and complete.
    Model,
    /// Something answers at the address and speaks the API.
    Reachable,
    /// The key is accepted; whether one is needed.
    Auth,
    /// The server serves the model.
    Models,
    /// The config's window is not larger than the server's.
    Window,
    /// A plain question is answered.
    Chat,
    /// An answer comes piece by piece.
    Stream,
    /// A stream says how many tokens there were.
    Usage,
    /// The model may call a tool.
    ToolsAuto,
    /// The model can be made to call some tool.
    ToolsRequired,
    /// The model can be made to call one tool.
    ToolsNamed,
    /// A call and its result are taken back.
    ToolHistory,
    /// Reasoning comes apart from the text.
    Reasoning,
    /// Which roles and orders of messages are taken.
    Roles,
    /// Whether content may be a list of parts.
    Content,
    /// Tokens are counted exactly.
    Tokenize,
    /// The beginning of a prompt is not computed twice.
    PrefixCache,
    /// The server stops when nobody listens any more.
    Cancel,
    /// What answers without a key, and where the key goes.
    Exposure,
}

use Check::{
    Auth, Cancel, Chat, Config, Content, Exposure, Model, Models, PrefixCache, Reachable,
    Reasoning, Roles, Stream, Tokenize, ToolHistory, ToolsAuto, ToolsNamed, ToolsRequired, Usage,
    Window,
};

impl Check {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 20] = [
        Config,
        Model,
        Reachable,
        Auth,
        Models,
        Window,
        Chat,
        Stream,
        Usage,
        ToolsAuto,
        ToolsRequired,
        ToolsNamed,
        ToolHistory,
        Reasoning,
        Roles,
        Content,
        Tokenize,
        PrefixCache,
        Cancel,
        Exposure,
    ];

    /// The name in JSON and on the command line, e.g. `tools-auto`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Config => "config",
            Model => "model",
            Reachable => "reachable",
            Auth => "auth",
            Models => "models",
            Window => "window",
            Chat => "chat",
            Stream => "stream",
            Usage => "usage",
            ToolsAuto => "tools-auto",
            ToolsRequired => "tools-required",
            ToolsNamed => "tools-named",
            ToolHistory => "tool-history",
            Reasoning => "reasoning",
            Roles => "roles",
            Content => "content",
            Tokenize => "tokenize",
            PrefixCache => "prefix-cache",
            Cancel => "cancel",
            Exposure => "exposure",
        }
    }

    /// The check of this name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.id() == id)
    }

    /// The question that it answers, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Config => "is the config valid",
            Model => "is a model named and its provider known",
            Reachable => "does an OpenAI-compatible API answer",
            Auth => "is the key accepted, and is one needed",
            Models => "is the model served",
            Window => "do config and server agree on the window",
            Chat => "is a plain question answered",
            Stream => "does an answer come piece by piece",
            Usage => "does a stream count its tokens",
            ToolsAuto => "can the model call a tool",
            ToolsRequired => "can the model be made to call a tool",
            ToolsNamed => "can the model be made to call one tool",
            ToolHistory => "is a call taken back with its result",
            Reasoning => "does reasoning come apart from the text",
            Roles => "which roles and orders of messages are taken",
            Content => "may content be a list of parts",
            Tokenize => "are tokens counted exactly",
            PrefixCache => "is the beginning of a prompt reused",
            Cancel => "does the server stop when nobody listens",
            Exposure => "what answers without a key",
        }
    }

    /// Whether it asks what the server does with the model, rather than whether it is there.
    #[must_use]
    pub fn is_capability_check(self) -> bool {
        self >= Window && self != Exposure
    }

    /// What must not have failed or been skipped before.
    pub(super) fn required_checks(self) -> &'static [Self] {
        match self {
            Config => &[],
            Model => &[Config],
            Reachable => &[Model],
            Auth | Exposure => &[Reachable],
            Models => &[Auth],
            Window | Chat | Tokenize => &[Models],
            Usage => &[Stream],
            Stream | ToolsAuto | ToolsRequired | ToolsNamed | ToolHistory | Reasoning | Roles
            | Content | PrefixCache | Cancel => &[Chat],
        }
    }

    /// Whether it must be made so that one of `wanted` can be; all are when none is wanted.
    pub(super) fn is_required_for(self, wanted: &[Self]) -> bool {
        wanted.is_empty()
            || wanted.iter().any(|check| {
                *check == self
                    || check.required_checks().iter().any(|need| self.is_required_for(&[*need]))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_each_check_comes_after_what_it_needs() {
        for (at, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(Check::from_id(check.id()), Some(check));
            for need in check.required_checks() {
                assert!(Check::ALL[..at].contains(need), "{check:?} needs {need:?}");
            }
        }
    }

    #[test]
    fn one_check_brings_what_it_builds_on() {
        let due: Vec<_> =
            Check::ALL.into_iter().filter(|check| check.is_required_for(&[Usage])).collect();
        assert_eq!(due, [Config, Model, Reachable, Auth, Models, Chat, Stream, Usage]);
        assert!(Check::ALL.into_iter().all(|check| check.is_required_for(&[])));
    }
}
