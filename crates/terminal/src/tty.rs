//! The process's terminal: its size, and raw mode.

use std::io::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The terminal's settings before raw mode; `None` while they are unchanged.
static SAVED_TERMIOS: Mutex<Option<Termios>> = Mutex::new(None);

/// Enables bracketed paste.
const ENABLE_BRACKETED_PASTE: &[u8] = b"\x1b[?2004h";

/// Resets everything that this crate changes: bracketed paste, a hidden cursor, line wrap, a
/// synchronised update, colours.
const RESET_TERMINAL: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[?2026l\x1b[0m";

/// Raw mode, as long as this value lives: the terminal sends each key at once and does not echo it.
/// A drop or a panic restores the terminal.
#[derive(Debug)]
pub struct RawMode(());

impl RawMode {
    /// Puts the terminal on stdin into raw mode.
    ///
    /// # Errors
    /// When stdin is no terminal, or its settings cannot be changed.
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

    /// Restores the terminal's settings while another program uses it.
    pub fn suspend(&self) {
        restore_terminal();
    }

    /// Enters raw mode again.
    ///
    /// # Errors
    /// When the terminal's settings cannot be changed.
    pub fn resume(&self) -> io::Result<()> {
        let stdin = io::stdin();
        let now = tcgetattr(&stdin)?;
        let mut raw = now.clone();
        raw.make_raw();
        // Keeps output processing, so that `\n` from others still starts at the first column.
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

/// The columns and rows of the terminal on stdout; 80 by 24 when unknown.
#[must_use]
pub fn terminal_size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

/// Stops this process like Ctrl-Z, until it is continued.
///
/// # Errors
/// When the signal cannot be sent.
pub fn stop_process() -> io::Result<()> {
    // Signals the whole foreground process group, as the terminal would.
    Ok(kill_current_process_group(Signal::TSTP)?)
}

/// Restores the terminal's settings, if they were changed.
fn restore_terminal() {
    let before = SAVED_TERMIOS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // The terminal may be gone; that is no error.
        let _ = write_stdout(RESET_TERMINAL);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    }
}

fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
