//! The keys, as they are pressed, and the signals.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use openclaw_terminal::{Key, KeyDecoder};
use tokio::io::{AsyncReadExt, Stdin};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// How long the rest of a key may take: Escape by itself is the beginning of many keys.
const REST: Duration = Duration::from_millis(50);

/// Reads keys from a terminal that gives them one by one.
#[derive(Debug)]
pub(crate) struct Input {
    stdin: Stdin,
    decoder: KeyDecoder,
    keys: VecDeque<Key>,
}

impl Input {
    pub(crate) fn new() -> Self {
        let stdin = tokio::io::stdin();
        Self { stdin, decoder: KeyDecoder::default(), keys: VecDeque::new() }
    }

    /// Waits for the next key; `None` when the terminal is gone. No key is lost when this is
    /// dropped.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub(crate) async fn key(&mut self) -> io::Result<Option<Key>> {
        loop {
            if let Some(key) = self.keys.pop_front() {
                return Ok(Some(key));
            }
            let mut bytes = [0; 4096];
            let is_waiting = self.decoder.is_waiting();
            let read = tokio::select! {
                biased;
                read = self.stdin.read(&mut bytes) => read?,
                () = sleep(REST), if is_waiting => {
                    self.keys.extend(self.decoder.flush());
                    continue;
                }
            };
            if read == 0 {
                return Ok(None);
            }
            self.keys.extend(self.decoder.push(bytes.get(..read).unwrap_or_default()));
        }
    }
}

/// The signal by which a stopped program is told to go on.
const SIGCONT: i32 = 18;

/// What the program is told by the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// To end.
    End,
    /// To stop what it is doing.
    Interrupt,
    /// To go on after it was stopped.
    GoOn,
    /// That the terminal has another size.
    Size,
}

/// The signals that tell.
#[derive(Debug)]
pub(crate) struct Signals {
    end: Signal,
    hang_up: Signal,
    interrupt: Signal,
    go_on: Signal,
    size: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            end: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            go_on: signal(SignalKind::from_raw(SIGCONT))?,
            size: signal(SignalKind::window_change())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            biased;
            _ = self.end.recv() => Told::End,
            _ = self.hang_up.recv() => Told::End,
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.go_on.recv() => Told::GoOn,
            _ = self.size.recv() => Told::Size,
        }
    }
}
