//! Selects the session of a turn, and prepares it before the turn begins.

use openclaw_protocol::results::agent::{SessionName, SessionReport};
use openclaw_runtime::{
    ConversationError, Runtime, SessionInfo, SessionKey, SessionTarget, Store, StoreError,
    StoreErrorKind,
};
use openclaw_terminal::OutputPrinter;

use super::agent_session::{RecordingSession, SessionChoice};
use super::request::AgentRequest;
use crate::args::{AgentArgs, AgentTurnArgs};

/// How many characters of a session id a list shows.
const SHORT_ID_LEN: usize = 8;

/// The length of a generated session id, in characters.
const FULL_ID_LEN: usize = 36;

/// What to do after the session is prepared.
#[derive(Debug)]
pub(crate) enum PrepareOutcome {
    /// Run the turn in this session; `None` records nothing.
    RunTurn(Option<RecordingSession>),
    /// Exit: a new, empty session was created.
    SessionCreated(SessionReport),
    /// Exit: the session has no turn to resume; `None` when there is no such session.
    NothingToResume(Option<SessionReport>),
}

/// Returns the session selected by the arguments.
///
/// # Errors
/// When the key or id is invalid.
pub(crate) fn parse_session_choice(
    runtime: &Runtime,
    args: &AgentTurnArgs,
) -> Result<SessionChoice, StoreError> {
    if let Some(id) = args.resumed_session() {
        let found = runtime.open_sessions()?.find_session(id)?;
        return Ok(SessionChoice::Session(SessionTarget::Id(found.id)));
    }
    let target = match (&args.session, &args.session_id) {
        _ if args.no_session => return Ok(SessionChoice::NoSession),
        _ if args.continue_latest => latest_target(runtime, &args.agent)?,
        (_, Some(id)) => SessionTarget::Id(id.parse()?),
        (Some(key), None) => SessionTarget::Key(key.parse()?),
        (None, None) => {
            let agent = args.agent.id.as_deref().unwrap_or(runtime.default_agent());
            let workspace = args.agent.workspace.as_deref();
            SessionTarget::Key(runtime.default_session_key(agent, workspace)?)
        }
    };
    Ok(SessionChoice::Session(target))
}

/// Returns the session that was used last in this folder, else the default one.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn latest_target(
    runtime: &Runtime,
    agent: &AgentArgs,
) -> Result<SessionTarget, StoreError> {
    let id = agent.id.as_deref().unwrap_or(runtime.default_agent());
    let workspace = agent.workspace.as_deref();
    let store = runtime.open_sessions()?;
    Ok(match runtime.latest_session(&store, id, workspace)? {
        Some(info) => SessionTarget::Id(info.id),
        None => SessionTarget::Key(runtime.default_session_key(id, workspace)?),
    })
}

/// Creates a new session when asked to, and checks for a turn to resume.
///
/// # Errors
/// When the agent or session does not exist, or the session store fails.
pub(crate) fn prepare_session(
    runtime: &Runtime,
    request: &AgentRequest,
    agent: Option<&str>,
    session_choice: SessionChoice,
    printer: &OutputPrinter,
) -> Result<PrepareOutcome, ConversationError> {
    let SessionChoice::Session(target) = session_choice else {
        return Ok(PrepareOutcome::RunTurn(None));
    };
    if let Some(agent) = agent {
        runtime.check_agent(agent)?;
    }
    let store = runtime.open_sessions()?;
    for warning in store.opening_warnings() {
        printer.print_warning(warning);
    }
    let target = expand_short_id(&store, target)?;
    match request {
        AgentRequest::Message(_) => {
            Ok(PrepareOutcome::RunTurn(Some(RecordingSession { store, target })))
        }
        AgentRequest::NewSession(first) => {
            let agent = agent
                .map_or_else(|| runtime.session_agent(&store, &target), |id| Ok(id.to_owned()))?;
            let (id, key) = reset_session(&store, &target, &agent, printer)?;
            Ok(match first {
                Some(_) => PrepareOutcome::RunTurn(Some(RecordingSession {
                    store,
                    target: SessionTarget::Key(key),
                })),
                None => PrepareOutcome::SessionCreated(named_session(id, &key)),
            })
        }
        AgentRequest::Resume => Ok(match find_session(&store, &target)? {
            Some(info) if info.turn_open || store.can_resume(&info.id)? => {
                let target = SessionTarget::Id(info.id);
                PrepareOutcome::RunTurn(Some(RecordingSession { store, target }))
            }
            Some(info) => PrepareOutcome::NothingToResume(Some(named_session(
                info.id.as_str().to_owned(),
                &info.key,
            ))),
            None => PrepareOutcome::NothingToResume(None),
        }),
    }
}

/// Expands the short id that session lists show to the full id. Returns any other id unchanged.
fn expand_short_id(store: &Store, target: SessionTarget) -> Result<SessionTarget, StoreError> {
    let SessionTarget::Id(id) = &target else { return Ok(target) };
    let text = id.as_str();
    let is_beginning = (SHORT_ID_LEN..FULL_ID_LEN).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if !is_beginning {
        return Ok(target);
    }
    match store.find_session(text) {
        Ok(info) if info.id.as_str().starts_with(text) => Ok(SessionTarget::Id(info.id)),
        Err(error) if error.kind() != StoreErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(target),
    }
}

/// Points the key at a new, empty session; returns its id and the key.
fn reset_session(
    store: &Store,
    target: &SessionTarget,
    agent: &str,
    printer: &OutputPrinter,
) -> Result<(String, SessionKey), StoreError> {
    let key = match target {
        SessionTarget::Key(key) => key.clone(),
        SessionTarget::Id(id) => store.find_session(id.as_str())?.key,
    };
    let id = match store.current_session(&key)? {
        Some(empty) if empty.events == 0 => empty.id,
        previous => {
            let id = store.reset_session(&key, agent)?;
            if let Some(before) = previous {
                printer.print_note(format_args!(
                    "the conversation so far is kept as session {}",
                    before.id
                ));
            }
            id
        }
    };
    printer.print_note(format_args!("session {id} begins"));
    Ok((id.as_str().to_owned(), key))
}

fn find_session(store: &Store, target: &SessionTarget) -> Result<Option<SessionInfo>, StoreError> {
    match target {
        SessionTarget::Key(key) => store.current_session(key),
        SessionTarget::Id(id) => store.find_session(id.as_str()).map(Some),
    }
}

fn named_session(session_id: String, key: &SessionKey) -> SessionReport {
    SessionReport::Named(SessionName { session_id, session_key: key.as_str().to_owned() })
}
