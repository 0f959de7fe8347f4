//! The connected nodes, and the invocations that wait for their answers.

mod invocation;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openclaw_protocol::gateway::{
    GatewayError, NodeEntry, NodeInvokeAnswer, NodeInvokeCancel, NodeInvokeProgress,
};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::clients::ClientQueue;

pub use invocation::{NodeInvocation, NodeInvokeOutcome, NodePayload, NodeProgress};

/// The code with which the older of two connections of a node is closed.
const REPLACED: u16 = 4002;

/// The most invocations of one node that wait for their answers.
const MAX_OPEN_INVOCATIONS: usize = 64;

/// The most chunks of output that wait for the caller; what comes beyond is counted and left out.
const MAX_WAITING_CHUNKS: usize = 256;

/// The most bytes of a chunk.
const MAX_CHUNK_BYTES: usize = 65_536;

/// The connected nodes of a gateway. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct NodeRegistry(Arc<RegistryInner>);

#[derive(Debug, Default)]
struct RegistryInner {
    state: Mutex<RegistryState>,
    next_connection: AtomicU64,
}

#[derive(Debug, Default)]
struct RegistryState {
    /// By the id of their device.
    nodes: HashMap<String, ConnectedNode>,
    /// By the id of the request.
    pending: HashMap<String, PendingInvocation>,
}

#[derive(Debug)]
struct ConnectedNode {
    queue: ClientQueue,
    connection: u64,
    entry: NodeEntry,
}

/// An invocation that the node has, and whose answer is awaited.
#[derive(Debug)]
struct PendingInvocation {
    node_id: String,
    answer: oneshot::Sender<NodeReply>,
    progress: mpsc::Sender<NodeProgress>,
    next_seq: u64,
    omitted_bytes: usize,
}

/// What ends the wait for a node.
#[derive(Debug)]
enum NodeReply {
    Answer(NodeInvokeAnswer),
    Disconnected,
}

/// The connection of a node, which ends in the registry when this is dropped.
#[derive(Debug)]
pub(crate) struct NodeConnection {
    registry: NodeRegistry,
    node_id: String,
    connection: u64,
}

impl NodeRegistry {
    /// Adds a node that is connected. An older connection of it is closed; what was sent over that
    /// may still be answered over the new one.
    pub(crate) fn add_node(&self, queue: ClientQueue, entry: NodeEntry) -> NodeConnection {
        let connection = self.0.next_connection.fetch_add(1, Ordering::Relaxed);
        let node_id = entry.node_id.clone();
        let node = ConnectedNode { queue, connection, entry };
        let replaced = self.lock().nodes.insert(node_id.clone(), node);
        if let Some(replaced) = replaced {
            replaced.queue.close(REPLACED, "a newer connection of this node replaced this one");
        }
        NodeConnection { registry: self.clone(), node_id, connection }
    }

    /// The connected nodes with what they offer, by id.
    #[must_use]
    pub fn connected_nodes(&self) -> Vec<NodeEntry> {
        let mut nodes: Vec<NodeEntry> =
            self.lock().nodes.values().map(|node| node.entry.clone()).collect();
        nodes.sort_by(|one, other| one.node_id.cmp(&other.node_id));
        nodes
    }

    /// A connected node by the whole id of its device.
    #[must_use]
    pub fn find_connected(&self, node_id: &str) -> Option<NodeEntry> {
        self.lock().nodes.get(node_id).map(|node| node.entry.clone())
    }

    /// Changes what is known about a connected node, and sends it an event about that; returns false
    /// when the node is not connected.
    pub(crate) fn update_node<P: Serialize>(
        &self,
        node_id: &str,
        event: &str,
        change: impl FnOnce(&mut NodeEntry) -> P,
    ) -> bool {
        let mut state = self.lock();
        let Some(node) = state.nodes.get_mut(node_id) else { return false };
        let payload = change(&mut node.entry);
        node.queue.send_typed_event(event, &payload);
        true
    }

    /// Takes the answer of a node; returns false when nobody waits for it.
    ///
    /// # Errors
    /// When the answer names another node than the one that sent it.
    pub(crate) fn accept_answer(
        &self,
        sender: &str,
        answer: NodeInvokeAnswer,
    ) -> Result<bool, GatewayError> {
        check_sender(sender, &answer.node_id)?;
        let mut state = self.lock();
        // The id of another node's invocation is as unknown as any other.
        if state.pending.get(&answer.id).is_none_or(|pending| pending.node_id != sender) {
            return Ok(false);
        }
        let Some(pending) = state.pending.remove(&answer.id) else { return Ok(false) };
        Ok(pending.answer.send(NodeReply::Answer(answer)).is_ok())
    }

    /// Takes a part of the output of a command; returns false when nobody waits for it.
    ///
    /// # Errors
    /// When it names another node than the one that sent it, or is too long.
    pub(crate) fn accept_progress(
        &self,
        sender: &str,
        progress: NodeInvokeProgress,
    ) -> Result<bool, GatewayError> {
        check_sender(sender, &progress.node_id)?;
        if progress.chunk.len() > MAX_CHUNK_BYTES {
            return Err(GatewayError::invalid_request(format!(
                "`chunk` has {MAX_CHUNK_BYTES} bytes at most."
            )));
        }
        let mut state = self.lock();
        let Some(pending) = state.pending.get_mut(&progress.invoke_id) else { return Ok(false) };
        if pending.node_id != sender || progress.seq < pending.next_seq {
            return Ok(false);
        }
        pending.next_seq = progress.seq.saturating_add(1);
        let length = progress.chunk.len();
        let progress = NodeProgress { chunk: progress.chunk, omitted_bytes: pending.omitted_bytes };
        match pending.progress.try_send(progress) {
            Ok(()) => pending.omitted_bytes = 0,
            Err(_) => pending.omitted_bytes = pending.omitted_bytes.saturating_add(length),
        }
        Ok(true)
    }

    /// Withdraws an invocation that was not answered, and tells its node.
    fn cancel(&self, id: &str) {
        let mut state = self.lock();
        let Some(pending) = state.pending.remove(id) else { return };
        if let Some(node) = state.nodes.get(&pending.node_id) {
            let cancel =
                NodeInvokeCancel { invoke_id: id.to_owned(), node_id: pending.node_id.clone() };
            node.queue.send_typed_event("node.invoke.cancel", &cancel);
        }
    }

    fn lock(&self) -> MutexGuard<'_, RegistryState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for NodeConnection {
    fn drop(&mut self) {
        let mut state = self.registry.lock();
        let is_current =
            state.nodes.get(&self.node_id).is_some_and(|node| node.connection == self.connection);
        if !is_current {
            return;
        }
        state.nodes.remove(&self.node_id);
        let open: Vec<String> = state
            .pending
            .iter()
            .filter(|(_, pending)| pending.node_id == self.node_id)
            .map(|(id, _)| id.clone())
            .collect();
        for id in open {
            if let Some(pending) = state.pending.remove(&id) {
                // Without a receiver nobody waits any more.
                let _ = pending.answer.send(NodeReply::Disconnected);
            }
        }
    }
}

fn check_sender(sender: &str, named: &str) -> Result<(), GatewayError> {
    if sender == named {
        return Ok(());
    }
    Err(GatewayError::invalid_request("`nodeId` must be the id of the node that sends this."))
}

#[cfg(test)]
mod tests;
