//! The seam to a model: one request, one stream of events.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;

use crate::{
    AssistantMessage, History, LimitSource, ModelError, ModelLimits, ModelRef, TokenCount,
    ToolCallId, ToolName, ToolSpec,
};

/// A model behind any API. Implementations are shared as `Arc<dyn ChatModel>`.
#[async_trait]
pub trait ChatModel: Send + Sync + Debug {
    /// What is known of the model now: id, limits with their sources, abilities.
    fn model_info(&self) -> ModelInfo;

    /// Sends one request and streams the answer. Dropping the future or the stream closes the
    /// connection, which makes the server stop generating.
    ///
    /// # Errors
    /// When the request cannot be sent or is refused. A failure after the first byte comes as
    /// the last item of the stream.
    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError>;

    /// Counts the prompt tokens of a request, as exactly as the server allows.
    ///
    /// # Errors
    /// When the server was asked and failed in a way that an estimate would hide.
    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError>;

    /// Asks whether the server is there, without sending a prompt. Never fails: the answer to a
    /// failed question is [`Liveness::Unreachable`].
    async fn check_liveness(&self) -> ServerLiveness;
}

/// The events of one answer. Ends after [`ChatEvent::Finished`] or after an error.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, ModelError>> + Send>>;

/// The stream of a model that has its whole answer at once, without usage.
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
    /// How much fits, and who says so.
    pub limits: ModelLimits,
    /// What it can do.
    pub capabilities: ModelCapabilities,
}

impl ModelInfo {
    /// A model with tools and a window of this many tokens, as its maker says.
    #[must_use]
    pub fn new(reference: ModelRef, context_window: u32) -> Self {
        Self {
            reference,
            limits: ModelLimits {
                context_window,
                context_window_source: LimitSource::Config,
                max_output_tokens: None,
            },
            capabilities: ModelCapabilities { tools: true, images: false, reasoning: false },
        }
    }
}

/// What a model can do, by config or by the server's own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelCapabilities {
    /// Takes tools and answers with native calls.
    pub tools: bool,
    /// Takes images.
    pub images: bool,
    /// Thinks before it answers.
    pub reasoning: bool,
}

/// One request to a model. Cheap to clone: the history shares its entries.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    /// The system prompt; `None` sends no system message.
    pub system_prompt: Option<Arc<str>>,
    /// The tools offered, in the order sent. Empty offers none.
    pub tools: Arc<[ToolSpec]>,
    /// Whether and which tool must be called.
    pub tool_choice: ToolChoice,
    /// What was said so far.
    pub history: History,
    /// What holds for this request alone, e.g. the time of day: sent after all else as what the
    /// user says, behind a blank line where the user spoke last, and never kept. So whatever it
    /// is, the request up to here is the beginning of the next one. Behind it comes only an answer
    /// with which the history ends, to be continued.
    pub suffix: Option<Arc<str>>,
    /// The most tokens the answer may have; `None` leaves it to the model's own limit.
    pub max_output_tokens: Option<u32>,
}

impl ChatRequest {
    /// A request without system prompt and tools.
    #[must_use]
    pub fn new(history: History) -> Self {
        Self {
            system_prompt: None,
            tools: Arc::new([]),
            tool_choice: ToolChoice::Auto,
            history,
            suffix: None,
            max_output_tokens: None,
        }
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

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// The server accepted the request and began to answer; nothing was generated yet.
    RequestAccepted,
    /// A piece of the visible answer.
    TextDelta(String),
    /// A piece of reasoning.
    ReasoningDelta(String),
    /// A piece of a call.
    ToolCallDelta {
        /// The place of the call in the answer, from 0.
        index: u32,
        /// The identifier, in the first piece only.
        id: Option<ToolCallId>,
        /// The tool, in the first piece only.
        name: Option<ToolName>,
        /// A piece of the raw arguments text.
        arguments: String,
    },
    /// Text and reasoning were told apart wrongly: all pieces of both that came so far are void and
    /// come again. Happens when it shows late that the answer began in the middle of a thought,
    /// or that it did not.
    ReasoningReclassified,
    /// A call could only be understood with help: it was written as text, or its arguments were
    /// mended. The message has the arguments as they were understood.
    ToolCallRepaired {
        /// The place of the call in the answer, from 0.
        index: u32,
        /// The dialect of a call written as text, then what was mended; never empty.
        repairs: Vec<&'static str>,
    },
    /// Bytes arrived that carry no content, e.g. a keep-alive comment.
    Heartbeat,
    /// Nothing has arrived for a while, and the server was asked why. Sent again every few
    /// seconds while the silence lasts; only by models that can ask.
    WaitingForServer {
        /// What the server seems to be doing.
        activity: ServerActivity,
        /// How long nothing has arrived.
        idle_for: Duration,
        /// How many other requests the server has, any of which may be served before this one;
        /// `None` when it does not say.
        other_requests: Option<u32>,
    },
    /// The server refused the request as it was or treated it in another way than asked for; what
    /// that shows of the server is remembered, and the call goes on accordingly.
    RequestAdapted {
        /// What was learnt and what is done about it: a sentence for a person, with the server's
        /// option or the config's key that would change it.
        message: String,
    },
    /// The server was lost in the middle of the call. The call is held until the server is back;
    /// only by models that can wait for it.
    ServerDisconnected {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The longest that it is waited for.
        max_wait: Duration,
    },
    /// The server is too busy to take the request, or loads its model. It is asked again after a
    /// pause; comes before each pause, and only where no other model can take the request.
    Retrying {
        /// What happened, as a fragment that fits "failed to {…}".
        reason: String,
        /// The number of the attempt that comes next, those included that came without a word.
        attempt: u32,
        /// The pause before that attempt.
        delay: Duration,
        /// How long the server was waited for so far.
        elapsed: Duration,
        /// The longest that it is waited for in all.
        max_wait: Duration,
    },
    /// The lost server serves the model again, and the call goes on.
    ServerReconnected {
        /// How long it was away.
        downtime: Duration,
    },
    /// The answer begins anew: what was shown of it before is void.
    AnswerReset,
    /// The last event of a stream that did not fail. Only here a call is one to act on: whatever
    /// was void before, each call of the message is made once.
    Finished {
        /// The whole message.
        message: AssistantMessage,
        /// How it ended, decided from its content.
        outcome: AnswerOutcome,
        /// What the server counted; `None` when it did not say.
        usage: Option<TokenUsage>,
    },
}

/// What a server that sends nothing seems to be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerActivity {
    /// It has not begun with the request.
    Queued,
    /// It reads the prompt.
    Prefilling,
    /// It generates, for this request or for others, and has nothing to show yet.
    Generating,
    /// It is alive and works on nothing that could be this request.
    Stalled,
    /// It does not say.
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
    /// There is at least one call, ready or broken.
    ToolCalls,
    /// There is visible text, cut off by the output limit, or nothing at all: it was reached before
    /// anything was visible.
    Truncated,
    /// There is reasoning, and neither text nor a call.
    ReasoningOnly,
    /// There is reasoning alone, cut off by the output limit.
    ReasoningTruncated,
    /// There is nothing at all, and the server says that it is done.
    Empty,
    /// The server withheld the answer.
    Refused,
}

/// What the server counted for one request, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenUsage {
    /// The prompt, cached part included.
    pub input_tokens: u32,
    /// The answer, reasoning included.
    pub output_tokens: u32,
    /// The part of the prompt served from the prefix cache; `None` when the server does not say.
    pub cached_tokens: Option<u32>,
}

/// Whether a server is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerLiveness {
    /// It serves; how many requests run and wait, where it says so.
    Serving {
        /// Requests being worked on.
        running_requests: Option<u32>,
        /// Requests in the queue.
        queued_requests: Option<u32>,
    },
    /// It answers, but not with the model yet.
    Loading,
    /// Nothing answers at its address.
    Unreachable,
    /// It answers that its engine is dead.
    EngineDead,
}

/// The clocks of a model call. There is no other timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelTimeoutKind {
    /// From the start to an open connection.
    Connect,
    /// From the request to the response's headers.
    ResponseHeaders,
    /// From the headers to the first content.
    FirstToken,
    /// From one content to the next.
    BetweenTokens,
    /// The whole call.
    Total,
}

impl ModelTimeoutKind {
    /// The name used in config, messages and JSON, e.g. `first_token`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::ResponseHeaders => "response_headers",
            Self::FirstToken => "first_token",
            Self::BetweenTokens => "between_tokens",
            Self::Total => "total",
        }
    }
}

impl std::fmt::Display for ModelTimeoutKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
