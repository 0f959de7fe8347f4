//! `openclaw chat`: a conversation on the terminal.
//!
//! What is final is written above and stays; below it is a live part with what is still changing,
//! the status and the input. What is typed while a turn runs is said to it. Without a terminal each
//! line is a message, and what is written is plain.

mod command;
mod controller;
mod input;
mod number_format;
mod plain_chat;
mod prompter;
mod reasoning;
mod scrollback;
mod slash_commands;
mod startup;
mod terminal;
mod turn;
mod view;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::HumanDuration;
use openclaw_core::Approver;
use openclaw_models::{TimeLimit, WaitPolicy, WaitProgress};
use openclaw_runtime::{
    ConfiguredTimeout, ConversationError, ConversationOptions, PolicyApprover, Runtime,
    SessionTarget, StoreError, StoreErrorKind,
};

pub(crate) use self::prompter::ChatPrompter;
pub(crate) use self::reasoning::ReasoningDisplay;

use crate::args::chat::ChatArgs;
use crate::commands::CommandContext;
use crate::exit::ExitReason;
use crate::printer::Printer;
use crate::run::print_connect_error;
use crate::{error_report, wait};

/// What is not at hand yet, a server or the session, and why.
pub(crate) type SharedWaitReason = Arc<Mutex<Option<String>>>;

pub(crate) async fn run(context: &CommandContext, args: ChatArgs) -> io::Result<ExitReason> {
    let target = match session_target(&args) {
        Ok(target) => target,
        Err(error) => {
            error_report::print_store_error(context.printer, &error);
            return Ok(ExitReason::Usage);
        }
    };
    if uses_plain_mode(context.printer, &args) {
        plain_chat::run(context, args, target).await
    } else {
        startup::run(context, args, target).await
    }
}

/// Whether there is no terminal that a conversation could have for itself.
fn uses_plain_mode(printer: Printer, args: &ChatArgs) -> bool {
    let stdin = io::IsTerminal::is_terminal(&io::stdin());
    args.plain || !stdin || !printer.stdout_is_terminal
}

/// The session that is meant; `None` is the agent's main one.
fn session_target(args: &ChatArgs) -> Result<Option<SessionTarget>, StoreError> {
    Ok(match (&args.session, &args.session_id) {
        (Some(key), _) => Some(SessionTarget::Key(key.parse()?)),
        (None, Some(id)) => Some(SessionTarget::Id(id.parse()?)),
        (None, None) => None,
    })
}

/// The runtime and the options of the conversation that is asked for. What is waited for is told to
/// `wait_reason`, or else shown on stderr.
fn prepare_conversation(
    context: &CommandContext,
    args: &ChatArgs,
    target: Option<SessionTarget>,
    prompter: Option<&ChatPrompter>,
    wait_reason: Option<&SharedWaitReason>,
) -> (Runtime, ConversationOptions) {
    let mut models = context.models.clone();
    if args.agent.strict {
        models = models.without_fallbacks();
    }
    if let Some(person) = prompter {
        models = models.with_consent(person.egress_consent());
    }
    if let Some(HumanDuration(duration)) = args.agent.wait {
        models = models.with_wait_policy(match wait_reason {
            Some(wait_reason) => shared_wait_policy(duration, Arc::clone(wait_reason)),
            None => wait::terminal_wait_policy(context.printer, duration),
        });
    }
    let yes = args.agent.yes;
    let approver: Arc<dyn Approver> = match prompter {
        Some(person) => Arc::new(PolicyApprover::new(context.approval_policy(yes), person.clone())),
        None => context.terminal_approver(yes),
    };
    let options = ConversationOptions {
        target,
        agent: args.agent.id.clone(),
        model: args.agent.model.clone(),
        workspace: args.agent.workspace.clone(),
        time_limit: args.agent.timeout.map(|seconds| ConfiguredTimeout {
            duration: Duration::from_secs(seconds),
            source: "--timeout".into(),
        }),
        approver,
    };
    (Runtime::new(models), options)
}

fn shared_wait_policy(duration: Duration, wait_reason: SharedWaitReason) -> WaitPolicy {
    let limit = TimeLimit { duration, source: "--wait".into() };
    let on_progress = move |progress: Option<WaitProgress<'_>>| {
        let problem = progress.map(|awaited| format!("failed to {}", awaited.problem));
        *wait_reason.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    };
    WaitPolicy { limit, on_progress: Arc::new(on_progress) }
}

/// Writes why there is no conversation, and tells the end that it leads to.
fn print_conversation_error(printer: Printer, error: &ConversationError) -> ExitReason {
    match error {
        ConversationError::Connect(error) => print_connect_error(printer, error),
        ConversationError::Store(error) => {
            if error.kind() == StoreErrorKind::InUse {
                let hint = "`--wait 10m` waits until it is free; `--session KEY` goes on with \
                            another session, or begins it.";
                error_report::print_store_error_with_hint(printer, error, Some(hint));
            } else {
                error_report::print_store_error(printer, error);
            }
            ExitReason::from_conversation_error(&ConversationError::Store(error.clone()))
        }
    }
}
