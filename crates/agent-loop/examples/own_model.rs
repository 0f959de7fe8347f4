//! A turn with an own model and an own tool: the "model" looks up a note and repeats it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use openclaw_agent_loop::{Agent, AgentParts, TurnLimits, TurnOutcome, events};
use openclaw_core::{
    Abilities, Approver, Arguments, AssistantMessage, ChatEvent, ChatModel, ChatRequest,
    ChatStream, Effect, EmittedCall, History, InvalidArguments, LimitSource, Liveness, MessageRef,
    ModelError, ModelInfo, ModelLimits, NoJournal, Outcome, TokenCount, Tool, ToolCall, ToolCallId,
    ToolContext, ToolName, ToolOutput, ToolSpec, Verdict,
};
use serde_json::json;

#[derive(Debug)]
struct Parrot(ModelInfo);

#[async_trait]
impl ChatModel for Parrot {
    fn info(&self) -> ModelInfo {
        self.0.clone()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let mut message = AssistantMessage::default();
        let mut outcome = Outcome::Reply;
        if let Some(MessageRef::ToolResult { text, .. }) = request.history.messages().last() {
            message.text = format!("The note says: {text}");
        } else {
            let (id, name) = (ToolCallId::numbered(1), ToolName::from_model("read_note"));
            let arguments = Arguments::parse(r#"{"name": "today"}"#).unwrap_or_default();
            message.calls.push(EmittedCall::Ready(ToolCall { id, name, arguments }));
            outcome = Outcome::Calls;
        }
        Ok(stream::iter([Ok(ChatEvent::Finished { message, outcome, usage: None })]).boxed())
    }

    async fn count_tokens(&self, _request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Estimate(1))
    }

    async fn liveness(&self) -> Liveness {
        Liveness::Serving { running: None, waiting: None }
    }
}

#[derive(Debug)]
struct ReadNote(ToolSpec);

#[async_trait]
impl Tool for ReadNote {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments> {
        let name = call.arguments.as_map().get("name").and_then(|name| name.as_str());
        let problem = || "`name` must be the name of a note".to_owned();
        let invalid = || InvalidArguments { tool: call.name.clone(), problem: problem() };
        name.map(|name| Effect::Read { path: name.to_owned() }).ok_or_else(invalid)
    }

    async fn call(&self, _call: &ToolCall, _context: ToolContext<'_>) -> ToolOutput {
        ToolOutput::ok("water the plants")
    }
}

#[derive(Debug)]
struct ReadersOnly;

#[async_trait]
impl Approver for ReadersOnly {
    async fn decide(&self, _call: &ToolCall, effect: &Effect) -> Verdict {
        match effect {
            Effect::Read { .. } => Verdict::Allow,
            _ => Verdict::Deny { reason: "only reading is allowed".to_owned() },
        }
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the example prints its answer")]
async fn main() -> Result<(), Box<dyn Error>> {
    let model = Parrot(ModelInfo {
        reference: "example/parrot".parse()?,
        limits: ModelLimits { window: 4096, window_source: LimitSource::Config, output: None },
        abilities: Abilities { tools: true, images: false, reasoning: false },
    });
    let read_note = ReadNote(ToolSpec {
        name: ToolName::new("read_note")?,
        description: "Reads one note.".into(),
        parameters: Arc::new(json!({
            "type": "object",
            "properties": { "name": { "type": "string" } },
            "required": ["name"],
        })),
    });
    let agent = Agent::new(AgentParts {
        model: Arc::new(model),
        tools: vec![Arc::new(read_note)],
        system: Some("You read notes.".into()),
        approver: Arc::new(ReadersOnly),
        journal: Arc::new(NoJournal),
        limits: TurnLimits {
            time: None,
            model_calls: 5,
            tool_calls: 5,
            tool_time: None,
            max_output_tokens: None,
        },
    })?;

    // Whoever shows the turn keeps the receiver; this example waits for the answer alone.
    let (sender, _) = events::channel();
    let mut history = History::new();
    let report = agent.run_turn(&mut history, "What is my note for today?", sender).await;
    match report.outcome {
        TurnOutcome::Reply { text, .. } => println!("{text}"),
        TurnOutcome::Failed(error) => return Err(error.into()),
        TurnOutcome::TimedOut { limit } => println!("The time ran out ({limit})."),
    }
    Ok(())
}
