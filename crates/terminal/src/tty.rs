//! The terminal that the process has: its size, and its keys one by one.

use std::io::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// How the terminal was before; `None` while nothing of it is changed.
static SAVED_TERMIOS: Mutex<Option<Termios>> = Mutex::new(None);

/// Asks for pasted text to be marked as such.
const ENABLE_BRACKETED_PASTE: &[u8] = b"\x1b[?2004h";

/// Takes back all that is asked of a terminal here: marks, a hidden cursor, rows that do not break,
/// an update that is not over, colours.
const RESET_TERMINAL: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[?2026l\x1b[0m";

/// The terminal gives each key as it is pressed, and shows none by itself, as long as this lives.
/// Dropping it, and a panic, make the terminal what it was before.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Changes the terminal on stdin.
    ///
    /// # Errors
    /// When stdin is no terminal, or it cannot be changed.
    pub fn enter() -> io::Result<Self> {
        static PANIC_HOOK: Once = Once::new();
        PANIC_HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore_terminal();
                before(panic);
            }));
        });
        let this = Self(());
        this.resume()?;
        Ok(this)
    }

    /// Makes the terminal what it was before, for as long as another program has it.
    pub fn suspend(&self) {
        restore_terminal();
    }

    /// Changes the terminal again.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub fn resume(&self) -> io::Result<()> {
        let stdin = io::stdin();
        let now = tcgetattr(&stdin)?;
        let mut raw = now.clone();
        raw.make_raw();
        // Whatever else writes a line begins the next one at its beginning.
        raw.output_modes = now.output_modes;
        let mut before = SAVED_TERMIOS.lock().unwrap_or_else(PoisonError::into_inner);
        before.get_or_insert(now);
        tcsetattr(&stdin, OptionalActions::Now, &raw)?;
        write_stdout(ENABLE_BRACKETED_PASTE)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// The columns and rows of the terminal on stdout; 80 by 24 where it does not say.
#[must_use]
pub fn terminal_size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

/// Stops this process as Ctrl-Z does, until it is told to go on.
///
/// # Errors
/// When the system does not let it.
pub fn stop_process() -> io::Result<()> {
    // All that share the terminal's foreground, as the terminal itself would.
    Ok(kill_current_process_group(Signal::TSTP)?)
}

/// Makes the terminal what it was before it was changed, if it was.
fn restore_terminal() {
    let before = SAVED_TERMIOS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // A terminal that is gone needs nothing.
        let _ = write_stdout(RESET_TERMINAL);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
