//! What a running node says: to the person at its terminal, and to `openclaw node status`.

use std::sync::{Mutex, PoisonError};

use openclaw_node::{CommandsDecision, NodeReport};
use openclaw_terminal::OutputPrinter;
use openclaw_terminal::sanitize::escape_line;

use super::state_file::NodeRecorder;

/// Records and prints what happens on the node, each news once.
pub(super) struct NodeReporter {
    printer: OutputPrinter,
    address: String,
    node_id: String,
    recorder: Mutex<Option<NodeRecorder>>,
    last: Mutex<Option<String>>,
}

impl NodeReporter {
    pub(super) fn new(printer: OutputPrinter, address: &str, node_id: &str) -> Self {
        let (address, node_id) = (address.to_owned(), node_id.to_owned());
        Self { printer, address, node_id, recorder: Mutex::default(), last: Mutex::default() }
    }

    /// Records from now on.
    pub(super) fn start_recording(&self, recorder: Result<NodeRecorder, String>) {
        match recorder {
            Ok(recorder) => *self.lock_recorder() = Some(recorder),
            Err(problem) => self.stop_recording(&problem),
        }
    }

    /// Records that the node ends, and why the gateway refused it if that is the reason.
    pub(super) fn record_end(&self, refusal: Option<&str>) {
        self.record(|recorder| recorder.record_end(refusal));
    }

    pub(super) fn handle_report(&self, report: &NodeReport) {
        if !matches!(report, NodeReport::Invocation { .. }) {
            self.record(|recorder| recorder.record_report(report));
        }
        let Self { printer, address, node_id, .. } = self;
        match report {
            NodeReport::Connected if self.is_news("connected") => {
                printer.print_note(format_args!("connected to the gateway at {address}"));
            }
            NodeReport::CommandsDecided(decision) if self.is_news(&format!("{decision:?}")) => {
                self.print_decision(decision);
            }
            NodeReport::WaitingForApproval { request_id, .. } => {
                let request = request_id.as_deref().map(escape_line);
                let request = request.as_deref().unwrap_or("REQUEST");
                if self.is_news(&format!("waiting {request}")) {
                    printer.print_note(
                        "waiting for the owner of the gateway to approve this node; it goes on by \
                         itself then",
                    );
                    printer.print_hint(format_args!(
                        "On the gateway's machine `openclaw devices approve {request}` lets it in."
                    ));
                }
            }
            NodeReport::Disconnected { reason, .. }
                if self.is_news(&format!("disconnected {reason}")) =>
            {
                let told = escape_line(reason);
                printer.print_warning(format_args!("failed to {told}; connecting again"));
            }
            NodeReport::TokenNotKept { reason } => printer.print_warning(format_args!(
                "failed to {reason}: after a restart {node_id} must be approved again"
            )),
            _ => {}
        }
    }

    fn print_decision(&self, decision: &CommandsDecision) {
        let printer = &self.printer;
        let approved = match decision.approved.as_slice() {
            [] => "none of this node's commands is approved yet".to_owned(),
            commands => format!("approved: {}", commands.join(", ")),
        };
        printer.print_note(approved);
        for (command, reason) in &decision.refused {
            let told = format!("the gateway does not serve `{command}`: {reason}");
            printer.print_warning(escape_line(&told));
        }
        if let Some(request) = &decision.request_id {
            let waiting = decision.waiting.join(", ");
            printer.print_note(format_args!("waiting for an approval: {waiting}"));
            let request = escape_line(request);
            printer.print_hint(format_args!(
                "On the gateway's machine `openclaw nodes approve {request}` approves them."
            ));
        }
        let rejected = decision.rejected();
        if !rejected.is_empty() {
            printer.print_warning(describe_rejected(&rejected));
        }
    }

    fn record(&self, record: impl FnOnce(&NodeRecorder) -> Result<(), String>) {
        let recorded = self.lock_recorder().as_ref().map(record);
        if let Some(Err(problem)) = recorded {
            self.stop_recording(&problem);
        }
    }

    /// The file then has no process that runs, or another state than the true one: it is left to
    /// the lock that a node runs.
    fn stop_recording(&self, problem: &str) {
        *self.lock_recorder() = None;
        self.printer.print_warning(format_args!(
            "failed to {problem}: `openclaw node status` may show an older state of this node"
        ));
    }

    fn lock_recorder(&self) -> std::sync::MutexGuard<'_, Option<NodeRecorder>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_news(&self, text: &str) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = last.as_deref() != Some(text);
        *last = Some(text.to_owned());
        is_news
    }
}

/// Says that commands were rejected, and when the node asks for them again.
pub(super) fn describe_rejected(commands: &[&str]) -> String {
    format!(
        "not approved: {}; the node asks for them again when it connects the next time",
        commands.join(", ")
    )
}
