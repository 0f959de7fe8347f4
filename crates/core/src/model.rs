//! The `ChatModel` trait: one request, answered by one stream of events.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;

use crate::{
    AssistantMessage, History, LimitSource, ModelAttempt, ModelError, ModelLimits, ModelRef,
    TokenCount, ToolCallId, ToolName, ToolSpec,
};

/// A model behind any API. Implementations are shared as `Arc<dyn ChatModel>`.
#[async_trait]
pub trait ChatModel: Send + Sync + Debug {
    /// The model's reference, limits and capabilities, as currently known.
    fn model_info(&self) -> ModelInfo;

    /// Sends one request and streams the answer. Dropping the future or the stream closes the
    /// connection, which makes the server stop generating.
    ///
    /// # Errors
    /// When the request cannot be sent or is refused. A failure after the first byte is the last
    /// item of the stream; so is any failure of a model that combines several, which first reports
    /// its failed attempts there.
    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError>;

    /// Counts the prompt tokens of a request, as exactly as the server allows.
    ///
    /// # Errors
    /// When the server's own count failed and an estimate would hide the failure.
    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError>;

    /// Probes whether the server responds, without sending a prompt. Never fails: a failed probe is
    /// [`ServerLiveness::Unreachable`].
    async fn check_liveness(&self) -> ServerLiveness;
}

/// The events of one answer. Ends after [`ChatEvent::Finished`] or after an error.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, ModelError>> + Send>>;

/// A stream of one [`ChatEvent::Finished`] event, without usage: for models that have the complete
/// answer at once.
#[must_use]
pub fn single_response_stream(message: AssistantMessage, outcome: AnswerOutcome) -> ChatStream {
    Box::pin(SingleEventStream(Some(ChatEvent::Finished { message, outcome, usage: None })))
}

/// A stream of one event.
struct SingleEventStream(Option<ChatEvent>);

impl Stream for SingleEventStream {
    type Item = Result<ChatEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

/// What is known of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// The model as the user names it.
    pub reference: ModelRef,
    /// The token limits, and where they come from.
    pub limits: ModelLimits,
    /// What the model supports.
    pub capabilities: ModelCapabilities,
}

impl ModelInfo {
    /// A model with tools and this context window in tokens, taken as configured.
    #[must_use]
    pub fn new(reference: ModelRef, context_window: u32) -> Self {
        Self {
            reference,
            limits: ModelLimits {
                context_window,
                context_window_source: LimitSource::Config,
                max_output_tokens: None,
            },
            capabilities: ModelCapabilities {
                tools: true,
                tools_as_text: false,
                images: false,
                reasoning: false,
            },
        }
    }
}

/// What a model supports, as configured or as the server reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ModelCapabilities {
    /// Accepts tools and answers with tool calls.
    pub tools: bool,
    /// Tools, calls and results are written as text, because the server or the model's chat
    /// template does not take them.
    pub tools_as_text: bool,
    /// Accepts images.
    pub images: bool,
    /// Reasons before it answers.
    pub reasoning: bool,
}

/// One request to a model. Cheap to clone: the history shares its entries. The default has an empty
/// history, no system prompt and no tools.
#[derive(Debug, Clone, Default)]
pub struct ChatRequest {
    /// The system prompt; `None` sends no system message.
    pub system_prompt: Option<Arc<str>>,
    /// The tools offered, in the order sent. Empty offers none.
    pub tools: Arc<[ToolSpec]>,
    /// Whether and which tool must be called.
    pub tool_choice: ToolChoice,
    /// The conversation so far.
    pub history: History,
    /// Text for this request only, e.g. the time of day. Sent after the history as user text
    /// (joined to a user message that ends it) and never recorded, so that the history stays a
    /// prefix of the next request for the prefix cache. Only an unfinished answer at the end of the
    /// history, which the model continues, is sent after it.
    pub suffix: Option<Arc<str>>,
    /// The most output tokens; `None` uses the model's own limit.
    pub max_output_tokens: Option<u32>,
    /// The most tool calls that are read from the answer, which then ends; `None` uses the
    /// provider's own limit.
    pub max_tool_calls: Option<u32>,
    /// Whether nobody waits for the answer: requests that somebody waits for go first.
    pub is_background: bool,
}

impl ChatRequest {
    /// A request without system prompt and tools.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self { history, ..Self::default() }
    }

    /// A request with one user message.
    #[must_use]
    pub fn from_user_message(text: &str) -> Self {
        let mut history = History::new();
        history.push_user_message(text);
        Self::new(history)
    }
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// The model must call this tool.
    Named(ToolName),
}

/// An event of an answer's stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// The server accepted the request; nothing was generated yet.
    RequestAccepted,
    /// Text to append to the visible answer.
    TextDelta(String),
    /// Text to append to the reasoning.
    ReasoningDelta(String),
    /// A part of a tool call.
    ToolCallDelta {
        /// The position of the call in the answer, from 0.
        index: u32,
        /// The identifier, in the first delta only.
        id: Option<ToolCallId>,
        /// The tool's name, in the first delta only.
        name: Option<ToolName>,
        /// Text to append to the raw arguments.
        arguments: String,
    },
    /// Text and reasoning were separated wrongly: discard all deltas of both so far; they are sent
    /// again. Happens when a later delta shows whether the answer began inside the reasoning.
    ReasoningReclassified,
    /// A call was repaired: the model wrote it as text, or its arguments were malformed. The
    /// finished message has the repaired call.
    ToolCallRepaired {
        /// The position of the call in the answer, from 0.
        index: u32,
        /// The format of a call written as text, then the repairs of the arguments; never empty.
        repairs: Vec<&'static str>,
    },
    /// Something of the answer arrived, but nothing of it can be shown yet.
    Heartbeat,
    /// A comment, an empty delta or an event without meaning arrived. It shows that something
    /// answers, but not that it works on the request: the wait for content goes on.
    KeepAlive,
    /// Nothing has arrived for a while, and the server was probed. Sent every few seconds while the
    /// silence lasts, only by models that can probe their server.
    WaitingForServer {
        /// What the server seems to be doing.
        activity: ServerActivity,
        /// How long nothing has arrived.
        idle_for: Duration,
        /// How many other requests the server has, any of which may be served first; `None` when it
        /// does not report that.
        other_requests: Option<u32>,
    },
    /// The server refused or changed the request as sent. The missing feature is remembered for
    /// later requests, and the call continues with an adapted request.
    RequestAdapted {
        /// What was learned and what is done about it, as a sentence for the user, with the server
        /// option or config key that would change it.
        message: String,
    },
    /// A model failed or was skipped, and another one is asked; only a model that combines
    /// several sends this.
    ModelAttemptFailed(Box<ModelAttempt>),
    /// A problem of the setup that the user should know; the call continues.
    Warning {
        /// The text, without a final full stop.
        message: String,
    },
    /// The connection to the server was lost during the call. The call waits until the server is
    /// back; only models that can resume send this.
    ServerDisconnected {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The longest wait for the server.
        max_wait: Duration,
    },
    /// The server is overloaded or still loads its model, and the request is retried. Sent before
    /// each pause, only when no other model can take the request.
    Retrying {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The number of the next attempt, including attempts that were not reported.
        attempt: u32,
        /// The pause before that attempt.
        delay: Duration,
        /// How long the call has waited for the server so far.
        elapsed: Duration,
        /// The longest wait in total.
        max_wait: Duration,
    },
    /// The lost server serves the model again, and the call continues.
    ServerReconnected {
        /// How long the server was gone.
        downtime: Duration,
    },
    /// The answer starts over: discard everything shown of it.
    AnswerReset,
    /// The last event of a stream that succeeded. Run tool calls only from this message: deltas may
    /// have been discarded or repeated.
    Finished {
        /// The complete message.
        message: AssistantMessage,
        /// How the answer ended, decided from its content.
        outcome: AnswerOutcome,
        /// The server's token counts; `None` when it sent none.
        usage: Option<TokenUsage>,
    },
}

/// What a server that sends nothing seems to be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerActivity {
    /// The request waits in the server's queue.
    Queued,
    /// The server processes the prompt.
    Prefilling,
    /// It generates, for this or other requests, but has sent nothing yet.
    Generating,
    /// It responds, but is not working on anything that could be this request.
    Stalled,
    /// The server does not report it.
    Unknown,
}

impl ServerActivity {
    /// The name used in messages and JSON, e.g. `prefilling`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Prefilling => "prefilling",
            Self::Generating => "generating",
            Self::Stalled => "stalled",
            Self::Unknown => "unknown",
        }
    }
}

/// How an answer ended, decided from its content; the server's finish reason is a hint only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnswerOutcome {
    /// There is visible text and no call.
    Reply,
    /// There is at least one call, valid or invalid.
    ToolCalls,
    /// The output limit was reached: the visible text is cut off, or there is none yet.
    Truncated,
    /// There is reasoning, but neither text nor a call.
    ReasoningOnly,
    /// There is only reasoning, cut off by the output limit.
    ReasoningTruncated,
    /// There is nothing, and the server reports a normal end.
    Empty,
    /// The server withheld the answer.
    Refused,
}

/// The server's token counts for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenUsage {
    /// Tokens of the prompt, including the cached part.
    pub input_tokens: u32,
    /// Tokens of the answer, including reasoning.
    pub output_tokens: u32,
    /// Prompt tokens served from the prefix cache; `None` when the server does not report them.
    pub cached_tokens: Option<u32>,
}

/// The result of a liveness probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerLiveness {
    /// It serves the model; the counts are `None` when it does not report them.
    Serving {
        /// Requests being processed.
        running_requests: Option<u32>,
        /// Requests in the queue.
        queued_requests: Option<u32>,
    },
    /// It responds, but has not loaded the model yet.
    Loading,
    /// Nothing responds at the address.
    Unreachable,
    /// It responds that its engine is dead.
    EngineDead,
}
