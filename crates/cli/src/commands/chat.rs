//! `openclaw chat`.

mod session_picker;

use std::io;
use std::time::Duration;

use openclaw_chat::{
    ChatGateway, ChatOptions, ChatOutcome, CommandContext, GatewayLink, error_report,
    list_gateway_sessions, run_chat,
};
use openclaw_config::HumanDuration;
use openclaw_protocol::gateway::SessionSelector;
use openclaw_runtime::{SessionTarget, StoreError, session_folder};

use self::session_picker::{folder_sessions, pick_session};
use crate::args::chat::ChatArgs;
use crate::commands::agent::gateway_turn::find_latest_session;
use crate::commands::agent::place::{PlaceChoice, TurnPlace, choose_place, here_only_option};
use crate::commands::agent::session_selection::latest_target;
use crate::commands::gateway::target::GatewayTarget;
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
    let choice = PlaceChoice {
        is_local: args.local,
        gateway: &args.gateway,
        here_only: here_only_option(context, &args.agent, args.trace),
    };
    let (target, is_own) = match choose_place(context, choice).await {
        Err(exit) => return Ok(exit),
        Ok(TurnPlace::Here) => (None, true),
        Ok(TurnPlace::OwnGateway(target)) => (Some(target), true),
        Ok(TurnPlace::NamedGateway(target)) => (Some(target), false),
    };
    let mut options = chat_options(args, first_message);
    let selected = match &target {
        Some(target) if !is_own => {
            let link = target.to_link();
            match select_remote_session(context, args, &link).await? {
                Ok(session) => {
                    let option = args.gateway.gateway.clone();
                    options.gateway =
                        Some(ChatGateway { link, session, option, default_key: None });
                    Ok(())
                }
                Err(exit) => Err(exit),
            }
        }
        _ => select_session(context, args)?.map(|target| options.target = target),
    };
    if let Err(exit) = selected {
        return Ok(exit);
    }
    if let Some(target) = target.filter(|_| is_own) {
        options.gateway = match own_gateway(context, args, &target, options.target.clone()) {
            Ok(gateway) => Some(gateway),
            Err(error) => {
                error_report::print_store_error(&context.printer, &error);
                return Ok(ExitReason::from_store_error(error.kind()));
            }
        };
    }
    Ok(match run_chat(context, &options).await? {
        ChatOutcome::Quit => ExitReason::Ok,
        ChatOutcome::InvalidInput => ExitReason::Usage,
        ChatOutcome::Interrupted => ExitReason::Interrupted,
        ChatOutcome::Failed(error) => ExitReason::from_conversation_error(&error),
        ChatOutcome::TurnEnded(outcome) => ExitReason::from_turn_outcome(&outcome),
        ChatOutcome::GatewayFailed(error) => GatewayTarget::failure_exit(&error),
        ChatOutcome::GatewayTurnEnded(result) => ExitReason::from_agent_result(&result),
        _ => ExitReason::Failed,
    })
}

/// The session of this machine that the options name, or that a person picks; `None` is the default
/// one. The inner error is the exit of the command without one; it is reported.
fn select_session(
    context: &CommandContext,
    args: &ChatArgs,
) -> io::Result<Result<Option<SessionTarget>, ExitReason>> {
    let report = |error: &StoreError, exit| {
        error_report::print_store_error(&context.printer, error);
        Ok(Err(exit))
    };
    if args.resume.as_deref() == Some("") {
        let sessions = match folder_sessions(context, args) {
            Ok(sessions) => sessions,
            Err(error) => return report(&error, ExitReason::from_store_error(error.kind())),
        };
        let picked = pick_session(&context.printer, &sessions)?;
        return Ok(picked.map(|id| Some(SessionTarget::Id(id))));
    }
    match named_target(context, args) {
        Ok(target) => Ok(Ok(target)),
        Err(error) => report(&error, ExitReason::Usage),
    }
}

/// The same of another gateway.
async fn select_remote_session(
    context: &CommandContext,
    args: &ChatArgs,
    link: &GatewayLink,
) -> io::Result<Result<SessionSelector, ExitReason>> {
    let agent_id = args.agent.id.clone();
    let resumed = match args.resume.as_deref() {
        Some("") => {
            let mut sessions = match list_gateway_sessions(link).await {
                Ok(sessions) => sessions,
                Err(error) => return Ok(Err(GatewayTarget::report_failure(context, &error))),
            };
            sessions.retain(|info| session_folder(&info.key).is_none());
            match pick_session(&context.printer, &sessions)? {
                Ok(id) => Some(id.as_str().to_owned()),
                Err(exit) => return Ok(Err(exit)),
            }
        }
        resumed => resumed.map(str::to_owned),
    };
    let latest = if args.continue_latest {
        match find_latest_session(link, agent_id.as_deref()).await {
            Ok(latest) => latest,
            Err(error) => return Ok(Err(GatewayTarget::report_failure(context, &error))),
        }
    } else {
        None
    };
    let session_id = args.session_id.clone().or(resumed).or(latest);
    Ok(Ok(SessionSelector { session_key: args.session.clone(), session_id, agent_id }))
}

/// The gateway of this state folder, with a session by the rules of this folder.
fn own_gateway(
    context: &CommandContext,
    args: &ChatArgs,
    target: &GatewayTarget,
    session: Option<SessionTarget>,
) -> Result<ChatGateway, StoreError> {
    let runtime = context.runtime();
    let agent = args.agent.id.as_deref().unwrap_or(runtime.default_agent());
    let default_key = runtime.default_session_key(agent, None)?.as_str().to_owned();
    let (session_key, session_id) = match session {
        Some(SessionTarget::Id(id)) => (None, Some(id.as_str().to_owned())),
        Some(SessionTarget::Key(key)) => (Some(key.as_str().to_owned()), None),
        None => (Some(default_key.clone()), None),
    };
    let session = SessionSelector { session_key, session_id, agent_id: args.agent.id.clone() };
    let default_key = Some(default_key).filter(|_| args.agent.id.is_none());
    Ok(ChatGateway { link: target.to_link(), session, option: None, default_key })
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

fn chat_options(args: &ChatArgs, first_message: Option<String>) -> ChatOptions {
    ChatOptions {
        gateway: None,
        target: None,
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
