//! The program in tmux.

use std::process::Command;
use std::time::{Duration, Instant};

use tokio::process::Command as Async;

use crate::Home;
use crate::run::soon;

/// A server of tmux with a program in it, ended when this is dropped.
#[derive(Debug)]
pub struct Tmux<'a>(&'a Home);

impl<'a> Tmux<'a> {
    /// Starts `openclaw` on 100 columns and 30 rows; `None` when there is no tmux.
    #[must_use]
    pub fn start(home: &'a Home, args: &[&str]) -> Option<Self> {
        // The shell stays, so that the end of the program is to be seen.
        let script = r#"exec tmux -S "$HOME/tmux" -f /dev/null new-session -d -x 100 -y 30 \
                        sh -c '"$@"; read -r end' sh "$@""#;
        let mut command = home.shell(script, args);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let output = command.output().unwrap();
        if output.status.code() == Some(127) {
            return None;
        }
        assert!(output.status.success(), "{output:?}");
        Some(Self(home))
    }

    /// Starts a shell that finds `openclaw` on its `PATH`; `None` when there is no tmux.
    #[must_use]
    pub fn start_shell(home: &'a Home) -> Option<Self> {
        let script = r#"PATH="$(dirname "$1"):$PATH" \
                        exec tmux -S "$HOME/tmux" -f /dev/null new-session -d -x 100 -y 30 sh"#;
        let mut command = home.shell(script, &[]);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let output = command.output().unwrap();
        if output.status.code() == Some(127) {
            return None;
        }
        assert!(output.status.success(), "{output:?}");
        Some(Self(home))
    }

    /// Types a line and Enter.
    pub fn enter(&self, line: &str) {
        self.run(&["send-keys", "-l", line]);
        self.run(&["send-keys", "Enter"]);
    }

    /// Has tmux do something.
    pub fn run(&self, args: &[&str]) {
        assert!(self.command(args).status().unwrap().success(), "{args:?}");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.0.path().join("tmux")).args(args).env("LANG", "C.UTF-8");
        command
    }

    /// Everything that can be scrolled to, and the screen.
    #[must_use]
    pub fn history(&self) -> String {
        let output = self.command(&["capture-pane", "-p", "-S", "-"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Looks until the screen holds a text, and returns the screen.
    pub async fn shows(&self, text: &str) -> String {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let mut command = Async::from(self.command(&["capture-pane", "-p"]));
            let screen = soon(command.output()).await.unwrap().stdout;
            let screen = String::from_utf8(screen).unwrap();
            if screen.contains(text) {
                return screen;
            }
            assert!(Instant::now() < until, "waited in vain for {text:?}:\n{screen}");
        }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).status();
    }
}
