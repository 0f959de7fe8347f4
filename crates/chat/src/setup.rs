//! Opens the conversation of a chat.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_models::{TimeLimit, WaitPolicy, WaitProgress};
use openclaw_runtime::{ConversationOptions, Runtime};

use crate::context::CommandContext;
use crate::conversation::{ChatConversation, GatewayConversation, WorkError};
use crate::gateway_questions::CallAnswerer;
use crate::options::ChatOptions;
use crate::prompter::ChatPrompter;
use crate::wait;

/// What the chat waits for, a server or the session, and why; `None` when it does not wait.
pub(crate) type SharedWaitReason = Arc<Mutex<Option<String>>>;

/// Opens the conversation of a chat, here or in its gateway. Questions go to `prompter`; the reason
/// for a wait is put into `wait_reason`, or printed on stderr without one.
pub(crate) async fn open_conversation(
    context: &CommandContext,
    options: &ChatOptions,
    prompter: Option<&ChatPrompter>,
    wait_reason: Option<&SharedWaitReason>,
) -> Result<ChatConversation, WorkError> {
    if let Some(gateway) = options.gateway.clone() {
        let answerer = CallAnswerer::in_chat(prompter, options.auto_approve);
        let opened = GatewayConversation::open(gateway, options, answerer).await?;
        return Ok(ChatConversation::Gateway(Box::new(opened)));
    }
    let (runtime, options) = prepare_conversation(context, options, prompter, wait_reason);
    let opened = Box::pin(runtime.open_conversation(options)).await?;
    Ok(ChatConversation::Local(Box::new(opened)))
}

/// Returns the runtime and the options of the conversation. The reason for a wait is put into
/// `wait_reason`, or printed on stderr without one.
fn prepare_conversation(
    context: &CommandContext,
    options: &ChatOptions,
    prompter: Option<&ChatPrompter>,
    wait_reason: Option<&SharedWaitReason>,
) -> (Runtime, ConversationOptions) {
    let mut models = context.models.clone();
    if options.strict {
        models = models.without_fallbacks();
    }
    if let Some(person) = prompter {
        models = models.with_consent(person.egress_consent());
    }
    if let Some(duration) = options.wait {
        models = models.with_wait_policy(match wait_reason {
            Some(wait_reason) => shared_wait_policy(duration, Arc::clone(wait_reason)),
            None => wait::terminal_wait_policy(&context.printer, duration),
        });
    }
    let approver = match prompter {
        Some(prompter) => context.chat_approver(options.auto_approve, prompter.clone()),
        None => context.terminal_approver(options.auto_approve),
    };
    let options = ConversationOptions {
        target: options.target.clone(),
        agent: options.agent.clone(),
        model: options.model.clone(),
        workspace: options.workspace.clone(),
        time_limit: options
            .timeout
            .map(|duration| TimeLimit { duration, source: "--timeout".into() }),
        approver,
    };
    (context.runtime_with(models), options)
}

fn shared_wait_policy(duration: Duration, wait_reason: SharedWaitReason) -> WaitPolicy {
    let limit = TimeLimit { duration, source: "--wait".into() };
    let on_progress = move |progress: Option<WaitProgress<'_>>| {
        let problem = progress.map(|awaited| format!("failed to {}", awaited.problem));
        *wait_reason.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    };
    WaitPolicy { limit, on_progress: Arc::new(on_progress) }
}
