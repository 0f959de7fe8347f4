//! The open connections. Those of clients that are not let in yet are limited, so that a flood of
//! them leaves room for the others, and each client that is let in has a share of the rest, so that
//! none can keep another out.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::auth::canonical_address;

/// The most connections whose clients are not let in yet.
pub(crate) const MAX_WAITING: usize = 1024;

/// The most of these that come from one address, except for those that came within
/// [`ARRIVAL_TIME`].
pub(crate) const MAX_WAITING_OF_ADDRESS: usize = 128;

/// How long a connection need not make room for others of its address. All clients of a machine may
/// come at once, after a restart of the gateway for example, and each is let in within this time.
const ARRIVAL_TIME: Duration = Duration::from_secs(2);

/// The most connections of the owner of the gateway on its machine. Nobody else uses them up.
pub(crate) const MAX_OF_LOCAL_OWNER: usize = 1024;

/// The most connections of all others that are let in.
pub(crate) const MAX_OF_OTHERS: usize = 1024;

/// The most of these that one of them has.
pub(crate) const MAX_OF_HOLDER: usize = 128;

/// Whose connection it is, once its client is let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ConnectionHolder {
    /// Who knows the gateway's own secret and is on its machine.
    LocalOwner,
    /// Who knows the gateway's own secret, at an address.
    Owner(IpAddr),
    /// A device with a grant of its own.
    Device(String),
    /// Who may call the webhooks, at an address.
    Hooks(IpAddr),
}

impl ConnectionHolder {
    /// Who knows the gateway's own secret.
    pub(crate) fn owner_at(address: IpAddr) -> Self {
        match canonical_address(address) {
            address if address.is_loopback() => Self::LocalOwner,
            address => Self::Owner(address),
        }
    }

    /// Who may call the webhooks.
    pub(crate) fn hooks_at(address: IpAddr) -> Self {
        Self::Hooks(canonical_address(address))
    }
}

/// The client has as many connections as it may have, or too many of all clients are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShareExhausted;

/// The connections of a gateway.
#[derive(Debug, Default)]
pub(crate) struct ConnectionAdmission {
    state: Mutex<AdmissionState>,
}

/// The connections whose clients are not let in yet, by address, the oldest first, and the number of
/// those that are let in.
#[derive(Debug, Default)]
struct AdmissionState {
    by_address: HashMap<IpAddr, VecDeque<WaitingConnection>>,
    waiting: usize,
    next_id: u64,
    let_in: HashMap<ConnectionHolder, usize>,
    /// The connections in `let_in` that are not the local owner's.
    others: usize,
}

#[derive(Debug)]
struct WaitingConnection {
    id: u64,
    since: Instant,
    evicted: Arc<Notify>,
}

/// An open connection. It takes its place until it is dropped.
#[derive(Debug)]
pub(crate) struct AdmittedConnection {
    admission: Arc<ConnectionAdmission>,
    address: IpAddr,
    id: u64,
    evicted: Arc<Notify>,
    holder: Mutex<Option<ConnectionHolder>>,
}

impl ConnectionAdmission {
    /// Admits a connection. When too many wait, the oldest one of the address with the most is
    /// evicted: a client that means it is let in within moments.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> AdmittedConnection {
        self.admit_at(address, Instant::now())
    }

    fn admit_at(self: &Arc<Self>, address: IpAddr, now: Instant) -> AdmittedConnection {
        let address = canonical_address(address);
        let evicted = Arc::new(Notify::new());
        let id = self.lock().add_waiting(address, now, Arc::clone(&evicted));
        let (admission, holder) = (Arc::clone(self), Mutex::default());
        AdmittedConnection { admission, address, id, evicted, holder }
    }

    /// Whether a client may have another connection.
    pub(crate) fn has_room(&self, holder: &ConnectionHolder) -> bool {
        self.lock().has_room(holder)
    }

    /// The number of open connections.
    pub(crate) fn connection_count(&self) -> usize {
        let state = self.lock();
        state.waiting + state.let_in.values().sum::<usize>()
    }

    fn lock(&self) -> MutexGuard<'_, AdmissionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdmissionState {
    fn add_waiting(&mut self, address: IpAddr, now: Instant, evicted: Arc<Notify>) -> u64 {
        let is_full = self.by_address.get(&address).is_some_and(|waiting| {
            let oldest = waiting.front().map(|oldest| now.duration_since(oldest.since));
            waiting.len() >= MAX_WAITING_OF_ADDRESS && oldest >= Some(ARRIVAL_TIME)
        });
        if is_full {
            self.evict_oldest(address);
        } else if self.waiting >= MAX_WAITING {
            let fullest = self.by_address.iter().max_by_key(|(_, waiting)| waiting.len());
            if let Some(fullest) = fullest.map(|(address, _)| *address) {
                self.evict_oldest(fullest);
            }
        }
        self.next_id += 1;
        let connection = WaitingConnection { id: self.next_id, since: now, evicted };
        self.by_address.entry(address).or_default().push_back(connection);
        self.waiting += 1;
        self.next_id
    }

    fn evict_oldest(&mut self, address: IpAddr) {
        let oldest = self.by_address.get(&address).and_then(VecDeque::front);
        if let Some(id) = oldest.map(|oldest| oldest.id)
            && let Some(evicted) = self.remove_waiting(address, id)
        {
            evicted.notify_one();
        }
    }

    fn remove_waiting(&mut self, address: IpAddr, id: u64) -> Option<Arc<Notify>> {
        let of_address = self.by_address.get_mut(&address)?;
        let place = of_address.iter().position(|waiting| waiting.id == id)?;
        let removed = of_address.remove(place)?;
        if of_address.is_empty() {
            self.by_address.remove(&address);
        }
        self.waiting -= 1;
        Some(removed.evicted)
    }

    fn has_room(&self, holder: &ConnectionHolder) -> bool {
        let held = self.let_in.get(holder).copied().unwrap_or_default();
        match holder {
            ConnectionHolder::LocalOwner => held < MAX_OF_LOCAL_OWNER,
            _ => held < MAX_OF_HOLDER && self.others < MAX_OF_OTHERS,
        }
    }

    fn add_let_in(&mut self, holder: &ConnectionHolder) -> Result<(), ShareExhausted> {
        if !self.has_room(holder) {
            return Err(ShareExhausted);
        }
        if *holder != ConnectionHolder::LocalOwner {
            self.others += 1;
        }
        *self.let_in.entry(holder.clone()).or_default() += 1;
        Ok(())
    }

    fn remove_let_in(&mut self, holder: &ConnectionHolder) {
        let Some(held) = self.let_in.get_mut(holder) else { return };
        *held -= 1;
        if *held == 0 {
            self.let_in.remove(holder);
        }
        if *holder != ConnectionHolder::LocalOwner {
            self.others -= 1;
        }
    }
}

impl AdmittedConnection {
    /// The client was let in: the connection no longer counts as one that waits, but to the share of
    /// its client. A connection over which several are let in counts to the first.
    ///
    /// # Errors
    /// When the share of the client is used up.
    pub(crate) fn mark_let_in(&self, holder: ConnectionHolder) -> Result<(), ShareExhausted> {
        let mut current = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_some() {
            return Ok(());
        }
        let mut state = self.admission.lock();
        state.add_let_in(&holder)?;
        state.remove_waiting(self.address, self.id);
        *current = Some(holder);
        Ok(())
    }

    /// Waits until the connection must make room for another one.
    pub(crate) async fn wait_for_eviction(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for AdmittedConnection {
    fn drop(&mut self) {
        let holder = self.holder.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut state = self.admission.lock();
        match holder {
            Some(holder) => state.remove_let_in(&holder),
            None => drop(state.remove_waiting(self.address, self.id)),
        }
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

    /// Admits a connection and lets its client in.
    fn enter(
        admission: &Arc<ConnectionAdmission>,
        holder: &ConnectionHolder,
    ) -> Result<AdmittedConnection, ShareExhausted> {
        let connection = admission.admit(address("192.0.2.9"));
        connection.mark_let_in(holder.clone()).map(|()| connection)
    }

    #[test]
    fn the_oldest_that_waits_makes_room_for_one_of_the_same_address() {
        let admission = Arc::new(ConnectionAdmission::default());
        let let_in = admission.admit(address("192.0.2.1"));
        let_in.mark_let_in(ConnectionHolder::LocalOwner).unwrap();
        let other = admission.admit(address("192.0.2.2"));
        let mut waiting: Vec<_> =
            (0..MAX_WAITING_OF_ADDRESS).map(|_| admission.admit(address("192.0.2.1"))).collect();
        assert!(!waiting.iter().any(is_evicted));
        let later = Instant::now() + ARRIVAL_TIME;
        waiting.push(admission.admit_at(address("::ffff:192.0.2.1"), later));
        let evicted: Vec<bool> = waiting.iter().map(is_evicted).collect();
        assert!(evicted[0] && !evicted[1..].contains(&true), "{evicted:?}");
        assert!(!is_evicted(&let_in) && !is_evicted(&other));
    }

    #[test]
    fn clients_that_come_at_once_do_not_make_room_for_each_other() {
        let admission = Arc::new(ConnectionAdmission::default());
        let begin = Instant::now();
        let last = begin + ARRIVAL_TIME - Duration::from_millis(1);
        let all: Vec<_> = (0..MAX_WAITING)
            .map(|number| {
                let at = if number == 0 { begin } else { last };
                admission.admit_at(address("127.0.0.1"), at)
            })
            .collect();
        assert!(!all.iter().any(is_evicted));
        // Beyond that the oldest makes room, however new it is.
        let _one_more = admission.admit_at(address("127.0.0.1"), last);
        assert!(is_evicted(&all[0]) && !is_evicted(&all[1]));
    }

    #[test]
    fn many_addresses_leave_slots_to_those_that_are_let_in() {
        let admission = Arc::new(ConnectionAdmission::default());
        let mut all = Vec::new();
        for number in 0..MAX_WAITING + 100 {
            let address = IpAddr::V4((0x0A00_0000 + u32::try_from(number).unwrap()).into());
            all.push(admission.admit(address));
        }
        assert_eq!(admission.lock().waiting, MAX_WAITING);
        let evicted = all.iter().filter(|connection| is_evicted(connection)).count();
        assert_eq!(evicted, 100);
        all.clear();
        assert_eq!(admission.connection_count(), 0);
        assert!(admission.lock().by_address.is_empty());
    }

    #[test]
    fn no_device_uses_up_what_others_need() {
        let admission = Arc::new(ConnectionAdmission::default());
        let device = |number: usize| ConnectionHolder::Device(number.to_string());
        let mut greedy: Vec<_> =
            (0..MAX_OF_HOLDER).map(|_| enter(&admission, &device(0)).unwrap()).collect();
        assert_eq!(enter(&admission, &device(0)).unwrap_err(), ShareExhausted);
        let honest = enter(&admission, &device(1)).unwrap();
        greedy.pop();
        greedy.push(enter(&admission, &device(0)).unwrap());
        // All of them together leave room for the owner on this machine, and for attempts to connect.
        let others = MAX_OF_OTHERS / MAX_OF_HOLDER + 1;
        let all: Vec<_> = (2..2 + others)
            .flat_map(|number| (0..MAX_OF_HOLDER).map(move |_| number))
            .filter_map(|number| enter(&admission, &device(number)).ok())
            .collect();
        assert_eq!(all.len() + greedy.len() + 1, MAX_OF_OTHERS);
        assert_eq!(enter(&admission, &device(900)).unwrap_err(), ShareExhausted);
        let owner = ConnectionHolder::owner_at(address("::1"));
        let of_owner: Vec<_> =
            (0..MAX_OF_LOCAL_OWNER).map(|_| enter(&admission, &owner).unwrap()).collect();
        enter(&admission, &owner).unwrap_err();
        drop((honest, greedy, all, of_owner));
        assert_eq!(admission.connection_count(), 0);
        let state = admission.lock();
        assert!(state.let_in.is_empty() && state.others == 0);
    }
}
