//! `openclaw agent`.

mod events;
mod order;
mod output;
mod place;
mod result;
mod talk;
mod timings;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use openclaw_runtime::{
    ConversationError, Limit, StoreError, StoreErrorKind, TurnError, TurnOutcome, TurnReport,
    attempts_of, channel,
};
use serde_json::Value;
use tokio::sync::Notify;

use self::order::Order;
use self::output::{Output, Show};
use self::place::Next;
use self::result::{Ended, Turnless, needs_input, stopped_json};
use self::talk::{Talk, Wanted, Whereto};
use crate::args::Agent;
use crate::commands::{Context, text_or_stdin};
use crate::exit::Exit;
use crate::interrupt::stopped;
use crate::progress::time;
use crate::run::print_connect_error;
use crate::{egress, report, waiting};

pub(crate) async fn run(context: &Context, mut args: Agent) -> io::Result<Exit> {
    let printer = context.printer;
    let order = match args.message.take() {
        None => Order::Resume,
        Some(message) => match Order::of_message(text_or_stdin(message)?) {
            None => {
                printer.error("the message is empty");
                return Ok(Exit::Usage);
            }
            Some(Order::New(None)) if args.no_session => {
                printer.error("there is no session to begin with `--no-session`");
                return Ok(Exit::Usage);
            }
            Some(order) => order,
        },
    };
    let output = Output { printer, format: args.format() };
    let is_usual = args.session.is_none() && args.session_id.is_none() && args.with.id.is_none();
    let job = Job { context, output, order, is_usual };
    job.run(args).await
}

/// One run of the command.
struct Job<'a> {
    context: &'a Context,
    output: Output,
    order: Order,
    /// Whether no session and no agent is named.
    is_usual: bool,
}

impl Job<'_> {
    async fn run(&self, args: Agent) -> io::Result<Exit> {
        let (context, printer) = (self.context, self.output.printer);
        let begun = Instant::now();
        let next = place::whereto(&args).map_err(ConversationError::Store).and_then(|whereto| {
            place::prepare(
                &context.runtime,
                (&self.order, args.with.id.as_deref()),
                whereto,
                printer,
            )
        });
        let whereto = match next {
            Ok(Next::Turn(whereto)) => whereto,
            Ok(Next::Begun(session)) => return self.nothing("new_session", session),
            Ok(Next::NothingToResume(session)) => return self.nothing_to_resume(session),
            Err(error) => return self.fail(&error, Value::Null),
        };
        let runtime =
            egress::runtime(waiting::runtime(context, args.with.wait), printer, args.with.strict);
        // A turn that is stopped ends like any other, with its report.
        let mut stopped = pin!(stopped());
        let talk = tokio::select! {
            biased;
            () = &mut stopped => return self.stopped(),
            talk = Talk::begin(&runtime, wanted(context, args, whereto)) => talk,
        };
        let mut talk = match talk {
            Ok(talk) => talk,
            Err(error) => return self.fail(&error, Value::Null),
        };
        context.print_notices();
        talk.tell_found(printer, &self.order);
        self.answer(&mut talk, begun.elapsed(), stopped).await
    }

    /// Runs the turn and says what it came to.
    async fn answer(
        &self,
        talk: &mut Talk,
        connected: Duration,
        stopped: impl Future<Output = ()>,
    ) -> io::Result<Exit> {
        let Self { context, output, order, .. } = self;
        let session = talk.session_json();
        let mut show = output.show(talk, &session, *order == Order::Resume)?;
        let report = match turn(talk, order, &mut show, stopped).await? {
            Ok(Some(report)) => report,
            Ok(None) => return self.nothing_to_resume(session),
            Err(error) => return self.fail(&ConversationError::Store(error), session),
        };
        let has_streamed = show.finish()?;
        context.print_notices();
        if output.printer.is_verbose() {
            output.printer.aside(taken(&report));
        }
        let (message, timings) = (order.message(), &show.timings);
        let hint = self.resume_hint(talk, &report.outcome);
        let ended = Ended { talk, session: &session, message, timings, connected, report: &report };
        output.result(ended.json())?;
        self.tell(&report.outcome, output.is_text() && !has_streamed)?;
        if let Some(hint) = hint {
            output.printer.hint(hint);
        }
        Ok(Exit::of_turn(&report.outcome))
    }

    /// How to try a turn again that was kept and failed by what may be over then.
    fn resume_hint(&self, talk: &Talk, outcome: &TurnOutcome) -> Option<String> {
        let Talk::Kept(conversation) = talk else { return None };
        if !conversation.found().can_resume() || !report::may_pass(outcome) {
            return None;
        }
        let session = if self.is_usual {
            String::new()
        } else {
            format!(" --session-id {}", conversation.session_id())
        };
        Some(format!("`openclaw agent --resume{session}` tries again, and nothing is said twice."))
    }

    /// Says how a turn ended; its answer only where `answers`.
    fn tell(&self, outcome: &TurnOutcome, answers: bool) -> io::Result<()> {
        let printer = self.output.printer;
        match outcome {
            TurnOutcome::Reply { text, truncated } => {
                if answers {
                    printer.answer_line(text.trim_end())?;
                }
                if *truncated {
                    printer.warning(
                        "the answer was cut off by its output limit (`maxTokens` of the model, or \
                         the room left in its window)",
                    );
                }
            }
            TurnOutcome::Failed(error) => {
                if let Some(text) = error.kept_text().filter(|_| answers) {
                    printer.answer_line(text)?;
                }
                self.tell_failure(error);
            }
            TurnOutcome::TimedOut { limit } => {
                printer.error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => printer.error(needs_input(question)),
            TurnOutcome::Silent => printer.note("the agent has nothing to say"),
            TurnOutcome::Cancelled => printer.note("stopped"),
            _ => printer.error("failed to finish the turn"),
        }
        Ok(())
    }

    fn tell_failure(&self, error: &TurnError) {
        let printer = self.output.printer;
        match error.model_error() {
            Some(error) => {
                report::print(printer, error);
                self.context.hint_at_trace(Some(error.kind()));
            }
            None => report::print_turn(printer, error),
        }
    }

    /// Ends a run in whose session no turn was interrupted: what `--resume` is to bring about.
    fn nothing_to_resume(&self, session: Value) -> io::Result<Exit> {
        self.output.printer.note("no turn was interrupted");
        self.nothing("nothing_to_resume", session)
    }

    /// Ends a run that has nothing more to do.
    fn nothing(&self, outcome: &'static str, session: Value) -> io::Result<Exit> {
        self.context.print_notices();
        self.turnless(&Turnless { outcome, session, ..Turnless::default() }, Exit::Ok)
    }

    /// Ends a run that was stopped before its turn began.
    fn stopped(&self) -> io::Result<Exit> {
        self.output.printer.note("stopped");
        let error = Some(stopped_json());
        self.turnless(
            &Turnless { outcome: "cancelled", error, ..Turnless::default() },
            Exit::Interrupted,
        )
    }

    /// Ends a run whose turn could not begin, in this session as far as it is known.
    fn fail(&self, error: &ConversationError, session: Value) -> io::Result<Exit> {
        self.context.print_notices();
        let printer = self.output.printer;
        let (attempts, value) = match error {
            ConversationError::Connect(error) => {
                print_connect_error(printer, error);
                (attempts_of(error), report::connect_json(error))
            }
            ConversationError::Store(error) => {
                tell_store_error(self.output, error);
                (Vec::new(), report::store_json(error))
            }
        };
        let end = Turnless { outcome: "failed", session, attempts, error: Some(value) };
        self.turnless(&end, Exit::of_conversation_error(error))
    }

    fn turnless(&self, end: &Turnless, exit: Exit) -> io::Result<Exit> {
        self.output.result(end.json(exit))?;
        Ok(exit)
    }
}

fn tell_store_error(output: Output, error: &StoreError) {
    let hint = match error.kind() {
        StoreErrorKind::InUse => {
            "`--wait 10m` waits until it is free. `--session KEY` goes on with another session, `-m \
             \"/new …\"` begins a new one, and `--no-session` needs none."
        }
        StoreErrorKind::Disk => "With `--no-session` nothing is kept and no disk is needed.",
        _ => return report::print_store(output.printer, error),
    };
    report::print_store_hinted(output.printer, error, Some(hint));
}

fn wanted(context: &Context, args: Agent, whereto: Whereto) -> Wanted {
    Wanted {
        whereto,
        agent: args.with.id,
        model: args.with.model,
        workspace: args.with.workspace,
        time: args.with.timeout.map(|seconds| Limit {
            duration: Duration::from_secs(seconds),
            source: "--timeout".into(),
        }),
        approver: context.approver(args.with.yes),
    }
}

/// Runs the turn and shows it at the same time. When stdout takes no more, the turn is ended as if
/// it was stopped, so that its end is recorded.
async fn turn(
    talk: &mut Talk,
    order: &Order,
    show: &mut Show,
    stopped: impl Future<Output = ()>,
) -> io::Result<Result<Option<TurnReport>, StoreError>> {
    let (sender, mut events) = channel();
    let unread = Notify::new();
    let shown = async {
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        let mut shown = Ok(());
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    None => return shown,
                    Some(event) if shown.is_ok() => {
                        shown = show.event(&event);
                        if shown.is_err() {
                            unread.notify_one();
                        }
                    }
                    Some(_) => {}
                },
                _ = clock.tick() => show.progress.tick(),
            }
        }
    };
    let cancelled = async {
        tokio::select! {
            () = stopped => {}
            () = unread.notified() => {}
        }
    };
    let (shown, report) = tokio::join!(shown, talk.turn(order, sender, cancelled));
    shown?;
    Ok(report)
}

/// What a turn took, in a line.
fn taken(report: &TurnReport) -> String {
    let TurnReport { usage, cacheable, model_calls, duration, .. } = report;
    let cached = usage.cached.map_or(String::new(), |cached| match cacheable {
        0 => format!(" ({cached} cached)"),
        _ => format!(" ({cached} cached of the {cacheable} that were sent before)"),
    });
    let calls = if *model_calls == 1 { "call" } else { "calls" };
    let (input, output, time) = (usage.input, usage.output, time(*duration));
    format!("{model_calls} model {calls}: {input} tokens in{cached}, {output} out, {time}")
}
