//! The runs of a gateway: each is recorded before it is acknowledged, so that the same request is
//! never carried out twice.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{SessionKey, Store, StoreError, files};

/// The most runs that are kept; older ones that ended are forgotten.
const MAX_KEPT_RUNS: u32 = if cfg!(test) { 20 } else { 2000 };

const CREATE_TABLE_SQL: &str = "
    CREATE TABLE IF NOT EXISTS run (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        idempotency_key TEXT NOT NULL UNIQUE,
        request_digest TEXT NOT NULL,
        session_key TEXT NOT NULL,
        -- The start of the gateway that runs it.
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        -- Unix time in milliseconds.
        accepted_at INTEGER NOT NULL,
        started_at INTEGER,
        ended_at INTEGER,
        result TEXT
    ) STRICT;";

const SELECT_SQL: &str = "SELECT id, idempotency_key, request_digest, session_key, state, \
    accepted_at, started_at, ended_at, result FROM run";

/// The runs of a gateway. Clones share the store.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct RunLog {
    store: Store,
    owner: String,
}

/// A run to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// The run's id, new.
    pub id: String,
    /// What the client chose so that the request is carried out once.
    pub idempotency_key: String,
    /// A digest of the request: another request with the same key is told apart by it.
    pub digest: String,
    /// The session that it runs in.
    pub session_key: SessionKey,
}

/// A recorded run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunRecord {
    /// The run's id.
    pub id: String,
    /// What the client chose so that the request is carried out once.
    pub idempotency_key: String,
    /// A digest of the request.
    pub digest: String,
    /// The session that it runs in, as text.
    pub session_key: String,
    /// Its state.
    pub status: RunStatus,
    /// When it was accepted, in milliseconds since the Unix epoch.
    pub accepted_at: u64,
    /// When its turn began, in milliseconds since the Unix epoch.
    pub started_at: Option<u64>,
    /// When it ended, in milliseconds since the Unix epoch.
    pub ended_at: Option<u64>,
    /// What it came to, as its caller wrote it.
    pub result: Option<String>,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunStatus {
    /// It waits for its session.
    Accepted,
    /// Its turn runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed or was stopped.
    Failed,
    /// Its gateway ended before it did: what it did so far is in its session.
    Lost,
}

/// What became of a request to record a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunRegistration {
    /// It is recorded and may be carried out.
    Accepted(RunRecord),
    /// The same request was recorded before.
    Known(RunRecord),
    /// Another request was recorded with the same key.
    KeyReused(RunRecord),
}

impl RunStatus {
    /// Whether the run has ended.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Accepted | Self::Running)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }

    fn from_text(text: &str) -> Self {
        match text {
            "accepted" => Self::Accepted,
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            _ => Self::Lost,
        }
    }
}

impl RunLog {
    /// Opens the runs in a store for one gateway, which is the only one that uses them. The runs
    /// that a former gateway left become [`RunStatus::Lost`]. `owner` names this start of the
    /// gateway.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store, owner: impl Into<String>) -> Result<Self, StoreError> {
        let owner = owner.into();
        store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("prepare the runs of the gateway");
            connection.execute_batch(CREATE_TABLE_SQL).map_err(fail)?;
            connection
                .execute(
                    "UPDATE run SET state = 'lost', ended_at = ?1
                     WHERE state IN ('accepted', 'running')",
                    [files::unix_millis()],
                )
                .map_err(fail)
        })?;
        Ok(Self { store, owner })
    }

    /// Records a run durably, unless its key is known.
    ///
    /// # Errors
    /// When the file cannot be read or written; the run must then not be carried out.
    pub fn register_run(&self, request: RunRequest) -> Result<RunRegistration, StoreError> {
        let owner = self.owner.clone();
        self.store.0.writer.write(move |connection| {
            let known =
                find_run(connection, "idempotency_key = ?1", request.idempotency_key.as_str())?;
            if let Some(known) = known {
                return Ok(if known.digest == request.digest {
                    RunRegistration::Known(known)
                } else {
                    RunRegistration::KeyReused(known)
                });
            }
            insert_run(connection, &request, &owner)?;
            let recorded = find_run(connection, "id = ?1", &request.id)?;
            recorded
                .map(RunRegistration::Accepted)
                .ok_or_else(|| StoreError::not_found(&request.id))
        })
    }

    /// Records that the turn of a run begins, and returns when, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_started(&self, id: &str) -> Result<Option<u64>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE run SET state = 'running', started_at = ?2
                     WHERE id = ?1 AND state = 'accepted'",
                    params![id, files::unix_millis()],
                )
                .map_err(StoreError::from_sql_error("record the start of the run"))?;
            Ok(find_run(connection, "id = ?1", &id)?.and_then(|run| run.started_at))
        })
    }

    /// Records how a run ended, and returns when, in milliseconds since the Unix epoch. A run that has
    /// ended stays as it is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish_run(
        &self,
        id: &str,
        status: RunStatus,
        result: String,
    ) -> Result<Option<u64>, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            connection
                .execute(
                    "UPDATE run SET state = ?2, ended_at = ?3, result = ?4
                     WHERE id = ?1 AND state IN ('accepted', 'running')",
                    params![id, status.as_str(), files::unix_millis(), result],
                )
                .map_err(StoreError::from_sql_error("record the end of the run"))?;
            Ok(find_run(connection, "id = ?1", &id)?.and_then(|run| run.ended_at))
        })
    }

    /// Finds a run by its id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_run(&self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        self.store.0.readers.read(|connection| find_run(connection, "id = ?1", id))
    }
}

fn insert_run(
    connection: &Connection,
    request: &RunRequest,
    owner: &str,
) -> Result<(), StoreError> {
    let fail = StoreError::from_sql_error("record the run");
    connection
        .execute(
            "DELETE FROM run WHERE state NOT IN ('accepted', 'running')
             AND n <= (SELECT max(n) FROM run) - ?1",
            [MAX_KEPT_RUNS],
        )
        .map_err(fail)?;
    let values = params![
        request.id,
        request.idempotency_key,
        request.digest,
        request.session_key.as_str(),
        owner,
        files::unix_millis()
    ];
    connection
        .execute(
            "INSERT INTO run (id, idempotency_key, request_digest, session_key, owner, state,
                              accepted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'accepted', ?6)",
            values,
        )
        .map(|_| ())
        .map_err(fail)
}

fn find_run(
    connection: &Connection,
    condition: &'static str,
    value: &str,
) -> Result<Option<RunRecord>, StoreError> {
    connection
        .query_row(&format!("{SELECT_SQL} WHERE {condition}"), [value], run_from_row)
        .optional()
        .map_err(StoreError::from_sql_error("find the run"))
}

fn run_from_row(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let time = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(i64::unsigned_abs));
    Ok(RunRecord {
        id: row.get(0)?,
        idempotency_key: row.get(1)?,
        digest: row.get(2)?,
        session_key: row.get(3)?,
        status: RunStatus::from_text(&row.get::<_, String>(4)?),
        accepted_at: time(5)?.unwrap_or_default(),
        started_at: time(6)?,
        ended_at: time(7)?,
        result: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str, key: &str, digest: &str) -> RunRequest {
        RunRequest {
            id: id.to_owned(),
            idempotency_key: key.to_owned(),
            digest: digest.to_owned(),
            session_key: "agent:main:main".parse().unwrap(),
        }
    }

    #[test]
    fn a_request_is_recorded_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let runs = RunLog::open(Store::open(&path).unwrap(), "first").unwrap();
        let first = runs.register_run(request("r1", "k", "d")).unwrap();
        assert!(matches!(&first, RunRegistration::Accepted(run) if run.id == "r1"));
        let started = runs.mark_started("r1").unwrap();
        let ended = runs.finish_run("r1", RunStatus::Succeeded, "{}".to_owned()).unwrap();
        assert_eq!(runs.finish_run("r1", RunStatus::Failed, "late".to_owned()).unwrap(), ended);
        drop(runs);
        let runs = RunLog::open(Store::open(&path).unwrap(), "second").unwrap();
        let again = runs.register_run(request("r2", "k", "d")).unwrap();
        let RunRegistration::Known(run) = again else { panic!("{again:?}") };
        assert_eq!((run.id.as_str(), run.status), ("r1", RunStatus::Succeeded));
        assert_eq!(run.result.as_deref(), Some("{}"));
        assert!(started.is_some() && ended.is_some());
        assert_eq!((run.started_at, run.ended_at), (started, ended));
        let other = runs.register_run(request("r3", "k", "other")).unwrap();
        assert!(matches!(other, RunRegistration::KeyReused(_)), "{other:?}");
        assert_eq!(runs.find_run("r3").unwrap(), None);
    }

    #[test]
    fn a_run_whose_gateway_ended_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let runs = RunLog::open(Store::open(&path).unwrap(), "first").unwrap();
        runs.register_run(request("r1", "k1", "d")).unwrap();
        runs.register_run(request("r2", "k2", "d")).unwrap();
        runs.mark_started("r2").unwrap();
        drop(runs);
        let runs = RunLog::open(Store::open(&path).unwrap(), "second").unwrap();
        for id in ["r1", "r2"] {
            let run = runs.find_run(id).unwrap().unwrap();
            assert_eq!(run.status, RunStatus::Lost);
            assert!(run.ended_at.is_some());
        }
    }

    #[test]
    fn old_runs_that_ended_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunLog::open(Store::open(folder.path().join("s.db")).unwrap(), "it").unwrap();
        runs.register_run(request("open", "open", "d")).unwrap();
        for number in 0..MAX_KEPT_RUNS + 5 {
            let id = number.to_string();
            runs.register_run(request(&id, &id, "d")).unwrap();
            runs.finish_run(&id, RunStatus::Succeeded, String::new()).unwrap();
        }
        assert_eq!(runs.find_run("0").unwrap(), None);
        assert!(runs.find_run("open").unwrap().is_some());
        assert!(runs.find_run(&MAX_KEPT_RUNS.to_string()).unwrap().is_some());
    }
}
