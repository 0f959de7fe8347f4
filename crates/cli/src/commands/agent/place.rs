//! Which session a turn belongs to, and what is done with sessions before there is a turn.

use openclaw_config::defaults::MAIN_AGENT;
use openclaw_runtime::{
    ConnectError, ConversationError, Place, Runtime, SessionInfo, SessionKey, StoreError,
    StoreErrorKind,
};
use serde_json::{Value, json};

use super::order::Order;
use super::talk::Whereto;
use crate::args::Agent;
use crate::printer::Printer;

/// How much of a session's id a list shows, in characters.
const SHOWN_ID: usize = 8;

/// How long an id is that the store made, in characters.
const WHOLE_ID: usize = 36;

/// What follows when the sessions were seen to.
#[derive(Debug)]
pub(crate) enum Next {
    /// A turn, kept there.
    Turn(Whereto),
    /// Nothing: a new session is there, and nothing is said in it yet.
    Begun(Value),
    /// Nothing: there is no turn to take up in this session; null when there is none.
    NothingToResume(Value),
}

/// The session that is meant by what was typed.
///
/// # Errors
/// When it is no key and no id.
pub(crate) fn whereto(args: &Agent) -> Result<Whereto, StoreError> {
    let place = match (&args.session, &args.session_id) {
        _ if args.no_session => return Ok(Whereto::Nowhere),
        (_, Some(id)) => Place::Id(id.parse()?),
        (Some(key), None) => Place::Key(key.parse()?),
        (None, None) => {
            let agent = args.with.id.as_deref().unwrap_or(MAIN_AGENT);
            Place::Key(format!("agent:{agent}:main").parse()?)
        }
    };
    Ok(Whereto::Session(place))
}

/// Begins a new session where one is asked for, and looks whether there is a turn to finish.
///
/// # Errors
/// When there is no such agent or session, or the sessions cannot be used.
pub(crate) fn prepare(
    runtime: &Runtime,
    (order, agent): (&Order, Option<&str>),
    whereto: Whereto,
    printer: Printer,
) -> Result<Next, ConversationError> {
    let Whereto::Session(place) = whereto else { return Ok(Next::Turn(whereto)) };
    let place = &whole(runtime, place)?;
    if let Some(agent) = agent {
        runtime.check_agent(agent).map_err(ConnectError::Setup)?;
    }
    match order {
        Order::Say(_) => Ok(Next::Turn(Whereto::Session(place.clone()))),
        Order::New(first) => {
            let (id, key) = begin_anew(runtime, place, agent, printer)?;
            Ok(match first {
                Some(_) => Next::Turn(Whereto::Session(Place::Key(key))),
                None => Next::Begun(json!({"sessionId": id, "sessionKey": key.as_str()})),
            })
        }
        Order::Resume => Ok(match find(runtime, place)? {
            Some(info) if info.turn_open || runtime.sessions()?.can_resume(&info.id)? => {
                Next::Turn(Whereto::Session(Place::Id(info.id)))
            }
            Some(info) => Next::NothingToResume(session_json(&info)),
            None => Next::NothingToResume(Value::Null),
        }),
    }
}

/// Takes the beginning of an id, as lists of sessions show it, for the id of the session. Anything
/// else is the id that it is.
fn whole(runtime: &Runtime, place: Place) -> Result<Place, StoreError> {
    let Place::Id(id) = &place else { return Ok(place) };
    let text = id.as_str();
    let is_beginning = (SHOWN_ID..WHOLE_ID).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if !is_beginning {
        return Ok(place);
    }
    match runtime.sessions()?.find(text) {
        Ok(info) if info.id.as_str().starts_with(text) => Ok(Place::Id(info.id)),
        Err(error) if error.kind() != StoreErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(place),
    }
}

/// Has the key lead to an empty session, and returns its id and the key.
fn begin_anew(
    runtime: &Runtime,
    place: &Place,
    agent: Option<&str>,
    printer: Printer,
) -> Result<(String, SessionKey), StoreError> {
    let store = runtime.sessions()?;
    let key = match place {
        Place::Key(key) => key.clone(),
        Place::Id(id) => store.find(id.as_str())?.key,
    };
    let agent = agent.map_or_else(|| runtime.agent_of(&store, place), |id| Ok(id.to_owned()))?;
    let id = match store.current(&key)? {
        Some(empty) if empty.events == 0 => empty.id,
        before => {
            let id = store.reset(&key, &agent)?;
            if let Some(before) = before {
                printer
                    .note(format_args!("the conversation so far is kept as session {}", before.id));
            }
            id
        }
    };
    printer.note(format_args!("session {id} begins"));
    Ok((id.as_str().to_owned(), key))
}

fn find(runtime: &Runtime, place: &Place) -> Result<Option<SessionInfo>, StoreError> {
    let store = runtime.sessions()?;
    match place {
        Place::Key(key) => store.current(key),
        Place::Id(id) => store.find(id.as_str()).map(Some),
    }
}

fn session_json(info: &SessionInfo) -> Value {
    json!({"sessionId": info.id.as_str(), "sessionKey": info.key.as_str()})
}
