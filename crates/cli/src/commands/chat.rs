//! `openclaw chat`.

mod session_picker;

use std::io;
use std::time::Duration;

use openclaw_chat::{ChatOptions, ChatOutcome, CommandContext, error_report, run_chat};
use openclaw_config::HumanDuration;
use openclaw_runtime::{SessionTarget, StoreError};

use self::session_picker::pick_session;
use crate::args::chat::ChatArgs;
use crate::commands::agent::session_selection::latest_target;
use crate::exit::ExitReason;
use crate::stdin_text;

pub(crate) async fn run(context: &CommandContext, args: &ChatArgs) -> io::Result<ExitReason> {
    let first_message = match read_first_message(args) {
        Ok(message) => message,
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            return Ok(ExitReason::Usage);
        }
    };
    let target = match args.resume.as_deref() {
        Some("") => match pick_session(context, args)? {
            Ok(id) => Ok(Some(SessionTarget::Id(id))),
            Err(exit) => return Ok(exit),
        },
        _ => named_target(context, args),
    };
    let options = match target {
        Ok(target) => chat_options(args, target, first_message),
        Err(error) => {
            error_report::print_store_error(&context.printer, &error);
            return Ok(ExitReason::Usage);
        }
    };
    Ok(match run_chat(context, &options).await? {
        ChatOutcome::Quit => ExitReason::Ok,
        ChatOutcome::InvalidInput => ExitReason::Usage,
        ChatOutcome::Interrupted => ExitReason::Interrupted,
        ChatOutcome::Failed(error) => ExitReason::from_conversation_error(&error),
        ChatOutcome::TurnEnded(outcome) => ExitReason::from_turn_outcome(&outcome),
        _ => ExitReason::Failed,
    })
}

/// The first message with what is piped in; in a plain chat each line of the pipe is a message.
fn read_first_message(args: &ChatArgs) -> Result<Option<String>, stdin_text::StdinTextError> {
    let text = args.text.join(" ");
    if text.is_empty() || args.plain {
        return Ok(Some(text).filter(|text| !text.is_empty()));
    }
    stdin_text::join_with_stdin(text).map(Some)
}

/// The session that the options name; `None` is the default one.
fn named_target(
    context: &CommandContext,
    args: &ChatArgs,
) -> Result<Option<SessionTarget>, StoreError> {
    Ok(match (&args.session, &args.session_id, &args.resume) {
        _ if args.continue_latest => Some(latest_target(&context.runtime(), &args.agent)?),
        (Some(key), ..) => Some(SessionTarget::Key(key.parse()?)),
        (_, Some(id), _) => Some(SessionTarget::Id(id.parse()?)),
        (_, _, Some(id)) => {
            let found = context.runtime().open_sessions()?.find_session(id)?;
            Some(SessionTarget::Id(found.id))
        }
        _ => None,
    })
}

fn chat_options(
    args: &ChatArgs,
    target: Option<SessionTarget>,
    first_message: Option<String>,
) -> ChatOptions {
    ChatOptions {
        target,
        first_message,
        agent: args.agent.id.clone(),
        model: args.agent.model.clone(),
        strict: args.agent.strict,
        workspace: args.agent.workspace.clone(),
        timeout: args.agent.timeout.map(Duration::from_secs),
        wait: args.agent.wait.map(|HumanDuration(duration)| duration),
        auto_approve: args.agent.yes,
        reasoning: args.reasoning.map(Into::into),
        plain: args.plain,
    }
}
