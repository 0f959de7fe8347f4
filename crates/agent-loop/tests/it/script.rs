//! A scripted model, approver and journal that log what they do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use openclaw_agent_loop::{
    Agent, AgentParts, CallRepeatTracker, DuplicateToolError, RepetitionLimit, TurnEvent,
    TurnEventReceiver, TurnLimits, TurnReport, TurnRequest, events,
};
use openclaw_core::{
    AnswerOutcome, ApprovalDecision, Approver, AssistantMessage, ChatEvent, ChatModel, ChatRequest,
    ChatStream, EmittedToolCall, History, InvalidToolCall, Journal, JournalEntry, JournalError,
    LimitSource, ModelCapabilities, ModelError, ModelInfo, ModelLimits, ReasoningContent,
    ServerLiveness, TokenCount, TokenUsage, Tool, ToolArguments, ToolCall, ToolCallId, ToolEffect,
    ToolName, ToolOutput, ToolOutputStore, ToolSpec,
};
use tokio::task::yield_now;

use crate::actor::{Act, Actor, PREPARED_PATH};
use crate::sent::written;

/// What was done, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// One answer of the model.
#[derive(Debug)]
pub(crate) enum Answer {
    /// `chat` fails.
    Fails(ModelError),
    /// The stream has these items and then ends.
    Streams(Vec<Result<ChatEvent, ModelError>>),
    /// The stream has these items and then nothing more.
    Stalls(Vec<ChatEvent>),
}

/// A model that plays its answers in order, and fails the test when it has no more.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) answers: Mutex<VecDeque<Answer>>,
    pub(crate) requests: Mutex<Vec<ChatRequest>>,
    window: u32,
    log: Log,
}

#[async_trait]
impl ChatModel for Script {
    fn model_info(&self) -> ModelInfo {
        ModelInfo {
            reference: "test/script".parse().unwrap(),
            limits: ModelLimits {
                context_window: self.window,
                context_window_source: LimitSource::Config,
                max_output_tokens: None,
            },
            capabilities: ModelCapabilities {
                tools: true,
                tools_as_text: false,
                images: false,
                reasoning: true,
            },
        }
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        self.requests.lock().unwrap().push(request);
        self.log.lock().unwrap().push("model".to_owned());
        yield_now().await;
        let answer = self.answers.lock().unwrap().pop_front().expect("one more answer");
        let (items, stalls) = match answer {
            Answer::Fails(error) => return Err(error),
            Answer::Streams(items) => (items, false),
            Answer::Stalls(items) => (items.into_iter().map(Ok).collect(), true),
        };
        let items = futures_util::stream::iter(items).then(|item| async {
            yield_now().await;
            item
        });
        if stalls {
            return Ok(items.chain(futures_util::stream::pending()).boxed());
        }
        Ok(items.boxed())
    }

    async fn count_tokens(&self, _request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Estimate(1))
    }

    async fn check_liveness(&self) -> ServerLiveness {
        ServerLiveness::Unreachable
    }
}

/// An approver that denies, or hangs on, tools with these names.
#[derive(Debug)]
struct Judge(Log);

#[async_trait]
impl Approver for Judge {
    async fn review_call(&self, call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        let is_prepared = call.name.as_str() == "prepares";
        let path = if is_prepared { PREPARED_PATH.to_owned() } else { call.arguments.to_json() };
        assert!(
            *effect == ToolEffect::Read { path: path.clone() }
                || *effect == ToolEffect::Write { path, protection: None, change: None }
        );
        self.0.lock().unwrap().push(format!("decide {}", call.id));
        yield_now().await;
        match call.name.as_str() {
            "forbidden" => ApprovalDecision::Deny { reason: "the user said no".to_owned() },
            "asks" => ApprovalDecision::NeedsInput { question: "May it?".to_owned() },
            "undecided" => std::future::pending().await,
            _ => ApprovalDecision::Allow,
        }
    }
}

/// A journal that logs, and fails or hangs from the entry with this number on, from 0.
struct Recorder {
    log: Log,
    written: AtomicUsize,
    fails_from: usize,
    hangs_from: usize,
}

#[async_trait]
impl Journal for Recorder {
    async fn append_entry(&self, entry: JournalEntry<'_>) -> Result<(), JournalError> {
        yield_now().await;
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        if number >= self.hangs_from {
            std::future::pending::<()>().await;
        }
        if number >= self.fails_from {
            return Err(JournalError::new("a test", "disk full"));
        }
        self.log.lock().unwrap().push(match entry {
            JournalEntry::UserMessage(text) => format!("journal user {text}"),
            JournalEntry::AssistantMessage(message) => {
                format!("journal assistant {}", message.text)
            }
            JournalEntry::CallIntent(call) => format!("journal intent {}", call.id),
            JournalEntry::CallDispatched(id) => format!("journal dispatched {id}"),
            JournalEntry::CallResult(id, output) => {
                format!("journal result {id} {}", output.is_error)
            }
            other => panic!("{other:?}"),
        });
        yield_now().await;
        Ok(())
    }
}

/// Everything a test may want to change before the agent is made.
pub(crate) struct Stage {
    pub(crate) answers: Vec<Answer>,
    pub(crate) tools: Vec<(&'static str, Act)>,
    pub(crate) limits: TurnLimits,
    pub(crate) window: u32,
    pub(crate) spill: Option<Arc<dyn ToolOutputStore>>,
    pub(crate) silent: Option<&'static str>,
    pub(crate) journal_fails_from: usize,
    pub(crate) journal_hangs_from: usize,
}

impl Stage {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let limits = TurnLimits {
            turn_timeout: None,
            max_model_calls: 8,
            max_tool_calls: 8,
            tool_timeout: None,
            max_parallel_tools: 4,
            max_tool_output_bytes: 10_000,
            max_output_tokens: Some(100),
            repetition: RepetitionLimit::from_lines(500),
            compaction: None,
        };
        let tools = vec![("read", Act::Output(ToolOutput::from_text("read it")))];
        let answers = answers.into_iter().collect();
        let never = usize::MAX;
        Self {
            answers,
            tools,
            limits,
            window: 32_768,
            spill: None,
            silent: None,
            journal_fails_from: never,
            journal_hangs_from: never,
        }
    }

    pub(crate) fn tool(mut self, name: &'static str, act: Act) -> Self {
        self.tools.push((name, act));
        self
    }

    pub(crate) fn build(self) -> Play {
        self.try_build().unwrap()
    }

    pub(crate) fn try_build(self) -> Result<Play, DuplicateToolError> {
        let log = Log::default();
        let live = Arc::new(AtomicUsize::new(0));
        let model = Arc::new(Script {
            answers: Mutex::new(self.answers.into()),
            requests: Mutex::default(),
            window: self.window,
            log: log.clone(),
        });
        let tools = self.tools.into_iter().map(|(name, act)| {
            let spec = ToolSpec {
                name: ToolName::new(name).unwrap(),
                description: "A tool.".into(),
                parameters: Arc::new(serde_json::json!({ "type": "object" })),
            };
            Arc::new(Actor { spec, act, live: live.clone(), log: log.clone() }) as Arc<dyn Tool>
        });
        let journal = Recorder {
            log: log.clone(),
            written: AtomicUsize::new(0),
            fails_from: self.journal_fails_from,
            hangs_from: self.journal_hangs_from,
        };
        // A different suffix for each request, like a clock.
        let asked = AtomicUsize::new(0);
        let tail = move || format!("[{}]", asked.fetch_add(1, Ordering::Relaxed));
        let agent = Agent::new(AgentParts {
            model: model.clone(),
            tools: tools.collect(),
            system_prompt: Some("Be brief.".into()),
            approver: Arc::new(Judge(log.clone())),
            journal: Arc::new(journal),
            output_store: self.spill,
            no_reply_marker: self.silent.map(Into::into),
            request_suffix: Some(Arc::new(tail)),
            limits: self.limits,
        })?;
        Ok(Play { agent, model, log, live, history: History::new() })
    }
}

/// An agent, its conversation and its log.
pub(crate) struct Play {
    pub(crate) agent: Agent,
    pub(crate) model: Arc<Script>,
    pub(crate) log: Log,
    pub(crate) live: Arc<AtomicUsize>,
    pub(crate) history: History,
}

impl Play {
    /// Runs a turn to its end and takes its events.
    pub(crate) async fn turn(&mut self, input: &str) -> (TurnReport, Vec<TurnEvent>) {
        let (sender, receiver) = events::event_channel();
        tokio::join!(self.agent.run_turn(&mut self.history, input, sender), drain(receiver))
    }

    /// Resumes a turn that was dropped.
    pub(crate) async fn resume(
        &mut self,
        repeats: Option<CallRepeatTracker>,
    ) -> (TurnReport, Vec<TurnEvent>) {
        let (sender, receiver) = events::event_channel();
        let request = TurnRequest::from_interrupted(repeats, sender);
        let resumed = self.agent.run_request(&mut self.history, request, std::future::pending());
        tokio::join!(resumed, drain(receiver))
    }

    /// Adds an answer for the next model call.
    pub(crate) fn answer(&self, answer: Answer) {
        self.model.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn forget_answers(&self) {
        self.model.answers.lock().unwrap().clear();
    }

    /// The suffix of each request.
    pub(crate) fn tails(&self) -> Vec<Option<String>> {
        let requests = self.model.requests.lock().unwrap();
        requests.iter().map(|request| request.suffix.as_deref().map(str::to_owned)).collect()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn ran(&self) -> bool {
        self.log().iter().any(|line| line.starts_with("run "))
    }

    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// The messages of each request, as text.
    pub(crate) fn requests(&self) -> Vec<Vec<String>> {
        self.model.requests.lock().unwrap().iter().map(|r| written(&r.history)).collect()
    }
}

pub(crate) async fn drain(mut receiver: TurnEventReceiver) -> Vec<TurnEvent> {
    let mut seen = Vec::new();
    while let Some(event) = receiver.recv().await {
        seen.push(event);
    }
    seen
}

/// Lets this much time pass.
pub(crate) async fn pass(duration: Duration) {
    let _ = tokio::time::timeout(duration, std::future::pending::<()>()).await;
}

pub(crate) fn text(text: &str) -> AssistantMessage {
    AssistantMessage { text: text.to_owned(), ..AssistantMessage::default() }
}

pub(crate) fn reasoning(text: &str) -> ReasoningContent {
    ReasoningContent { text: text.to_owned(), field: "reasoning".into() }
}

/// A message with calls, each of name and arguments; invalid when the arguments are no object.
pub(crate) fn calls(said: &str, calls: &[(&str, &str)]) -> AssistantMessage {
    let calls = calls.iter().enumerate().map(|(n, (name, arguments))| {
        emitted(ToolCallId::from_number(n), ToolName::from_model(name), arguments)
    });
    AssistantMessage { calls: calls.collect(), ..text(said) }
}

pub(crate) fn emitted(id: ToolCallId, name: ToolName, raw: &str) -> EmittedToolCall {
    match ToolArguments::parse_json(raw) {
        Ok(arguments) => EmittedToolCall::Valid(ToolCall { id, name, arguments }),
        Err(error) => {
            let (raw, problem) = (raw.to_owned(), error.to_string());
            EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem })
        }
    }
}

/// Streams a message in deltas, with 10 input tokens (5 of them cached) and 2 output tokens.
pub(crate) fn says(message: AssistantMessage, outcome: AnswerOutcome) -> Answer {
    let mut items = vec![ChatEvent::RequestAccepted];
    if let Some(reasoning) = &message.reasoning {
        items.push(ChatEvent::ReasoningDelta(reasoning.text.clone()));
    }
    let pieces = message.text.split_inclusive(' ');
    items.extend(pieces.map(|piece| ChatEvent::TextDelta(piece.to_owned())));
    let usage = Some(TokenUsage { input_tokens: 10, output_tokens: 2, cached_tokens: Some(5) });
    items.push(ChatEvent::Finished { message, outcome, usage });
    Answer::Streams(items.into_iter().map(Ok).collect())
}

pub(crate) fn replies(said: &str) -> Answer {
    says(text(said), AnswerOutcome::Reply)
}

/// A message with reasoning only.
pub(crate) fn thinks(outcome: AnswerOutcome) -> Answer {
    says(AssistantMessage { reasoning: Some(reasoning("Hm.")), ..text("") }, outcome)
}

pub(crate) fn makes(made: &[(&str, &str)]) -> Answer {
    says(calls("", made), AnswerOutcome::ToolCalls)
}
