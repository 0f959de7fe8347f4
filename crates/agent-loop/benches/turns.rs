//! Measures the cost of the loop itself, with a model that answers from memory. `cargo xtask bench
//! agent` runs this as a process, with few and with many sessions, and takes the difference.
#![expect(clippy::print_stdout, reason = "results go to whoever started the role")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use openclaw_agent_loop::{
    Agent, AgentParts, CompactionLimits, RepetitionLimit, TurnEventReceiver, TurnLimits,
    TurnOutcome, events,
};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel, ChatRequest, ChatStream, FutureToolCall,
    History, InvalidToolArguments, ModelError, ModelInfo, ModelRef, PlannedToolCall,
    ServerLiveness, TokenCount, TokenUsage, Tool, ToolArguments, ToolCall, ToolCallId, ToolEffect,
    ToolName, ToolOutput, ToolSpec,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The turns of a session, each with one tool call and so two model calls.
const TURNS: u32 = 20;

/// The number of deltas in which the model answers.
const PIECES: usize = 50;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo's own arguments may be here too.
    let Some(sessions) = arguments.first().and_then(|word| word.parse::<u32>().ok()) else {
        println!("turns SESSIONS, started by `cargo xtask bench agent`");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let calls = runtime.block_on(run(sessions))?;
    println!("{{\"model_calls\":{calls}}}");
    Ok(())
}

async fn run(sessions: u32) -> Result<u32> {
    let name = ToolName::new("read")?;
    let spec = ToolSpec {
        name: name.clone(),
        description: "Reads a file.".into(),
        parameters: Arc::new(serde_json::json!({"type": "object"})),
    };
    let text = "A line as there are many in a file of some length.\n".repeat(40);
    let model = Memory { name, info: ModelInfo::new(ModelRef::new("bench", "memory")?, 131_072) };
    let limits = TurnLimits {
        turn_timeout: None,
        max_model_calls: 10,
        max_tool_calls: 10,
        tool_timeout: None,
        max_parallel_tools: 4,
        max_tool_output_bytes: 50_000,
        max_output_tokens: None,
        repetition: RepetitionLimit::from_lines(500),
        compaction: Some(CompactionLimits::default()),
    };
    let parts = AgentParts::new(Arc::new(model), vec![Arc::new(Reader { spec, text })], limits);
    let now = || "[It is Saturday, 2026-11-21 06:10 UTC.]".to_owned();
    let agent = Agent::new(AgentParts {
        system_prompt: Some("You are of use. ".repeat(300).into()),
        request_suffix: Some(Arc::new(now)),
        ..parts
    })?;
    let mut calls = 0;
    for _ in 0..sessions {
        let mut history = History::new();
        for turn in 0..TURNS {
            let (sender, receiver) = events::event_channel();
            let input = format!("Read file {turn} and say what is in it.");
            let run = agent.run_turn(&mut history, &input, sender);
            let (report, ()) = tokio::join!(run, drain(receiver));
            calls += report.model_calls;
            if !matches!(report.outcome, TurnOutcome::Reply { .. }) {
                return Err(format!("{:?}", report.outcome).into());
            }
        }
    }
    Ok(calls)
}

async fn drain(mut events: TurnEventReceiver) {
    while events.recv().await.is_some() {}
}

/// A model that calls the tool and then answers.
#[derive(Debug)]
struct Memory {
    name: ToolName,
    info: ModelInfo,
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[async_trait]
impl ChatModel for Memory {
    fn model_info(&self) -> ModelInfo {
        self.info.clone()
    }

    async fn stream_chat(
        &self,
        _request: ChatRequest,
    ) -> std::result::Result<ChatStream, ModelError> {
        let number = CALLS.fetch_add(1, Ordering::Relaxed);
        let usage = Some(TokenUsage {
            input_tokens: 10_000,
            output_tokens: 50,
            cached_tokens: Some(9_984),
        });
        let pieces: Vec<String> = (0..PIECES).map(|n| format!("piece {n} ")).collect();
        let text = pieces.concat();
        let mut events: Vec<_> =
            pieces.into_iter().map(|piece| Ok(ChatEvent::TextDelta(piece))).collect();
        let (message, outcome) = if number.is_multiple_of(2) {
            let (id, name) = (ToolCallId::from_number(1), self.name.clone());
            let mut message = AssistantMessage::from_call(ToolCall {
                id,
                name,
                arguments: ToolArguments::default(),
            });
            message.text = text;
            (message, AnswerOutcome::ToolCalls)
        } else {
            (AssistantMessage::from_text(text), AnswerOutcome::Reply)
        };
        events.push(Ok(ChatEvent::Finished { message, outcome, usage }));
        Ok(futures_util::stream::iter(events).boxed())
    }

    async fn count_tokens(
        &self,
        _request: &ChatRequest,
    ) -> std::result::Result<TokenCount, ModelError> {
        Ok(TokenCount::Estimate(10_000))
    }

    async fn check_liveness(&self) -> ServerLiveness {
        ServerLiveness::Serving { running_requests: None, queued_requests: None }
    }
}

#[derive(Debug)]
struct Reader {
    spec: ToolSpec,
    text: String,
}

impl Tool for Reader {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(
        &self,
        _call: &ToolCall,
    ) -> std::result::Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let text = self.text.clone();
        let effect = ToolEffect::Read { path: "file".to_owned() };
        Ok(Box::new(FutureToolCall::new(effect, async { ToolOutput::from_text(text) })))
    }
}
