//! A turn that runs in a gateway, shown as one that runs here.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use openclaw_chat::{
    CallAnswerer, GatewayLink, GatewayRun, GatewayRunError, GatewayRunRequest, GatewayRunUpdate,
    list_gateway_sessions, new_request_key, update_text, wait_for_interrupt,
};
use openclaw_client::ClientError;
use openclaw_protocol::gateway::{
    AgentParams, AgentRunResult, SessionResetResult, SessionSelector, TurnOpening,
};
use openclaw_protocol::results::agent::{AgentResult, SessionName, SessionReport};
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::encoding::TurnlessRun;
use openclaw_runtime::{SessionTarget, TurnEvent, session_folder};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::AgentCommand;
use super::agent_session::SessionChoice;
use super::output::TurnRenderer;
use super::request::AgentRequest;
use super::result_text;
use super::session_selection::parse_session_choice;
use crate::args::AgentTurnArgs;
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;

/// The gateway that runs the turn.
#[derive(Debug)]
pub(super) struct TurnGateway {
    pub(super) target: GatewayTarget,
    /// Whether it is the one of this state folder, whose sessions are those of this process.
    pub(super) is_own: bool,
}

/// The run as it is shown.
struct ShownRun<'a> {
    command: &'a AgentCommand<'a>,
    renderer: TurnRenderer,
    /// The run's id, once the gateway accepted it.
    run_id: Option<String>,
    write_result: io::Result<()>,
}

impl AgentCommand<'_> {
    /// Runs the turn in a gateway.
    pub(super) async fn run_in_gateway(
        &self,
        gateway: TurnGateway,
        args: AgentTurnArgs,
    ) -> io::Result<ExitReason> {
        let link = gateway.target.to_link();
        let selector = match self.select_session(&gateway, &link, &args).await {
            Ok(selector) => selector,
            Err(SelectionFailure::Gateway(error)) => return self.finish_unasked(&error),
            Err(SelectionFailure::Here(exit)) => return exit,
        };
        let selector = match &self.request {
            AgentRequest::NewSession(first) => {
                let reset = link.call::<SessionResetResult>("sessions.reset", &selector).await;
                let reset = match reset {
                    Ok(reset) => reset,
                    Err(error) => return self.finish_unasked(&error),
                };
                self.print_reset(&reset);
                if first.is_none() {
                    let SessionResetResult { session_id, session_key, .. } = reset;
                    let name = SessionName { session_id, session_key };
                    let session = Some(SessionReport::Named(name));
                    return self.finish_without_turn("new_session", session);
                }
                let key = Some(reset.session_key);
                SessionSelector { session_key: key, session_id: None, ..selector }
            }
            _ => selector,
        };
        let SessionSelector { session_key, session_id, agent_id } = selector;
        let params = Box::new(AgentParams {
            message: self.request.message_text().unwrap_or_default().to_owned(),
            idempotency_key: args.idempotency_key.unwrap_or_else(new_request_key),
            agent_id,
            session_key,
            session_id,
            model: args.agent.model,
            timeout: args.agent.timeout,
            resume: self.request == AgentRequest::Resume,
        });
        let answerer = CallAnswerer::at_terminal(self.output.printer, args.agent.yes);
        let run = GatewayRun {
            link: &link,
            request: GatewayRunRequest::Start(params),
            answerer,
            steering: None,
        };
        self.follow_run(run).await
    }

    async fn follow_run(&self, run: GatewayRun<'_>) -> io::Result<ExitReason> {
        let shown = RefCell::new(ShownRun {
            command: self,
            renderer: self.output.begin_gateway_turn(),
            run_id: None,
            write_result: Ok(()),
        });
        let stdout_closed = Notify::new();
        let cancelled = async {
            tokio::select! {
                () = wait_for_interrupt() => {}
                () = stdout_closed.notified() => {}
            }
        };
        let on_update = |update| {
            let mut shown = shown.borrow_mut();
            if shown.write_result.is_ok() {
                shown.write_result = shown.show_update(update);
                if shown.write_result.is_err() {
                    stdout_closed.notify_one();
                }
            }
        };
        let clock = async {
            let mut clock = tokio::time::interval(Duration::from_secs(1));
            loop {
                clock.tick().await;
                shown.borrow_mut().renderer.progress.refresh_status();
            }
        };
        let followed = tokio::select! {
            followed = run.follow(on_update, cancelled) => followed,
            never = clock => match never {},
        };
        let ShownRun { mut renderer, run_id, write_result, .. } = shown.into_inner();
        write_result?;
        let has_streamed = renderer.finish_turn()?;
        match followed {
            Ok(result) => self.finish_run(result, has_streamed),
            Err(GatewayRunError::Client(error)) => {
                let exit = self.finish_unasked(&error)?;
                if let Some(run_id) = run_id {
                    self.print_where_it_goes_on(&run_id);
                }
                Ok(exit)
            }
            Err(_) => {
                let exit = self.finish_interrupted()?;
                if let Some(run_id) = run_id {
                    self.print_where_it_goes_on(&run_id);
                }
                Ok(exit)
            }
        }
    }

    /// Reports what the run came to.
    fn finish_run(&self, run: AgentRunResult, has_streamed: bool) -> io::Result<ExitReason> {
        let printer = self.output.printer;
        let mut value = run.result;
        if let Value::Object(fields) = &mut value {
            fields.insert("exitCode".to_owned(), json!(0));
        }
        let mut result: AgentResult = match serde_json::from_value(value) {
            Ok(result) => result,
            Err(error) => {
                printer.print_error(format_args!(
                    "failed to read the result of the gateway's run {}: {error}",
                    run.run_id
                ));
                return Ok(ExitReason::Failed);
            }
        };
        let exit = ExitReason::from_agent_result(&result);
        result.exit_code = exit.code();
        if printer.is_verbose()
            && let Some(summary) = result_text::summarise(&result)
        {
            printer.print_indented(summary);
        }
        self.output.write_result(result.clone())?;
        result_text::print_outcome(printer, &result, self.output.is_text() && !has_streamed)?;
        if result_text::is_transient_failure(&result) {
            printer.print_hint(self.resume_hint_text(result_text::session_id(&result)));
        }
        for command in &run.ended_commands {
            printer.print_warning(format_args!(
                "a command in the background ended with the run: {command}"
            ));
        }
        Ok(exit)
    }

    /// Ends a run whose gateway could not be asked.
    fn finish_unasked(&self, error: &ClientError) -> io::Result<ExitReason> {
        let exit = GatewayTarget::report_failure(self.context, error);
        let report = ErrorReport::from_message("gateway", format!("failed to {error}"));
        let result =
            TurnlessRun { outcome: "failed", error: Some(report), ..TurnlessRun::default() };
        self.output.write_result(result.to_result(exit.code()))?;
        Ok(exit)
    }

    fn print_where_it_goes_on(&self, run_id: &str) {
        self.output.printer.print_hint(format_args!(
            "The run may go on: `openclaw gateway call agent.wait --params \
             '{{\"runId\":\"{run_id}\"}}'` waits for it."
        ));
    }

    fn print_reset(&self, reset: &SessionResetResult) {
        let printer = self.output.printer;
        if let Some(before) = &reset.previous_session_id {
            printer.print_note(format_args!("the conversation so far is kept as session {before}"));
        }
        printer.print_note(format_args!("session {} begins", reset.session_id));
    }

    /// The session that the options name.
    async fn select_session(
        &self,
        gateway: &TurnGateway,
        link: &GatewayLink,
        args: &AgentTurnArgs,
    ) -> Result<SessionSelector, SelectionFailure> {
        let agent_id = args.agent.id.clone();
        if gateway.is_own {
            // Its sessions are those of this folder, by the same rules.
            let runtime = self.context.runtime();
            let choice = match agent_id.as_deref().map(|id| runtime.check_agent(id)).transpose() {
                Ok(_) => parse_session_choice(&runtime, args).map_err(Into::into),
                Err(error) => Err(error.into()),
            };
            let choice =
                choice.map_err(|error| SelectionFailure::Here(self.finish_failed(&error, None)));
            return match choice? {
                SessionChoice::Session(SessionTarget::Key(key)) => Ok(SessionSelector {
                    session_key: Some(key.as_str().to_owned()),
                    session_id: None,
                    agent_id,
                }),
                SessionChoice::Session(SessionTarget::Id(id)) => Ok(SessionSelector {
                    session_key: None,
                    session_id: Some(id.as_str().to_owned()),
                    agent_id,
                }),
                SessionChoice::NoSession => Ok(SessionSelector::default()),
            };
        }
        let resumed = args.resumed_session().map(str::to_owned);
        let latest = if args.continue_latest {
            find_latest_session(link, agent_id.as_deref()).await?
        } else {
            None
        };
        let session_id = args.session_id.clone().or(resumed).or(latest);
        Ok(SessionSelector { session_key: args.session.clone(), session_id, agent_id })
    }
}

/// Why no session is selected.
enum SelectionFailure {
    Gateway(ClientError),
    /// The failure is reported.
    Here(io::Result<ExitReason>),
}

impl From<ClientError> for SelectionFailure {
    fn from(error: ClientError) -> Self {
        Self::Gateway(error)
    }
}

/// The session of a gateway that an agent used last, besides those of folders.
pub(crate) async fn find_latest_session(
    link: &GatewayLink,
    agent: Option<&str>,
) -> Result<Option<String>, ClientError> {
    let sessions = list_gateway_sessions(link).await?;
    let latest = sessions.into_iter().find(|info| {
        agent.is_none_or(|agent| info.agent == agent) && session_folder(&info.key).is_none()
    });
    Ok(latest.map(|info| info.id.as_str().to_owned()))
}

impl ShownRun<'_> {
    fn show_update(&mut self, update: GatewayRunUpdate) -> io::Result<()> {
        match update {
            GatewayRunUpdate::Accepted { run_id } => self.run_id = Some(run_id),
            GatewayRunUpdate::Opened(opening) => self.show_opening(&opening)?,
            GatewayRunUpdate::Event(event) => self.renderer.render_wire_event(&event)?,
            other => {
                if let Some(text) = update_text(&other) {
                    self.show_warning(text)?;
                }
                if matches!(other, GatewayRunUpdate::EventsMissing) {
                    self.renderer.progress.stop_streaming()?;
                }
            }
        }
        Ok(())
    }

    fn show_warning(&mut self, message: String) -> io::Result<()> {
        self.renderer.progress.show_event(&TurnEvent::Warning { message })
    }

    /// Shows what a run here shows before its turn.
    fn show_opening(&mut self, opening: &TurnOpening) -> io::Result<()> {
        self.command.context.print_warnings(&opening.warnings);
        result_text::print_session(
            self.command.output.printer,
            &opening.start,
            &self.command.request,
        );
        self.renderer.render_opening(opening)
    }
}
