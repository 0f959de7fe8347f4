//! The checks of a conversation in another language than chat completions: Responses or Messages.
//!
//! Each asks in the way that everything else does, through the model itself. What such a server does
//! with single fields of a chat completion is not looked for: it may have none, and a pass or a
//! failure there would say nothing of how it is used.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_config::Api;
use openclaw_core::{
    Arguments, AssistantMessage, ChatEvent, ChatModel, ChatRequest, EmittedCall, History,
    ModelErrorKind, ToolCall, ToolCallId, ToolChoice, ToolName, ToolOutput, ToolSpec, Usage,
};
use serde_json::Value;
use tokio::time::Instant;

use super::Check;
use super::examination::{Examination, Target};
use super::prompts::{self, TOOL};
use super::report::Outcome;
use super::words::{quoted, time, whole};

/// The longest plain answer, and the longest with a call, in tokens.
const SHORT: u32 = 96;
const WITH_CALL: u32 = 400;

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Heard {
    message: AssistantMessage,
    usage: Option<Usage>,
    pieces: u32,
    first: Option<Duration>,
    took: Duration,
}

impl Examination<'_> {
    /// Makes a check in the server's own language; `None` for one that is the same in all.
    pub(super) async fn spoken(&mut self, check: Check, target: &Target) -> Option<Outcome> {
        match check {
            Check::Chat => Some(self.hear_plain(target).await),
            Check::Stream => Some(stream(self.heard.as_ref()?)),
            Check::Usage => Some(usage(self.heard.as_ref()?)),
            Check::ToolsAuto => Some(self.hear_call(ToolChoice::Auto).await),
            Check::ToolsNamed => {
                let name = ToolName::new(TOOL).ok()?;
                Some(self.hear_call(ToolChoice::Named(name)).await)
            }
            Check::ToolHistory => Some(self.hear_history().await),
            Check::Reasoning => Some(reasoning(self.heard.as_ref()?)),
            Check::ToolsRequired
            | Check::Roles
            | Check::Content
            | Check::Tokenize
            | Check::PrefixCache
            | Check::Cancel => {
                Some(Outcome::unknown("looked for in chat completions alone, which are not used"))
            }
            _ => None,
        }
    }

    async fn hear_plain(&mut self, target: &Target) -> Outcome {
        if let Err(error) = self.connect(target).await {
            return Outcome::fail(format!("failed to {}", whole(&error)));
        }
        let heard = match self.ask(request(&prompts::counting(), SHORT)).await {
            Ok(heard) => heard,
            Err(outcome) => return outcome,
        };
        let counted = heard.usage.map_or_else(String::new, |usage| {
            format!(", {} prompt tokens and {} of the answer", usage.input, usage.output)
        });
        let took = time(heard.took);
        let outcome = match (heard.message.text.trim(), &heard.message.reasoning) {
            ("", None) => Outcome::unknown(format!("answered in {took} without a word{counted}")),
            ("", Some(_)) => Outcome::pass(format!("still thinks after {took}{counted}")),
            (text, _) => Outcome::pass(format!("{} in {took}{counted}", quoted(text))),
        };
        self.heard = Some(heard);
        outcome
    }

    async fn hear_call(&self, choice: ToolChoice) -> Outcome {
        let mut request = request(&prompts::call(), WITH_CALL);
        request.tools = tool().into_iter().collect();
        request.tool_choice = choice;
        let heard = match self.ask(request).await {
            Ok(heard) => heard,
            Err(outcome) => return outcome,
        };
        match heard.message.calls.first() {
            Some(EmittedCall::Ready(call)) if call.name.as_str() == TOOL => {
                Outcome::pass(format!("`{TOOL}` was called in {}", time(heard.took)))
            }
            Some(_) => {
                Outcome::fail("the call cannot be made: its name or its arguments are wrong")
            }
            None => Outcome::unknown(format!(
                "taken, but the model made no call: {}",
                quoted(&heard.message.text)
            )),
        }
    }

    async fn hear_history(&self) -> Outcome {
        let Some(history) = called() else { return Outcome::unknown("not asked") };
        let mut request = ChatRequest::new(history);
        request.tools = tool().into_iter().collect();
        request.max_output_tokens = Some(SHORT);
        match self.ask(request).await {
            Ok(heard) => Outcome::pass(format!(
                "a call and its result are taken back in {}",
                time(heard.took)
            )),
            Err(outcome) => outcome,
        }
    }

    /// Asks the model, as far as there is one.
    async fn ask(&self, request: ChatRequest) -> Result<Heard, Outcome> {
        let Some(model) = &self.connected else { return Err(Outcome::unknown("not connected")) };
        hear(model, request).await.map_err(|error| {
            let said = format!("failed to {}", whole(&error));
            match error.kind() {
                // A server that is busy is not judged.
                ModelErrorKind::RateLimited { .. }
                | ModelErrorKind::Overloaded
                | ModelErrorKind::Loading => Outcome::unknown(said),
                _ => Outcome::fail(said),
            }
        })
    }
}

async fn hear(
    model: &Arc<dyn ChatModel>,
    request: ChatRequest,
) -> Result<Heard, openclaw_core::ModelError> {
    let begun = Instant::now();
    let mut heard = Heard::default();
    let mut events = model.chat(request).await?;
    while let Some(event) = events.next().await {
        match event? {
            ChatEvent::TextDelta(_)
            | ChatEvent::ReasoningDelta(_)
            | ChatEvent::ToolCallDelta { .. } => {
                heard.pieces += 1;
                heard.first.get_or_insert_with(|| begun.elapsed());
            }
            ChatEvent::Finished { message, usage, .. } => {
                (heard.message, heard.usage) = (message, usage);
            }
            _ => {}
        }
    }
    heard.took = begun.elapsed();
    Ok(heard)
}

fn stream(heard: &Heard) -> Outcome {
    let first =
        heard.first.map_or_else(String::new, |first| format!(", the first after {}", time(first)));
    match heard.pieces {
        0 | 1 => Outcome::unknown(format!("{} pieces{first}", heard.pieces)),
        pieces => Outcome::pass(format!("{pieces} pieces{first}")),
    }
}

fn usage(heard: &Heard) -> Outcome {
    let Some(Usage { input, output, cached }) = heard.usage else {
        return Outcome::fail("the stream counts no tokens; they are estimated");
    };
    let cached = cached.map_or_else(
        || "cached ones are not told".to_owned(),
        |cached| format!("{cached} of the prompt's from the cache"),
    );
    Outcome::pass(format!("{input} prompt tokens and {output} of the answer, {cached}"))
}

fn reasoning(heard: &Heard) -> Outcome {
    match &heard.message.reasoning {
        Some(_) => Outcome::pass("thoughts come apart from the answer"),
        None => Outcome::unknown("the model showed no thoughts"),
    }
}

/// A question in the shape of a chat completion as a request.
fn request(question: &Value, most: u32) -> ChatRequest {
    let mut history = History::new();
    history.push_user(question.pointer("/0/content").and_then(Value::as_str).unwrap_or_default());
    let mut request = ChatRequest::new(history);
    request.max_output_tokens = Some(most);
    request
}

fn tool() -> Option<ToolSpec> {
    let tools = prompts::tools(false);
    let function = tools.pointer("/0/function")?;
    Some(ToolSpec {
        name: ToolName::new(TOOL).ok()?,
        description: function.get("description")?.as_str()?.into(),
        parameters: Arc::new(function.get("parameters")?.clone()),
    })
}

/// A conversation in which the tool was called and has answered.
fn called() -> Option<History> {
    let id = ToolCallId::new("call_1")?;
    let call = ToolCall {
        id: id.clone(),
        name: ToolName::new(TOOL).ok()?,
        arguments: Arguments::parse("{\"ok\":true}").ok()?,
    };
    let mut history = request(&prompts::call(), SHORT).history;
    let calls = vec![EmittedCall::Ready(call)];
    history.push_assistant(AssistantMessage { calls, ..AssistantMessage::default() }).ok()?;
    history.resolve(&id, ToolOutput::ok("All is well.")).ok()?;
    Some(history)
}

/// Whether a language is examined as it is spoken.
pub(super) fn is_spoken(api: Api) -> bool {
    matches!(api, Api::OpenaiResponses | Api::AnthropicMessages)
}
