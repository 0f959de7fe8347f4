//! What a server does with one request: a turn or a fixed response, and what goes wrong with it.

use std::time::Duration;

use crate::{Gate, Turn};

/// One scripted answer to a chat completion, with its faults.
///
/// A plain [`Turn`] converts into a reply without faults. Events of a stream are numbered from 0,
/// the role delta; a whole answer counts as many events as its stream would have, so a gate on
/// any of them holds the answer back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) answer: Answer,
    pub(crate) faults: Faults,
}

#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Turn(Turn),
    Http(HttpReply),
}

/// A response that does not come from the model: never checked, sent as it is.
#[derive(Debug, Clone)]
pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) body: ErrorBody,
    pub(crate) retry_after: Option<u32>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    pub(crate) pace: Option<Pace>,
    pub(crate) gates: Vec<(usize, Gate)>,
    pub(crate) keep_alives: Vec<(usize, usize)>,
    pub(crate) ending: Option<(usize, Ending)>,
    pub(crate) cut_at: Option<usize>,
    pub(crate) no_done: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Ending {
    NoResponse,
    Silence,
    HangUp,
    Error { message: String, engine_dies: bool },
    Done,
}

/// How slowly the model works. Zero by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Time from one delta to the next.
    pub per_chunk: Duration,
    /// Time before the first delta for each prompt token that was not cached.
    pub per_prompt_token: Duration,
}

/// The body of a failed response, in the shapes that servers and gateways use.
#[derive(Debug, Clone)]
pub enum ErrorBody {
    /// `{"error":{"message","type","param":null,"code"}}` with the status as an integer code.
    Error {
        /// `error.message`
        message: String,
        /// `error.type`
        kind: String,
    },
    /// `{"error":"…"}`
    Text(String),
    /// `{"object":"error","message","type","param":null,"code"}`, vLLM before 0.10.
    Legacy {
        /// `message`
        message: String,
        /// `type`
        kind: String,
    },
    /// `{"detail":"…"}`
    Detail(String),
    /// Anything else.
    Raw {
        /// The `content-type` header.
        content_type: String,
        /// The bytes.
        body: String,
    },
}

impl From<Turn> for Reply {
    fn from(turn: Turn) -> Self {
        Self { answer: Answer::Turn(turn), faults: Faults::default() }
    }
}

/// Why an engine that died ends every stream, in vLLM's words.
pub(crate) const ENGINE_DEATH: &str =
    "EngineCore encountered an issue. See stack trace (above) for the root cause.";
const OVERLOAD: &str = "The engine is currently busy and cannot accept new requests. Please try \
                        again later or on a different instance.";

impl Reply {
    /// Answers with a status and an error body instead of asking the model.
    #[must_use]
    pub fn status(status: u16, body: ErrorBody) -> Self {
        let answer = Answer::Http(HttpReply { status, body, retry_after: None });
        Self { answer, faults: Faults::default() }
    }

    /// Answers 503 as vLLM does when its queue is full: no `Retry-After`.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::status(503, ErrorBody::overload())
    }

    /// Answers 429 with `Retry-After: seconds`, as gateways do.
    #[must_use]
    pub fn rate_limited(seconds: u32) -> Self {
        let message = "Rate limit exceeded".to_owned();
        let body = ErrorBody::Error { message, kind: "RateLimitError".to_owned() };
        Self::status(429, body).retry_after(seconds)
    }

    /// Adds `Retry-After: seconds` to a status; nothing to a turn.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        if let Answer::Http(reply) = &mut self.answer {
            reply.retry_after = Some(seconds);
        }
        self
    }

    /// Answers 200 with an HTML page, as a proxy's login page does.
    #[must_use]
    pub fn html() -> Self {
        let body = "<!doctype html>\n<html><head><title>Sign in</title></head>\
                    <body>Please sign in.</body></html>\n";
        let content_type = "text/html; charset=utf-8".to_owned();
        Self::status(200, ErrorBody::Raw { content_type, body: body.to_owned() })
    }

    /// Closes the connection without a byte of response, as a killed front end does.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::from(Turn::empty()).ending(0, Ending::NoResponse)
    }

    /// Sets the pace for this reply, instead of the server's.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.faults.pace = Some(pace);
        self
    }

    /// Holds event `event` and all that follow until the gate is opened.
    #[must_use]
    pub fn gate(mut self, event: usize, gate: &Gate) -> Self {
        self.faults.gates.push((event, gate.clone()));
        self
    }

    /// Sends `count` comments `: keep-alive` before event `event`, ahead of any gate on it.
    #[must_use]
    pub fn keep_alive_before(mut self, event: usize, count: usize) -> Self {
        self.faults.keep_alives.push((event, count));
        self
    }

    /// Falls silent in place of event `event`, with the connection open, until the client leaves.
    /// At 0: silence right after the headers.
    #[must_use]
    pub fn silent_at(self, event: usize) -> Self {
        self.ending(event, Ending::Silence)
    }

    /// Drops the connection in place of event `event`: no final chunk.
    #[must_use]
    pub fn hang_up_at(self, event: usize) -> Self {
        self.ending(event, Ending::HangUp)
    }

    /// Drops the connection after `bytes` bytes of the body, which may be inside an event.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.faults.cut_at = Some(bytes);
        self
    }

    /// Sends `data: {"error": …}` in place of event `event`, then `[DONE]`; a whole answer
    /// becomes a 500 with the same object.
    #[must_use]
    pub fn error_at(self, event: usize, message: impl Into<String>) -> Self {
        self.ending(event, Ending::Error { message: message.into(), engine_dies: false })
    }

    /// Lets the engine die in place of event `event`: its error, `[DONE]`, and from then on the
    /// server refuses connections until it is restarted.
    #[must_use]
    pub fn engine_dies_at(self, event: usize) -> Self {
        let message = ENGINE_DEATH.to_owned();
        self.ending(event, Ending::Error { message, engine_dies: true })
    }

    /// Sends `[DONE]` in place of event `event` and all that follow. At 0: nothing but `[DONE]`.
    /// A whole answer is not affected.
    #[must_use]
    pub fn done_at(self, event: usize) -> Self {
        self.ending(event, Ending::Done)
    }

    /// Leaves `[DONE]` out.
    #[must_use]
    pub fn no_done(mut self) -> Self {
        self.faults.no_done = true;
        self
    }

    fn ending(mut self, event: usize, ending: Ending) -> Self {
        self.faults.ending = Some((event, ending));
        self
    }
}

impl Pace {
    /// When an event is due, counted from the start, after a prefill of `uncached` tokens.
    pub(crate) fn due(&self, event: usize, uncached: u32) -> Duration {
        let event = u32::try_from(event).unwrap_or(u32::MAX);
        self.per_prompt_token * uncached + self.per_chunk * event
    }
}

impl ErrorBody {
    pub(crate) fn overload() -> Self {
        Self::Error { message: OVERLOAD.to_owned(), kind: "Service Unavailable".to_owned() }
    }
}

impl Faults {
    pub(crate) fn ending_at(&self, event: usize) -> Option<&Ending> {
        self.ending.as_ref().filter(|(at, _)| *at == event).map(|(_, ending)| ending)
    }

    pub(crate) fn keep_alives_at(&self, event: usize) -> usize {
        self.keep_alives.iter().filter(|(at, _)| *at == event).map(|(_, count)| count).sum()
    }

    /// The gates on an event. No allocation unless there is one.
    pub(crate) fn gates_at(&self, event: usize) -> Vec<Gate> {
        self.gates.iter().filter(|(at, _)| *at == event).map(|(_, gate)| gate.clone()).collect()
    }
}
