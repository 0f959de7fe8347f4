//! What a node tells whoever runs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What happens on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeReport {
    /// It is connected.
    Connected,
    /// The owner of the gateway must approve it; it asks again by itself.
    WaitingForApproval {
        /// The request to approve; `None` when the gateway does not tell it.
        request_id: Option<String>,
        /// When it asks again.
        retry_in: Duration,
    },
    /// It is not connected, and connects again by itself.
    Disconnected {
        /// Why, as a fragment that fits "failed to {…}".
        reason: String,
        /// When it connects again.
        retry_in: Duration,
    },
    /// A token of the gateway cannot be kept: the next start must be approved again.
    TokenNotKept {
        /// Why, as a fragment that fits "failed to {…}".
        reason: String,
    },
    /// The gateway asks for a command.
    Invocation {
        /// The id of the request.
        id: String,
        /// The command.
        command: String,
        /// How far it is.
        stage: InvocationStage,
    },
}

/// How far an invocation is, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvocationStage {
    /// It was received.
    Received,
    /// It is recorded that it begins.
    Begun,
    /// Its process runs.
    Started,
    /// Its process has ended.
    Ended,
    /// Its result is recorded.
    Recorded,
    /// The gateway has its answer.
    Acknowledged,
}

/// Gets the reports of a node.
#[derive(Clone)]
pub(crate) struct ReportSink(Arc<dyn Fn(NodeReport) + Send + Sync>);

impl ReportSink {
    pub(crate) fn new(sink: impl Fn(NodeReport) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(crate) fn send_report(&self, report: NodeReport) {
        (self.0)(report);
    }

    pub(crate) fn send_stage(&self, id: &str, command: &str, stage: InvocationStage) {
        let (id, command) = (id.to_owned(), command.to_owned());
        self.send_report(NodeReport::Invocation { id, command, stage });
    }
}

impl fmt::Debug for ReportSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportSink").finish_non_exhaustive()
    }
}
