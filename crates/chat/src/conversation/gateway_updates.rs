//! What a chat shows of what happens in a gateway.

use std::collections::BTreeSet;

use openclaw_protocol::events::WireEvent;
use openclaw_runtime::TurnEvent;
use openclaw_runtime::encoding::decode_event;

use super::gateway_state::opening_model;
use super::{ConversationUpdate, UpdateSender};
use crate::gateway_run::GatewayRunUpdate;

/// Passes on an event that can be read.
pub(super) fn send_event(updates: &UpdateSender, event: &WireEvent) {
    if let Some(event) = decode_event(event) {
        // Work that nobody watches goes on.
        let _ = updates.send(ConversationUpdate::Event(Box::new(event)));
    }
}

/// What a chat shows of something that happened with a run.
pub(super) fn to_updates(
    update: GatewayRunUpdate,
    told: &mut BTreeSet<String>,
) -> Vec<ConversationUpdate> {
    let warning =
        |message: String| ConversationUpdate::Event(Box::new(TurnEvent::Warning { message }));
    match update {
        GatewayRunUpdate::Accepted { .. } => Vec::new(),
        GatewayRunUpdate::Opened(opening) => {
            let model = opening_model(&opening).map(ConversationUpdate::Model);
            let warnings = opening.warnings.into_iter().filter(|it| told.insert(it.clone()));
            let attempts = opening.attempts.iter().filter_map(decode_event);
            let attempts = attempts.map(|event| ConversationUpdate::Event(Box::new(event)));
            model.into_iter().chain(warnings.map(warning)).chain(attempts).collect()
        }
        GatewayRunUpdate::Event(event) => decode_event(&event)
            .map(|event| ConversationUpdate::Event(Box::new(event)))
            .into_iter()
            .collect(),
        GatewayRunUpdate::EventsMissing => vec![
            warning(update_text(&GatewayRunUpdate::EventsMissing).unwrap_or_default()),
            ConversationUpdate::Incomplete,
        ],
        other => update_text(&other).map(warning).into_iter().collect(),
    }
}

/// A sentence about the connection of a run or its questions; `None` for other updates.
#[must_use]
pub fn update_text(update: &GatewayRunUpdate) -> Option<String> {
    match update {
        GatewayRunUpdate::ConnectionLost { reason } => {
            Some(format!("the connection to the gateway is lost, its run goes on: {reason}"))
        }
        GatewayRunUpdate::Reconnected => Some("the connection to the gateway is back".to_owned()),
        GatewayRunUpdate::EventsMissing => {
            Some("the gateway no longer has what happened meanwhile".to_owned())
        }
        GatewayRunUpdate::DecidedElsewhere { decision } if decision != "withdrawn" => {
            Some(format!("the question was decided elsewhere: {decision}"))
        }
        GatewayRunUpdate::DecisionRefused { reason } => {
            Some(format!("the gateway does not take the decision: {reason}"))
        }
        _ => None,
    }
}
