//! `openclaw chat`.

use std::io;
use std::time::Duration;

use openclaw_chat::{ChatOptions, ChatOutcome, CommandContext, error_report, run_chat};
use openclaw_config::HumanDuration;
use openclaw_runtime::{SessionTarget, StoreError};

use crate::args::chat::ChatArgs;
use crate::exit::ExitReason;

pub(crate) async fn run(context: &CommandContext, args: &ChatArgs) -> io::Result<ExitReason> {
    let options = match chat_options(args) {
        Ok(options) => options,
        Err(error) => {
            error_report::print_store_error(context.printer, &error);
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

fn chat_options(args: &ChatArgs) -> Result<ChatOptions, StoreError> {
    let target = match (&args.session, &args.session_id) {
        (Some(key), _) => Some(SessionTarget::Key(key.parse()?)),
        (None, Some(id)) => Some(SessionTarget::Id(id.parse()?)),
        (None, None) => None,
    };
    Ok(ChatOptions {
        target,
        agent: args.agent.id.clone(),
        model: args.agent.model.clone(),
        strict: args.agent.strict,
        workspace: args.agent.workspace.clone(),
        timeout: args.agent.timeout.map(Duration::from_secs),
        wait: args.agent.wait.map(|HumanDuration(duration)| duration),
        auto_approve: args.agent.yes,
        reasoning: args.reasoning.map(Into::into),
        plain: args.plain,
    })
}
