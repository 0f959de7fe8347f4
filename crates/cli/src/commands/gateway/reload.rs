//! Applying a changed config to the gateway that runs.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use openclaw_chat::CommandContext;
use openclaw_config::{LoadedConfig, RunKind};
use openclaw_gateway::{GatewayHandle, GatewayOverrides, GatewaySettings};
use openclaw_runtime::Runtime;
use openclaw_service::ServiceNotifier;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::print_start_error;
use crate::config_source::{ConfigSource, ConfigSourceError};
use crate::diagnostic;

/// How often the files of the config are looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Reads the config again when it changes or SIGHUP comes, and lets the gateway serve with it.
pub(super) struct ConfigReloader<'a> {
    pub(super) context: &'a CommandContext,
    pub(super) source: &'a ConfigSource,
    pub(super) overrides: GatewayOverrides,
    pub(super) handle: GatewayHandle,
    /// What systemd is told when the gateway serves.
    pub(super) status: String,
}

/// What tells that a file was changed or replaced: its time, its length and its number; `None` when
/// there is no file.
type FileStamp = Option<(SystemTime, u64, u64)>;

/// Tells when a file of the config changes.
#[derive(Debug)]
struct FileWatch {
    files: Vec<(PathBuf, FileStamp)>,
    /// How long a file must stay as it is; `None` when nobody wants to know.
    debounce: Option<Duration>,
}

/// Why the gateway goes on with the config that it has.
enum ReloadProblem {
    Source(ConfigSourceError),
    /// The file is broken, a value given for this run cannot be used, or a restriction would not
    /// hold; it has been printed.
    Refused,
}

impl ConfigReloader<'_> {
    /// Applies changes until it is dropped. Returns when the terminal of the gateway has gone.
    pub(super) async fn run(self, mut hangups: HangupSignals) {
        let mut watch = FileWatch::new(self.source, self.context.models.loaded_config());
        loop {
            let is_hangup = tokio::select! {
                () = hangups.next() => true,
                () = watch.wait_for_change() => false,
            };
            if is_hangup && hangups.has_lost_terminal() {
                return;
            }
            watch.record_files();
            ServiceNotifier.notify_reloading();
            if let Some(loaded) = self.apply().await {
                watch.follow_config(self.source, &loaded);
            }
            ServiceNotifier.notify_ready(&self.status);
        }
    }

    /// Reads the config and serves with it; `None` when it cannot be used.
    async fn apply(&self) -> Option<LoadedConfig> {
        let printer = &self.context.printer;
        let loaded = match self.load().await {
            Ok(loaded) => loaded,
            Err(problem) => {
                match problem {
                    ReloadProblem::Source(ConfigSourceError::Load(error)) => {
                        diagnostic::print_load_error(printer, &error);
                    }
                    ReloadProblem::Source(ConfigSourceError::Override(text)) => {
                        printer.print_error(format_args!("`--set {text}` is not KEY=VALUE"));
                    }
                    ReloadProblem::Refused => {}
                }
                self.tell_that_nothing_changed();
                return None;
            }
        };
        let state_dir = self.source.paths.state_dir();
        let settings = match GatewaySettings::from_config(&loaded, state_dir, &self.overrides) {
            Ok(settings) => settings,
            Err(error) => {
                print_start_error(self.context, &error);
                self.tell_that_nothing_changed();
                return None;
            }
        };
        let runtime = Runtime::new(self.source.create_models(loaded.clone()));
        let report = match self.handle.replace_config(runtime, settings).await {
            Ok(report) => report,
            Err(error) => {
                print_start_error(self.context, &error);
                self.tell_that_nothing_changed();
                return None;
            }
        };
        printer.print_note("the changed config is in use; turns that run end with the former one");
        if report.secret_changed {
            printer.print_note("clients with the former secret were closed");
        }
        for key in report.needs_restart {
            printer.print_warning(format_args!(
                "`{key}` changed, which acts at the next start; `openclaw gateway restart` \
                 restarts a gateway that is a service"
            ));
        }
        Some(loaded)
    }

    async fn load(&self) -> Result<LoadedConfig, ReloadProblem> {
        let source = self.source.clone();
        let loading = tokio::task::spawn_blocking(move || source.load());
        let loaded = match loading.await {
            Ok(loaded) => loaded.map_err(ReloadProblem::Source)?,
            Err(_) => return Err(ReloadProblem::Refused),
        };
        let printer = &self.context.printer;
        let blockers = loaded.start_blockers(RunKind::DefaultAgent);
        diagnostic::summarise_config_problems(printer, &loaded, &blockers);
        let is_usable = blockers.is_empty() && loaded.unusable_overrides().is_empty();
        if is_usable && !loaded.is_last_good() { Ok(loaded) } else { Err(ReloadProblem::Refused) }
    }

    fn tell_that_nothing_changed(&self) {
        let printer = &self.context.printer;
        printer
            .print_error("the changed config is not used: the gateway goes on with the former one");
        printer.print_hint("`openclaw doctor` shows what is wrong with the config.");
    }
}

impl FileWatch {
    fn new(source: &ConfigSource, loaded: &LoadedConfig) -> Self {
        let mut watch = Self { files: Vec::new(), debounce: None };
        watch.follow_config(source, loaded);
        watch
    }

    /// Watches the files of a config. What was recorded of a file before it was read stays.
    fn follow_config(&mut self, source: &ConfigSource, loaded: &LoadedConfig) {
        let recorded = std::mem::take(&mut self.files);
        let files = source.list_files(loaded).into_iter().map(|path| {
            let known = recorded.iter().find(|(known, _)| *known == path);
            let stamp = known.map_or_else(|| read_stamp(&path), |(_, stamp)| *stamp);
            (path, stamp)
        });
        self.files = files.collect();
        self.debounce = loaded.config.gateway.reload.debounce();
    }

    /// Waits until a file differs from what was recorded, and has stayed as it is for the debounce
    /// time.
    async fn wait_for_change(&self) {
        let Some(debounce) = self.debounce else { return std::future::pending().await };
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            let mut stamps = self.read_stamps();
            if self.files.iter().map(|(_, stamp)| *stamp).eq(stamps.iter().copied()) {
                continue;
            }
            loop {
                tokio::time::sleep(debounce).await;
                let again = self.read_stamps();
                if again == stamps {
                    return;
                }
                stamps = again;
            }
        }
    }

    fn read_stamps(&self) -> Vec<FileStamp> {
        self.files.iter().map(|(path, _)| read_stamp(path)).collect()
    }

    /// Records the files as they are, before they are read.
    fn record_files(&mut self) {
        for (path, stamp) in &mut self.files {
            *stamp = read_stamp(path);
        }
    }
}

fn read_stamp(path: &Path) -> FileStamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// Receives SIGHUP, which comes when somebody wants the config to be read, and when the terminal of
/// the program has gone.
#[derive(Debug)]
pub(super) struct HangupSignals {
    /// `None` when the signal is ignored, as below `nohup`.
    signal: Option<Signal>,
    had_terminal: bool,
}

impl HangupSignals {
    /// Starts to receive.
    pub(super) fn new() -> Self {
        let signal = (!openclaw_chat::is_hangup_ignored())
            .then(|| signal(SignalKind::hangup()).ok())
            .flatten();
        Self { signal, had_terminal: has_terminal() }
    }

    async fn next(&mut self) {
        let received = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }

    fn has_lost_terminal(&self) -> bool {
        self.had_terminal && !has_terminal()
    }
}

/// Whether the program has a controlling terminal.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}
