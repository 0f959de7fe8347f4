//! The checks, their order, and their dependencies.

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The config has no errors.
    Config,
    /// A model is named, and its provider is known and complete.
    Model,
    /// A server with the API answers at the address.
    Reachable,
    /// The key is accepted, and whether one is needed.
    Auth,
    /// The server serves the model.
    Models,
    /// The configured context window is not larger than the server's.
    Window,
    /// A plain question is answered.
    Chat,
    /// An answer is streamed in deltas.
    Stream,
    /// A stream reports its token counts.
    Usage,
    /// The model can call a tool.
    ToolsAuto,
    /// The model can be forced to call some tool.
    ToolsRequired,
    /// The model can be forced to call a given tool.
    ToolsNamed,
    /// A tool call and its result are accepted in the history.
    ToolHistory,
    /// Reasoning is separated from the text.
    Reasoning,
    /// Which roles and message orders are accepted.
    Roles,
    /// Whether message content may be a list of parts.
    Content,
    /// Tokens are counted exactly.
    Tokenize,
    /// The prefix cache is used.
    PrefixCache,
    /// The server stops when the client disconnects.
    Cancel,
    /// Which routes answer without a key, and whether the key is sent unencrypted.
    Exposure,
}

use Check::{
    Auth, Cancel, Chat, Config, Content, Exposure, Model, Models, PrefixCache, Reachable,
    Reasoning, Roles, Stream, Tokenize, ToolHistory, ToolsAuto, ToolsNamed, ToolsRequired, Usage,
    Window,
};

impl Check {
    /// All checks in the order in which they run.
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

    /// The question that the check answers, in a few words.
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
            Stream => "is an answer streamed in deltas",
            Usage => "does a stream report its token counts",
            ToolsAuto => "can the model call a tool",
            ToolsRequired => "can the model be forced to call a tool",
            ToolsNamed => "can the model be forced to call a given tool",
            ToolHistory => "is a tool call with its result accepted in the history",
            Reasoning => "is reasoning separated from the text",
            Roles => "which roles and message orders are accepted",
            Content => "may content be a list of parts",
            Tokenize => "are tokens counted exactly",
            PrefixCache => "is the prefix cache used",
            Cancel => "does the server stop when the client disconnects",
            Exposure => "what answers without a key",
        }
    }

    /// Whether it checks what the server can do with the model, rather than whether it is
    /// available.
    #[must_use]
    pub fn is_capability_check(self) -> bool {
        self >= Window && self != Exposure
    }

    /// The checks that it depends on: it is skipped when one of them failed or was skipped.
    pub(crate) fn required_checks(self) -> &'static [Self] {
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

    /// Whether one of `wanted` requires it; always when `wanted` is empty.
    pub(crate) fn is_required_for(self, wanted: &[Self]) -> bool {
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
