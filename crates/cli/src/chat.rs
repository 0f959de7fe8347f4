//! `openclaw chat`: a conversation on the terminal.
//!
//! What is final is written above and stays; below it is a live part with what is still changing,
//! the status and the input. What is typed while a turn runs is said to it. Without a terminal each
//! line is a message, and what is written is plain.

mod ask;
mod command;
mod desk;
mod host;
mod input;
mod numbers;
mod orders;
mod plain;
mod start;
mod thoughts;
mod transcript;
mod turn;
mod view;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::Period;
use openclaw_runtime::{
    Awaited, ConversationError, ConversationOptions, Limit, Place, Runtime, StoreError,
    StoreErrorKind, Wait,
};

pub(crate) use self::ask::Person;
pub(crate) use self::thoughts::Reasoning;

use crate::approve::TerminalApprover;
use crate::args::chat::Chat;
use crate::commands::Context;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::run::print_connect_error;
use crate::{report, waiting};

/// What is not at hand yet, a server or the session, and why.
pub(crate) type Awaiting = Arc<Mutex<Option<String>>>;

pub(crate) async fn run(context: &Context, args: Chat) -> io::Result<Exit> {
    let place = match place(&args) {
        Ok(place) => place,
        Err(error) => {
            report::print_store(context.printer, &error);
            return Ok(Exit::Usage);
        }
    };
    if is_plain(context.printer, &args) {
        plain::run(context, args, place).await
    } else {
        start::run(context, args, place).await
    }
}

/// Whether there is no terminal that a conversation could have for itself.
fn is_plain(printer: Printer, args: &Chat) -> bool {
    let stdin = io::IsTerminal::is_terminal(&io::stdin());
    args.plain || !stdin || !printer.stdout_is_terminal
}

/// The session that is meant; `None` is the agent's main one.
fn place(args: &Chat) -> Result<Option<Place>, StoreError> {
    Ok(match (&args.session, &args.session_id) {
        (Some(key), _) => Some(Place::Key(key.parse()?)),
        (None, Some(id)) => Some(Place::Id(id.parse()?)),
        (None, None) => None,
    })
}

/// The runtime and the options of the conversation that is asked for. What is waited for is told to
/// `awaiting`, or else shown on stderr.
fn prepare(
    context: &Context,
    args: &Chat,
    place: Option<Place>,
    (person, awaiting): (Option<&Person>, Option<&Awaiting>),
) -> (Runtime, ConversationOptions) {
    let mut runtime = context.runtime.clone();
    if args.with.strict {
        runtime = runtime.strict();
    }
    if let Some(person) = person {
        runtime = runtime.with_consent(person.consent());
    }
    if let Some(Period(duration)) = args.with.wait {
        runtime = runtime.with_wait(match awaiting {
            Some(awaiting) => told(duration, Arc::clone(awaiting)),
            None => waiting::shown(context.printer, duration),
        });
    }
    let approver = context.approver(args.with.yes);
    let approver = TerminalApprover { person: person.cloned(), ..approver.as_ref().clone() };
    let options = ConversationOptions {
        place,
        agent: args.with.id.clone(),
        model: args.with.model.clone(),
        workspace: args.with.workspace.clone(),
        time: args.with.timeout.map(|seconds| Limit {
            duration: Duration::from_secs(seconds),
            source: "--timeout".into(),
        }),
        approver: Arc::new(approver),
    };
    (runtime, options)
}

fn told(duration: Duration, awaiting: Awaiting) -> Wait {
    let limit = Limit { duration, source: "--wait".into() };
    let tell = move |awaited: Option<Awaited<'_>>| {
        let problem = awaited.map(|awaited| format!("failed to {}", awaited.missing));
        *awaiting.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    };
    Wait { limit, tell: Arc::new(tell) }
}

/// Writes why there is no conversation, and tells the end that it leads to.
fn print_error(printer: Printer, error: &ConversationError) -> Exit {
    match error {
        ConversationError::Connect(error) => print_connect_error(printer, error),
        ConversationError::Store(error) => {
            if error.kind() == StoreErrorKind::InUse {
                let hint = "`--wait 10m` waits until it is free; `--session KEY` goes on with \
                            another session, or begins it.";
                report::print_store_hinted(printer, error, Some(hint));
            } else {
                report::print_store(printer, error);
            }
            Exit::of_conversation_error(&ConversationError::Store(error.clone()))
        }
    }
}
