//! Ctrl-C and a terminating signal.

use std::future::Future;

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

/// Receives every interrupt from its creation on, also those that arrive while nobody waits.
#[derive(Debug)]
pub struct InterruptSignals(Option<(Signal, Signal)>);

impl InterruptSignals {
    /// Starts to receive. A signal that cannot be received never arrives.
    #[must_use]
    pub fn new() -> Self {
        let interrupt = signal(SignalKind::interrupt());
        Self(interrupt.ok().zip(signal(SignalKind::terminate()).ok()))
    }

    /// Waits for the next interrupt; returns at once when one arrived since the last wait.
    pub async fn next(&mut self) {
        let Some((interrupt, terminate)) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
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

    use super::InterruptSignals;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "the test sends a signal to itself")]
    async fn a_signal_that_comes_while_nobody_waits_is_heard() {
        let mut signals = InterruptSignals::new();
        for name in ["INT", "TERM"] {
            let kill = format!("kill -{name} {}", id());
            assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
            tokio::time::timeout(Duration::from_mins(1), signals.next()).await.unwrap();
        }
    }
}
