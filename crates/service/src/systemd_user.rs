//! The services of a user's own systemd.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openclaw_fs::AtomicFile;
use openclaw_process::{
    CommandEnd, CommandLimits, CommandSpec, StdinSource, SupervisorProgram, WorkDir, run,
};

use crate::{ServiceDefinition, ServiceError};

/// How long `systemctl` may take. A stop takes as long as the service takes to end.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(2);

/// The most bytes of a unit that is read.
const MAX_UNIT_BYTES: u64 = 256 * 1024;

/// The machine and the user whose services are meant.
#[derive(Debug, Clone)]
pub struct SystemdHost {
    /// Where the system keeps its state: `/run`.
    pub run_dir: PathBuf,
    /// The user's configuration directory, e.g. `~/.config`.
    pub config_dir: PathBuf,
    /// The user's `XDG_RUNTIME_DIR`; without it that is `user/UID` in [`run_dir`](Self::run_dir).
    pub runtime_dir: Option<PathBuf>,
    /// The user's id.
    pub uid: u32,
    /// The variables for the programs of systemd, e.g. `PATH` and `HOME`.
    pub environment: Vec<(OsString, OsString)>,
    /// What supervises these programs.
    pub supervisor: SupervisorProgram,
}

/// The systemd of a user.
#[derive(Debug, Clone)]
pub struct SystemdUser {
    units: PathBuf,
    environment: Vec<(OsString, OsString)>,
    uid: u32,
    supervisor: SupervisorProgram,
}

/// What systemd says about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceState {
    /// Whether systemd has read its unit.
    pub is_loaded: bool,
    /// Whether it starts when the user's systemd starts.
    pub is_enabled: bool,
    /// E.g. `active`, `inactive`, `failed` or `activating`.
    pub active: String,
    /// E.g. `running`, `dead` or `auto-restart`.
    pub detail: String,
    /// Its process, while it runs.
    pub pid: Option<u32>,
    /// What the program says about itself; empty when it says nothing.
    pub status: String,
}

impl SystemdUser {
    /// Finds the user's systemd.
    ///
    /// # Errors
    /// When the machine does not run systemd, or the user has no systemd of their own.
    pub fn find(host: SystemdHost) -> Result<Self, ServiceError> {
        let booted = host.run_dir.join("systemd/system");
        if !booted.is_dir() {
            return Err(ServiceError::NoSystemd { missing: booted });
        }
        let runtime_dir = host
            .runtime_dir
            .unwrap_or_else(|| host.run_dir.join("user").join(host.uid.to_string()));
        let socket = runtime_dir.join("systemd/private");
        if !socket.exists() {
            return Err(ServiceError::NoUserManager { missing: socket });
        }
        let mut environment = host.environment;
        environment.retain(|(name, _)| name != "XDG_RUNTIME_DIR");
        environment.push(("XDG_RUNTIME_DIR".into(), runtime_dir.into()));
        Ok(Self {
            units: units_dir(&host.config_dir),
            environment,
            uid: host.uid,
            supervisor: host.supervisor,
        })
    }

    /// Writes the unit of a service, and lets systemd read it and start it at each login. The
    /// service is not started.
    ///
    /// # Errors
    /// When the unit cannot be written, another one is there and `replaces` is false, or systemd
    /// refuses it.
    pub async fn install(
        &self,
        service: &ServiceDefinition,
        replaces: bool,
    ) -> Result<PathBuf, ServiceError> {
        let text = service.to_systemd_unit()?;
        let path = self.unit_path(&service.name);
        let present = read_unit(&path)?;
        if present.as_ref().is_some_and(|present| *present != text) && !replaces {
            return Err(ServiceError::OtherDefinition { path });
        }
        if present.is_none_or(|present| present != text) {
            write_unit(&path, &text)?;
        }
        // The unit must be known before it can be enabled.
        self.run_systemctl(&["daemon-reload"]).await?;
        self.run_systemctl(&["enable", &unit_name(&service.name)]).await?;
        Ok(path)
    }

    /// Stops a service, and removes its unit. Returns whether it was installed.
    ///
    /// # Errors
    /// When systemd refuses to stop it, or its unit cannot be removed.
    pub async fn uninstall(&self, name: &str) -> Result<bool, ServiceError> {
        let path = self.unit_path(name);
        if read_unit(&path)?.is_none() {
            return Ok(false);
        }
        self.run_systemctl(&["disable", "--now", &unit_name(name)]).await?;
        let remove = |source| ServiceError::File { action: "remove", path: path.clone(), source };
        std::fs::remove_file(&path).map_err(remove)?;
        self.run_systemctl(&["daemon-reload"]).await?;
        Ok(true)
    }

    /// Starts, stops or restarts an installed service, as `verb` says, and waits until that is done.
    ///
    /// # Errors
    /// When it is not installed, and when systemd refuses or it fails.
    pub async fn control(&self, verb: ServiceVerb, name: &str) -> Result<(), ServiceError> {
        if read_unit(&self.unit_path(name))?.is_none() {
            return Err(ServiceError::NotInstalled { name: name.to_owned() });
        }
        self.run_systemctl(&[verb.as_str(), &unit_name(name)]).await.map(|_| ())
    }

    /// What systemd says about a service. One that is not installed is not loaded.
    ///
    /// # Errors
    /// When systemd cannot be asked.
    pub async fn state(&self, name: &str) -> Result<ServiceState, ServiceError> {
        let properties =
            "--property=LoadState,UnitFileState,ActiveState,SubState,MainPID,StatusText";
        let text = self.run_systemctl(&["show", properties, &unit_name(name)]).await?;
        let value = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        Ok(ServiceState {
            is_loaded: value("LoadState") == "loaded",
            is_enabled: value("UnitFileState") == "enabled",
            active: value("ActiveState"),
            detail: value("SubState"),
            pid: value("MainPID").parse().ok().filter(|pid| *pid != 0),
            status: value("StatusText"),
        })
    }

    /// Whether the user's services go on after the logout; `None` when the system does not say.
    pub async fn outlives_logout(&self) -> Option<bool> {
        let uid = self.uid.to_string();
        let args = ["show-user", "--property=Linger", "--value", &uid];
        let text = self.run_program("loginctl", &args).await.ok()?;
        match text.trim() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    /// Lets the user's services go on after the logout, and start with the machine.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn enable_linger(&self) -> Result<(), ServiceError> {
        let uid = self.uid.to_string();
        self.run_program("loginctl", &["enable-linger", &uid]).await.map(|_| ())
    }

    fn unit_path(&self, name: &str) -> PathBuf {
        self.units.join(unit_name(name))
    }

    async fn run_systemctl(&self, args: &[&str]) -> Result<String, ServiceError> {
        let args: Vec<&str> =
            ["--user", "--no-pager"].into_iter().chain(args.iter().copied()).collect();
        self.run_program("systemctl", &args).await
    }

    /// Runs a program of systemd, and returns what it printed.
    async fn run_program(&self, program: &str, args: &[&str]) -> Result<String, ServiceError> {
        let command = || format!("{program} {}", args.join(" "));
        let spec = CommandSpec {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
            directory: WorkDir::Path("/".into()),
            env: self.environment.clone(),
            stdin: StdinSource::Null,
            supervisor: self.supervisor.clone(),
            sandbox: None,
        };
        let limits = CommandLimits {
            time_limit: Some(COMMAND_TIMEOUT),
            max_output_bytes: 64 * 1024,
            grace_period: Duration::from_secs(1),
        };
        let result = run(spec, limits, |_, _| ()).await?;
        let mut output = result.output.head;
        output.extend_from_slice(&result.output.tail);
        let output = String::from_utf8_lossy(&output).into_owned();
        match result.end {
            CommandEnd::Exited(0) => Ok(output),
            CommandEnd::TimedOut(limit) => {
                Err(ServiceError::TimedOut { command: command(), seconds: limit.as_secs() })
            }
            end => {
                let words: Vec<&str> = output.split_whitespace().collect();
                let output = if words.is_empty() { format!("{end:?}") } else { words.join(" ") };
                Err(ServiceError::Refused { command: command(), output })
            }
        }
    }
}

/// What is done with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceVerb {
    /// Starts it when it does not run.
    Start,
    /// Ends it.
    Stop,
    /// Ends it when it runs, and starts it.
    Restart,
}

impl ServiceVerb {
    /// The verb of `systemctl`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }
}

/// Reads the unit of a service that is installed below a user's configuration directory; `None` when
/// there is none. Needs no systemd.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_installed_unit(config_dir: &Path, name: &str) -> Result<Option<String>, ServiceError> {
    read_unit(&units_dir(config_dir).join(unit_name(name)))
}

fn units_dir(config_dir: &Path) -> PathBuf {
    config_dir.join("systemd/user")
}

fn unit_name(name: &str) -> String {
    format!("{name}.service")
}

fn read_unit(path: &Path) -> Result<Option<String>, ServiceError> {
    match openclaw_fs::read_text(path, MAX_UNIT_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ServiceError::File { action: "read", path: path.to_owned(), source }),
    }
}

fn write_unit(path: &Path, text: &str) -> Result<(), ServiceError> {
    let write = |source| ServiceError::File { action: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(write)?;
    }
    let mut file = AtomicFile::create(path).map_err(write)?;
    file.write_all(text.as_bytes()).map_err(write)?;
    file.commit().map_err(write)
}
