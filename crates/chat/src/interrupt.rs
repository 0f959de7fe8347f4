//! Ctrl-C and the signals that end a program.

use std::future::{Future, poll_fn};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs `work` until it finishes or a signal interrupts it; `None` when interrupted. Interrupted
/// work is dropped: connections close, so that the server stops generating, and running commands
/// are killed.
pub async fn run_unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = wait_for_interrupt() => None,
        value = work => Some(value),
    }
}

/// Waits for one interrupt. To wait more than once, keep an [`InterruptSignals`].
pub async fn wait_for_interrupt() {
    InterruptSignals::new().next().await;
}

/// The signals that end the work: that of Ctrl-C, a terminating one, the end of the terminal, and
/// that of Ctrl-\.
const INTERRUPT_KINDS: [fn() -> SignalKind; 4] =
    [SignalKind::interrupt, SignalKind::terminate, SignalKind::hangup, SignalKind::quit];

/// Receives every interrupt from its creation on, also those that arrive while nobody waits.
#[derive(Debug)]
pub struct InterruptSignals(Vec<(SignalKind, Signal)>);

impl InterruptSignals {
    /// Starts to receive. A signal that cannot be received never arrives.
    #[must_use]
    pub fn new() -> Self {
        Self::of_kinds(|_| true)
    }

    /// Starts to receive all but the end of the terminal (SIGHUP).
    #[must_use]
    pub fn without_hangup() -> Self {
        Self::of_kinds(|kind| kind != SignalKind::hangup())
    }

    fn of_kinds(is_wanted: impl Fn(SignalKind) -> bool) -> Self {
        let kinds = INTERRUPT_KINDS.iter().map(|kind| kind());
        let kinds = kinds.filter(|kind| is_wanted(*kind) && !is_ignored(*kind));
        Self(kinds.filter_map(|kind| Some((kind, signal(kind).ok()?))).collect())
    }

    /// Waits for the next interrupt; returns at once when one arrived since the last wait.
    pub async fn next(&mut self) {
        let _ = self.next_is_ctrl_c().await;
    }

    /// The same; returns whether it was that of Ctrl-C, which ends the work and not the program.
    pub(crate) async fn next_is_ctrl_c(&mut self) -> bool {
        poll_fn(|context| {
            let arrived = self
                .0
                .iter_mut()
                .find_map(|(kind, signal)| signal.poll_recv(context).is_ready().then_some(*kind));
            arrived.map_or(Poll::Pending, |kind| Poll::Ready(kind == SignalKind::interrupt()))
        })
        .await
    }
}

fn is_ignored(kind: SignalKind) -> bool {
    kind == SignalKind::hangup() && is_hangup_ignored()
}

/// Whether the starting program had this process ignore the end of the terminal (SIGHUP), as `nohup`
/// does.
#[must_use]
pub fn is_hangup_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|it| ignores_hangup(&it))
}

/// Reads the mask of ignored signals in a `/proc/PID/status`; SIGHUP is signal 1.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

impl Default for InterruptSignals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, id};
    use std::time::Duration;

    use super::{InterruptSignals, ignores_hangup};

    #[test]
    fn an_ignored_hangup_is_found() {
        let status = |mask| format!("Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\n");
        assert!(ignores_hangup(&status("0000000000001001")));
        assert!(!ignores_hangup(&status("0000000000001000")));
        assert!(!ignores_hangup(""));
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the test sends a signal to itself")]
    async fn a_signal_between_two_waits_is_not_lost() {
        let mut signals = InterruptSignals::new();
        for name in ["INT", "TERM", "HUP", "QUIT"] {
            let kill = format!("kill -{name} {}", id());
            assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
            tokio::time::timeout(Duration::from_mins(1), signals.next()).await.unwrap();
        }
    }
}
