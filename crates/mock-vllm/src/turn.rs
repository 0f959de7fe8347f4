//! What the model says in one turn, before any of it is put on a wire.

/// One answer of the model: text, reasoning and tool calls in the order they come out.
///
/// The same turn gives a stream (one delta for each piece) and a whole answer.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    pub(crate) parts: Vec<Part>,
    pub(crate) finish: Option<Finish>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) usage: UsageOverride,
}

#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(String),
    Reasoning(String),
    Call(Call),
    /// Output that a streaming tool parser holds back for ever, shown only in a whole answer.
    Withheld(String),
}

/// Why the model stopped, as it stands in `finish_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// An end-of-turn token or a stop string; for calls under a named `tool_choice` as well.
    Stop,
    /// `max_tokens` or the window was reached.
    Length,
    /// At least one tool call was parsed.
    ToolCalls,
    /// The request was aborted in the engine.
    Abort,
}

/// Token counts to report instead of those the mock would count.
#[derive(Debug, Clone, Copy, Default)]
pub struct UsageOverride {
    /// `prompt_tokens`.
    pub prompt: Option<u32>,
    /// `completion_tokens`.
    pub completion: Option<u32>,
    /// `prompt_tokens_details.cached_tokens`.
    pub cached: Option<u32>,
    /// `prompt_tokens_details.created_cache_tokens`.
    pub created: Option<u32>,
    /// `completion_tokens_details.reasoning_tokens`; 0 unless set, as vLLM reports it.
    pub reasoning: Option<u32>,
}

/// One tool call of the model. Its arguments may be broken on purpose.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    /// The limit on tokens fell into the arguments.
    pub(crate) is_cut: bool,
}

impl Turn {
    /// Makes a turn that ends at once: an empty answer, which is legal.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Makes a turn that says `text` in one delta.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::empty().then_text(text)
    }

    /// Makes a turn that says the pieces, one delta each.
    #[must_use]
    pub fn pieces<T: Into<String>>(pieces: impl IntoIterator<Item = T>) -> Self {
        pieces.into_iter().fold(Self::empty(), Self::then_text)
    }

    /// Makes a turn that says `text` in deltas of one token.
    #[must_use]
    pub fn tokens(text: &str) -> Self {
        Self::pieces(crate::tokenizer::pieces(text))
    }

    /// Makes a turn with one tool call.
    #[must_use]
    pub fn call(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self::empty().then_call(Call::new(name, arguments))
    }

    /// Adds one delta of text.
    #[must_use]
    pub fn then_text(self, text: impl Into<String>) -> Self {
        self.then(Part::Text(text.into()))
    }

    /// Adds one delta of reasoning, reported in the field `reasoning`.
    #[must_use]
    pub fn then_reasoning(self, text: impl Into<String>) -> Self {
        self.then(Part::Reasoning(text.into()))
    }

    /// Adds a tool call.
    #[must_use]
    pub fn then_call(self, call: Call) -> Self {
        self.then(Part::Call(call))
    }

    /// Adds the start of a call that was cut off before the parser could name it: nothing in a
    /// stream, plain text in a whole answer.
    #[must_use]
    pub fn then_withheld(self, text: impl Into<String>) -> Self {
        self.then(Part::Withheld(text.into()))
    }

    fn then(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Sets the finish reason. Unless set, it follows from the content and from `max_tokens`.
    #[must_use]
    pub fn finish(mut self, finish: Finish) -> Self {
        self.finish = Some(finish);
        self
    }

    /// Sets `stop_reason`, the stop string that was met.
    #[must_use]
    pub fn stop_reason(mut self, text: impl Into<String>) -> Self {
        self.stop_reason = Some(text.into());
        self
    }

    /// Sets the exact output behind the calls, which a whole answer shows when it cannot parse them.
    #[must_use]
    pub fn raw(mut self, text: impl Into<String>) -> Self {
        self.raw = Some(text.into());
        self
    }

    /// Sets the token counts to report.
    #[must_use]
    pub fn usage(mut self, usage: UsageOverride) -> Self {
        self.usage = usage;
        self
    }
}

impl Call {
    /// Makes a call whose arguments stream in one delta, byte for byte as given.
    #[must_use]
    pub fn new(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { id: None, name: name.into(), arguments: vec![arguments.into()], is_cut: false }
    }

    /// Makes a call whose arguments stream in the given pieces.
    #[must_use]
    pub fn pieces<T: Into<String>>(
        name: impl Into<String>,
        arguments: impl IntoIterator<Item = T>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { id: None, name: name.into(), arguments, is_cut: false }
    }

    /// Sets the id; `chatcmpl-tool-` and 16 hex digits unless set.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The call as the model wrote it. Arguments that are not JSON took the closing brace with them.
    pub(crate) fn raw(&self) -> String {
        let arguments = self.arguments.concat();
        let close = match crate::python::redump(&arguments) {
            _ if self.is_cut => "",
            Some(_) => "}\n</tool_call>",
            None => "\n</tool_call>",
        };
        format!("{}{arguments}{close}", self.raw_head())
    }

    /// What the model writes before the arguments.
    pub(crate) fn raw_head(&self) -> String {
        let name = crate::response::quoted(&self.name);
        format!("<tool_call>\n{{\"name\": {name}, \"arguments\": ")
    }
}

impl Finish {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::Abort => "abort",
        }
    }
}
