//! What a node tells whoever runs it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openclaw_protocol::gateway::NODE_COMMANDS;
use serde::{Deserialize, Serialize};

/// The most characters that are kept of a text of the gateway.
const MAX_TEXT_CHARS: usize = 200;

/// What happens on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeReport {
    /// It is connected.
    Connected,
    /// The gateway told which of the node's commands it may use. One that never tells it may use
    /// those that its own list shows.
    CommandsDecided(CommandsDecision),
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

/// What the owner of a gateway decided about the commands of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CommandsDecision {
    /// The commands that are approved.
    #[serde(rename = "commands")]
    pub approved: Vec<String>,
    /// The commands that wait for an approval.
    #[serde(rename = "pendingCommands")]
    pub waiting: Vec<String>,
    /// The request for those; `None` when none waits.
    #[serde(rename = "pendingRequestId")]
    pub request_id: Option<String>,
    /// The commands that the gateway does not serve, each with the reason.
    #[serde(rename = "refusedCommands")]
    pub refused: BTreeMap<String, String>,
}

impl CommandsDecision {
    /// The commands that are neither approved nor waiting nor refused: their request was rejected.
    #[must_use]
    pub fn rejected(&self) -> Vec<&'static str> {
        let is_known = |command: &&str| {
            let is_same = |other: &String| other == command;
            self.approved.iter().any(is_same)
                || self.waiting.iter().any(is_same)
                || self.refused.contains_key(*command)
        };
        NODE_COMMANDS.into_iter().filter(|command| !is_known(command)).collect()
    }

    /// Leaves out what no node has, and the ends of long texts.
    pub(crate) fn without_foreign_texts(mut self) -> Self {
        let is_own = |command: &String| NODE_COMMANDS.contains(&command.as_str());
        let shorten = |text: String| text.chars().take(MAX_TEXT_CHARS).collect::<String>();
        self.approved.retain(is_own);
        self.waiting.retain(is_own);
        self.refused.retain(|command, _| is_own(command));
        self.refused = self.refused.into_iter().map(|(name, why)| (name, shorten(why))).collect();
        self.request_id = self.request_id.map(shorten);
        self
    }
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
