//! A node: connects to its gateway, again and again, and runs what it may.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::fmt;
use std::hash::BuildHasher as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openclaw_client::{
    ClientCredentials, ClientDevice, ClientError, GatewayAddress, GatewayClient, GatewaySecret,
    NodeDeclaration,
};
use openclaw_device::{DeviceIdentity, DeviceTokenFile};
use openclaw_fs::{LockError, LockFile, create_private_dir};
use openclaw_protocol::gateway::{ConnectErrorCode, GatewayError, NODE_COMMANDS};
use openclaw_store::{InvocationLog, Store, StoreError};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::commands::NodeCore;
use crate::connection::serve_connection;
use crate::plans::CommandPlanner;
use crate::policy::NodePolicy;
use crate::report::{NodeReport, ReportSink};

/// The role of a node.
const ROLE: &str = "node";

/// The file in the folder of a node that it locks as long as it runs; it has the id of its process.
pub const NODE_LOCK_FILE: &str = "node.lock";

/// How long a node waits for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// What a node is and where it connects to.
#[derive(Debug)]
pub struct NodeOptions {
    /// The gateway.
    pub address: GatewayAddress,
    /// The identity of this node.
    pub identity: Arc<DeviceIdentity>,
    /// Where the token of the node is kept.
    pub tokens: DeviceTokenFile,
    /// The secret of the gateway's owner; sent only while the node has no token.
    pub secret: Option<GatewaySecret>,
    /// Its name for people.
    pub display_name: Option<String>,
    /// Where commands look for programs, told to the gateway.
    pub path_env: Option<String>,
    /// The folder of the ledger and the lock; one node at a time uses it.
    pub folder: PathBuf,
    /// Where commands run unless they name another directory.
    pub workspace: PathBuf,
    /// How long the node waits.
    pub delays: ReconnectDelays,
}

/// How long a node waits before it tries again. Each wait is up to a fifth shorter by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectDelays {
    /// After the first failure; doubled after each further one.
    pub first: Duration,
    /// At most, after a failure.
    pub longest: Duration,
    /// After the gateway said that the node must be approved; doubled each time.
    pub first_approval: Duration,
    /// For how long after that the node waits for `soon_approval` at most.
    pub soon_period: Duration,
    /// At most, while a person may be about to approve the node.
    pub soon_approval: Duration,
    /// At most, while it waits for an approval.
    pub longest_approval: Duration,
}

/// Why a node cannot start. `Display` fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeStartError {
    /// The folder cannot be used.
    #[error("use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another node uses the folder.
    #[error("start a second node in {}", path.display())]
    AlreadyRunning {
        /// The folder.
        path: PathBuf,
    },
    /// The ledger cannot be opened.
    #[error("open the ledger of the node")]
    Ledger(#[source] StoreError),
}

/// Why a node stops by itself: the gateway refuses it for a reason that no waiting mends.
#[derive(Debug)]
pub struct NodeStopReason {
    /// The refusal.
    pub error: Box<GatewayError>,
}

/// A node. Dropping it ends its commands.
#[derive(Debug)]
pub struct NodeHost {
    options: NodeOptions,
    core: Arc<NodeCore>,
    _lock: LockFile,
}

/// What is to be done after a failed connection.
enum NextAttempt {
    At(Duration),
    Never(Box<GatewayError>),
}

/// How often the node has failed since it was last connected.
#[derive(Debug, Default)]
struct FailureCount {
    failures: u32,
    refusals: u32,
    /// When the gateway first said that the node must be approved.
    waiting_since: Option<Instant>,
    was_connected: bool,
}

impl fmt::Display for NodeStopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl std::error::Error for NodeStopReason {}

impl ReconnectDelays {
    /// The delay of a node that has waited for its approval and has asked so many times before.
    fn approval_delay(&self, waited: Duration, times: u32) -> Duration {
        let is_soon = waited < self.soon_period;
        let longest = if is_soon { self.soon_approval } else { self.longest_approval };
        double_delay(self.first_approval, longest, times)
    }
}

impl NodeHost {
    /// Opens the ledger of a node, alone.
    ///
    /// # Errors
    /// When another node uses the folder, or it cannot be read or written.
    pub fn open(
        options: NodeOptions,
        policy: Arc<dyn NodePolicy>,
        on_report: impl Fn(NodeReport) + Send + Sync + 'static,
    ) -> Result<Self, NodeStartError> {
        let path = options.folder.clone();
        let unusable = |source| NodeStartError::Folder { path: path.clone(), source };
        create_private_dir(&options.folder).map_err(unusable)?;
        let lock_path = options.folder.join(NODE_LOCK_FILE);
        // Who only looks whether a node runs has the lock for a moment.
        let mut lock = match LockFile::acquire_within(&lock_path, LOCK_TIMEOUT) {
            Ok(lock) => lock,
            Err(LockError::Timeout { .. }) => return Err(NodeStartError::AlreadyRunning { path }),
            Err(LockError::Unavailable { source, .. }) => return Err(unusable(source)),
            Err(error) => return Err(unusable(io::Error::other(error))),
        };
        lock.record_holder();
        let store = Store::open(options.folder.join("node.sqlite"));
        let store = store.map_err(NodeStartError::Ledger)?;
        // Another start has another number, so that what it left is told apart.
        let owner = format!("{:016x}-{}", random_number(), std::process::id());
        let ledger = InvocationLog::open(store, owner).map_err(NodeStartError::Ledger)?;
        let planner = CommandPlanner::new(Arc::clone(&policy), options.workspace.clone());
        let reports = ReportSink::new(on_report);
        let core = NodeCore::new(options.identity.id(), policy, planner, ledger, reports);
        Ok(Self { options, core: Arc::new(core), _lock: lock })
    }

    /// Serves the gateway until the future is dropped, which ends the commands that run.
    ///
    /// # Errors
    /// When the gateway refuses the node before it was ever connected, for a reason that no waiting
    /// mends, such as a wrong token.
    pub async fn run(&self) -> Result<Infallible, NodeStopReason> {
        let mut tasks = JoinSet::new();
        let mut count = FailureCount::default();
        loop {
            let error = match self.connect().await {
                Ok(client) => {
                    self.core.reports().send_report(NodeReport::Connected);
                    let since = Instant::now();
                    count.was_connected = true;
                    let error = serve_connection(&self.core, client, &mut tasks).await;
                    // One that ends at once, as when another node has the same identity, is no
                    // reason to hurry.
                    if since.elapsed() >= self.options.delays.longest {
                        count = FailureCount { was_connected: true, ..FailureCount::default() };
                    }
                    error
                }
                Err(error) => error,
            };
            match self.plan_attempt(&error, &mut count) {
                NextAttempt::Never(error) => return Err(NodeStopReason { error }),
                NextAttempt::At(delay) => tokio::time::sleep(delay).await,
            }
        }
    }

    /// Connects; a token of the node that is no longer valid is forgotten.
    async fn connect(&self) -> Result<GatewayClient, ClientError> {
        let client = match GatewayClient::connect(&self.options.address, &self.credentials()).await
        {
            Err(ClientError::Refused { error, .. })
                if is_reason(&error, ConnectErrorCode::AuthDeviceTokenMismatch) =>
            {
                self.keep_token(None);
                GatewayClient::connect(&self.options.address, &self.credentials()).await?
            }
            connected => connected?,
        };
        let told = client.hello().and_then(|hello| hello.auth.device_token.as_deref());
        if let Some(token) = told {
            self.keep_token(Some(token));
        }
        Ok(client)
    }

    fn credentials(&self) -> ClientCredentials {
        let token = self.options.tokens.find_token(&self.options.address.to_string(), ROLE);
        let device = ClientDevice {
            identity: Arc::clone(&self.options.identity),
            token: token.map(Into::into),
        };
        let declaration = NodeDeclaration {
            display_name: self.options.display_name.clone(),
            commands: NODE_COMMANDS.map(str::to_owned).to_vec(),
            path_env: self.options.path_env.clone(),
        };
        ClientCredentials::for_node(declaration, device, self.options.secret.clone())
    }

    fn keep_token(&self, token: Option<&str>) {
        let address = self.options.address.to_string();
        if let Err(error) = self.options.tokens.set_token(&address, ROLE, token) {
            let reason = error.to_string();
            self.core.reports().send_report(NodeReport::TokenNotKept { reason });
        }
    }

    /// Decides when to connect again, and reports it.
    fn plan_attempt(&self, error: &ClientError, count: &mut FailureCount) -> NextAttempt {
        let delays = &self.options.delays;
        let reports = self.core.reports();
        let mut told_delay = None;
        if let ClientError::Refused { error, .. } = error {
            if is_reason(error, ConnectErrorCode::PairingRequired) {
                let since = *count.waiting_since.get_or_insert_with(Instant::now);
                let delay = delays.approval_delay(since.elapsed(), count.refusals);
                count.refusals = count.refusals.saturating_add(1);
                let request_id = error.details.as_ref().and_then(|it| it.get("requestId"));
                let request_id = request_id.and_then(|id| id.as_str()).map(str::to_owned);
                reports.send_report(NodeReport::WaitingForApproval { request_id, retry_in: delay });
                return NextAttempt::At(shorten_delay(delay));
            }
            let passes = error.retryable == Some(true)
                || error.retry_after_ms.is_some()
                || is_reason(error, ConnectErrorCode::AuthRateLimited)
                || is_reason(error, ConnectErrorCode::DeviceAuthSignatureExpired)
                || error.reason_code().is_none();
            if !passes && !count.was_connected {
                return NextAttempt::Never(error.clone());
            }
            told_delay = error.retry_after_ms.map(Duration::from_millis);
        }
        let delay = double_delay(delays.first, delays.longest, count.failures);
        // No gateway keeps the node away for long.
        let delay = told_delay.map_or(delay, |told| delay.max(told.min(delays.longest_approval)));
        count.failures = count.failures.saturating_add(1);
        let reason = describe_error(error);
        reports.send_report(NodeReport::Disconnected { reason, retry_in: delay });
        NextAttempt::At(shorten_delay(delay))
    }
}

fn is_reason(error: &GatewayError, code: ConnectErrorCode) -> bool {
    error.reason_code() == Some(code.as_str())
}

fn describe_error(error: &ClientError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// `first`, doubled so many times, at most `longest`.
fn double_delay(first: Duration, longest: Duration, times: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times.min(20)).unwrap_or(u32::MAX)).min(longest)
}

/// A delay shortened by up to a fifth, so that many nodes do not connect at once.
fn shorten_delay(delay: Duration) -> Duration {
    let part = u32::try_from(random_number() % 200).unwrap_or_default();
    delay.saturating_sub(delay.saturating_mul(part) / 1000)
}

/// A number that is another one each time; no secret.
fn random_number() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_seen_within_ten_seconds_for_five_minutes() {
        let delays = ReconnectDelays {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            first_approval: Duration::from_secs(5),
            soon_period: Duration::from_mins(5),
            soon_approval: Duration::from_secs(10),
            longest_approval: Duration::from_mins(1),
        };
        let (mut waited, mut waits) = (Duration::ZERO, Vec::new());
        for times in 0..40 {
            let delay = delays.approval_delay(waited, times);
            waits.push((waited.as_secs(), delay.as_secs()));
            waited += delay;
        }
        assert_eq!(waits[..3], [(0, 5), (5, 10), (15, 10)]);
        for (at, delay) in waits {
            assert!(if at < 300 { delay <= 10 } else { delay == 60 }, "{delay} s at {at} s");
        }
    }

    #[test]
    fn waits_grow_to_their_limit() {
        let [first, longest] = [1, 30].map(Duration::from_secs);
        let waits: Vec<u64> =
            (0..8).map(|times| double_delay(first, longest, times).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(double_delay(first, longest, u32::MAX), longest);
        for _ in 0..100 {
            let wait = shorten_delay(longest);
            assert!(wait <= longest && wait >= longest * 8 / 10, "{wait:?}");
        }
    }
}
