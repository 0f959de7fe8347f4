//! Responses that are not streams: sent when all of it is said.

use hyper::{Response, StatusCode};
use tokio::time::{Instant, sleep_until};

use super::Call;
use super::answer::{Answer, Whole};
use super::usage::Usage;
use crate::body::{Body, Delivery, Dropped};
use crate::reply::{Ending, Faults, HttpReply, Pace};
use crate::response::{ApiError, json, scripted};

/// Answers with a whole message that `body` writes, after all that would hold its stream back.
pub(crate) async fn send(
    (usage, body): (Usage, &(dyn Fn(Whole) -> String + Sync)),
    answer: Answer,
    parallel: bool,
    delivery: Delivery,
) -> Result<Response<Body>, Dropped> {
    let Delivery { engine, faults, mut ticket, mut presence } = delivery;
    let permit = match ticket.places() {
        Some(places) => places.acquire_owned().await.ok(),
        None => None,
    };
    ticket.run(permit, usage.prompt, usage.cached);
    let (start, pace) = (Instant::now(), faults.pace.unwrap_or(engine.pace()));
    for event in 0..=answer.events() {
        for gate in faults.gates_at(event) {
            gate.pass().await;
        }
        match faults.ending_at(event) {
            None | Some(Ending::Done) => {}
            Some(Ending::Silence) => std::future::pending().await,
            Some(Ending::HangUp | Ending::NoResponse) => {
                ticket.settle(None);
                presence.is_served();
                return Err(Dropped);
            }
            Some(Ending::Error { message, engine_dies }) => {
                if *engine_dies {
                    engine.die();
                }
                ticket.settle(None);
                presence.is_served();
                return Ok(ApiError::internal(message.as_str()).response());
            }
        }
    }
    if pace != Pace::default() {
        sleep_until(start + pace.due(answer.events(), usage.uncached())).await;
    }
    ticket.said(usage.completion);
    let whole = answer.into_whole(parallel);
    ticket.settle(Some(whole.finish));
    presence.is_served();
    Ok(cut(json(StatusCode::OK, body(whole).into()), &faults))
}

/// Answers with a scripted response.
pub(crate) async fn send_http(
    mut call: Call,
    reply: &HttpReply,
    faults: &Faults,
) -> Result<Response<Body>, Dropped> {
    for gate in faults.gates_at(0) {
        gate.pass().await;
    }
    if let Some(Ending::Silence) = faults.ending_at(0) {
        std::future::pending::<()>().await;
    }
    call.presence.is_served();
    Ok(cut(scripted(reply), faults))
}

/// Keeps the promised length and sends less, if the connection is to be dropped in the body.
fn cut(response: Response<Body>, faults: &Faults) -> Response<Body> {
    match faults.cut_at {
        Some(at) => response.map(|body| body.cut_at(at)),
        None => response,
    }
}
