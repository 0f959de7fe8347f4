//! A gateway from its start to its end.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use openclaw_fs::{AtomicFile, LockError, LockFile};
use openclaw_runtime::{DeviceLog, JobBook, RunLog, Runtime, Store, StoreError};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::approvals::PendingApprovals;
use crate::auth::FailureLimiter;
use crate::clients::{ClientRegistry, EventAudience};
use crate::devices::DeviceManager;
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::hooks::HookPace;
use crate::http::ClientConnection;
use crate::jobs::JobScheduler;
use crate::live_config::{LiveConfig, ReloadReport};
use crate::nodes::{GatewayNodes, NodeManager, NodeRegistry, check_open_gateway};
use crate::openai::{ConversationIndex, ResponseIndex};
use crate::random::random_uuid;
use crate::runs::{RunManager, unix_millis, wake_parents};
use crate::settings::GatewaySettings;
use crate::state::GatewayState;

/// How long runs may go on after the gateway was told to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// How long to wait after a connection could not be accepted, which is most often for want of file
/// descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// How long a peer may take to read the end of its connection.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The file with the address of the gateway.
const ADDRESS_FILE: &str = "address";

/// The file in the folder of a gateway that it locks as long as it runs.
const LOCK_FILE: &str = "gateway.lock";

/// The most bytes of that file.
const MAX_ADDRESS_BYTES: u64 = 256;

/// How long to wait for the lock of the state folder.
const LOCK_TIMEOUT: Duration = Duration::from_millis(200);

/// A gateway that listens.
#[derive(Debug)]
pub struct GatewayServer {
    listener: TcpListener,
    state: Arc<GatewayState>,
    shutdown: watch::Sender<bool>,
    /// Held as long as the gateway lives.
    _lock: LockFile,
}

/// Controls a running gateway.
#[derive(Debug, Clone)]
pub struct GatewayHandle {
    state: Arc<GatewayState>,
    shutdown: watch::Sender<bool>,
}

/// What a gateway keeps in the session store.
struct OpenedLogs {
    store: Store,
    runs: RunLog,
    devices: DeviceLog,
    jobs: JobBook,
}

/// Opens the logs of a gateway that has started with this id.
fn open_logs(runtime: &Runtime, boot_id: String) -> Result<OpenedLogs, StoreError> {
    let store = runtime.open_sessions()?;
    Ok(OpenedLogs {
        runs: RunLog::open(store.clone(), boot_id)?,
        devices: DeviceLog::open(store.clone())?,
        jobs: JobBook::open(store.clone(), runtime.clone())?,
        store,
    })
}

impl GatewayServer {
    /// The most time from [`GatewayHandle::shut_down`] to the end of [`run`](Self::run).
    pub const LONGEST_END: Duration = Duration::from_secs(22);

    /// Takes the state folder and listens. Blocks the thread while the session store is opened.
    ///
    /// # Errors
    /// When another gateway uses the state folder, the address cannot be listened on, or the
    /// session store cannot be used.
    pub async fn bind(
        runtime: Runtime,
        settings: GatewaySettings,
    ) -> Result<Self, GatewayStartError> {
        let state_file =
            |message: String| GatewayStartError::new(GatewayStartErrorKind::StateFile, message);
        let folder = settings.state_dir.join("gateway");
        openclaw_fs::create_private_dir(&folder).map_err(|error| {
            state_file(format!("make the folder {}", folder.display())).with_source(error)
        })?;
        let lock = acquire_lock(&folder)?;
        // The address of a gateway that has ended may be another program's by now.
        forget_address(&folder).map_err(|error| {
            state_file(format!("remove the old address in {}", folder.display())).with_source(error)
        })?;
        let address = SocketAddr::new(settings.address, settings.port);
        let listener = TcpListener::bind(address).await.map_err(|error| {
            GatewayStartError::new(GatewayStartErrorKind::Address, format!("listen on {address}"))
                .with_source(error)
                .with_hint("`--port N` or `gateway.port` chooses another port.")
        })?;
        let local_address = listener.local_addr().unwrap_or(address);
        let unrecorded = |error| {
            state_file(format!("record the address in {}", folder.display())).with_source(error)
        };
        record_address(&folder, local_address).map_err(unrecorded)?;
        let boot_id = random_uuid()
            .map_err(|error| state_file("make random numbers".to_owned()).with_source(error))?;
        let opening = (runtime.clone(), boot_id.clone());
        let opened = tokio::task::spawn_blocking(move || open_logs(&opening.0, opening.1));
        let OpenedLogs { store, runs: log, devices, jobs } = opened
            .await
            .map_err(|error| state_file("open the session store".to_owned()).with_source(error))?
            .map_err(|error| state_file(error.to_string()).with_source(error))?;
        check_open_gateway(&devices, &settings.authentication)?;
        let registry = NodeRegistry::default();
        let clients = Arc::new(ClientRegistry::default());
        let node_manager =
            || NodeManager::new(devices.clone(), Arc::clone(&clients), registry.clone());
        let nodes = Arc::new(GatewayNodes::new(node_manager()));
        let live = Arc::new(LiveConfig::new(settings, runtime, nodes));
        let approvals = Arc::new(PendingApprovals::default());
        let runs = Arc::new(RunManager::new(
            Arc::clone(&live),
            store.clone(),
            log,
            Arc::clone(&clients),
            Arc::clone(&approvals),
        ));
        wake_parents(&runs);
        let jobs = Arc::new(JobScheduler::new(
            Arc::clone(&live),
            jobs,
            Arc::clone(&runs),
            Arc::clone(&clients),
            boot_id.clone(),
        ));
        runs.set_job_scheduler(&jobs);
        let state = Arc::new(GatewayState {
            live,
            store,
            nodes: node_manager(),
            devices: DeviceManager::new(devices, Arc::clone(&clients)),
            clients,
            approvals,
            runs,
            jobs,
            limiter: FailureLimiter::default(),
            hook_limiter: FailureLimiter::default(),
            admission: Arc::default(),
            frame_budget: Arc::default(),
            conversations: ConversationIndex::default(),
            responses: ResponseIndex::default(),
            hook_pace: HookPace::default(),
            boot_id,
            local_address,
            started_at: Instant::now(),
        });
        Ok(Self { listener, state, shutdown: watch::Sender::new(false), _lock: lock })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.state.local_address
    }

    /// What the user should know about the session store.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.state.store.opening_warnings().iter().map(ToString::to_string).collect()
    }

    /// A handle that controls the gateway while it runs.
    #[must_use]
    pub fn handle(&self) -> GatewayHandle {
        GatewayHandle { state: Arc::clone(&self.state), shutdown: self.shutdown.clone() }
    }

    /// Serves clients until [`GatewayHandle::shut_down`] is called. Then no new connection is
    /// accepted, and the runs have 20 seconds to end; what does not end can be resumed.
    pub async fn run(self) {
        let Self { listener, state, shutdown, _lock } = self;
        tracing::info!("the gateway listens on {}", state.local_address);
        let mut ending = shutdown.subscribe();
        let mut connections = JoinSet::new();
        let interval = state.settings().tick_interval;
        state.jobs.start().await;
        let scheduler = tokio::spawn(Arc::clone(&state.jobs).run(shutdown.subscribe()));
        let mut tick = tokio::time::interval_at(Instant::now() + interval, interval);
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                biased;
                _ = ending.wait_for(|ends| *ends) => break,
                _ = tick.tick() => {
                    let now = unix_millis(SystemTime::now());
                    let payload = json!({ "ts": now });
                    state.clients.broadcast_event(EventAudience::Everyone, "tick", &payload);
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Connections that end free file descriptors.
                    tracing::warn!("failed to accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    continue;
                }
            };
            let admitted = state.admission.admit(peer.ip());
            let connection = ClientConnection {
                state: Arc::clone(&state),
                address: peer.ip(),
                admitted: Arc::new(admitted),
                ending: shutdown.subscribe(),
            };
            connections.spawn(connection.serve(stream));
        }
        drop(listener);
        tracing::info!("the gateway ends");
        let payload = json!({ "reason": "the gateway ends" });
        state.clients.broadcast_event(EventAudience::Everyone, "shutdown", &payload);
        // It begins nothing any more; what it was about to begin is in its tasks.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, scheduler).await;
        state.runs.drain(DRAIN_TIMEOUT).await;
        state.clients.close_all(1001, "the gateway ends");
        let closed = async { while connections.join_next().await.is_some() {} };
        // A peer that does not read the end is left.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, closed).await;
        connections.abort_all();
    }
}

impl GatewayHandle {
    /// Ends the gateway.
    pub fn shut_down(&self) {
        self.shutdown.send_replace(true);
    }

    /// Serves with another config from now on: its agents, models, tools, secret and webhooks. Runs
    /// that have begun end with the config they began with. The address stays as it is.
    ///
    /// Clients that showed the old secret are closed. So are nodes when other commands are denied to
    /// them; they connect again by themselves.
    ///
    /// # Errors
    /// When a gateway with these settings would not start. Nothing is changed then.
    pub async fn replace_config(
        &self,
        runtime: Runtime,
        settings: GatewaySettings,
    ) -> Result<ReloadReport, GatewayStartError> {
        self.state.replace_config(runtime, settings).await
    }
}

/// The address of the gateway that uses a state folder, as it recorded it; `None` when none did. It
/// may have ended since.
#[must_use]
pub fn recorded_address(state_dir: &Path) -> Option<SocketAddr> {
    let path = state_dir.join("gateway").join(ADDRESS_FILE);
    openclaw_fs::read_text(&path, MAX_ADDRESS_BYTES).ok()?.trim().parse().ok()
}

/// The address at which the gateway of a state folder listens now; `None` when none runs there. No
/// other program can have this address as long as that gateway runs.
#[must_use]
pub fn running_address(state_dir: &Path) -> Option<SocketAddr> {
    let path = state_dir.join("gateway").join(LOCK_FILE);
    let is_locked = path.exists()
        && LockFile::open(&path).and_then(|lock| lock.try_lock_exclusive()).is_ok_and(|it| !it);
    // Read after the lock: a gateway that starts removes the address of the one before first.
    recorded_address(state_dir).filter(|_| is_locked)
}

fn forget_address(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(folder.join(ADDRESS_FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Lets the commands of this machine find the gateway, whatever port it was given.
fn record_address(folder: &Path, address: SocketAddr) -> io::Result<()> {
    let mut file = AtomicFile::create(&folder.join(ADDRESS_FILE))?;
    writeln!(file, "{address}")?;
    file.commit()
}

/// Takes the lock of the state folder, which the system releases when the program ends.
fn acquire_lock(folder: &Path) -> Result<LockFile, GatewayStartError> {
    let path = folder.join(LOCK_FILE);
    match LockFile::acquire_within(&path, LOCK_TIMEOUT) {
        Ok(mut lock) => {
            lock.record_holder();
            Ok(lock)
        }
        Err(LockError::Timeout { .. }) => {
            let holder = LockFile::open(&path).ok().and_then(|mut lock| lock.read_holder());
            let holder = holder.map_or(String::new(), |pid| format!(" (process {pid})"));
            Err(GatewayStartError::new(
                GatewayStartErrorKind::AlreadyRunning,
                format!("start the gateway: another one uses this state folder{holder}"),
            )
            .with_hint("`openclaw gateway status` shows it."))
        }
        Err(error) => {
            let message = format!("lock {}", path.display());
            Err(GatewayStartError::new(GatewayStartErrorKind::StateFile, message)
                .with_source(error))
        }
    }
}
