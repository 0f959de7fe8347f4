//! A turn with an own model and an own tool: the "model" looks up a note and repeats it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_agent_loop::{Agent, AgentParts, TurnLimits, TurnOutcome, events};
use openclaw_core::{
    Arguments, AssistantMessage, ChatModel, ChatRequest, ChatStream, Effect, History,
    InvalidArguments, Liveness, MessageRef, ModelError, ModelInfo, Outcome, TokenCount, Tool,
    ToolCall, ToolCallId, ToolContext, ToolName, ToolOutput, ToolSpec, whole_answer,
};

#[derive(Debug)]
struct Parrot(ModelInfo);

#[async_trait]
impl ChatModel for Parrot {
    fn info(&self) -> ModelInfo {
        self.0.clone()
    }
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        if let Some(MessageRef::ToolResult { text, .. }) = request.history.messages().last() {
            let answer = AssistantMessage::text(format!("The note says: {text}"));
            return Ok(whole_answer(answer, Outcome::Reply));
        }
        let (id, name) = (ToolCallId::numbered(1), ToolName::from_model("read_note"));
        let call = AssistantMessage::call(ToolCall { id, name, arguments: Arguments::default() });
        Ok(whole_answer(call, Outcome::Calls))
    }
    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Estimate(u32::try_from(format!("{request:?}").len()).unwrap_or(u32::MAX)))
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
    fn plan(&self, _call: &ToolCall) -> Result<Effect, InvalidArguments> {
        Ok(Effect::Read { path: "today".to_owned() })
    }
    async fn call(&self, _call: &ToolCall, _context: ToolContext<'_>) -> ToolOutput {
        ToolOutput::ok("water the plants")
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the example prints its answer")]
async fn main() -> Result<(), Box<dyn Error>> {
    let model = Parrot(ModelInfo::new("example/parrot".parse()?, 4096));
    let schema = serde_json::json!({ "type": "object" });
    let tool = ReadNote(ToolSpec::new("read_note", "Reads today's note.", schema)?);
    let limits = TurnLimits::calls(5, 5);
    let agent = Agent::new(AgentParts::new(Arc::new(model), vec![Arc::new(tool)], limits))?;
    // Whoever shows the turn keeps the receiver; this example waits for the answer alone.
    let (sender, _) = events::channel();
    let report = agent.run_turn(&mut History::new(), "What is my note?", sender).await;
    match report.outcome {
        TurnOutcome::Reply { text, .. } => println!("{text}"),
        TurnOutcome::Failed(error) => return Err(error.into()),
        other => println!("No answer: {other:?}"),
    }
    Ok(())
}
