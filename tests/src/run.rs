//! A run of the program, and how it ended.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Far longer than any test takes, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(6);

/// Waits for what is sure to come: a program that hangs fails its test instead of holding it up
/// for ever.
pub async fn soon<T>(event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event).await.expect("what is waited for comes")
}

/// Kills the process with this id, so that it can do nothing more.
///
/// # Panics
/// When there is none.
pub async fn kill(id: &str) {
    signal("KILL", id).await;
}

async fn signal(name: &str, id: &str) {
    // The shell's own `kill` is there wherever a shell is.
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().await;
    assert!(sent.unwrap().success());
}

/// A program that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
    pub(crate) home: PathBuf,
}

/// What a program left behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    home: PathBuf,
}

impl Running {
    /// Sends what Ctrl-C sends.
    pub async fn interrupt(&self) {
        signal("INT", &self.child.id().unwrap().to_string()).await;
    }

    /// Kills it, so that it can do nothing more.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Kills it and tells what it had said.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn killed(mut self) -> Ended {
        self.child.start_kill().unwrap();
        self.ended().await
    }

    /// Types on the terminal that it was started on.
    ///
    /// # Panics
    /// When it does not read any more.
    pub async fn types(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads stdout until it holds `text`, which is then gone from it with all before.
    ///
    /// # Panics
    /// When stdout ends before.
    pub async fn until_shows(&mut self, text: &str) {
        until(self.child.stdout.as_mut().unwrap(), text).await;
    }

    /// The same, and returns what stdout held.
    pub(crate) async fn shown_until(&mut self, text: &str) -> String {
        until(self.child.stdout.as_mut().unwrap(), text).await
    }

    /// The same for stderr.
    ///
    /// # Panics
    /// When stderr ends before.
    pub async fn until_says(&mut self, text: &str) {
        until(self.child.stderr.as_mut().unwrap(), text).await;
    }

    /// The process, as others name it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Asks it to end, as a service manager does.
    pub async fn terminate(&self) {
        signal("TERM", &self.id().to_string()).await;
    }

    /// Asks it to read its config again, as a service manager does.
    pub async fn hang_up(&self) {
        signal("HUP", &self.id().to_string()).await;
    }

    /// Reads the next line of stdout, without its end, as soon as it is written.
    pub async fn line(&mut self) -> String {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut line = Vec::new();
        loop {
            match soon(stdout.read_u8()).await.unwrap() {
                b'\n' => return String::from_utf8(line).unwrap(),
                byte => line.push(byte),
            }
        }
    }

    /// Closes the reading end of stdout, as `| head` does.
    pub fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Waits for the end.
    pub async fn ended(self) -> Ended {
        let output = soon(self.child.wait_with_output()).await.unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            home: self.home,
        }
    }
}

impl Ended {
    /// Asserts the exit code.
    #[track_caller]
    #[must_use]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self:#?}");
        self
    }

    /// Asserts that stderr holds each of the texts.
    #[track_caller]
    #[must_use]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "stderr lacks {text:?}: {self:#?}");
        }
        self
    }

    /// Asserts that neither stream holds any of the texts.
    #[track_caller]
    #[must_use]
    pub fn hides(self, texts: &[&str]) -> Self {
        for text in texts {
            let found = self.stdout.contains(text) || self.stderr.contains(text);
            assert!(!found, "{text:?} is shown: {self:#?}");
        }
        self
    }

    /// Reads stdout as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is not one JSON value ({error}): {self:#?}"),
        }
    }

    /// Stderr with `~` for the home folder, the same in every run.
    #[must_use]
    pub fn stable_stderr(&self) -> String {
        self.stderr.replace(&*self.home.to_string_lossy(), "~")
    }
}

/// Reads until there was `text`.
async fn until(stream: &mut (impl AsyncRead + Unpin), text: &str) -> String {
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(text) {
        let byte = soon(stream.read_u8()).await;
        shown.push(byte.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&shown))));
    }
    String::from_utf8_lossy(&shown).into_owned()
}
