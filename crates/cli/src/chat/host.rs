//! A conversation and the terminal that it is held on.

use std::future::Future;
use std::io;
use std::pin::pin;

use openclaw_runtime::Conversation;

use super::command::{self, Command, Entered};
use super::desk::{Desk, Event};
use super::numbers;
use crate::commands::Context;
use crate::exit::Exit;
use crate::printer::Style;

/// Who listens to what is typed, and sees to it.
#[derive(Debug)]
pub(crate) struct Host {
    /// Its printer writes to the desk.
    pub(super) context: Context,
    pub(super) desk: Desk,
    pub(super) conversation: Conversation,
    /// The models that were listed last, to be named by their numbers.
    pub(super) listed: Vec<String>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The next line.
    GoOn,
    /// The end.
    Quit(Exit),
}

/// How work ended that was attended.
#[derive(Debug)]
pub(super) enum Attended<T> {
    /// It is done.
    Done(T),
    /// The user stopped it; it was dropped.
    Stopped,
    /// The program is to end; it was dropped.
    End,
}

impl Host {
    pub(super) fn new(context: Context, desk: Desk, conversation: Conversation) -> Self {
        let mut host = Self { context, desk, conversation, listed: Vec::new() };
        host.desk.models = host.known_models();
        host
    }

    /// Takes lines until the end.
    pub(super) async fn converse(&mut self) -> io::Result<Exit> {
        loop {
            self.settle();
            let flow = match self.desk.next().await? {
                Event::Line(line) => self.line(line).await?,
                Event::Eof => Flow::Quit(Exit::Ok),
                Event::End => Flow::Quit(Exit::Interrupted),
                Event::Interrupt if !self.desk.editor.text().is_empty() => {
                    self.desk.editor.set("");
                    Flow::GoOn
                }
                Event::Interrupt if self.desk.is_second_interrupt() => Flow::Quit(Exit::Ok),
                Event::Interrupt => {
                    self.desk.hint("Ctrl-C again to quit");
                    Flow::GoOn
                }
            };
            if let Flow::Quit(exit) = flow {
                return Ok(exit);
            }
        }
    }

    /// Gives the terminal back and says how to come back.
    pub(super) fn close(self) -> io::Result<()> {
        let (printer, key) = (self.desk.printer, self.conversation.key().to_string());
        let has_said = !self.conversation.history().is_empty();
        self.desk.close()?;
        if has_said {
            let line = format!("session {key} is kept; `openclaw chat` goes on with it");
            let line = match key.as_str() {
                "agent:main:main" => line,
                key => format!("session {key} is kept; `openclaw chat --session {key}` goes on"),
            };
            printer.note(printer.paint(Style::Dim, line));
        }
        Ok(())
    }

    /// Brings the status up to date, and says what was noted on the way.
    pub(super) fn settle(&mut self) {
        self.context.print_notices();
        self.desk.collect();
        let model = self.conversation.run().model.info().reference;
        let mut parts = vec![model.to_string()];
        parts.extend(self.conversation.context().map(numbers::context));
        if self.conversation.found().unfinished_turn {
            parts.push("Enter takes the interrupted turn up".to_owned());
        } else if self.conversation.found().unanswered_turn {
            parts.push("Enter takes the last turn up again".to_owned());
        }
        self.desk.status = parts.join(" · ");
        self.desk.changed();
    }

    async fn line(&mut self, line: String) -> io::Result<Flow> {
        if !line.trim().is_empty() {
            self.desk.remember(&line);
        }
        match command::read(&line) {
            Entered::Message(message) => {
                self.desk.say(&message);
                self.turn(Some(message)).await
            }
            Entered::Command(command) => {
                self.desk.say(line.trim());
                self.command(command).await
            }
            Entered::Unknown(why) => {
                self.desk.say(line.trim());
                self.desk.note(Style::Yellow, &format!("! {why}"));
                Ok(Flow::GoOn)
            }
            Entered::Nothing if self.conversation.found().can_resume() => {
                self.command(Command::Resume).await
            }
            Entered::Nothing => Ok(Flow::GoOn),
        }
    }
}

/// Waits for work while the terminal goes on. `note` tells what is to be said of it meanwhile.
pub(super) async fn attend<T>(
    desk: &mut Desk,
    work: impl Future<Output = T>,
    note: impl Fn() -> Option<String>,
) -> io::Result<Attended<T>> {
    let mut work = pin!(work);
    loop {
        desk.note_work(note());
        tokio::select! {
            done = &mut work => return Ok(Attended::Done(done)),
            () = tokio::time::sleep(super::desk::BEAT) => {}
            event = desk.next() => match event? {
                Event::Interrupt | Event::Eof => {
                    desk.refuse();
                    return Ok(Attended::Stopped);
                }
                Event::End => return Ok(Attended::End),
                Event::Line(line) => {
                    desk.editor.set(line);
                    desk.hint("in a moment");
                }
            },
        }
    }
}
