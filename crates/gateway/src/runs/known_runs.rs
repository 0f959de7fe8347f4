//! The runs that are known by their ids: those that go on, those that are over, and those of former
//! gateways.

use std::sync::{Arc, PoisonError};

use openclaw_protocol::gateway::{GatewayError, LiveRunEntry};
use openclaw_runtime::RunRecord;

use super::live_run::{EndedRun, LiveRun, StartedRun};
use super::{RunManager, offload, store_failure};
use crate::run_result::RunEnd;

/// The runs that are over whose events are kept.
const MAX_ENDED_RUNS: usize = 16;

impl RunManager {
    /// Finds a run, also one of a former gateway.
    ///
    /// # Errors
    /// When there is no such run, or the store cannot be read.
    pub(crate) async fn find_run(&self, id: &str) -> Result<StartedRun, GatewayError> {
        if let Some(run) = self.live_run(id) {
            return Ok(StartedRun::Live(run));
        }
        let (log, wanted) = (self.log.clone(), id.to_owned());
        let found = offload(move || log.find_run(&wanted)).await;
        match found.map_err(|error| store_failure(&error))? {
            Some(record) => Ok(self.known_run(record)),
            None => Err(GatewayError::invalid_request(format!(
                "There is no run `{}`.",
                id.escape_debug()
            ))),
        }
    }

    /// The runs of a session that are not over, the one that runs first.
    pub(crate) fn live_runs(&self, session_key: &str) -> Vec<LiveRunEntry> {
        let live = self.lock_live();
        let runs = live.values().filter(|run| run.session_key == session_key);
        let mut runs: Vec<_> = runs.filter(|run| run.end.borrow().is_none()).collect();
        runs.sort_by_key(|run| (run.times().0.is_none(), run.created_at));
        runs.into_iter().map(|run| run.describe()).collect()
    }

    /// Keeps the events of a run that is over for clients that lost their connection before.
    pub(super) fn keep_ended_run(&self, run: Arc<LiveRun>) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= MAX_ENDED_RUNS {
            ended.pop_front();
        }
        ended.push_back(run);
    }

    /// A run whose events are kept.
    ///
    /// # Errors
    /// When there is no such run, and when it is over for long.
    pub(crate) fn run_with_events(&self, id: &str) -> Result<Arc<LiveRun>, GatewayError> {
        let ended = || {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.iter().find(|run| run.id == id).cloned()
        };
        self.live_run(id).or_else(ended).ok_or_else(|| {
            let id = id.chars().take(64).collect::<String>();
            GatewayError::invalid_request(format!(
                "No events of a run `{}` are kept.",
                id.escape_debug()
            ))
        })
    }

    pub(super) fn known_run(&self, record: RunRecord) -> StartedRun {
        if let Some(run) = self.live_run(&record.id) {
            return StartedRun::Live(run);
        }
        let recorded = record.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        StartedRun::Ended(Box::new(EndedRun {
            id: record.id,
            accepted_at: record.accepted_at,
            started_at: record.started_at,
            ended_at: record.ended_at,
            session_key: record.session_key,
            end: Arc::new(recorded.unwrap_or_else(RunEnd::lost)),
        }))
    }
}
