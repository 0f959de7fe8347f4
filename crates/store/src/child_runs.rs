//! The runs of sub-agents: which session asked for which, and how each ended.

mod rows;

use rusqlite::{Row, params};

use self::rows::{
    CHILD_USAGE_SQL, CREATE_TABLE_SQL, SELECT_SQL, find_run, has_table, insert_run, run_from_row,
};
use crate::error::StoreErrorKind;
use crate::lease::{self, SessionLease};
use crate::{SessionId, SessionKey, Store, StoreError, files};

/// A run of a sub-agent to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRunRequest {
    /// The session that asks for it.
    pub parent: SessionId,
    /// The key of that session.
    pub parent_key: SessionKey,
    /// The agent of that session.
    pub parent_agent: String,
    /// The agent that does the task.
    pub agent: String,
    /// A short name for people.
    pub label: Option<String>,
    /// What is to be done.
    pub task: String,
    /// How many sessions are above it.
    pub depth: u32,
}

/// A run of a sub-agent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildRun {
    /// The run's id.
    pub id: String,
    /// The id of the session that asked for it.
    pub parent: String,
    /// The key of that session.
    pub parent_key: String,
    /// The agent of that session.
    pub parent_agent: String,
    /// The key of the session that it runs in.
    pub child_key: String,
    /// The id of that session; `None` until it begins.
    pub child: Option<String>,
    /// The agent that does the task.
    pub agent: String,
    /// A short name for people.
    pub label: Option<String>,
    /// What is to be done.
    pub task: String,
    /// How many sessions are above it.
    pub depth: u32,
    /// Its state.
    pub status: ChildRunStatus,
    /// When it was asked for, in milliseconds of Unix time.
    pub created_at: u64,
    /// When it began.
    pub started_at: Option<u64>,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// Its answer, or why there is none.
    pub result: Option<String>,
    /// Its input tokens.
    pub input_tokens: u64,
    /// Its output tokens.
    pub output_tokens: u64,
}

/// The state of a run of a sub-agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChildRunStatus {
    /// It waits for others to end.
    Queued,
    /// It runs.
    Running,
    /// It ended with an answer.
    Succeeded,
    /// It failed.
    Failed,
    /// It did not end in its time.
    TimedOut,
    /// It needed what nobody allowed.
    Denied,
    /// It was cancelled.
    Cancelled,
    /// The program ended before it did: what it did so far is in its session.
    Lost,
}

/// How a run of a sub-agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRunEnd {
    /// Its last state.
    pub status: ChildRunStatus,
    /// Its answer, or why there is none.
    pub result: String,
    /// Its input tokens.
    pub input_tokens: u64,
    /// Its output tokens.
    pub output_tokens: u64,
}

/// What the sub-agents of a session used, those of its sub-agents included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChildUsage {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them have not ended.
    pub open_runs: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
}

/// Shows that a run goes on in this process: without it the run counts as lost.
#[derive(Debug)]
pub struct ChildRunLease {
    id: SessionId,
    store: Store,
    _lease: SessionLease,
}

impl Drop for ChildRunLease {
    fn drop(&mut self) {
        lease::remove_lock_file(self.store.path(), &self.id);
    }
}

impl ChildRunStatus {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Denied,
        Self::Cancelled,
        Self::Lost,
    ];

    /// Whether the run has ended.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// The word for it in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "ok",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lost => "unknown",
        }
    }

    fn from_text(text: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == text).unwrap_or(Self::Lost)
    }
}

impl Store {
    /// Records a run of a sub-agent, before anything of it happens. The lease is held as long as
    /// the run goes on. Blocks the thread, as all methods do.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn register_child_run(
        &self,
        request: ChildRunRequest,
    ) -> Result<(ChildRun, ChildRunLease), StoreError> {
        let id = self.random_id()?;
        // Held before the row is there, so that nobody takes the run for lost.
        let lease = SessionLease::acquire(self.path(), &id)?;
        let lease = ChildRunLease { id: id.clone(), store: self.clone(), _lease: lease };
        let run = self.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record the sub-agent");
            connection.execute_batch(CREATE_TABLE_SQL).map_err(fail)?;
            insert_run(connection, &id, &request).map_err(fail)?;
            find_run(connection, "id = ?1", id.as_str())?
                .ok_or_else(|| StoreError::not_found(id.as_str()))
        })?;
        Ok((run, lease))
    }

    /// Records that a run begins in this session.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_child_started(&self, id: &str, child: &SessionId) -> Result<(), StoreError> {
        let (id, child) = (id.to_owned(), child.clone());
        self.0.writer.write(move |connection| {
            let values = params![id, child.as_str(), files::unix_millis()];
            connection
                .execute(
                    "UPDATE child_run SET state = 'running', child = ?2, started_at = ?3
                     WHERE id = ?1 AND state = 'queued'",
                    values,
                )
                .map(drop)
                .map_err(StoreError::from_sql_error("record the start of the sub-agent"))
        })
    }

    /// Records how a run ended. One that has ended stays as it is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish_child_run(&self, id: &str, end: ChildRunEnd) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.0.writer.write(move |connection| {
            let count = |tokens| i64::try_from(tokens).unwrap_or(i64::MAX);
            let values = params![
                id,
                end.status.as_str(),
                files::unix_millis(),
                end.result,
                count(end.input_tokens),
                count(end.output_tokens)
            ];
            connection
                .execute(
                    "UPDATE child_run SET state = ?2, ended_at = ?3, result = ?4,
                            input_tokens = ?5, output_tokens = ?6
                     WHERE id = ?1 AND state IN ('queued', 'running')",
                    values,
                )
                .map(drop)
                .map_err(StoreError::from_sql_error("record the end of the sub-agent"))
        })
    }

    /// The runs that a session asked for, the first one first. Those that no process carries out
    /// any more have ended as lost.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn child_runs(&self, parent: &SessionId) -> Result<Vec<ChildRun>, StoreError> {
        let runs = self.select_runs("parent = ?1 ORDER BY n", parent.as_str())?;
        self.settle_lost_runs(runs)
    }

    /// All runs of sub-agents, the last one first. Those that no process carries out any more have
    /// ended as lost.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn all_child_runs(&self) -> Result<Vec<ChildRun>, StoreError> {
        let runs = self.select_runs("?1 = '' ORDER BY n DESC", "")?;
        self.settle_lost_runs(runs)
    }

    /// The run that a session was made for; `None` when no other session asked for it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn child_run_with_key(&self, key: &SessionKey) -> Result<Option<ChildRun>, StoreError> {
        let runs = self.select_runs("child_key = ?1 ORDER BY n DESC LIMIT 1", key.as_str())?;
        Ok(runs.into_iter().next())
    }

    /// The runs of a session that ended and whose end it does not know. They count as told then.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn take_child_ends(&self, parent: &SessionId) -> Result<Vec<ChildRun>, StoreError> {
        let mut taken = Vec::new();
        for run in self.untold_child_ends(parent)? {
            if self.mark_child_end_told(&run.id)? {
                taken.push(run);
            }
        }
        Ok(taken)
    }

    /// The runs of a session that ended and whose end it does not know, the first one first.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn untold_child_ends(&self, parent: &SessionId) -> Result<Vec<ChildRun>, StoreError> {
        let untold = "parent = ?1 AND told = 0 ORDER BY n";
        let runs = self.settle_lost_runs(self.select_runs(untold, parent.as_str())?)?;
        Ok(runs.into_iter().filter(|run| run.status.has_ended()).collect())
    }

    /// Records that the session that asked for a run knows its end; returns whether it did not.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn mark_child_end_told(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.0.writer.write(move |connection| {
            let told = connection.execute(
                "UPDATE child_run SET told = 1
                 WHERE id = ?1 AND told = 0 AND state NOT IN ('queued', 'running')",
                [id],
            );
            let fail = StoreError::from_sql_error("record that the end of the sub-agent is known");
            Ok(told.map_err(fail)? > 0)
        })
    }

    /// What the sub-agents of a session used.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn child_usage(&self, parent: &SessionId) -> Result<ChildUsage, StoreError> {
        self.0.readers.read(|connection| {
            if !has_table(connection)? {
                return Ok(ChildUsage::default());
            }
            let count = |row: &Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            connection
                .query_row(CHILD_USAGE_SQL, [parent.as_str()], |row| {
                    Ok(ChildUsage {
                        runs: count(row, 0)?,
                        open_runs: count(row, 1)?,
                        input_tokens: count(row, 2)?,
                        output_tokens: count(row, 3)?,
                    })
                })
                .map_err(StoreError::from_sql_error("count the tokens of the sub-agents"))
        })
    }

    fn select_runs(
        &self,
        condition: &'static str,
        value: &str,
    ) -> Result<Vec<ChildRun>, StoreError> {
        self.0.readers.read(|connection| {
            if !has_table(connection)? {
                return Ok(Vec::new());
            }
            let fail = StoreError::from_sql_error("read the sub-agents");
            let select = format!("{SELECT_SQL} WHERE {condition}");
            let mut select = connection.prepare(&select).map_err(fail)?;
            let rows = select.query_map([value], run_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// Ends the runs whose process is gone.
    fn settle_lost_runs(&self, mut runs: Vec<ChildRun>) -> Result<Vec<ChildRun>, StoreError> {
        for run in runs.iter_mut().filter(|run| !run.status.has_ended()) {
            let Ok(id) = run.id.parse::<SessionId>() else { continue };
            match SessionLease::acquire(self.path(), &id) {
                Ok(_lease) => {
                    let end = ChildRunEnd {
                        status: ChildRunStatus::Lost,
                        result: "the program ended before the sub-agent did".to_owned(),
                        input_tokens: 0,
                        output_tokens: 0,
                    };
                    self.finish_child_run(&run.id, end)?;
                    lease::remove_lock_file(self.path(), &id);
                }
                Err(error) if error.kind() == StoreErrorKind::InUse => continue,
                // Its process has just ended it.
                Err(error) if error.kind() == StoreErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            // It may have ended in good order since it was read.
            let current = self.0.readers.read(|it| find_run(it, "id = ?1", &run.id))?;
            *run = current.unwrap_or_else(|| run.clone());
        }
        Ok(runs)
    }

    fn random_id(&self) -> Result<SessionId, StoreError> {
        self.0.readers.read(|connection| {
            let random = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0));
            random
                .map(SessionId::from_random)
                .map_err(StoreError::from_sql_error("make an id for the sub-agent"))
        })
    }
}

#[cfg(test)]
mod tests;
