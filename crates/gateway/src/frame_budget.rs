//! The memory for frames of websockets that have not come to their end, of which each client has a
//! share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use openclaw_protocol::gateway::MAX_FRAME_BYTES;

use crate::admission::ConnectionHolder;

/// The bytes of an unfinished frame that are not counted.
const FREE_BYTES: usize = 128 * 1024;

/// The most counted bytes of one client: two frames of the largest size.
const MAX_BYTES_OF_HOLDER: usize = 2 * MAX_FRAME_BYTES;

/// The most counted bytes of all clients but the owner on this machine.
const MAX_BYTES_OF_OTHERS: usize = 256 << 20;

/// The bytes of the unfinished frames of a gateway.
#[derive(Debug, Default)]
pub(crate) struct FrameBudget {
    shares: Mutex<FrameShares>,
}

#[derive(Debug, Default)]
struct FrameShares {
    by_holder: HashMap<ConnectionHolder, usize>,
    /// The bytes that are not the local owner's.
    others: usize,
}

/// What the unfinished frame of one connection takes.
#[derive(Debug)]
pub(crate) struct FrameUse {
    budget: Arc<FrameBudget>,
    holder: ConnectionHolder,
    unfinished: usize,
    counted: usize,
}

impl FrameBudget {
    /// What a connection of a client takes, which is nothing yet.
    pub(crate) fn open_use(self: &Arc<Self>, holder: ConnectionHolder) -> FrameUse {
        FrameUse { budget: Arc::clone(self), holder, unfinished: 0, counted: 0 }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FrameShares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FrameShares {
    fn take(&mut self, holder: &ConnectionHolder, bytes: usize) -> bool {
        let held = self.by_holder.get(holder).copied().unwrap_or_default() + bytes;
        let is_other = *holder != ConnectionHolder::LocalOwner;
        if held > MAX_BYTES_OF_HOLDER || is_other && self.others + bytes > MAX_BYTES_OF_OTHERS {
            return false;
        }
        self.by_holder.insert(holder.clone(), held);
        self.others += if is_other { bytes } else { 0 };
        true
    }

    fn give_back(&mut self, holder: &ConnectionHolder, bytes: usize) {
        let Some(held) = self.by_holder.get_mut(holder) else { return };
        *held = held.saturating_sub(bytes);
        if *held == 0 {
            self.by_holder.remove(holder);
        }
        if *holder != ConnectionHolder::LocalOwner {
            self.others = self.others.saturating_sub(bytes);
        }
    }
}

impl FrameUse {
    /// Counts bytes that were read; returns false when the client has used up its share.
    pub(crate) fn record_bytes(&mut self, bytes: usize) -> bool {
        self.unfinished += bytes;
        let more = self.unfinished.saturating_sub(FREE_BYTES).saturating_sub(self.counted);
        if more > 0 {
            if !self.budget.lock().take(&self.holder, more) {
                return false;
            }
            self.counted += more;
        }
        true
    }

    /// The frame has come to its end.
    pub(crate) fn record_end(&mut self) {
        if self.counted > 0 {
            self.budget.lock().give_back(&self.holder, self.counted);
        }
        (self.unfinished, self.counted) = (0, 0);
    }
}

impl Drop for FrameUse {
    fn drop(&mut self) {
        self.record_end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_frames_take_from_the_share_of_their_client_only() {
        let budget = Arc::new(FrameBudget::default());
        let device = |number: usize| ConnectionHolder::Device(number.to_string());
        let large = MAX_FRAME_BYTES;
        let mut greedy: Vec<_> = (0..3).map(|_| budget.open_use(device(0))).collect();
        assert!(greedy[0].record_bytes(large) && greedy[1].record_bytes(large));
        assert!(!greedy[2].record_bytes(large));
        let mut others: Vec<_> = (1..40).map(|number| budget.open_use(device(number))).collect();
        assert!(others[0].record_bytes(large));
        let served = others[1..]
            .iter_mut()
            .filter_map(|other| other.record_bytes(large).then_some(()))
            .count();
        assert!(served >= 6 && budget.lock().others <= MAX_BYTES_OF_OTHERS, "{served}");
        // Small frames and the owner on this machine need none of it.
        let mut small = budget.open_use(device(90));
        assert!(small.record_bytes(FREE_BYTES));
        let mut owner = budget.open_use(ConnectionHolder::LocalOwner);
        assert!(owner.record_bytes(large));
        greedy[0].record_end();
        others.clear();
        assert!(greedy[2].record_bytes(1));
        drop((greedy, owner, small));
        let shares = budget.lock();
        assert!(shares.by_holder.is_empty() && shares.others == 0);
    }
}
