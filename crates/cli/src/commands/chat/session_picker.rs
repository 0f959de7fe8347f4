//! Lets a person choose a session.

use std::io::{self, IsTerminal as _};

use openclaw_chat::{CommandContext, format_age, matches_choice, session_age};
use openclaw_runtime::{SessionId, SessionInfo, StoreError};
use openclaw_terminal::OutputPrinter;

use crate::args::chat::ChatArgs;
use crate::exit::ExitReason;

/// The most sessions that are shown at once.
const MAX_ROWS: usize = 15;

/// Shows sessions, the last used first, until one is chosen by its number. Any other text searches
/// what they begin with; an empty line chooses none.
///
/// # Errors
/// When standard input cannot be read. The inner error is the exit of the command when no session
/// is chosen.
pub(super) fn pick_session(
    printer: &OutputPrinter,
    sessions: &[SessionInfo],
) -> io::Result<Result<SessionId, ExitReason>> {
    if sessions.is_empty() {
        printer.print_error("there is no session of this folder yet");
        printer.print_hint("`openclaw chat` begins one; `openclaw sessions` lists all there are.");
        return Ok(Err(ExitReason::Usage));
    }
    if !io::stdin().is_terminal() {
        printer.print_error("a session can only be chosen at a terminal");
        printer.print_hint("`--resume ID` names one; `openclaw sessions` lists them.");
        return Ok(Err(ExitReason::Usage));
    }
    let mut shown: Vec<&SessionInfo> = sessions.iter().collect();
    loop {
        for (index, info) in shown.iter().take(MAX_ROWS).enumerate() {
            let title = info.title.as_deref().unwrap_or("(nothing said)");
            let age = format_age(session_age(info));
            printer.print_note(format_args!("{:>3}  {age:>8}  {title}", index + 1));
        }
        printer.print_question("number, or text to search for; Enter leaves");
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        let text = line.trim();
        if text.is_empty() {
            return Ok(Err(ExitReason::Ok));
        }
        let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(info) = number.and_then(|index| shown.get(index)) {
            return Ok(Ok(info.id.clone()));
        }
        let found: Vec<&SessionInfo> =
            sessions.iter().filter(|info| matches_choice(info, text)).collect();
        if found.is_empty() {
            printer.print_note(format_args!("no session has {text:?}"));
        } else {
            shown = found;
        }
    }
}

/// The sessions of this folder.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn folder_sessions(
    context: &CommandContext,
    args: &ChatArgs,
) -> Result<Vec<SessionInfo>, StoreError> {
    let runtime = context.runtime();
    let agent = args.agent.id.as_deref().unwrap_or(runtime.default_agent());
    if !runtime.sessions_path().exists() {
        return Ok(Vec::new());
    }
    runtime.folder_sessions(&runtime.open_sessions()?, agent, args.agent.workspace.as_deref())
}
