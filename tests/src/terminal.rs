//! The program on a terminal, as a person sees it.

use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::Home;
use crate::binary::openclaw;
use crate::run::soon;

/// Far longer than anything takes to be shown, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A terminal with a program on it, which is killed when this is dropped.
pub struct Terminal {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    parser: vt100::Parser,
    home: PathBuf,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("screen", &self.screen()).finish_non_exhaustive()
    }
}

impl Home {
    /// Starts `openclaw` on a terminal of 100 columns and 30 rows.
    #[must_use]
    pub fn terminal(&self, args: &[&str]) -> Terminal {
        let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
        let words = std::iter::once(openclaw().to_str().unwrap()).chain(args.iter().copied());
        let words = words.map(quoted).collect::<Vec<_>>().join(" ");
        // What the terminal is like afterwards is kept as well.
        let line = format!(
            "stty rows 30 cols 100; tty > tty; sh -c 'echo $$ > pid; exec \"$@\"' sh {words}; \
             code=$?; stty -a > modes; exit $code"
        );
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]);
        self.prepare(script.as_std_mut());
        script.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = script.kill_on_drop(true).spawn().unwrap();
        Terminal {
            stdin: child.stdin.take().unwrap(),
            stdout: child.stdout.take().unwrap(),
            child,
            parser: vt100::Parser::new(cells(30), cells(100), 1000),
            home: self.path().to_owned(),
        }
    }
}

impl Terminal {
    /// Types bytes.
    pub async fn types(&mut self, text: &str) {
        self.stdin.write_all(text.as_bytes()).await.unwrap();
        self.stdin.flush().await.unwrap();
    }

    /// The rows of the screen, without the room at their ends.
    #[must_use]
    pub fn screen(&self) -> String {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1.get());
        rows.map(|row| row.trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
            .trim_end()
            .to_owned()
    }

    /// The rows of the scrollback and of the screen, without the room at their ends.
    #[must_use]
    pub fn all_rows(&self) -> String {
        let mut parser = self.parser.screen().clone();
        let mut rows: Vec<String> = Vec::new();
        parser.set_scrollback(usize::MAX);
        let mut offset = parser.scrollback();
        while offset > 0 {
            parser.set_scrollback(offset);
            let width = parser.size().1.get();
            rows.extend(parser.rows(0, width).take(1));
            offset -= 1;
        }
        parser.set_scrollback(0);
        rows.extend(parser.rows(0, parser.size().1.get()));
        rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n")
    }

    /// Waits until the screen is as wanted.
    ///
    /// # Panics
    /// When it never is.
    pub async fn until(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let shown = timeout(PATIENCE, async {
            loop {
                let screen = self.screen();
                if is_wanted(&screen) {
                    return Some(screen);
                }
                let mut bytes = [0; 4096];
                match self.stdout.read(&mut bytes).await.unwrap_or(0) {
                    0 => return None,
                    read => self.parser.process(bytes.get(..read).unwrap_or_default()),
                }
            }
        });
        match shown.await {
            Ok(Some(screen)) => screen,
            Ok(None) => panic!("the program ended before {what}:\n{}", self.screen()),
            Err(elapsed) => panic!("{elapsed} for {what}:\n{}", self.screen()),
        }
    }

    /// Waits until the screen holds a text.
    pub async fn shows(&mut self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text)).await
    }

    /// Waits until the screen does not hold a text any more.
    pub async fn hides(&mut self, text: &str) -> String {
        self.until(&format!("the end of {text}"), |screen| !screen.contains(text)).await
    }

    /// Waits until the input is this and nothing runs: its row is the last one.
    pub async fn awaits(&mut self, input: &str) -> String {
        let row = format!("› {input}");
        let row = row.trim_end().to_owned();
        self.until(&format!("the input {row:?}"), |screen| {
            let mut rows = screen.lines().rev();
            rows.next() == Some(row.as_str())
                && !rows.any(|row| row.contains("Ctrl-C stops") || row.contains(" stopping, "))
        })
        .await
    }

    /// Gives the terminal another size.
    pub async fn resize(&mut self, columns: u16, rows: u16) {
        let tty = fs::read_to_string(self.home.join("tty")).unwrap();
        let (columns_text, rows_text) = (columns.to_string(), rows.to_string());
        let args = ["-F", tty.trim(), "cols", &columns_text, "rows", &rows_text];
        assert!(soon(Command::new("stty").args(args).status()).await.unwrap().success());
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// The program's process id.
    #[must_use]
    pub fn id(&self) -> String {
        fs::read_to_string(self.home.join("pid")).unwrap().trim().to_owned()
    }

    /// Tells the program to end.
    pub async fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.id()]).status();
        assert!(soon(sent).await.unwrap().success());
    }

    /// Closes the terminal, as by closing its window, and waits for the program's end.
    pub async fn hang_up(mut self) {
        let id = self.id();
        self.child.kill().await.unwrap();
        let waits =
            Command::new("tail").args(["-s", "0.05", "--pid", &id, "-f", "/dev/null"]).status();
        assert!(timeout(PATIENCE, waits).await.unwrap().unwrap().success());
    }

    /// Waits for the end and returns the exit code, the screen, and whether the terminal is as it
    /// was: it shows what is typed and takes lines.
    pub async fn ended(mut self) -> (Option<i32>, String, bool) {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = soon(self.stdout.read(&mut bytes)).await {
            self.parser.process(bytes.get(..read).unwrap_or_default());
        }
        let code = soon(self.child.wait()).await.unwrap().code();
        let modes = fs::read_to_string(self.home.join("modes")).unwrap_or_default();
        let is_as_before = modes.split_whitespace().any(|mode| mode == "icanon")
            && modes.split_whitespace().any(|mode| mode == "echo")
            && !self.parser.screen().hide_cursor()
            && !self.parser.screen().bracketed_paste();
        (code, self.screen(), is_as_before)
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}
