//! One connection to a gateway: takes its requests, and tells it answers and progress.

use std::collections::HashMap;
use std::sync::Arc;

use openclaw_client::{ClientError, GatewayClient, GatewayMessage};
use openclaw_protocol::gateway::{EventFrame, NodeInvokeCancel, NodeInvokeRequest};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::commands::NodeCore;
use crate::output::{LinkMessage, LinkSender};
use crate::report::{CommandsDecision, InvocationStage, NodeReport};

/// The most messages that wait to be sent, besides answers.
const MAX_WAITING_MESSAGES: usize = 64;

/// A connection that is served.
struct ServedConnection<'a> {
    core: &'a Arc<NodeCore>,
    client: GatewayClient,
    link: LinkSender,
    /// The answers that were sent, by the id of their request: their numbers, and what they answer.
    sent: HashMap<String, (u64, String)>,
    /// The number of the first answer that was not sent.
    next_answer: u64,
}

/// Serves a connection until it ends, and returns why.
pub(crate) async fn serve_connection(
    core: &Arc<NodeCore>,
    mut client: GatewayClient,
    tasks: &mut JoinSet<()>,
) -> ClientError {
    client.watch_ticks();
    let (link, mut messages) = mpsc::channel(MAX_WAITING_MESSAGES);
    let mut connection =
        ServedConnection { core, client, link, sent: HashMap::new(), next_answer: 0 };
    loop {
        // The progress of a command comes before its answer.
        if let Err(error) = connection.send_waiting(&mut messages).await {
            return error;
        }
        let served = tokio::select! {
            message = connection.client.next_message() => match message {
                Ok(message) => {
                    connection.handle_message(message, tasks);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Some(message) = messages.recv() => connection.send_message(message).await,
            () = core.answers.wait_for_more() => Ok(()),
            Some(_) = tasks.join_next() => Ok(()),
        };
        if let Err(error) = served {
            return error;
        }
    }
}

impl ServedConnection<'_> {
    /// Handles what the gateway sent. What cannot be understood is ignored.
    fn handle_message(&mut self, message: GatewayMessage, tasks: &mut JoinSet<()>) {
        match message {
            GatewayMessage::Event(event) if event.event == "node.invoke.request" => {
                let Some(request) = parse_payload::<NodeInvokeRequest>(event) else { return };
                for task in self.core.begin_invoke(request, &self.link) {
                    tasks.spawn(task);
                }
            }
            GatewayMessage::Event(event) if event.event == "node.invoke.cancel" => {
                let Some(cancel) = parse_payload::<NodeInvokeCancel>(event) else { return };
                if cancel.node_id == self.core.node_id {
                    self.core.cancel_invoke(&cancel.invoke_id);
                }
            }
            GatewayMessage::Event(event) if event.event == "node.commands" => {
                let Some(decision) = parse_payload::<CommandsDecision>(event) else { return };
                let decision = decision.without_foreign_texts();
                self.core.reports().send_report(NodeReport::CommandsDecided(decision));
            }
            GatewayMessage::Response { id, .. } => {
                // A refused answer is no better the next time.
                let Some((number, invoke_id)) = self.sent.remove(&id) else { return };
                self.core.answers.remove_answer(number);
                let stage = InvocationStage::Acknowledged;
                self.core.reports().send_stage(&invoke_id, "node.invoke.result", stage);
            }
            _ => {}
        }
    }

    /// Sends what waits: messages, then answers.
    async fn send_waiting(
        &mut self,
        messages: &mut mpsc::Receiver<LinkMessage>,
    ) -> Result<(), ClientError> {
        while let Ok(message) = messages.try_recv() {
            self.send_message(message).await?;
        }
        while let Some((number, answer)) = self.core.answers.first_from(self.next_answer) {
            let invoke_id = answer.id.clone();
            let request_id = self.client.send_request("node.invoke.result", json!(answer)).await?;
            self.sent.insert(request_id, (number, invoke_id));
            self.next_answer = number + 1;
        }
        Ok(())
    }

    async fn send_message(&mut self, message: LinkMessage) -> Result<(), ClientError> {
        self.client.send_request(message.method, message.params).await.map(|_| ())
    }
}

fn parse_payload<T: DeserializeOwned>(event: EventFrame) -> Option<T> {
    serde_json::from_value(event.payload?).ok()
}
