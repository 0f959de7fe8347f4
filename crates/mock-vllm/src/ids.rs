//! Ids and the fingerprint, which look like the server's and differ from each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The version the server gives for itself.
pub(crate) const VERSION: &str = "0.32.0";
/// The `system_fingerprint` of every answer.
pub(crate) const FINGERPRINT: &str = "vllm-0.32.0-6247f6dd";

/// Hands out ids of 16 hex digits.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    count: AtomicU64,
}

impl Ids {
    /// The next id, different from all before it.
    pub(crate) fn next(&self) -> String {
        // An odd factor permutes the numbers, so no two counts meet.
        let count = self.count.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        format!("{:016x}", count.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
