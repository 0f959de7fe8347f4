//! A turn while it runs: shown, steered, stopped.

use std::io;

use openclaw_runtime::{
    Conversation, EventReceiver, Steering, StoreError, TurnEvent, TurnOutcome, TurnReport, channel,
};
use tokio::sync::Notify;

use super::command::{self, Command, Entered};
use super::desk::{Desk, Event};
use super::host::{Flow, Host};
use super::numbers::taken;
use super::orders::help;
use super::thoughts::Reasoning;
use super::view::{Manner, TurnView};
use crate::exit::Exit;
use crate::printer::Style;
use crate::report;

/// What the user has to do with a running turn.
#[derive(Debug, Default)]
struct Reins {
    steering: Steering,
    is_stopping: bool,
    /// The end of the chat, once the turn has ended.
    quits: Option<Exit>,
}

impl Host {
    /// Runs a turn on what the user said, or takes up the one that was interrupted.
    pub(super) async fn turn(&mut self, message: Option<String>) -> io::Result<Flow> {
        let Self { desk, conversation, .. } = self;
        let run = conversation.run();
        let view = TurnView::new(desk.manner, run.model.clone(), run.attempts.clone());
        desk.view = Some(view.with_context(conversation.context()));
        let mut reins = Reins::default();
        let report = drive(desk, conversation, message.as_deref(), &mut reins).await?;
        let generating = self.end_view();
        self.restore(reins.steering.take_unheard());
        match report {
            Some(Ok(Some(report))) => {
                self.tell(&report.outcome);
                if report.model_calls > 0 {
                    let line = taken(&report, generating, self.conversation.context());
                    self.desk.note(Style::Dim, &line);
                }
            }
            Some(Ok(None)) => self.desk.note(Style::Dim, "no turn was interrupted"),
            Some(Err(error)) => {
                report::print_store(self.context.printer, &error);
                self.restore(message.into_iter().collect());
            }
            None => self.desk.note(Style::Yellow, "! the turn was dropped as it was"),
        }
        self.context.print_notices();
        self.desk.collect();
        Ok(reins.quits.map_or(Flow::GoOn, Flow::Quit))
    }

    /// Ends what is shown of work, and returns how long the model wrote.
    pub(super) fn end_view(&mut self) -> std::time::Duration {
        let Some(mut view) = self.desk.view.take() else { return std::time::Duration::ZERO };
        view.finish(&mut self.desk.transcript);
        self.desk.queued.clear();
        self.desk.refuse();
        self.desk.changed();
        view.generating()
    }

    /// Puts what the model was not given back where it was written.
    fn restore(&mut self, texts: Vec<String>) {
        if texts.is_empty() {
            return;
        }
        let mut texts = texts;
        let written = self.desk.editor.text();
        if !written.is_empty() {
            texts.push(written.to_owned());
        }
        self.desk.editor.set(texts.join("\n"));
        self.desk.hint("the model was not told this");
    }

    /// Says how a turn ended, but for the answer, which is there.
    fn tell(&mut self, outcome: &TurnOutcome) {
        let (context, desk) = (&self.context, &mut self.desk);
        match outcome {
            TurnOutcome::Reply { truncated: false, .. } => {}
            TurnOutcome::Reply { .. } => context.printer.warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the room \
                 left in its window)",
            ),
            TurnOutcome::Failed(error) => match error.model_error() {
                Some(error) => {
                    report::print(context.printer, error);
                    context.hint_at_trace(Some(error.kind()));
                }
                None => report::print_turn(context.printer, error),
            },
            TurnOutcome::TimedOut { limit } => {
                context.printer.error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => context.printer.error(question),
            TurnOutcome::Silent => desk.note(Style::Dim, "the agent has nothing to say"),
            TurnOutcome::Cancelled => desk.note(Style::Yellow, "stopped"),
            _ => context.printer.error("failed to finish the turn"),
        }
        self.desk.collect();
    }
}

/// Runs a turn while the terminal goes on. `None` when it was dropped.
async fn drive(
    desk: &mut Desk,
    conversation: &mut Conversation,
    message: Option<&str>,
    reins: &mut Reins,
) -> io::Result<Option<Result<Option<TurnReport>, StoreError>>> {
    let (sender, mut events) = channel();
    let (steering, stop) = (reins.steering.clone(), &Notify::new());
    let report = {
        let mut work = Box::pin(async {
            let cancelled = stop.notified();
            match message {
                Some(message) => {
                    conversation.turn(message, Some(&steering), sender, cancelled).await.map(Some)
                }
                None => conversation.resume(Some(&steering), sender, cancelled).await,
            }
        });
        let mut is_open = true;
        loop {
            tokio::select! {
                event = events.recv(), if is_open => match event {
                    Some(event) => show(desk, &event),
                    None => is_open = false,
                },
                event = desk.next() => {
                    let was_stopping = reins.is_stopping;
                    let is_second = see_to(desk, event?, reins);
                    if reins.is_stopping && !was_stopping {
                        stop.notify_one();
                    }
                    if is_second {
                        break None;
                    }
                }
                report = &mut work => break Some(report),
            }
        }
    };
    show_rest(desk, &mut events).await;
    Ok(report)
}

/// Shows what came and was not shown; the sender is gone.
pub(super) async fn show_rest(desk: &mut Desk, events: &mut EventReceiver) {
    while let Some(event) = events.recv().await {
        show(desk, &event);
    }
}

pub(super) fn show(desk: &mut Desk, event: &TurnEvent) {
    if let TurnEvent::Steered { text } = event
        && let Some(place) = desk.queued.iter().position(|queued| queued == text)
    {
        desk.queued.remove(place);
    }
    if let Some(view) = &mut desk.view {
        view.event(event, &mut desk.transcript);
    }
    desk.changed();
}

/// Sees to what the user does while a turn runs; tells whether it is to be dropped.
fn see_to(desk: &mut Desk, event: Event, reins: &mut Reins) -> bool {
    match event {
        Event::Line(line) => {
            amid(desk, line, reins);
            false
        }
        Event::Eof => {
            desk.hint("Ctrl-C stops the turn; /quit ends the chat");
            false
        }
        Event::Interrupt => {
            desk.refuse();
            let is_second = std::mem::replace(&mut reins.is_stopping, true);
            stopping(desk);
            is_second
        }
        Event::End => {
            desk.refuse();
            let is_second = reins.quits.replace(Exit::Interrupted).is_some();
            reins.is_stopping = true;
            stopping(desk);
            is_second
        }
    }
}

fn stopping(desk: &mut Desk) {
    if let Some(view) = &mut desk.view {
        view.stop();
    }
    desk.changed();
}

/// Takes a line that was entered while a turn runs.
fn amid(desk: &mut Desk, line: String, reins: &mut Reins) {
    match command::read(&line) {
        Entered::Nothing => {}
        Entered::Message(text) => {
            desk.remember(&line);
            reins.steering.say(text.clone());
            desk.queued.push(text);
            desk.changed();
        }
        Entered::Command(Command::Help) => {
            let text = help();
            desk.note(Style::Dim, &text);
        }
        Entered::Command(Command::Reasoning(Some(reasoning))) => set_reasoning(desk, reasoning),
        Entered::Command(Command::Quit) => {
            reins.quits = Some(Exit::Ok);
            reins.is_stopping = true;
            stopping(desk);
        }
        Entered::Command(_) => {
            desk.editor.set(line);
            desk.hint("when the turn is over; Ctrl-C stops it");
        }
        Entered::Unknown(why) => {
            desk.editor.set(line);
            desk.hint(why);
        }
    }
}

pub(super) fn set_reasoning(desk: &mut Desk, reasoning: Reasoning) {
    desk.set_manner(Manner { reasoning, ..desk.manner });
    desk.hint(format!("thoughts are shown: {}", reasoning.name()));
}
