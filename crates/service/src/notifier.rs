//! What a service tells systemd about itself.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the systemd that started this program what it does. Without such a systemd nothing is
/// told, and nothing fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServiceNotifier;

impl ServiceNotifier {
    /// The program is ready, and it does this.
    pub fn notify_ready(self, status: &str) {
        notify(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The program reads its settings again; [`notify_ready`](Self::notify_ready) follows.
    pub fn notify_reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
    }

    /// The program ends, and may take so long.
    pub fn notify_stopping(self, limit: Duration) {
        let limit = u32::try_from(limit.as_micros()).unwrap_or(u32::MAX);
        notify(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(limit)]);
    }

    /// How often systemd expects [`notify_alive`](Self::notify_alive); `None` when it does not.
    #[must_use]
    pub fn watchdog_interval(self) -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }

    /// The program still works.
    pub fn notify_alive(self) {
        notify(&[NotifyState::Watchdog]);
    }
}

/// A systemd that cannot be told is no reason to stop.
fn notify(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
