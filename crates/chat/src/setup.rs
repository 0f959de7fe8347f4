//! Prepares the conversation of a chat, and reports why there is none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_models::{TimeLimit, WaitPolicy, WaitProgress};
use openclaw_runtime::{ConversationError, ConversationOptions, Runtime, StoreErrorKind};
use openclaw_terminal::OutputPrinter;

use crate::context::CommandContext;
use crate::options::ChatOptions;
use crate::prompter::ChatPrompter;
use crate::{error_report, wait};

/// What the chat waits for, a server or the session, and why; `None` when it does not wait.
pub(crate) type SharedWaitReason = Arc<Mutex<Option<String>>>;

/// Returns the runtime and the options of the conversation. The reason for a wait is put into
/// `wait_reason`, or printed on stderr without one.
pub(crate) fn prepare_conversation(
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

/// Prints why there is no conversation.
pub(crate) fn print_conversation_error(printer: &OutputPrinter, error: &ConversationError) {
    match error {
        ConversationError::Agent(error) => error_report::print_agent_error(printer, error),
        ConversationError::Store(error) if error.kind() == StoreErrorKind::InUse => {
            let hint = "`--wait 10m` waits until it is free; `--session KEY` uses another \
                        session.";
            error_report::print_store_error_with_hint(printer, error, Some(hint));
        }
        ConversationError::Store(error) => error_report::print_store_error(printer, error),
    }
}
