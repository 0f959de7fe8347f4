//! What a running node last told about itself, in `node/state.json` of the state folder, so that
//! `openclaw node status` knows it without asking a gateway.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_fs::{LockFile, StateFile};
use openclaw_node::{CommandsDecision, NODE_LOCK_FILE, NodeReport};
use serde::{Deserialize, Serialize};

use super::settings::NodeFolder;

/// The version of the file.
const FILE_VERSION: u64 = 1;

/// How far a node is with its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NodePhase {
    /// It has not had an answer yet.
    Connecting,
    /// It is connected.
    Connected,
    /// The owner of the gateway must approve it.
    WaitingForApproval,
    /// It is not connected, and tries again.
    Disconnected,
    /// The gateway refused it, which ended it.
    Refused,
    /// It was ended.
    Ended,
}

/// What a node told about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeRecord {
    version: u64,
    process_id: u32,
    /// The address of the gateway.
    pub(super) gateway: String,
    pub(super) phase: NodePhase,
    /// Since when, in milliseconds since the Unix epoch.
    pub(super) since_ms: u64,
    /// The request that waits for an approval of the node.
    pub(super) request_id: Option<String>,
    /// Why it is not connected.
    pub(super) reason: Option<String>,
    /// What the gateway decided about the commands; `None` when it has not told.
    pub(super) decision: Option<CommandsDecision>,
}

/// Writes the file of a node that runs.
#[derive(Debug)]
pub(super) struct NodeRecorder {
    file: StateFile,
    record: Mutex<NodeRecord>,
}

/// Whether a node runs with a folder, and what it told last.
#[derive(Debug, Default)]
pub(super) struct LocalNode {
    /// The process that runs; `None` when none does.
    pub(super) process_id: Option<u32>,
    /// What the running process told; else how the last one ended.
    pub(super) record: Option<NodeRecord>,
}

impl NodeRecord {
    pub(super) fn new(gateway: &str) -> Self {
        Self {
            version: FILE_VERSION,
            process_id: std::process::id(),
            gateway: gateway.to_owned(),
            phase: NodePhase::Connecting,
            since_ms: unix_millis(),
            request_id: None,
            reason: None,
            decision: None,
        }
    }

    /// How long it is so.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_millis(unix_millis().saturating_sub(self.since_ms))
    }

    fn enter_phase(&mut self, phase: NodePhase) {
        if self.phase != phase {
            self.since_ms = unix_millis();
        }
        self.phase = phase;
        self.request_id = None;
        self.reason = None;
    }

    pub(super) fn apply_report(&mut self, report: &NodeReport) {
        match report {
            NodeReport::Connected => {
                self.enter_phase(NodePhase::Connected);
                self.decision = None;
            }
            NodeReport::CommandsDecided(decision) => self.decision = Some(decision.clone()),
            NodeReport::WaitingForApproval { request_id, .. } => {
                self.enter_phase(NodePhase::WaitingForApproval);
                self.request_id.clone_from(request_id);
            }
            NodeReport::Disconnected { reason, .. } => {
                self.enter_phase(NodePhase::Disconnected);
                self.reason = Some(reason.clone());
            }
            _ => {}
        }
    }
}

impl NodeRecorder {
    /// Records that this process is a node of a gateway, to which it now connects. The process has
    /// the lock of the folder.
    ///
    /// # Errors
    /// Why that cannot be written, as a fragment that fits "failed to {…}".
    pub(super) fn begin(folder: &NodeFolder, gateway: &str) -> Result<Self, String> {
        let file = StateFile::new(state_path(folder));
        let record = Mutex::new(NodeRecord::new(gateway));
        let recorder = Self { file, record };
        recorder.change_record(|_| ())?;
        Ok(recorder)
    }

    /// Records a report of the node.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(super) fn record_report(&self, report: &NodeReport) -> Result<(), String> {
        self.change_record(|record| record.apply_report(report))
    }

    /// Records that the node ends, and why the gateway refused it if that is the reason.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(super) fn record_end(&self, refusal: Option<&str>) -> Result<(), String> {
        self.change_record(|record| {
            let phase = if refusal.is_some() { NodePhase::Refused } else { NodePhase::Ended };
            record.enter_phase(phase);
            record.reason = refusal.map(str::to_owned);
        })
    }

    fn change_record(&self, change: impl FnOnce(&mut NodeRecord)) -> Result<(), String> {
        // Locked until it is written, so that the file has the last change.
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut record);
        let text = serde_json::to_string_pretty(&*record).unwrap_or_default() + "\n";
        let written = self.file.update_text(|old| {
            let is_same = matches!(&old, Ok(Some(old)) if *old == text);
            (!is_same).then_some(text)
        });
        written.map_err(|error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })
    }
}

impl LocalNode {
    /// Looks at the lock, which the system releases however a node ends, and at the file.
    pub(super) fn find(folder: &NodeFolder) -> Self {
        let process_id = find_process(folder);
        let text = StateFile::new(state_path(folder)).read_text().ok().flatten();
        let record = text.and_then(|text| serde_json::from_str::<NodeRecord>(&text).ok());
        let is_told = |record: &NodeRecord| match process_id {
            // A node that begins has not replaced the file of the one before.
            Some(process_id) => record.process_id == process_id,
            None => true,
        };
        Self { process_id, record: record.filter(is_told) }
    }

    /// What the running node told; `None` when none runs or it has not told anything.
    pub(super) fn running_record(&self) -> Option<&NodeRecord> {
        self.record.as_ref().filter(|_| self.process_id.is_some())
    }
}

fn state_path(folder: &NodeFolder) -> PathBuf {
    folder.path().join("state.json")
}

/// The process that holds the lock of the folder.
fn find_process(folder: &NodeFolder) -> Option<u32> {
    let path = folder.path().join(NODE_LOCK_FILE);
    if !path.exists() {
        return None;
    }
    let mut lock = LockFile::open(&path).ok()?;
    if lock.try_lock_exclusive().ok()? {
        return None;
    }
    Some(lock.read_holder().unwrap_or_default())
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, NodeFolder) {
        let state = tempfile::tempdir().unwrap();
        let folder = NodeFolder::of_state(state.path());
        (state, folder)
    }

    fn lock(folder: &NodeFolder) -> LockFile {
        openclaw_fs::create_private_dir(folder.path()).unwrap();
        let path = folder.path().join(NODE_LOCK_FILE);
        let mut lock = LockFile::acquire_within(&path, Duration::ZERO).unwrap();
        lock.record_holder();
        lock
    }

    #[test]
    fn what_a_running_node_told_is_known() {
        let (_state, folder) = folder();
        assert!(LocalNode::find(&folder).process_id.is_none());
        let lock = lock(&folder);
        let starting = LocalNode::find(&folder);
        assert_eq!(starting.process_id, Some(std::process::id()));
        assert_eq!(starting.running_record(), None);

        let recorder = NodeRecorder::begin(&folder, "ws://127.0.0.1:7/").unwrap();
        let found = || LocalNode::find(&folder).running_record().cloned().unwrap();
        assert_eq!(found().phase, NodePhase::Connecting);
        let waiting = |request: &str| NodeReport::WaitingForApproval {
            request_id: Some(request.to_owned()),
            retry_in: Duration::ZERO,
        };
        recorder.record_report(&waiting("r-1")).unwrap();
        let first = found();
        assert_eq!(
            (first.phase, first.request_id.as_deref()),
            (NodePhase::WaitingForApproval, Some("r-1"))
        );
        recorder.record_report(&waiting("r-2")).unwrap();
        assert_eq!(found().request_id.as_deref(), Some("r-2"));
        assert_eq!(found().since_ms, first.since_ms);
        recorder.record_report(&NodeReport::Connected).unwrap();
        assert_eq!((found().phase, found().request_id), (NodePhase::Connected, None));
        let decision =
            CommandsDecision { waiting: vec!["system.run".into()], ..CommandsDecision::default() };
        recorder.record_report(&NodeReport::CommandsDecided(decision.clone())).unwrap();
        assert_eq!((found().phase, found().decision), (NodePhase::Connected, Some(decision)));

        // A killed node releases the lock and says no more.
        drop(lock);
        let killed = LocalNode::find(&folder);
        assert_eq!((killed.process_id, killed.running_record()), (None, None));
    }

    #[test]
    fn a_refusal_is_known_after_the_end_and_other_files_count_for_nothing() {
        let (_state, folder) = folder();
        let held = lock(&folder);
        let recorder = NodeRecorder::begin(&folder, "ws://127.0.0.1:7/").unwrap();
        recorder.record_end(Some("no")).unwrap();
        drop(held);
        let ended = LocalNode::find(&folder).record.unwrap();
        assert_eq!((ended.phase, ended.reason.as_deref()), (NodePhase::Refused, Some("no")));

        let held = lock(&folder);
        let file = StateFile::new(state_path(&folder));
        file.update_text(|old| {
            let own = std::process::id().to_string();
            Some(old.unwrap().unwrap().replace(&own, "1"))
        })
        .unwrap();
        assert_eq!(LocalNode::find(&folder).running_record(), None);
        for text in ["", "[]", "{\"version\":1}"] {
            file.update_text(|_| Some(text.to_owned())).unwrap();
            assert_eq!(LocalNode::find(&folder).running_record(), None);
        }
        drop(held);
    }
}
