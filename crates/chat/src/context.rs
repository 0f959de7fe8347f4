//! The context of a command: its output and its models.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{Approver, ModelErrorKind};
use openclaw_models::{ConnectReport, ModelRegistry};
use openclaw_runtime::{ApprovalPolicy, ApprovalPrompter, NodeInvoker, PolicyApprover, Runtime};
use openclaw_terminal::{OutputPrinter, sanitize};

use crate::conversation::ConnectNotes;
use crate::prompter::ChatPrompter;
use crate::terminal_prompter::TerminalPrompter;

/// How long to wait for the trace to be written before it is shown or the program exits.
pub const TRACE_FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a command prints, and what it runs.
#[derive(Debug)]
pub struct CommandContext {
    /// Where to print.
    pub printer: OutputPrinter,
    /// The models of the loaded config.
    pub models: ModelRegistry,
    /// What reaches the nodes of a gateway; `None` when commands run on this machine only.
    pub nodes: Option<Arc<dyn NodeInvoker>>,
}

impl CommandContext {
    /// Creates the runtime of the agents and conversations.
    #[must_use]
    pub fn runtime(&self) -> Runtime {
        self.runtime_with(self.models.clone())
    }

    /// Creates the runtime with other settings of the models.
    #[must_use]
    pub fn runtime_with(&self, models: ModelRegistry) -> Runtime {
        let runtime = Runtime::new(models);
        match &self.nodes {
            Some(nodes) => runtime.with_nodes(Arc::clone(nodes)),
            None => runtime,
        }
    }

    /// Builds the approver that asks at the terminal; `yes` runs commands without asking.
    #[must_use]
    pub fn terminal_approver(&self, yes: bool) -> Arc<dyn Approver> {
        let prompter = TerminalPrompter { printer: self.printer.clone() };
        self.build_approver(yes, prompter)
    }

    /// Builds the approver that asks within the chat.
    pub(crate) fn chat_approver(&self, yes: bool, prompter: ChatPrompter) -> Arc<dyn Approver> {
        self.build_approver(yes, prompter)
    }

    fn build_approver(
        &self,
        yes: bool,
        prompter: impl ApprovalPrompter + 'static,
    ) -> Arc<dyn Approver> {
        let exec = &self.models.loaded_config().config.tools.exec;
        let policy = ApprovalPolicy::from_config(exec).with_auto_approve(yes);
        // The rules that are kept name their agent themselves.
        let command_policy = self.runtime().command_policy("main");
        Arc::new(PolicyApprover::new(policy, prompter).with_command_policy(command_policy))
    }

    /// Prints what the result of a call has for the user.
    pub fn print_warnings<T: Display>(&self, warnings: &[T]) {
        for warning in warnings {
            self.printer.print_warning(sanitize::escape_line(&warning.to_string()));
        }
    }

    /// Prints which models failed or were skipped while one was connected, and the warnings.
    pub fn print_connect_report(&self, report: &ConnectReport) {
        for attempt in report.attempts.iter().filter(|attempt| attempt.next.is_some()) {
            self.printer.print_warning(sanitize::escape_line(&attempt.to_string()));
        }
        self.print_warnings(&report.warnings);
    }

    /// The same as far as a conversation tells it.
    pub(crate) fn print_connect_notes(&self, notes: &ConnectNotes) {
        for attempt in notes.attempts.iter().filter(|attempt| attempt.next.is_some()) {
            self.printer.print_warning(sanitize::escape_line(&attempt.to_string()));
        }
        self.print_warnings(&notes.warnings);
    }

    /// Suggests `--trace` after an error that a trace would help to explain, unless a trace is on:
    /// then the exchange is named when the program exits.
    pub fn suggest_trace(&self, kind: Option<ModelErrorKind>) {
        let helps = matches!(
            kind,
            None | Some(
                ModelErrorKind::Protocol | ModelErrorKind::Interrupted | ModelErrorKind::Rejected
            )
        );
        if helps && self.models.trace().is_none() {
            self.printer.print_hint(
                "Once more with `--trace`, and `openclaw trace show` shows all that was said.",
            );
        }
    }
}
