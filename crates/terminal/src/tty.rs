//! The process's terminal: its size, and raw mode.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};

use crate::printer::OutputPrinter;

/// The terminal's settings before raw mode; `None` while they are unchanged.
static SAVED_TERMIOS: Mutex<Option<Termios>> = Mutex::new(None);

/// Enables bracketed paste.
const ENABLE_BRACKETED_PASTE: &[u8] = b"\x1b[?2004h";

/// Resets everything that this crate changes: bracketed paste, a hidden cursor, line wrap, a
/// synchronised update, colours.
const RESET_TERMINAL: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[?2026l\x1b[0m";

/// Whether something that is no terminal has written to standard input. Does not wait for it.
#[must_use]
pub fn stdin_has_data() -> bool {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return false;
    }
    let is_file = fstat(&stdin).is_ok_and(|stat| !FileType::from_raw_mode(stat.st_mode).is_fifo());
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    !is_file
        && poll(&mut polled, Some(&Timespec::default())).is_ok()
        && polled.iter().any(|fd| fd.revents().contains(PollFlags::IN))
}

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

/// The columns and rows of the terminal on stdout, or else on stderr; 80 by 24 when unknown.
#[must_use]
pub fn terminal_size() -> (usize, usize) {
    let sizes = [tcgetwinsize(io::stdout()), tcgetwinsize(io::stderr())];
    let mut sizes = sizes.into_iter().flatten().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    sizes.next().map_or((80, 24), |size| (size.ws_col.into(), size.ws_row.into()))
}

/// Discards what was typed on the terminal on stdin and not yet read, so that it can't answer a
/// question that its writer had not seen. Does nothing when stdin is no terminal.
pub fn discard_type_ahead() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// Asks on stderr and waits for the next line of stdin, without its end; `None` at the end of input.
/// What was typed before the question is discarded. Blocks the thread.
///
/// # Errors
/// When stdin cannot be read.
pub fn ask_for_line(printer: &OutputPrinter, question: impl Display) -> io::Result<Option<String>> {
    discard_type_ahead();
    printer.print_question(question);
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    let text = line.trim_end_matches(['\n', '\r']);
    Ok((read > 0).then(|| text.to_owned()))
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
