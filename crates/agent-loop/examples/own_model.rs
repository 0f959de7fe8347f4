//! A turn with an own model and an own tool: the "model" looks up a note and repeats it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_agent_loop::{Agent, AgentParts, TurnLimits, TurnOutcome, events};
use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatModel, ChatRequest, ChatStream, FutureToolCall, History,
    InvalidToolArguments, MessageRef, ModelError, ModelInfo, PlannedToolCall, ServerLiveness,
    TokenCount, Tool, ToolArguments, ToolCall, ToolCallId, ToolEffect, ToolName, ToolOutput,
    ToolSpec, single_response_stream,
};

#[derive(Debug)]
struct Parrot(ModelInfo);

#[async_trait]
impl ChatModel for Parrot {
    fn model_info(&self) -> ModelInfo {
        self.0.clone()
    }
    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        if let Some(MessageRef::ToolResult { text, .. }) = request.history.messages().last() {
            let answer = AssistantMessage::from_text(format!("The note says: {text}"));
            return Ok(single_response_stream(answer, AnswerOutcome::Reply));
        }
        let (id, name) = (ToolCallId::from_number(1), ToolName::from_model("read_note"));
        let call =
            AssistantMessage::from_call(ToolCall { id, name, arguments: ToolArguments::default() });
        Ok(single_response_stream(call, AnswerOutcome::ToolCalls))
    }
    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Estimate(u32::try_from(format!("{request:?}").len()).unwrap_or(u32::MAX)))
    }
    async fn check_liveness(&self) -> ServerLiveness {
        ServerLiveness::Serving { running_requests: None, queued_requests: None }
    }
}

#[derive(Debug)]
struct ReadNote(ToolSpec);

impl Tool for ReadNote {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }
    fn plan_call(&self, _: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let effect = ToolEffect::Read { path: "today".to_owned() };
        let note = async { ToolOutput::from_text("water the plants") };
        Ok(Box::new(FutureToolCall::new(effect, note)))
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the example prints its answer")]
async fn main() -> Result<(), Box<dyn Error>> {
    let model = Parrot(ModelInfo::new("example/parrot".parse()?, 4096));
    let schema = serde_json::json!({ "type": "object" });
    let tool = ReadNote(ToolSpec::new("read_note", "Reads today's note.", schema)?);
    let limits = TurnLimits::with_call_limits(5, 5);
    let agent = Agent::new(AgentParts::new(Arc::new(model), vec![Arc::new(tool)], limits))?;
    // A user interface keeps the receiver; this example waits for the answer only.
    let (sender, _) = events::event_channel();
    let report = agent.run_turn(&mut History::new(), "What is my note?", sender).await;
    match report.outcome {
        TurnOutcome::Reply { text, .. } => println!("{text}"),
        TurnOutcome::Failed(error) => return Err(error.into()),
        other => println!("No answer: {other:?}"),
    }
    Ok(())
}
