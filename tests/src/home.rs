//! A user's home folder, made for one test.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};

use crate::binary::openclaw;
use crate::run::{Ended, Running};

/// A scratch home folder and the environment that the program is started with: `HOME`, a plain
/// `PATH` and what a test adds, nothing of the caller's own.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    variables: Vec<(String, OsString)>,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// Makes an empty home folder: no config, no key.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// Makes the home folder of someone whose vLLM server is at `base_url` and has not been
    /// configured otherwise.
    #[must_use]
    pub fn with_vllm(base_url: &str, key: &str) -> Self {
        Self::new().env("VLLM_BASE_URL", base_url).env("VLLM_API_KEY", key)
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Writes the config file, `~/.openclaw/openclaw.json`.
    #[must_use]
    pub fn config(self, text: &str) -> Self {
        let path = self.config_path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Where the config file is, whether or not there is one.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.path().join(".openclaw/openclaw.json")
    }

    /// The home folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The default workspace, created.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        let path = self.path().join(".openclaw/workspace");
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a file of the default workspace.
    pub fn put(&self, name: &str, text: &str) {
        fs::write(self.workspace().join(name), text).unwrap();
    }

    /// Writes a file of the state folder, and makes the folders above it.
    pub fn put_state(&self, name: &str, text: &str) {
        let path = self.path().join(".openclaw").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file of the default workspace; empty when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> String {
        fs::read_to_string(self.workspace().join(name)).unwrap_or_default()
    }

    /// The names of all that is in the default workspace, sorted.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.workspace()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    /// Makes a named pipe in the default workspace, where commands reach it, and returns its path.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn fifo(&self, name: &str) -> PathBuf {
        let path = self.workspace().join(name);
        make_fifo(&path).await;
        path
    }

    /// Starts `openclaw` with nothing on stdin.
    #[must_use]
    pub fn start(&self, args: &[&str]) -> Running {
        self.spawn(args, Stdio::null())
    }

    /// Runs `openclaw` to its end.
    pub async fn run(&self, args: &[&str]) -> Ended {
        self.start(args).ended().await
    }

    /// Runs `openclaw` in a folder below the home folder, which is made, to its end.
    pub async fn run_in(&self, folder: &str, args: &[&str]) -> Ended {
        let folder = self.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new("sh");
        let script = r#"cd "$0" && exec "$@""#;
        command.args(["-c", script]).arg(folder).arg(openclaw()).args(args);
        self.spawn_as(command, Stdio::null()).ended().await
    }

    /// Runs `openclaw` to its end with `input` on stdin.
    pub async fn run_with_input(&self, args: &[&str], input: &str) -> Ended {
        let mut running = self.spawn(args, Stdio::piped());
        let mut stdin = running.child.stdin.take().unwrap();
        // A program that ended without reading it says so by its exit code.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        running.ended().await
    }

    /// Starts `openclaw` on a terminal of its own; stdout is what the terminal shows.
    #[must_use]
    pub fn start_on_terminal(&self, args: &[&str]) -> Running {
        let words = std::iter::once(openclaw().to_str().unwrap()).chain(args.iter().copied());
        self.start_line_on_terminal(&quote_line(words))
    }

    fn start_line_on_terminal(&self, line: &str) -> Running {
        // It gives a program a terminal, passes its exit code on, and comes with every Debian.
        let mut script = Command::new("script");
        script.args(["-qec", line, "/dev/null"]);
        self.spawn_as(script, Stdio::piped())
    }

    /// Runs `openclaw` to its end on a terminal of its own, on which `answer` is typed once it asks
    /// a question; stdout is what the terminal shows.
    pub async fn answer_on_terminal(&self, args: &[&str], answer: &str) -> Ended {
        let (running, stdin) = self.start_typing(args);
        finish_answering(running, stdin, answer).await
    }

    /// The same, with `typed_ahead` typed before the program starts.
    pub async fn answer_after(&self, args: &[&str], typed_ahead: &str, answer: &str) -> Ended {
        let gate = self.path().join("gate");
        make_fifo(&gate).await;
        let home = self.path().to_str().unwrap();
        let words = std::iter::once(openclaw().to_str().unwrap()).chain(args.iter().copied());
        let line = format!("cat {home}/gate; exec {}", quote_line(words));
        let mut running = self.start_line_on_terminal(&line);
        let mut stdin = running.child.stdin.take().unwrap();
        stdin.write_all(typed_ahead.as_bytes()).await.unwrap();
        let last_line = typed_ahead.lines().last().unwrap_or_default();
        running.until_shows(last_line).await;
        fs::OpenOptions::new().write(true).open(&gate).unwrap();
        let ended = finish_answering(running, stdin, answer).await;
        fs::remove_file(gate).unwrap();
        ended
    }

    /// Runs `openclaw` to its end on a terminal of its own, on which `typed` is typed at once;
    /// stdout is what the terminal shows.
    pub async fn run_on_terminal(&self, args: &[&str], typed: &str) -> Ended {
        let (running, mut stdin) = self.start_typing(args);
        stdin.write_all(typed.as_bytes()).await.unwrap();
        let ended = running.ended().await;
        drop(stdin);
        ended
    }

    fn start_typing(&self, args: &[&str]) -> (Running, ChildStdin) {
        let mut running = self.start_on_terminal(args);
        let stdin = running.child.stdin.take().unwrap();
        (running, stdin)
    }

    /// A shell that runs `script`, in which `"$@"` is `openclaw` with some arguments, for who starts
    /// and waits for it in a way of their own.
    #[must_use]
    pub fn shell(&self, script: &str, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", script, "sh"]).arg(openclaw()).args(args);
        self.prepare(&mut command);
        command
    }

    pub(crate) fn prepare(&self, command: &mut std::process::Command) {
        command
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path());
    }

    fn spawn(&self, args: &[&str], stdin: Stdio) -> Running {
        let mut command = Command::new(openclaw());
        command.args(args);
        self.spawn_as(command, stdin)
    }

    fn spawn_as(&self, mut command: Command, stdin: Stdio) -> Running {
        self.prepare(command.as_std_mut());
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Running { child: command.spawn().unwrap(), home: self.path().to_owned() }
    }
}

fn quote_line<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let quote = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    words.map(quote).collect::<Vec<_>>().join(" ")
}

/// Types an answer once a question is shown, and waits for the end.
async fn finish_answering(mut running: Running, mut stdin: ChildStdin, answer: &str) -> Ended {
    let mut shown = running.shown_until("[y/N]").await;
    stdin.write_all(answer.as_bytes()).await.unwrap();
    let mut ended = running.ended().await;
    drop(stdin);
    shown.push_str(&ended.stdout);
    ended.stdout = shown;
    ended
}

/// Makes a named pipe.
///
/// # Panics
/// When it cannot be made.
pub async fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().await.unwrap().success());
}
