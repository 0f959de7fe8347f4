//! `openclaw agent`.

mod agent_session;
pub(crate) mod gateway_turn;
mod output;
pub(crate) mod place;
mod request;
mod result_text;
pub(crate) mod session_selection;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use openclaw_chat::{CommandContext, error_report, format_duration, wait_for_interrupt};
use openclaw_models::attempts_in_error;
use openclaw_protocol::results::agent::SessionReport;
use openclaw_runtime::encoding::{
    FinishedTurn, TurnlessRun, cancelled_error, encode_agent_error, encode_store_error,
    needs_input_message,
};
use openclaw_runtime::{
    ConversationError, StoreError, StoreErrorKind, TimeLimit, TurnError, TurnOutcome, TurnReport,
    event_channel,
};
use tokio::sync::Notify;

use self::agent_session::{
    AgentSession, AgentSessionOptions, RecordingSession, print_interrupted_turn,
};
use self::gateway_turn::TurnGateway;
use self::output::{AgentOutput, TurnRenderer};
use self::place::{TurnPlace, choose_turn_place};
use self::request::{AgentRequest, read_message};
use self::session_selection::PrepareOutcome;
use crate::args::AgentTurnArgs;
use crate::exit::ExitReason;
use crate::failure::print_agent_error;
use crate::{egress, wait};

pub(crate) async fn run(
    context: &CommandContext,
    mut args: AgentTurnArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let message = match read_message(&mut args, printer) {
        Ok(message) => message,
        Err(exit) => return Ok(exit),
    };
    let session = &context.models.loaded_config().config.session;
    let request = match message {
        None => AgentRequest::Resume,
        Some(message) => match AgentRequest::parse_message(message, session) {
            None => {
                printer.print_error("the message is empty");
                return Ok(ExitReason::Usage);
            }
            Some(AgentRequest::NewSession(None)) if args.no_session => {
                printer.print_error("there is no session to begin with `--no-session`");
                return Ok(ExitReason::Usage);
            }
            Some(request) => request,
        },
    };
    let output = AgentOutput { printer, format: args.stdout_format() };
    let uses_default_session =
        args.session.is_none() && args.session_id.is_none() && args.agent.id.is_none();
    let names_no_other = args.resumed_session().is_none() && !args.continue_latest;
    let uses_default_session = uses_default_session && names_no_other;
    let command = AgentCommand { context, output, request, uses_default_session };
    let gateway = match choose_turn_place(context, &args).await {
        Ok(TurnPlace::Here) => return Box::pin(command.run(args)).await,
        Ok(TurnPlace::NamedGateway(target)) => TurnGateway { target: *target, is_own: false },
        Ok(TurnPlace::OwnGateway(target)) => TurnGateway { target: *target, is_own: true },
        Err(exit) => return Ok(exit),
    };
    Box::pin(command.run_in_gateway(gateway, args)).await
}

/// One run of `openclaw agent`.
struct AgentCommand<'a> {
    context: &'a CommandContext,
    output: AgentOutput<'a>,
    request: AgentRequest,
    /// True when neither a session nor an agent is named.
    uses_default_session: bool,
}

impl AgentCommand<'_> {
    async fn run(&self, args: AgentTurnArgs) -> io::Result<ExitReason> {
        let (context, printer) = (self.context, self.output.printer);
        let started_at = Instant::now();
        let prepared = session_selection::parse_session_choice(&context.runtime(), &args)
            .map_err(ConversationError::Store)
            .and_then(|whereto| {
                session_selection::prepare_session(
                    &context.runtime(),
                    &self.request,
                    args.agent.id.as_deref(),
                    whereto,
                    printer,
                )
            });
        let session = match prepared {
            Ok(PrepareOutcome::RunTurn(session)) => session,
            Ok(PrepareOutcome::SessionCreated(session)) => {
                return self.finish_without_turn("new_session", Some(session));
            }
            Ok(PrepareOutcome::NothingToResume(session)) => {
                return self.finish_without_resumable_turn(session);
            }
            Err(error) => return self.finish_failed(&error, None),
        };
        let runtime = context.runtime_with(egress::restrict_models(
            wait::apply_wait_option(context, args.agent.wait),
            printer,
            args.agent.strict,
        ));
        // An interrupted turn ends normally, with its report.
        let mut stopped = pin!(wait_for_interrupt());
        let open_result = tokio::select! {
            biased;
            () = &mut stopped => return self.finish_interrupted(),
            talk = AgentSession::open(&runtime, session_options(context, args, session)) => talk,
        };
        let mut agent_session = match open_result {
            Ok(talk) => talk,
            Err(error) => return self.finish_failed(&error, None),
        };
        context.print_warnings(&agent_session.agent_run().report.warnings);
        agent_session.print_recovery_report(printer, &self.request);
        self.run_turn(&mut agent_session, started_at.elapsed(), stopped).await
    }

    /// Runs the turn and reports its outcome.
    async fn run_turn(
        &self,
        agent_session: &mut AgentSession,
        connect_duration: Duration,
        stopped: impl Future<Output = ()>,
    ) -> io::Result<ExitReason> {
        let Self { output, request, .. } = self;
        let session = agent_session.session_report();
        let mut renderer =
            output.begin_turn(agent_session, session.as_ref(), *request == AgentRequest::Resume)?;
        let report =
            match run_and_render_turn(agent_session, request, &mut renderer, stopped).await? {
                Ok(Some(report)) => report,
                Ok(None) => return self.finish_without_resumable_turn(session),
                Err(error) => return self.finish_failed(&ConversationError::Store(error), session),
            };
        let has_streamed = renderer.finish_turn()?;
        if output.printer.is_verbose() {
            output.printer.print_indented(turn_summary(&report));
        }
        let (message, timings) = (request.message_text(), &renderer.timings);
        let attempts = renderer.attempts.as_slice();
        let hint = self.resume_hint(agent_session, &report.outcome);
        let result = FinishedTurn {
            config: &self.context.models.loaded_config().config,
            agent: agent_session.agent_run(),
            context_use: agent_session.context_use(),
            session: session.as_ref(),
            message,
            timings,
            attempts,
            connect_duration,
            report: &report,
        };
        let exit = ExitReason::from_turn_outcome(&report.outcome);
        output.write_result(result.to_result(exit.code()))?;
        self.print_outcome(&report.outcome, output.is_text() && !has_streamed)?;
        if let Some(hint) = hint {
            output.printer.print_hint(hint);
        }
        for command in agent_session.agent_run().command_runs.running_commands() {
            output.printer.print_warning(format_args!(
                "a command in the background ends with the program: {command}"
            ));
        }
        if let AgentSession::Persistent(conversation) = agent_session {
            for name in conversation.cancel_subagents().await {
                output.printer.print_warning(format_args!(
                    "a sub-agent was cancelled, because the program ends: {name}"
                ));
            }
        }
        Ok(exit)
    }

    /// Suggests `--resume` after a transient failure of a persistent turn.
    fn resume_hint(&self, agent_session: &AgentSession, outcome: &TurnOutcome) -> Option<String> {
        let AgentSession::Persistent(conversation) = agent_session else { return None };
        if !conversation.recovery_report().can_resume()
            || !error_report::is_transient_failure(outcome)
        {
            return None;
        }
        Some(self.resume_hint_text(Some(conversation.session_id().as_str())))
    }

    fn resume_hint_text(&self, session_id: Option<&str>) -> String {
        let session = match session_id.filter(|_| !self.uses_default_session) {
            Some(id) => format!(" --session-id {id}"),
            None => String::new(),
        };
        format!("`openclaw agent --resume{session}` tries again, and nothing is said twice.")
    }

    /// Prints how a turn ended, and its answer when `prints_answer`.
    fn print_outcome(&self, outcome: &TurnOutcome, prints_answer: bool) -> io::Result<()> {
        let printer = self.output.printer;
        match outcome {
            TurnOutcome::Reply { text, truncated } => {
                if prints_answer {
                    printer.write_answer_line(text.trim_end())?;
                }
                if *truncated {
                    printer.print_warning(
                        "the answer was cut off by its output limit (`maxTokens` of the model, or \
                         the room left in its window)",
                    );
                }
            }
            TurnOutcome::Failed(error) => {
                if let Some(text) = error.kept_text().filter(|_| prints_answer) {
                    printer.write_answer_line(text)?;
                }
                self.print_failure(error);
            }
            TurnOutcome::TimedOut { limit } => {
                printer.print_error(format_args!("failed to finish the turn within {limit}"));
            }
            TurnOutcome::NeedsInput { question } => {
                printer.print_error(needs_input_message(question));
            }
            TurnOutcome::NoReply => printer.print_note("the agent has nothing to say"),
            TurnOutcome::Cancelled => printer.print_note("stopped"),
            _ => printer.print_error("failed to finish the turn"),
        }
        Ok(())
    }

    fn print_failure(&self, error: &TurnError) {
        let printer = self.output.printer;
        match error.model_error() {
            Some(error) => {
                error_report::print_model_error(printer, error);
                self.context.suggest_trace(Some(error.kind()));
            }
            None => error_report::print_turn_error(printer, error),
        }
    }

    /// Ends a `--resume` when no turn was interrupted. That is no failure.
    fn finish_without_resumable_turn(
        &self,
        session: Option<SessionReport>,
    ) -> io::Result<ExitReason> {
        self.output.printer.print_note("no turn was interrupted");
        self.finish_without_turn("nothing_to_resume", session)
    }

    /// Ends a run that needs no turn.
    fn finish_without_turn(
        &self,
        outcome: &'static str,
        session: Option<SessionReport>,
    ) -> io::Result<ExitReason> {
        self.write_no_turn_result(
            &TurnlessRun { outcome, session, ..TurnlessRun::default() },
            ExitReason::Ok,
        )
    }

    /// Ends a run that was interrupted before its turn began.
    fn finish_interrupted(&self) -> io::Result<ExitReason> {
        self.output.printer.print_note("stopped");
        let error = Some(cancelled_error());
        self.write_no_turn_result(
            &TurnlessRun { outcome: "cancelled", error, ..TurnlessRun::default() },
            ExitReason::Interrupted,
        )
    }

    /// Ends a run whose turn could not begin. `session` is null when no session is known.
    fn finish_failed(
        &self,
        error: &ConversationError,
        session: Option<SessionReport>,
    ) -> io::Result<ExitReason> {
        let printer = self.output.printer;
        let (attempts, value) = match error {
            ConversationError::Agent(error) => {
                print_agent_error(printer, error);
                (attempts_in_error(error), encode_agent_error(error))
            }
            ConversationError::Store(error) => {
                print_store_error(self.output, error);
                (Vec::new(), encode_store_error(error))
            }
        };
        let result = TurnlessRun { outcome: "failed", session, attempts, error: Some(value) };
        self.write_no_turn_result(&result, ExitReason::from_conversation_error(error))
    }

    fn write_no_turn_result(
        &self,
        result: &TurnlessRun,
        exit: ExitReason,
    ) -> io::Result<ExitReason> {
        self.output.write_result(result.to_result(exit.code()))?;
        Ok(exit)
    }
}

fn print_store_error(output: AgentOutput<'_>, error: &StoreError) {
    let hint = match error.kind() {
        StoreErrorKind::InUse => {
            "`--wait 10m` waits until it is free. `--session KEY` uses another session, `-m \
             \"/new …\"` begins a new one, and `--no-session` needs none."
        }
        StoreErrorKind::Disk => "With `--no-session` nothing is kept and no disk is needed.",
        _ => return error_report::print_store_error(output.printer, error),
    };
    error_report::print_store_error_with_hint(output.printer, error, Some(hint));
}

fn session_options(
    context: &CommandContext,
    args: AgentTurnArgs,
    session: Option<RecordingSession>,
) -> AgentSessionOptions {
    AgentSessionOptions {
        session,
        agent: args.agent.id,
        model: args.agent.model,
        workspace: args.agent.workspace,
        time_limit: args.agent.timeout.map(|seconds| TimeLimit {
            duration: Duration::from_secs(seconds),
            source: "--timeout".into(),
        }),
        approver: context.terminal_approver(args.agent.yes),
    }
}

/// Runs and renders the turn concurrently. When writing to stdout fails, the turn is cancelled as
/// by an interrupt, so that its end is recorded.
async fn run_and_render_turn(
    agent_session: &mut AgentSession,
    request: &AgentRequest,
    renderer: &mut TurnRenderer,
    stopped: impl Future<Output = ()>,
) -> io::Result<Result<Option<TurnReport>, StoreError>> {
    let (sender, mut events) = event_channel();
    let stdout_closed = Notify::new();
    let rendering = async {
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        let mut write_result = Ok(());
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    None => return write_result,
                    Some(event) if write_result.is_ok() => {
                        write_result = renderer.render_event(&event);
                        if write_result.is_err() {
                            stdout_closed.notify_one();
                        }
                    }
                    Some(_) => {}
                },
                _ = clock.tick() => renderer.progress.refresh_status(),
            }
        }
    };
    let cancelled = async {
        tokio::select! {
            () = stopped => {}
            () = stdout_closed.notified() => {}
        }
    };
    let (render_result, report) =
        tokio::join!(rendering, agent_session.run_turn(request, sender, cancelled));
    render_result?;
    Ok(report)
}

/// Summarises a turn in one line: tokens, model calls and time.
fn turn_summary(report: &TurnReport) -> String {
    let TurnReport { usage, cacheable_tokens, model_calls, duration, .. } = report;
    let cached = usage.cached_tokens.map_or(String::new(), |cached| match cacheable_tokens {
        0 => format!(" ({cached} cached)"),
        _ => format!(" ({cached} cached of the {cacheable_tokens} that were sent before)"),
    });
    let calls = if *model_calls == 1 { "call" } else { "calls" };
    let (input, output, time) =
        (usage.input_tokens, usage.output_tokens, format_duration(*duration));
    format!("{model_calls} model {calls}: {input} tokens in{cached}, {output} out, {time}")
}
