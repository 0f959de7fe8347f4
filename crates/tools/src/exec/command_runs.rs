//! The commands of a conversation that run in the background, or ended there.

use std::collections::hash_map::RandomState;
use std::fmt::{self, Write as _};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openclaw_core::ToolOutput;
use openclaw_process::CommandControl;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::exec::output_log::{LogLines, OutputLog};
use crate::exec::review::CommandPlace;

/// The most commands that run in the background at once.
const MAX_RUNNING: usize = 32;
/// The most ended commands whose output is kept.
const MAX_ENDED: usize = 64;
/// The longest command in a list, in characters.
const MAX_SHOWN_COMMAND: usize = 80;

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brisk", "calm", "clear", "cool", "crisp", "deep", "fair", "fast", "fine",
    "fresh", "gentle", "glad", "gold", "grand", "keen", "kind", "light", "lucky", "mild", "neat",
    "plain", "proud", "quick", "quiet", "rapid", "sharp", "smooth", "still", "swift", "warm",
];
const NOUNS: [&str; 32] = [
    "bay", "beacon", "birch", "bridge", "brook", "canyon", "cedar", "cliff", "cloud", "coast",
    "comet", "cove", "dune", "falcon", "field", "forest", "garden", "harbor", "hill", "island",
    "lagoon", "lake", "maple", "meadow", "otter", "pine", "prairie", "reef", "ridge", "river",
    "shore", "valley",
];

/// The commands of one conversation that outlive their calls of `exec`. Clones share them; when the
/// last clone is dropped, they end with their whole trees.
#[derive(Debug, Clone)]
pub struct CommandRuns {
    cleanup_after: Duration,
    runs: Arc<Mutex<Vec<BackgroundRun>>>,
}

/// A command that runs in a task, which ends with it.
#[derive(Debug)]
struct BackgroundRun {
    run: Arc<CommandRun>,
    task: JoinHandle<()>,
}

/// A command of a call of `exec`, in the foreground or in the background.
pub(crate) struct CommandRun {
    /// Two words.
    pub(crate) id: String,
    pub(crate) command: String,
    pub(crate) control: CommandControl,
    /// Whether its input can be written.
    pub(crate) has_input: bool,
    /// Where it runs, and so what is typed into it.
    pub(crate) place: CommandPlace,
    started_at: Instant,
    state: Mutex<RunState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct RunState {
    log: OutputLog,
    /// Output that the call of `exec` has not passed on yet; `None` once it has returned.
    unforwarded: Option<String>,
    /// How far the model has read the output.
    read_bytes: u64,
    end: Option<RunEnd>,
}

#[derive(Debug)]
struct RunEnd {
    output: ToolOutput,
    at: Instant,
    /// Whether the model knows of it.
    is_known: bool,
}

/// There is no command in the background with this id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("No session found for {id}. {}", describe_known(known))]
pub(crate) struct UnknownRun {
    id: String,
    known: Vec<String>,
}

/// As many commands run in the background as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyRuns;

impl CommandRuns {
    /// No commands yet. The output of one that has ended is kept for `cleanup_after`.
    #[must_use]
    pub fn new(cleanup_after: Duration) -> Self {
        Self { cleanup_after, runs: Arc::default() }
    }

    /// How many commands run in the background.
    #[must_use]
    pub fn running_count(&self) -> usize {
        self.lock().iter().filter(|background| background.run.is_running()).count()
    }

    /// The commands that run in the background, each with its id and its beginning on one line.
    #[must_use]
    pub fn running_commands(&self) -> Vec<String> {
        let runs = self.lock();
        let running = runs.iter().map(|background| &background.run).filter(|run| run.is_running());
        running.map(|run| format!("{} (`{}`)", run.id, shorten_command(&run.command))).collect()
    }

    /// Describes the commands that ended since the model last looked, each as a sentence for it.
    /// They count as told then.
    #[must_use]
    pub fn take_exit_notices(&self) -> Vec<String> {
        let runs = self.lock();
        runs.iter().filter_map(|background| background.run.take_exit_notice()).collect()
    }

    /// An id that no command has.
    pub(crate) fn new_id(&self) -> String {
        let runs = self.lock();
        loop {
            let random = usize::try_from(RandomState::new().hash_one(runs.len())).unwrap_or(0);
            let adjective = ADJECTIVES.get(random % ADJECTIVES.len()).unwrap_or(&"plain");
            let noun = NOUNS.get(random / ADJECTIVES.len() % NOUNS.len()).unwrap_or(&"run");
            let id = format!("{adjective}-{noun}");
            if runs.iter().all(|background| background.run.id != id) {
                return id;
            }
        }
    }

    /// Whether one more command may run in the background.
    pub(crate) fn check_room(&self) -> Result<(), TooManyRuns> {
        if self.running_count() < MAX_RUNNING { Ok(()) } else { Err(TooManyRuns) }
    }

    /// Continues a command in a task of its own.
    pub(crate) fn adopt(
        &self,
        run: &Arc<CommandRun>,
        command: impl Future<Output = ToolOutput> + Send + 'static,
    ) {
        run.lock().unforwarded = None;
        let finished = Arc::clone(run);
        let task = tokio::spawn(async move {
            let output = command.await;
            finished.record_end(output);
        });
        let mut runs = self.lock();
        runs.push(BackgroundRun { run: Arc::clone(run), task });
        self.remove_old(&mut runs);
    }

    /// Finds a command by its id.
    pub(crate) fn find(&self, id: &str) -> Result<Arc<CommandRun>, UnknownRun> {
        let runs = self.lock();
        let found = runs.iter().find(|background| background.run.id == id);
        found.map(|background| Arc::clone(&background.run)).ok_or_else(|| UnknownRun {
            id: id.to_owned(),
            known: runs.iter().map(|background| background.run.id.clone()).collect(),
        })
    }

    /// One line for each command, the latest last.
    pub(crate) fn list(&self) -> String {
        let mut runs = self.lock();
        self.remove_old(&mut runs);
        let lines: Vec<String> = runs.iter().map(|background| background.run.list_line()).collect();
        if lines.is_empty() { "no commands in the background".to_owned() } else { lines.join("\n") }
    }

    /// Forgets a command that has ended. Returns false while it runs.
    pub(crate) fn remove(&self, id: &str) -> bool {
        let mut runs = self.lock();
        let count = runs.len();
        runs.retain(|background| background.run.id != id || background.run.is_running());
        runs.len() < count
    }

    fn remove_old(&self, runs: &mut Vec<BackgroundRun>) {
        runs.retain(|background| {
            let state = background.run.lock();
            state.end.as_ref().is_none_or(|end| end.at.elapsed() < self.cleanup_after)
        });
        let ended: Vec<String> = runs
            .iter()
            .filter(|background| !background.run.is_running())
            .map(|background| background.run.id.clone())
            .collect();
        let surplus = ended.len().saturating_sub(MAX_ENDED);
        for id in ended.iter().take(surplus) {
            runs.retain(|background| background.run.id != *id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<BackgroundRun>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BackgroundRun {
    fn drop(&mut self) {
        // Dropping the command kills its tree.
        self.task.abort();
    }
}

impl CommandRun {
    pub(crate) fn new(
        id: String,
        command: String,
        control: CommandControl,
        has_input: bool,
    ) -> Self {
        let state = RunState { unforwarded: Some(String::new()), ..RunState::default() };
        Self {
            id,
            command,
            control,
            has_input,
            place: CommandPlace::Host,
            started_at: Instant::now(),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Says where the command runs.
    pub(crate) fn at_place(self, place: CommandPlace) -> Self {
        Self { place, ..self }
    }

    /// Adds output.
    pub(crate) fn push_output(&self, text: &str) {
        let mut state = self.lock();
        state.log.push(text);
        if let Some(unforwarded) = &mut state.unforwarded {
            unforwarded.push_str(text);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes the output that the call of `exec` has not passed on yet.
    pub(crate) fn take_unforwarded(&self) -> String {
        self.lock().unforwarded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Completes at the next output or the end after this call.
    pub(crate) fn next_change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Waits until there is output that the model has not read, or the end.
    pub(crate) async fn wait_for_news(&self) {
        loop {
            let changed = self.changed.notified();
            if self.has_news() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until the command has ended.
    pub(crate) async fn wait_for_end(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.is_running() {
                return;
            }
            changed.await;
        }
    }

    fn has_news(&self) -> bool {
        let state = self.lock();
        state.end.is_some() || state.log.total_bytes() > state.read_bytes
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lock().end.is_none()
    }

    /// The output since the last reading.
    pub(crate) fn read_new_output(&self) -> String {
        let mut state = self.lock();
        let text = state.log.text_from(state.read_bytes);
        state.read_bytes = state.log.total_bytes();
        if let Some(end) = &mut state.end {
            end.is_known = true;
        }
        text
    }

    pub(crate) fn read_lines(&self, offset: Option<u64>, limit: usize) -> LogLines {
        self.lock().log.lines(offset, limit)
    }

    /// Whether it runs and since when, or how it ended, e.g. `running for 1.5 s`.
    pub(crate) fn describe_state(&self) -> String {
        match &self.lock().end {
            None => format!("running for {:.1} s", self.started_at.elapsed().as_secs_f64()),
            Some(end) => format!("ended: {}", end_summary(&end.output)),
        }
    }

    fn record_end(&self, output: ToolOutput) {
        self.lock().end = Some(RunEnd { output, at: Instant::now(), is_known: false });
        self.changed.notify_waiters();
    }

    fn take_exit_notice(&self) -> Option<String> {
        let mut state = self.lock();
        let end = state.end.as_mut().filter(|end| !end.is_known)?;
        end.is_known = true;
        let command = shorten_command(&self.command);
        let end = end_summary(&end.output);
        Some(format!("the background command {} (`{command}`) ended: {end}", self.id))
    }

    fn list_line(&self) -> String {
        let (state, time) = {
            let state = self.lock();
            match &state.end {
                None => ("running".to_owned(), self.started_at.elapsed()),
                Some(end) => (end_summary(&end.output), end.at - self.started_at),
            }
        };
        let command = shorten_command(&self.command);
        let mut line = format!("{} {state} {}ms :: {command}", self.id, time.as_millis());
        if let Some(pid) = self.control.pid().filter(|_| self.is_running()) {
            let _ = write!(line, " (pid {pid})");
        }
        line
    }

    fn lock(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CommandRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandRun").field("id", &self.id).finish_non_exhaustive()
    }
}

fn end_summary(output: &ToolOutput) -> String {
    output.summary.clone().unwrap_or_else(|| "ended".to_owned())
}

/// The start of a command, on one line.
fn shorten_command(command: &str) -> String {
    let mut text: String = command.chars().take(MAX_SHOWN_COMMAND).collect();
    if text.len() < command.len() {
        text.push('…');
    }
    text.replace(['\n', '\r'], " ")
}

fn describe_known(known: &[String]) -> String {
    match known {
        [] => "No command is in the background.".to_owned(),
        known => format!("Known are: {}.", known.join(", ")),
    }
}
