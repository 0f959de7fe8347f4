//! A chat without a terminal: each line of stdin is a message, answers go to stdout.

use std::io;
use std::pin::pin;
use std::time::Duration;

use openclaw_runtime::{Conversation, EventReceiver, Place, TurnOutcome, TurnReport, channel};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use super::ask::{Person, Question, understood};
use super::command::{self, Command, Entered};
use super::desk::PROMPT;
use super::numbers::tokens;
use super::start::tell_found;
use super::{orders, prepare, print_error};
use crate::args::chat::Chat;
use crate::commands::Context;
use crate::exit::Exit;
use crate::interrupt::Stops;
use crate::progress::Progress;
use crate::{report, visible};

/// A chat on streams.
struct Plain<'a> {
    context: &'a Context,
    lines: Lines<BufReader<Stdin>>,
    questions: UnboundedReceiver<Question>,
    stops: Stops,
}

pub(super) async fn run(context: &Context, args: Chat, place: Option<Place>) -> io::Result<Exit> {
    let printer = context.printer;
    let (person, questions) = Person::new();
    // Only a person answers; whoever pipes lines in said what there is to say.
    let is_person = io::IsTerminal::is_terminal(&io::stdin());
    let is_asked_for = is_person && io::IsTerminal::is_terminal(&io::stderr());
    let asked = is_person.then_some(&person);
    let (runtime, options) = prepare(context, &args, place, (asked, None));
    let lines = BufReader::new(tokio::io::stdin()).lines();
    let mut plain = Plain { context, lines, questions, stops: Stops::new() };
    let connected = plain.attend(Box::pin(runtime.conversation(options))).await?;
    context.print_notices();
    let mut conversation = match connected {
        None => return Ok(Exit::Interrupted),
        Some(Err(error)) => return Ok(print_error(printer, &error)),
        Some(Ok(conversation)) => conversation,
    };
    if is_person {
        plain.greet(&conversation);
    }
    tell_found(context, conversation.found(), "`/resume`");
    let mut exit = Exit::Ok;
    loop {
        if is_asked_for {
            printer.raw(PROMPT);
        }
        let line = tokio::select! {
            line = plain.lines.next_line() => line?,
            () = plain.stops.next() => return Ok(Exit::Interrupted),
        };
        let Some(line) = line else { return Ok(exit) };
        let message = match command::read(&line) {
            Entered::Nothing => continue,
            Entered::Message(message) => Some(message),
            Entered::Unknown(why) => {
                printer.error(why);
                exit = Exit::Usage;
                continue;
            }
            Entered::Command(Command::Resume) => None,
            Entered::Command(Command::Quit) => return Ok(exit),
            Entered::Command(command) => match plain.command(&mut conversation, command).await? {
                Next::Line(end) => {
                    exit = end;
                    continue;
                }
                Next::Turn(message) => Some(message),
                Next::Quit(exit) => return Ok(exit),
            },
        };
        exit = plain.turn(&mut conversation, message.as_deref()).await?;
        if exit == Exit::Interrupted {
            return Ok(exit);
        }
    }
}

/// What follows a command.
enum Next {
    Line(Exit),
    Turn(String),
    Quit(Exit),
}

impl Plain<'_> {
    async fn command(
        &mut self,
        conversation: &mut Conversation,
        command: Command,
    ) -> io::Result<Next> {
        let printer = self.context.printer;
        match command {
            Command::Help => printer.answer_line(orders::help())?,
            Command::New(message) => {
                if let Err(error) = conversation.reset() {
                    return Ok(Next::Line(print_error(printer, &error)));
                }
                printer.note(format_args!("session {} begins", conversation.session_id()));
                return Ok(message.map_or(Next::Line(Exit::Ok), Next::Turn));
            }
            Command::Model(Some(name)) => {
                let connected = self.attend(Box::pin(conversation.use_model(Some(&name)))).await?;
                match connected {
                    None => return Ok(Next::Quit(Exit::Interrupted)),
                    Some(Err(error)) => {
                        let exit = crate::run::print_connect_error(printer, &error);
                        return Ok(Next::Line(exit));
                    }
                    Some(Ok(())) => {}
                }
                printer.note(format_args!("{} goes on", conversation.run().model.info().reference));
            }
            Command::Undo => match conversation.undo_turn().await {
                Ok(true) => {
                    printer.note("the last turn is taken back; what its tools did stays done");
                }
                Ok(false) => printer.note("there is no turn to take back"),
                Err(error) => return Ok(Next::Line(print_error(printer, &error.into()))),
            },
            Command::Tools => {
                for tool in conversation.run().agent.tools().iter() {
                    printer.answer_line(&tool.name)?;
                }
            }
            Command::Compact => return self.compact(conversation).await,
            Command::Status => {
                printer.answer_line(orders::status(self.context, conversation, None))?;
            }
            Command::Model(None) => return Ok(self.elsewhere("`openclaw models list`")),
            Command::Trace(_) => return Ok(self.elsewhere("`openclaw trace show`")),
            Command::Reasoning(_) => return Ok(self.elsewhere("a chat on a whole terminal")),
            Command::Resume | Command::Quit => {}
        }
        Ok(Next::Line(Exit::Ok))
    }

    async fn compact(&mut self, conversation: &mut Conversation) -> io::Result<Next> {
        let printer = self.context.printer;
        let (sender, events) = channel();
        let attempts = openclaw_runtime::Attempts::default();
        let mut progress = Progress::new(printer, attempts, false);
        let work = Box::pin(async {
            tokio::join!(conversation.compact(sender), show(&mut progress, events))
        });
        let Some((compacted, shown)) = self.attend(work).await? else {
            return Ok(Next::Quit(Exit::Interrupted));
        };
        shown?;
        match compacted {
            Ok(Some(_)) => {}
            Ok(None) => printer.note("nothing was summarised"),
            Err(error) => {
                report::print_turn(printer, &error);
                return Ok(Next::Line(Exit::of_turn(&TurnOutcome::Failed(error))));
            }
        }
        Ok(Next::Line(Exit::Ok))
    }

    /// Says what does that instead.
    fn elsewhere(&self, what: &str) -> Next {
        self.context.printer.error(format_args!("a plain chat does not show that; {what} does"));
        Next::Line(Exit::Usage)
    }

    /// Says to a person what there is.
    fn greet(&self, conversation: &Conversation) {
        let printer = self.context.printer;
        let info = conversation.run().model.info();
        let (window, source) = (info.limits.window, info.limits.window_source);
        let text = format!(
            "openclaw {} · {} · window {} tokens ({source}) · session {}",
            env!("CARGO_PKG_VERSION"),
            info.reference,
            tokens(window),
            conversation.key()
        );
        printer.note(visible::line(&text));
        printer.note("each line is a message; `/help` tells what else can be typed");
    }

    async fn turn(
        &mut self,
        conversation: &mut Conversation,
        message: Option<&str>,
    ) -> io::Result<Exit> {
        let printer = self.context.printer;
        let mut progress = Progress::new(printer, conversation.run().attempts.clone(), true);
        let (sender, events) = channel();
        let stop = Notify::new();
        let report = {
            let work = async {
                let cancelled = stop.notified();
                match message {
                    Some(message) => {
                        conversation.turn(message, None, sender, cancelled).await.map(Some)
                    }
                    None => conversation.resume(None, sender, cancelled).await,
                }
            };
            let mut work = Box::pin(async { tokio::join!(work, show(&mut progress, events)) });
            let (report, shown) = loop {
                tokio::select! {
                    done = &mut work => break done,
                    () = self.stops.next() => stop.notify_one(),
                    Some(question) = self.questions.recv() => {
                        answer(self.context, &mut self.lines, question).await?;
                    }
                }
            };
            shown?;
            report
        };
        let has_streamed = progress.finish()?;
        self.context.print_notices();
        match report {
            Ok(Some(report)) => {
                let exit = self.tell(&report, has_streamed);
                if conversation.found().can_resume() && report::may_pass(&report.outcome) {
                    printer.hint("`/resume` tries again.");
                }
                exit
            }
            Ok(None) => {
                printer.note("no turn was interrupted");
                Ok(Exit::Ok)
            }
            Err(error) => {
                Ok(print_error(printer, &openclaw_runtime::ConversationError::Store(error)))
            }
        }
    }

    fn tell(&self, report: &TurnReport, has_streamed: bool) -> io::Result<Exit> {
        let printer = self.context.printer;
        match &report.outcome {
            TurnOutcome::Reply { text, truncated } => {
                if !has_streamed {
                    printer.answer_line(text.trim_end())?;
                }
                if *truncated {
                    printer.warning("the answer was cut off by its output limit");
                }
            }
            TurnOutcome::Failed(error) => match error.model_error() {
                Some(error) => report::print(printer, error),
                None => report::print_turn(printer, error),
            },
            TurnOutcome::TimedOut { limit } => {
                printer.error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => printer.error(question),
            TurnOutcome::Silent => printer.note("the agent has nothing to say"),
            _ => printer.note("stopped"),
        }
        Ok(Exit::of_turn(&report.outcome))
    }

    /// Waits for work, and answers what is asked meanwhile; `None` when it was stopped.
    async fn attend<T>(&mut self, work: impl Future<Output = T>) -> io::Result<Option<T>> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Some(done)),
                () = self.stops.next() => return Ok(None),
                Some(question) = self.questions.recv() => {
                    answer(self.context, &mut self.lines, question).await?;
                }
            }
        }
    }
}

/// Asks on stderr; the next line is the answer.
async fn answer(
    context: &Context,
    lines: &mut Lines<BufReader<Stdin>>,
    question: Question,
) -> io::Result<()> {
    if let Some(about) = &question.about {
        context.printer.rendered(about);
    }
    context.printer.question(format_args!("{} [y/N]", visible::line(&question.text)));
    let line = lines.next_line().await?.unwrap_or_default();
    question.answer(understood(&line).unwrap_or(false));
    Ok(())
}

async fn show(progress: &mut Progress, mut events: EventReceiver) -> io::Result<()> {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    let mut shown = Ok(());
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) if shown.is_ok() => shown = progress.event(&event),
                // The turn goes on to its end, so that it is kept.
                Some(_) => {}
                None => return shown,
            },
            _ = clock.tick() => progress.tick(),
        }
    }
}
