//! Controls a running command from elsewhere: its input, and its end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The most bytes of input that wait for the command to read them.
const MAX_PENDING_BYTES: usize = 1 << 20;

/// Controls a command that was started with the [`CommandHandle`] of the same pair. Clones control
/// the same command.
#[derive(Clone)]
pub struct CommandControl {
    orders: UnboundedSender<CommandOrder>,
    shared: Arc<SharedState>,
}

/// The end of a [`CommandControl`] that runs the command.
pub struct CommandHandle {
    orders: UnboundedReceiver<CommandOrder>,
    shared: Arc<SharedState>,
}

/// Why input was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// The command has ended or reads no input.
    #[error("the command takes no input any more")]
    Closed,
    /// The command does not read what it was sent before.
    #[error("more than 1 MiB of input waits for the command to read it")]
    Full,
}

/// What is asked of a running command.
#[derive(Debug)]
pub(crate) enum CommandOrder {
    WriteInput(Vec<u8>),
    CloseInput,
    Stop,
}

#[derive(Default)]
struct SharedState {
    /// The process id of the first command; 0 before it is started.
    pid: AtomicI32,
    started: Notify,
    pending_bytes: AtomicUsize,
}

/// Makes both ends of the control of one command.
#[must_use]
pub fn command_control() -> (CommandControl, CommandHandle) {
    let (sender, receiver) = unbounded_channel();
    let shared = Arc::new(SharedState::default());
    let control = CommandControl { orders: sender, shared: Arc::clone(&shared) };
    (control, CommandHandle { orders: receiver, shared })
}

impl CommandControl {
    /// Has the command read these bytes, for [`StdinSource::Controlled`](crate::StdinSource).
    ///
    /// # Errors
    /// When the command has ended, and when too much input waits.
    pub fn write_input(&self, bytes: Vec<u8>) -> Result<(), InputError> {
        let pending = self.shared.pending_bytes.load(Ordering::Relaxed);
        if pending.saturating_add(bytes.len()) > MAX_PENDING_BYTES {
            return Err(InputError::Full);
        }
        self.shared.pending_bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        self.orders.send(CommandOrder::WriteInput(bytes)).map_err(|_ended| InputError::Closed)
    }

    /// Ends the input of the command after what was written.
    pub fn close_input(&self) {
        // A command that has ended has no input.
        let _ = self.orders.send(CommandOrder::CloseInput);
    }

    /// Ends the command with its whole tree, as a timeout does.
    pub fn stop(&self) {
        let _ = self.orders.send(CommandOrder::Stop);
    }

    /// The process id of the first command, once it runs.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        Some(self.shared.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// Waits until the command runs.
    pub async fn wait_until_started(&self) {
        loop {
            let started = self.shared.started.notified();
            if self.pid().is_some() {
                return;
            }
            started.await;
        }
    }
}

impl CommandHandle {
    /// Waits for the next order; never returns when nobody can give one.
    pub(crate) async fn next_order(&mut self) -> CommandOrder {
        match self.orders.recv().await {
            Some(order) => order,
            None => std::future::pending().await,
        }
    }

    pub(crate) fn set_pid(&self, pid: i32) {
        self.shared.pid.store(pid, Ordering::Release);
        self.shared.started.notify_waiters();
    }

    /// Records that the command has read so much of its input.
    pub(crate) fn record_read(&self, bytes: usize) {
        self.shared.pending_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for CommandControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandControl").field("pid", &self.pid()).finish_non_exhaustive()
    }
}

impl fmt::Debug for CommandHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandHandle").finish_non_exhaustive()
    }
}
