//! Helpers: a shell command with limits, and a pipe that shows which processes live.

use std::path::{Path, PathBuf};
use std::time::Duration;

use openclaw_process::{
    CommandLimits, CommandResult, CommandSpec, ProcessError, SUPERVISOR_ARGUMENT,
    SupervisorProgram, run, run_supervisor,
};
use rustix::fs::{FileType, Mode, OFlags};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

/// This test program as a supervisor: it is started again to run one test, which supervises.
pub(crate) fn supervisor() -> SupervisorProgram {
    let test = "support::supervise_when_asked";
    let args = ["--exact", test, "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}

pub(crate) fn shell(command: &str) -> CommandSpec {
    CommandSpec {
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        ..CommandSpec::shell_command(command, supervisor())
    }
}

/// Wide limits, which end a test that hangs.
pub(crate) fn bounds() -> CommandLimits {
    CommandLimits {
        time_limit: Some(Duration::from_mins(1)),
        max_output_bytes: 64 * 1024,
        grace_period: Duration::from_secs(20),
    }
}

pub(crate) async fn run_shell(command: &str) -> Result<CommandResult, ProcessError> {
    run(shell(command), bounds(), |_, _| ()).await
}

/// A named pipe that the processes of a test hold open for writing: its end is reached exactly when
/// the last of them has gone.
pub(crate) struct LifeLine {
    _directory: TempDir,
    path: PathBuf,
    reader: pipe::Receiver,
}

impl LifeLine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("life");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, mode, 0).unwrap();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let reader = rustix::fs::open(&path, flags, Mode::empty()).unwrap();
        let reader = pipe::Receiver::from_owned_fd(reader).unwrap();
        Self { _directory: directory, path, reader }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until `count` processes have written a byte, which shows that they run.
    pub(crate) async fn wait_for(&mut self, count: usize) {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).await.unwrap();
    }

    /// Reads without waiting. Returns the number of bytes written if no process has the pipe open.
    pub(crate) fn written_by_the_dead(&self) -> Option<usize> {
        let mut written = 0;
        let mut buffer = [0; 64];
        loop {
            match self.reader.try_read(&mut buffer) {
                Ok(0) => return Some(written),
                Ok(count) => written += count,
                Err(_) => return None,
            }
        }
    }
}
