//! The connected clients, and what waits to be sent to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_protocol::gateway::{MAX_BUFFERED_BYTES, ResponseFrame};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::grants::{ClientGrant, ClientScope};
use crate::nodes::NODE_ROLE;

/// The code with which a connection is closed whose credential is no longer valid.
const CREDENTIAL_CHANGED: u16 = 4001;

/// The most bytes that wait for all clients before those that read slowly are closed.
const MAX_TOTAL_BYTES: usize = 256 << 20;

/// The bytes that may wait for a client even then.
const SMALL_BUFFERED_BYTES: usize = 1 << 20;

/// What goes to a client.
#[derive(Debug)]
pub(crate) enum OutgoingFrame {
    /// The text of a frame.
    Text(String),
    /// A question whether the client lives.
    Ping,
    /// Close the connection.
    Close { code: u16, reason: &'static str },
}

/// Which clients get an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventAudience {
    /// Those that may read.
    Readers,
    /// Those that decide about calls.
    Approvers,
    /// Those that decide about devices.
    Pairers,
    /// All.
    Everyone,
}

/// The queue of one client. Its length is limited, so that a client that does not read holds
/// nobody up and takes no memory beyond its limit.
#[derive(Debug, Clone)]
pub(crate) struct ClientQueue(Arc<ClientQueueInner>);

#[derive(Debug)]
struct ClientQueueInner {
    frames: UnboundedSender<OutgoingFrame>,
    buffered: AtomicUsize,
    /// What waits for all clients.
    total: Arc<AtomicUsize>,
    event_seq: AtomicU64,
    is_closing: AtomicBool,
    is_overfull: AtomicBool,
    closing: Notify,
    /// Keeps the numbers of events in the order in which they are queued.
    order: Mutex<()>,
}

/// The other end of a [`ClientQueue`].
#[derive(Debug)]
pub(crate) struct OutgoingFrames {
    frames: UnboundedReceiver<OutgoingFrame>,
    queue: ClientQueue,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EncodedEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    event: &'a str,
    payload: &'a RawValue,
    seq: u64,
}

/// The connected clients.
#[derive(Debug, Default)]
pub(crate) struct ClientRegistry {
    clients: Mutex<HashMap<u64, (ClientQueue, ClientGrant)>>,
    next_id: AtomicU64,
    /// The bytes that wait to be sent to all of them.
    buffered: Arc<AtomicUsize>,
}

/// A client's place in the registry, which it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct ClientRegistration {
    registry: Arc<ClientRegistry>,
    id: u64,
}

impl ClientQueue {
    /// A queue that counts what waits in it to `total` as well.
    fn new(total: Arc<AtomicUsize>) -> (Self, OutgoingFrames) {
        let (sender, frames) = unbounded_channel();
        let queue = Self(Arc::new(ClientQueueInner {
            frames: sender,
            buffered: AtomicUsize::new(0),
            total,
            event_seq: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            is_overfull: AtomicBool::new(false),
            closing: Notify::new(),
            order: Mutex::new(()),
        }));
        (queue.clone(), OutgoingFrames { frames, queue })
    }

    /// Queues a response.
    pub(crate) fn send_response(&self, response: &ResponseFrame) {
        if let Ok(text) = serde_json::to_string(response) {
            self.send_text(text);
        }
    }

    /// Queues an event with a payload that is not encoded yet; returns false when the client is being
    /// closed.
    pub(crate) fn send_typed_event(&self, event: &str, payload: &impl Serialize) -> bool {
        serde_json::value::to_raw_value(payload)
            .is_ok_and(|payload| self.send_event(event, &payload))
    }

    /// Queues an event with the next number; returns false when the client is being closed.
    pub(crate) fn send_event(&self, event: &str, payload: &RawValue) -> bool {
        let _order = self.0.order.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = self.0.event_seq.load(Ordering::Relaxed) + 1;
        let frame = EncodedEvent { kind: "event", event, payload, seq };
        let is_queued = serde_json::to_string(&frame).is_ok_and(|text| self.send_text(text));
        if is_queued {
            self.0.event_seq.store(seq, Ordering::Relaxed);
        }
        is_queued
    }

    /// Queues the text of a frame; returns false when the client is being closed.
    fn send_text(&self, text: String) -> bool {
        if self.0.is_closing.load(Ordering::Acquire) {
            return false;
        }
        let length = text.len();
        let buffered = self.0.buffered.fetch_add(length, Ordering::AcqRel) + length;
        let total = self.0.total.fetch_add(length, Ordering::AcqRel) + length;
        let is_crowded = total > MAX_TOTAL_BYTES && buffered > SMALL_BUFFERED_BYTES;
        if buffered > MAX_BUFFERED_BYTES || is_crowded {
            self.0.is_overfull.store(true, Ordering::Release);
            self.release(length);
            self.close(1008, "too slow: too much waits to be read");
            return false;
        }
        let is_queued = self.0.frames.send(OutgoingFrame::Text(text)).is_ok();
        if !is_queued {
            self.release(length);
        }
        is_queued
    }

    /// Counts bytes that no longer wait.
    fn release(&self, bytes: usize) {
        self.0.buffered.fetch_sub(bytes, Ordering::AcqRel);
        self.0.total.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Closes the connection after what is queued.
    pub(crate) fn close(&self, code: u16, reason: &'static str) {
        if !self.0.is_closing.swap(true, Ordering::AcqRel) {
            // Without its connection there is nothing to close.
            let _ = self.0.frames.send(OutgoingFrame::Close { code, reason });
            self.0.closing.notify_one();
        }
    }

    /// Whether the connection is being closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.0.is_closing.load(Ordering::Acquire)
    }

    /// Asks the client whether it lives.
    pub(crate) fn send_ping(&self) {
        // Without its connection there is nobody to ask.
        let _ = self.0.frames.send(OutgoingFrame::Ping);
    }

    /// Waits until the client has had a time to read the end of its connection.
    pub(crate) async fn wait_for_closing_timeout(&self, limit: Duration) {
        self.0.closing.notified().await;
        tokio::time::sleep(limit).await;
    }

    /// Whether the client did not read what was sent to it.
    fn is_overfull(&self) -> bool {
        self.0.is_overfull.load(Ordering::Acquire)
    }
}

impl OutgoingFrames {
    /// The next frame; `None` when nothing more can come.
    pub(crate) async fn next_frame(&mut self) -> Option<OutgoingFrame> {
        let frame = self.frames.recv().await?;
        if let OutgoingFrame::Text(text) = &frame {
            // What a slow client did not read is not worth sending before the end.
            if self.queue.is_overfull() {
                return Some(OutgoingFrame::Close {
                    code: 1008,
                    reason: "too slow: too much waits to be read",
                });
            }
            self.queue.release(text.len());
        }
        Some(frame)
    }
}

impl Drop for OutgoingFrames {
    fn drop(&mut self) {
        self.frames.close();
        while let Ok(frame) = self.frames.try_recv() {
            if let OutgoingFrame::Text(text) = frame {
                self.queue.release(text.len());
            }
        }
    }
}

impl ClientRegistry {
    /// The queue of a client that is to be added.
    pub(crate) fn open_queue(&self) -> (ClientQueue, OutgoingFrames) {
        ClientQueue::new(Arc::clone(&self.buffered))
    }

    /// Adds a client that is connected.
    pub(crate) fn add_client(
        self: &Arc<Self>,
        queue: ClientQueue,
        grant: ClientGrant,
    ) -> ClientRegistration {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, (queue, grant));
        ClientRegistration { registry: Arc::clone(self), id }
    }

    /// Sends an event to an audience. The payload is encoded once.
    pub(crate) fn broadcast_event(
        &self,
        audience: EventAudience,
        event: &str,
        payload: &impl Serialize,
    ) {
        let Ok(payload) = serde_json::value::to_raw_value(payload) else { return };
        for (queue, grant) in self.lock().values() {
            if audience.includes(grant) {
                queue.send_event(event, &payload);
            }
        }
    }

    /// Whether a client decides about calls.
    pub(crate) fn has_approver(&self) -> bool {
        self.lock().values().any(|(_, grant)| EventAudience::Approvers.includes(grant))
    }

    /// The number of clients.
    pub(crate) fn client_count(&self) -> usize {
        self.lock().len()
    }

    /// Closes the connections of a device, of one role or of all, but not the one with the queue
    /// `except`.
    pub(crate) fn close_device(
        &self,
        device: &str,
        role: Option<&str>,
        except: Option<&ClientQueue>,
        reason: &'static str,
    ) -> usize {
        let mut closed = 0;
        for (queue, grant) in self.lock().values() {
            let is_meant = grant.device.as_deref() == Some(device)
                && role.is_none_or(|role| role == grant.role);
            if is_meant && !except.is_some_and(|except| Arc::ptr_eq(&except.0, &queue.0)) {
                closed += usize::from(!queue.is_closing());
                queue.close(CREDENTIAL_CHANGED, reason);
            }
        }
        closed
    }

    /// Whether a client of a device is connected.
    pub(crate) fn is_device_connected(&self, device: &str) -> bool {
        let clients = self.lock();
        clients
            .values()
            .any(|(queue, grant)| grant.device.as_deref() == Some(device) && !queue.is_closing())
    }

    /// Closes the clients that showed the gateway's own secret.
    pub(crate) fn close_owners(&self, reason: &'static str) {
        for (queue, _) in self.lock().values().filter(|(_, grant)| grant.is_owner) {
            queue.close(CREDENTIAL_CHANGED, reason);
        }
    }

    /// Closes the connections of nodes, which connect again.
    pub(crate) fn close_nodes(&self, code: u16, reason: &'static str) {
        for (queue, _) in self.lock().values().filter(|(_, grant)| grant.role == NODE_ROLE) {
            queue.close(code, reason);
        }
    }

    /// Closes all connections.
    pub(crate) fn close_all(&self, code: u16, reason: &'static str) {
        for (queue, _) in self.lock().values() {
            queue.close(code, reason);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, (ClientQueue, ClientGrant)>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ClientRegistration {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.id);
    }
}

impl EventAudience {
    fn includes(self, grant: &ClientGrant) -> bool {
        match self {
            Self::Everyone => true,
            Self::Readers => grant.allows(ClientScope::Read),
            Self::Approvers => grant.takes_approvals && grant.allows(ClientScope::Approvals),
            Self::Pairers => grant.allows(ClientScope::Pairing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(scopes: &[&str]) -> ClientGrant {
        ClientGrant {
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            takes_approvals: true,
            ..ClientGrant::default()
        }
    }

    #[tokio::test]
    async fn events_are_numbered_without_gaps_for_each_client() {
        let registry = Arc::new(ClientRegistry::default());
        let (reader, mut frames) = registry.open_queue();
        let (other, mut other_frames) = registry.open_queue();
        let _one = registry.add_client(reader, grant(&["operator.read"]));
        let _two = registry.add_client(other, grant(&["operator.approvals"]));
        for number in 0..3 {
            registry.broadcast_event(EventAudience::Readers, "agent", &number);
        }
        registry.broadcast_event(EventAudience::Everyone, "tick", &7);
        for seq in 1..=4 {
            let Some(OutgoingFrame::Text(text)) = frames.next_frame().await else { panic!() };
            assert!(text.ends_with(&format!("\"seq\":{seq}}}")), "{text}");
        }
        let Some(OutgoingFrame::Text(text)) = other_frames.next_frame().await else { panic!() };
        assert_eq!(text, r#"{"type":"event","event":"tick","payload":7,"seq":1}"#);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_closed_and_bounded() {
        let (queue, mut frames) = ClientRegistry::default().open_queue();
        let payload = RawValue::from_string(format!("\"{}\"", "x".repeat(1 << 20))).unwrap();
        for _ in 0..100 {
            queue.send_event("agent", &payload);
        }
        assert!(queue.0.buffered.load(Ordering::Relaxed) < MAX_BUFFERED_BYTES + (2 << 20));
        let frame = frames.next_frame().await;
        assert!(matches!(frame, Some(OutgoingFrame::Close { code: 1008, .. })), "{frame:?}");
    }

    #[tokio::test]
    async fn clients_that_do_not_read_have_bounded_memory_together() {
        let registry = ClientRegistry::default();
        let payload = RawValue::from_string(format!("\"{}\"", "x".repeat(1 << 20))).unwrap();
        let mut slow: Vec<_> = (0..20).map(|_| registry.open_queue()).collect();
        for _ in 0..40 {
            for (queue, _) in &slow {
                queue.send_event("agent", &payload);
            }
        }
        let total = registry.buffered.load(Ordering::Relaxed);
        assert!(total < MAX_TOTAL_BYTES + 24 * (1 << 20), "{total}");
        assert!(slow.iter().all(|(queue, _)| queue.is_closing()));
        // One that reads is served all the same.
        let (reader, mut frames) = registry.open_queue();
        let payload = RawValue::from_string(format!("\"{}\"", "x".repeat(1 << 19))).unwrap();
        for _ in 0..10 {
            assert!(reader.send_event("tick", &payload));
            assert!(matches!(frames.next_frame().await, Some(OutgoingFrame::Text(_))));
        }
        slow.clear();
        assert_eq!(registry.buffered.load(Ordering::Relaxed), 0);
    }
}
