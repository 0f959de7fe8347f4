//! Key input from the terminal, and process signals.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use openclaw_terminal::{KeyDecoder, KeyPress};
use tokio::io::{AsyncReadExt, Stdin};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// How long to wait for the rest of an escape sequence: Escape alone is the prefix of many keys.
const KEY_SEQUENCE_TIMEOUT: Duration = Duration::from_millis(50);

/// Reads keys from a terminal in raw mode.
#[derive(Debug)]
pub(crate) struct KeyInput {
    stdin: Stdin,
    decoder: KeyDecoder,
    keys: VecDeque<KeyPress>,
}

impl KeyInput {
    pub(crate) fn new() -> Self {
        let stdin = tokio::io::stdin();
        Self { stdin, decoder: KeyDecoder::default(), keys: VecDeque::new() }
    }

    /// Discards the keys that were pressed and not yet handled.
    pub(crate) fn discard_type_ahead(&mut self) {
        openclaw_terminal::discard_type_ahead();
        let mut bytes = [0; 4096];
        while let Some(Ok(1..)) = self.stdin.read(&mut bytes).now_or_never() {}
        self.keys.clear();
        self.decoder = KeyDecoder::default();
    }

    /// Waits for the next key; `None` at end of input. Cancel safe: no key is lost when the future
    /// is dropped.
    ///
    /// # Errors
    /// When reading from the terminal fails.
    pub(crate) async fn next_key(&mut self) -> io::Result<Option<KeyPress>> {
        loop {
            if let Some(key) = self.keys.pop_front() {
                return Ok(Some(key));
            }
            let mut bytes = [0; 4096];
            let is_waiting = self.decoder.has_pending_bytes();
            let read = tokio::select! {
                biased;
                read = self.stdin.read(&mut bytes) => read?,
                () = sleep(KEY_SEQUENCE_TIMEOUT), if is_waiting => {
                    self.keys.extend(self.decoder.flush_pending());
                    continue;
                }
            };
            if read == 0 {
                return Ok(None);
            }
            self.keys.extend(self.decoder.push_bytes(bytes.get(..read).unwrap_or_default()));
        }
    }
}

/// Continues a stopped process (SIGCONT).
const SIGCONT: i32 = 18;

/// A signal that the process received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessSignal {
    /// SIGTERM, SIGHUP or SIGQUIT: exit.
    Terminate,
    /// SIGINT: stop the current work.
    Interrupt,
    /// SIGCONT: resumed after a stop.
    Continue,
    /// SIGWINCH: the terminal was resized.
    Resize,
}

/// Receives the signals.
#[derive(Debug)]
pub(crate) struct SignalReceiver {
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
    interrupt: Signal,
    resume: Signal,
    resize: Signal,
}

impl SignalReceiver {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt())?,
            resume: signal(SignalKind::from_raw(SIGCONT))?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    pub(crate) async fn next(&mut self) -> ProcessSignal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => ProcessSignal::Terminate,
            _ = self.hangup.recv() => ProcessSignal::Terminate,
            _ = self.quit.recv() => ProcessSignal::Terminate,
            _ = self.interrupt.recv() => ProcessSignal::Interrupt,
            _ = self.resume.recv() => ProcessSignal::Continue,
            _ = self.resize.recv() => ProcessSignal::Resize,
        }
    }
}
