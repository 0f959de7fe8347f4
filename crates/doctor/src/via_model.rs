//! Checks for the Responses and the Messages API.
//!
//! They send requests through the model as in normal use. Fields of a chat completion are not
//! checked: such a server may not serve that API, and a result there would say nothing about normal
//! use.

use std::sync::Arc;

use futures_util::StreamExt;
use openclaw_core::{
    AssistantMessage, ChatEvent, ChatModel, ChatRequest, EmittedToolCall, History, ModelErrorKind,
    TokenUsage, ToolArguments, ToolCall, ToolCallId, ToolChoice, ToolName, ToolOutput,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::check::Check;
use crate::examination::{DoctorRun, DoctorTarget};
use crate::probe::ModelAnswer;
use crate::prompts::{self, TOOL_NAME};
use crate::report::CheckOutcome;
use crate::wording::{error_with_causes, format_duration, quote_text};

/// The token limits of a plain answer and of an answer with a tool call.
const PLAIN_MAX_TOKENS: u32 = 96;
const CALL_MAX_TOKENS: u32 = 400;

impl DoctorRun<'_> {
    /// Runs a check through the model's own API; `None` for checks that are the same for all APIs.
    pub(crate) async fn check_via_model(
        &mut self,
        check: Check,
        target: &DoctorTarget,
    ) -> Option<CheckOutcome> {
        match check {
            Check::Chat => Some(self.check_model_chat(target).await),
            Check::Stream => Some(stream_outcome(self.plain_answer.as_ref()?)),
            Check::Usage => Some(usage_outcome(self.plain_answer.as_ref()?)),
            Check::ToolsAuto => Some(self.check_model_call(ToolChoice::Auto).await),
            Check::ToolsNamed => {
                let name = ToolName::new(TOOL_NAME).ok()?;
                Some(self.check_model_call(ToolChoice::Named(name)).await)
            }
            Check::ToolHistory => Some(self.check_model_history().await),
            Check::Reasoning => Some(reasoning_outcome(self.plain_answer.as_ref()?)),
            Check::ToolsRequired
            | Check::Roles
            | Check::Content
            | Check::Tokenize
            | Check::PrefixCache
            | Check::Cancel => Some(CheckOutcome::unknown(
                "looked for in chat completions alone, which are not used",
            )),
            _ => None,
        }
    }

    async fn check_model_chat(&mut self, target: &DoctorTarget) -> CheckOutcome {
        if let Err(error) = self.connect_target(target).await {
            return CheckOutcome::fail(format!("failed to {}", error_with_causes(&error)));
        }
        let answer = match self
            .ask_model(build_request(&prompts::counting_question(), PLAIN_MAX_TOKENS))
            .await
        {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        let counted = answer.usage.map_or_else(String::new, |usage| {
            format!(
                ", {} prompt tokens and {} of the answer",
                usage.input_tokens, usage.output_tokens
            )
        });
        let took = format_duration(answer.elapsed);
        let outcome = match (answer.message.text.trim(), &answer.message.reasoning) {
            ("", None) => {
                CheckOutcome::unknown(format!("answered in {took} without a word{counted}"))
            }
            ("", Some(_)) => CheckOutcome::pass(format!("still thinks after {took}{counted}")),
            (text, _) => CheckOutcome::pass(format!("{} in {took}{counted}", quote_text(text))),
        };
        self.plain_answer = Some(answer);
        outcome
    }

    async fn check_model_call(&self, choice: ToolChoice) -> CheckOutcome {
        let mut request = build_request(&prompts::call_question(), CALL_MAX_TOKENS);
        request.tools = prompts::tool_specs();
        request.tool_choice = choice;
        let answer = match self.ask_model(request).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        match answer.message.calls.first() {
            Some(EmittedToolCall::Valid(call)) if call.name.as_str() == TOOL_NAME => {
                CheckOutcome::pass(format!(
                    "`{TOOL_NAME}` was called in {}",
                    format_duration(answer.elapsed)
                ))
            }
            Some(_) => {
                CheckOutcome::fail("the call cannot be made: its name or its arguments are wrong")
            }
            None => CheckOutcome::unknown(format!(
                "taken, but the model made no call: {}",
                quote_text(&answer.message.text)
            )),
        }
    }

    async fn check_model_history(&self) -> CheckOutcome {
        let Some(history) = called_history() else { return CheckOutcome::unknown("not asked") };
        let mut request = ChatRequest::new(history);
        request.tools = prompts::tool_specs();
        request.max_output_tokens = Some(PLAIN_MAX_TOKENS);
        match self.ask_model(request).await {
            Ok(answer) => CheckOutcome::pass(format!(
                "a call and its result are accepted in the history; answered in {}",
                format_duration(answer.elapsed)
            )),
            Err(outcome) => outcome,
        }
    }

    /// Asks the model, if it can be connected.
    async fn ask_model(&self, request: ChatRequest) -> Result<ModelAnswer, CheckOutcome> {
        let Some(model) = &self.connected_model else {
            return Err(CheckOutcome::unknown("not connected"));
        };
        collect_answer(model, request).await.map_err(|error| {
            let said = format!("failed to {}", error_with_causes(&error));
            match error.kind() {
                // The result for a busy server is undetermined.
                ModelErrorKind::RateLimited { .. }
                | ModelErrorKind::Overloaded
                | ModelErrorKind::Loading => CheckOutcome::unknown(said),
                _ => CheckOutcome::fail(said),
            }
        })
    }
}

async fn collect_answer(
    model: &Arc<dyn ChatModel>,
    request: ChatRequest,
) -> Result<ModelAnswer, openclaw_core::ModelError> {
    let begun = Instant::now();
    let mut answer = ModelAnswer::default();
    let mut events = model.stream_chat(request).await?;
    while let Some(event) = events.next().await {
        match event? {
            ChatEvent::TextDelta(_)
            | ChatEvent::ReasoningDelta(_)
            | ChatEvent::ToolCallDelta { .. } => {
                answer.chunks += 1;
                answer.first_piece_after.get_or_insert_with(|| begun.elapsed());
            }
            ChatEvent::Finished { message, usage, .. } => {
                (answer.message, answer.usage) = (message, usage);
            }
            _ => {}
        }
    }
    answer.elapsed = begun.elapsed();
    Ok(answer)
}

fn stream_outcome(answer: &ModelAnswer) -> CheckOutcome {
    let first = answer
        .first_piece_after
        .map_or_else(String::new, |first| format!(", the first after {}", format_duration(first)));
    match answer.chunks {
        0 | 1 => CheckOutcome::unknown(format!("{} chunks{first}", answer.chunks)),
        chunks => CheckOutcome::pass(format!("{chunks} chunks{first}")),
    }
}

fn usage_outcome(answer: &ModelAnswer) -> CheckOutcome {
    let Some(TokenUsage { input_tokens: input, output_tokens: output, cached_tokens: cached }) =
        answer.usage
    else {
        return CheckOutcome::fail("the stream counts no tokens; they are estimated");
    };
    let cached = cached.map_or_else(
        || "cached tokens are not reported".to_owned(),
        |cached| format!("{cached} prompt tokens from the cache"),
    );
    CheckOutcome::pass(format!("{input} prompt tokens and {output} of the answer, {cached}"))
}

fn reasoning_outcome(answer: &ModelAnswer) -> CheckOutcome {
    match &answer.message.reasoning {
        Some(_) => CheckOutcome::pass("reasoning is separated from the answer"),
        None => CheckOutcome::unknown("the model showed no thoughts"),
    }
}

/// Converts a chat completion's messages to a request.
fn build_request(question: &Value, most: u32) -> ChatRequest {
    let mut history = History::new();
    history.push_user_message(
        question.pointer("/0/content").and_then(Value::as_str).unwrap_or_default(),
    );
    let mut request = ChatRequest::new(history);
    request.max_output_tokens = Some(most);
    request
}

/// A conversation with a tool call and its result.
fn called_history() -> Option<History> {
    let id = ToolCallId::new("call_1")?;
    let call = ToolCall {
        id: id.clone(),
        name: ToolName::new(TOOL_NAME).ok()?,
        arguments: ToolArguments::parse_json("{\"ok\":true}").ok()?,
    };
    let mut history = build_request(&prompts::call_question(), PLAIN_MAX_TOKENS).history;
    let calls = vec![EmittedToolCall::Valid(call)];
    history
        .push_assistant_message(AssistantMessage { calls, ..AssistantMessage::default() })
        .ok()?;
    history.resolve_call(&id, ToolOutput::from_text("All is well.")).ok()?;
    Some(history)
}
