//! The open connections. Those of clients that are not let in yet are limited, so that a flood of
//! them leaves room for the others.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::auth::canonical_address;

/// The most open connections.
pub(crate) const MAX_CONNECTIONS: usize = 1024;

/// The most connections whose clients are not let in yet.
pub(crate) const MAX_WAITING: usize = 512;

/// The most of these that come from one address.
pub(crate) const MAX_WAITING_OF_ADDRESS: usize = 128;

/// The connections of a gateway.
#[derive(Debug)]
pub(crate) struct ConnectionAdmission {
    slots: Arc<Semaphore>,
    waiting: Mutex<WaitingConnections>,
}

/// The connections whose clients are not let in yet, by address, the oldest first.
#[derive(Debug, Default)]
struct WaitingConnections {
    by_address: HashMap<IpAddr, VecDeque<WaitingConnection>>,
    count: usize,
    next_id: u64,
}

#[derive(Debug)]
struct WaitingConnection {
    id: u64,
    evicted: Arc<Notify>,
}

/// An open connection. It takes its slot until it is dropped.
#[derive(Debug)]
pub(crate) struct AdmittedConnection {
    admission: Arc<ConnectionAdmission>,
    address: IpAddr,
    id: u64,
    evicted: Arc<Notify>,
    _slot: OwnedSemaphorePermit,
}

impl ConnectionAdmission {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            waiting: Mutex::default(),
        })
    }

    /// Admits a connection; `None` when all slots are taken. When too many wait, the oldest one of
    /// the address with the most is evicted: a client that means it is let in within moments.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<AdmittedConnection> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        let address = canonical_address(address);
        let evicted = Arc::new(Notify::new());
        let id = self.lock().add(address, Arc::clone(&evicted));
        Some(AdmittedConnection { admission: Arc::clone(self), address, id, evicted, _slot: slot })
    }

    /// The number of open connections.
    pub(crate) fn connection_count(&self) -> usize {
        MAX_CONNECTIONS - self.slots.available_permits()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, WaitingConnections> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitingConnections {
    fn add(&mut self, address: IpAddr, evicted: Arc<Notify>) -> u64 {
        let of_address = self.by_address.get(&address).map_or(0, VecDeque::len);
        if of_address >= MAX_WAITING_OF_ADDRESS {
            self.evict_oldest(address);
        } else if self.count >= MAX_WAITING {
            let fullest = self.by_address.iter().max_by_key(|(_, waiting)| waiting.len());
            if let Some(fullest) = fullest.map(|(address, _)| *address) {
                self.evict_oldest(fullest);
            }
        }
        self.next_id += 1;
        let connection = WaitingConnection { id: self.next_id, evicted };
        self.by_address.entry(address).or_default().push_back(connection);
        self.count += 1;
        self.next_id
    }

    fn evict_oldest(&mut self, address: IpAddr) {
        let oldest = self.by_address.get(&address).and_then(VecDeque::front);
        if let Some(id) = oldest.map(|oldest| oldest.id)
            && let Some(evicted) = self.remove(address, id)
        {
            evicted.notify_one();
        }
    }

    fn remove(&mut self, address: IpAddr, id: u64) -> Option<Arc<Notify>> {
        let of_address = self.by_address.get_mut(&address)?;
        let place = of_address.iter().position(|waiting| waiting.id == id)?;
        let removed = of_address.remove(place)?;
        if of_address.is_empty() {
            self.by_address.remove(&address);
        }
        self.count -= 1;
        Some(removed.evicted)
    }
}

impl AdmittedConnection {
    /// The client was let in: the connection no longer counts as one that waits.
    pub(crate) fn mark_let_in(&self) {
        self.admission.lock().remove(self.address, self.id);
    }

    /// Waits until the connection must make room for another one.
    pub(crate) async fn wait_for_eviction(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for AdmittedConnection {
    fn drop(&mut self) {
        self.admission.lock().remove(self.address, self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn is_evicted(connection: &AdmittedConnection) -> bool {
        connection.wait_for_eviction().now_or_never().is_some()
    }

    #[test]
    fn the_oldest_that_waits_makes_room_for_one_of_the_same_address() {
        let admission = ConnectionAdmission::new();
        let let_in = admission.admit(address("192.0.2.1")).unwrap();
        let_in.mark_let_in();
        let other = admission.admit(address("192.0.2.2")).unwrap();
        let mut waiting: Vec<_> = (0..MAX_WAITING_OF_ADDRESS)
            .map(|_| admission.admit(address("192.0.2.1")).unwrap())
            .collect();
        assert!(!waiting.iter().any(is_evicted));
        waiting.push(admission.admit(address("::ffff:192.0.2.1")).unwrap());
        let evicted: Vec<bool> = waiting.iter().map(is_evicted).collect();
        assert!(evicted[0] && !evicted[1..].contains(&true), "{evicted:?}");
        assert!(!is_evicted(&let_in) && !is_evicted(&other));
    }

    #[test]
    fn many_addresses_leave_slots_to_those_that_are_let_in() {
        let admission = ConnectionAdmission::new();
        let mut all = Vec::new();
        for number in 0..MAX_WAITING + 100 {
            let address = IpAddr::V4((0x0A00_0000 + u32::try_from(number).unwrap()).into());
            all.push(admission.admit(address).unwrap());
        }
        assert_eq!(admission.lock().count, MAX_WAITING);
        let evicted = all.iter().filter(|connection| is_evicted(connection)).count();
        assert_eq!(evicted, 100);
        all.clear();
        assert_eq!(admission.lock().count, 0);
        assert!(admission.lock().by_address.is_empty());
        assert_eq!(admission.slots.available_permits(), MAX_CONNECTIONS);
    }
}
