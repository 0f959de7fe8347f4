//! Scheduled jobs and their runs. The row of a run exists before anything else of it happens, and the
//! slot that it is for is unique, so that no slot runs twice, whoever asks and whatever restarts.

mod records;
mod rows;
#[cfg(test)]
mod tests;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{SessionId, Store, StoreError, files};

pub use self::records::{
    JobEntry, JobProgress, JobRecord, JobRunAdmission, JobRunEnd, JobRunQuery, JobRunRecord,
    JobRunStart, JobRunStatus,
};
use self::rows::{JOB_COLUMNS, RUN_COLUMNS, job_from_row, run_from_row};

/// The most runs of a job that are kept.
const MAX_KEPT_RUNS: i64 = if cfg!(test) { 20 } else { 2000 };

/// How long the runs of a job are kept, in milliseconds: a week.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

const CREATE_TABLES_SQL: &str = "
    CREATE TABLE IF NOT EXISTS job (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        -- What is to be done and when, as its owner wrote it.
        definition TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        -- Changes with each change by a person or an agent.
        revision INTEGER NOT NULL,
        -- Unix time in milliseconds.
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        next_slot INTEGER,
        held_until INTEGER,
        failures INTEGER NOT NULL,
        retries INTEGER NOT NULL,
        alerted_at INTEGER
    ) STRICT;
    CREATE TABLE IF NOT EXISTS job_run (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        job TEXT NOT NULL,
        slot TEXT NOT NULL,
        slots INTEGER NOT NULL,
        -- The start of the gateway that runs it.
        owner TEXT NOT NULL,
        status TEXT NOT NULL,
        begun_at INTEGER NOT NULL,
        ended_at INTEGER,
        result TEXT,
        UNIQUE (job, slot)
    ) STRICT;
    -- Jobs of the original that were taken over, so that none that was removed comes back.
    CREATE TABLE IF NOT EXISTS job_import (id TEXT PRIMARY KEY) STRICT;
    CREATE INDEX IF NOT EXISTS job_run_order ON job_run (job, n);
    CREATE INDEX IF NOT EXISTS job_run_open ON job_run (job) WHERE status = 'running';";

/// The scheduled jobs of a store. Clones share the store.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct JobLog {
    store: Store,
}

impl JobLog {
    /// Opens the jobs of a store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("prepare the scheduled jobs");
            connection.execute_batch(CREATE_TABLES_SQL).map_err(fail)
        })?;
        Ok(Self { store })
    }

    /// An id that no other job or run has.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn new_id(&self) -> Result<String, StoreError> {
        self.store.0.readers.read(|connection| {
            let random = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0));
            let random = random.map_err(StoreError::from_sql_error("make the id of a job"))?;
            Ok(SessionId::from_random(random).as_str().to_owned())
        })
    }

    /// The jobs, in the order in which they were added.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_jobs(&self) -> Result<Vec<JobRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the scheduled jobs");
            let sql = format!("SELECT {JOB_COLUMNS} FROM job ORDER BY n");
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows = statement.query_map([], job_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }

    /// A job by its id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn find_job(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        self.store.0.readers.read(|connection| find_job(connection, id))
    }

    /// Adds a job durably, or returns the one with its id.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_job(&self, entry: JobEntry) -> Result<JobRecord, StoreError> {
        self.store.0.writer.write(move |connection| {
            let now = files::unix_millis();
            let JobProgress { next_slot_ms, held_until_ms, failures, retries, .. } = entry.progress;
            connection
                .execute(
                    "INSERT OR IGNORE INTO job (id, definition, enabled, revision, created_at,
                        updated_at, next_slot, held_until, failures, retries)
                     VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        entry.id,
                        entry.definition,
                        entry.is_enabled,
                        now,
                        next_slot_ms,
                        held_until_ms,
                        failures,
                        retries
                    ],
                )
                .map_err(StoreError::from_sql_error("add the job"))?;
            find_job(connection, &entry.id)?.ok_or_else(|| StoreError::not_found(&entry.id))
        })
    }

    /// Whether a job of the original was taken over before.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn was_imported(&self, id: &str) -> Result<bool, StoreError> {
        self.store.0.readers.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM job_import WHERE id = ?1)";
            let found = connection.query_row(sql, [id], |row| row.get(0));
            found.map_err(StoreError::from_sql_error("find the job of the original"))
        })
    }

    /// Records durably that a job of the original was taken over.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn record_import(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO job_import (id) VALUES (?1)";
            let written = connection.execute(sql, [id]);
            written.map(|_| ()).map_err(StoreError::from_sql_error("record the import of a job"))
        })
    }

    /// Changes a job durably, unless it has another revision than the one that the change is about.
    /// Returns the job, or `None` when it was changed or removed meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn change_job(
        &self,
        revision: u64,
        entry: JobEntry,
    ) -> Result<Option<JobRecord>, StoreError> {
        self.store.0.writer.write(move |connection| {
            let changed = connection
                .execute(
                    "UPDATE job SET definition = ?3, enabled = ?4, updated_at = ?5,
                        revision = revision + 1
                     WHERE id = ?1 AND revision = ?2",
                    params![
                        entry.id,
                        to_sql(revision),
                        entry.definition,
                        entry.is_enabled,
                        files::unix_millis()
                    ],
                )
                .map_err(StoreError::from_sql_error("change the job"))?;
            if changed == 0 {
                return Ok(None);
            }
            write_progress(connection, &entry.id, entry.progress)?;
            find_job(connection, &entry.id)
        })
    }

    /// Removes a job; its runs are kept for a week. Returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove_job(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| delete_job(connection, &id))
    }

    /// Records durably how far a job is, without a run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_progress(&self, id: &str, progress: JobProgress) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.store.0.writer.write(move |connection| write_progress(connection, &id, progress))
    }

    /// Records durably that a run begins. It must not begin otherwise.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin_run(&self, start: JobRunStart) -> Result<JobRunAdmission, StoreError> {
        self.store.0.writer.write(move |connection| {
            let is_current = find_job(connection, &start.job)?.is_some_and(|job| {
                job.revision == start.revision && (job.is_enabled || start.is_forced)
            });
            if !is_current {
                return Ok(JobRunAdmission::JobChanged);
            }
            if has_open_run(connection, &start.job)? {
                return Ok(JobRunAdmission::AlreadyRunning);
            }
            if !insert_run(connection, &start, JobRunStatus::Running)? {
                return Ok(JobRunAdmission::SlotTaken);
            }
            write_progress(connection, &start.job, start.progress)?;
            Ok(JobRunAdmission::Begun)
        })
    }

    /// Records durably how a run ended, and what becomes of its job. A run that has ended stays as it
    /// is; returns whether it had not.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish_run(&self, end: JobRunEnd) -> Result<bool, StoreError> {
        self.store.0.writer.write(move |connection| {
            let fail = StoreError::from_sql_error("record the end of the job's run");
            let ended = connection
                .execute(
                    "UPDATE job_run SET status = ?2, ended_at = ?3, result = ?4
                     WHERE id = ?1 AND status = 'running'",
                    params![end.id, end.status.as_str(), files::unix_millis(), end.result],
                )
                .map_err(fail)?;
            if ended == 0 {
                return Ok(false);
            }
            let job: String = connection
                .query_row("SELECT job FROM job_run WHERE id = ?1", [&end.id], |row| row.get(0))
                .map_err(fail)?;
            if end.removes_job {
                delete_job(connection, &job)?;
            } else {
                write_progress(connection, &job, end.progress)?;
                if end.disables_job {
                    connection
                        .execute("UPDATE job SET enabled = 0 WHERE id = ?1", [&job])
                        .map_err(fail)?;
                }
            }
            Ok(true)
        })
    }

    /// Marks the runs that former gateways left as interrupted, and returns them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn interrupt_runs(&self) -> Result<Vec<JobRunRecord>, StoreError> {
        self.store.0.writer.write(|connection| {
            let fail = StoreError::from_sql_error("find the runs of jobs that did not end");
            let sql = format!("SELECT {RUN_COLUMNS} FROM job_run WHERE status = 'running'");
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let rows = statement.query_map([], run_from_row).map_err(fail)?;
            let left: Vec<JobRunRecord> = rows.collect::<Result<_, _>>().map_err(fail)?;
            connection
                .execute(
                    "UPDATE job_run SET status = 'interrupted', ended_at = ?1
                     WHERE status = 'running'",
                    [files::unix_millis()],
                )
                .map_err(fail)?;
            Ok(left)
        })
    }

    /// The runs of a job or of all, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_runs(&self, query: &JobRunQuery) -> Result<Vec<JobRunRecord>, StoreError> {
        self.store.0.readers.read(|connection| {
            let fail = StoreError::from_sql_error("list the runs of jobs");
            let sql = format!(
                "SELECT {RUN_COLUMNS} FROM job_run
                 WHERE (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR id = ?2)
                 ORDER BY n DESC LIMIT ?3 OFFSET ?4"
            );
            let mut statement = connection.prepare(&sql).map_err(fail)?;
            let values = params![query.job, query.run, query.limit, query.offset];
            let rows = statement.query_map(values, run_from_row).map_err(fail)?;
            rows.collect::<Result<_, _>>().map_err(fail)
        })
    }
}

fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn find_job(connection: &Connection, id: &str) -> Result<Option<JobRecord>, StoreError> {
    let sql = format!("SELECT {JOB_COLUMNS} FROM job WHERE id = ?1");
    let found = connection.query_row(&sql, [id], job_from_row).optional();
    found.map_err(StoreError::from_sql_error("find the job"))
}

fn delete_job(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let deleted = connection.execute("DELETE FROM job WHERE id = ?1", [id]);
    deleted.map(|count| count > 0).map_err(StoreError::from_sql_error("remove the job"))
}

fn write_progress(
    connection: &Connection,
    id: &str,
    progress: JobProgress,
) -> Result<(), StoreError> {
    let JobProgress { next_slot_ms, held_until_ms, failures, retries, alerted_at_ms } = progress;
    let values = params![id, next_slot_ms, held_until_ms, failures, retries, alerted_at_ms];
    connection
        .execute(
            "UPDATE job SET next_slot = ?2, held_until = ?3, failures = ?4, retries = ?5,
                alerted_at = ?6
             WHERE id = ?1",
            values,
        )
        .map(|_| ())
        .map_err(StoreError::from_sql_error("record how far the job is"))
}

fn has_open_run(connection: &Connection, job: &str) -> Result<bool, StoreError> {
    connection
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM job_run WHERE job = ?1 AND status = 'running')",
            [job],
            |row| row.get(0),
        )
        .map_err(StoreError::from_sql_error("find the runs of the job"))
}

/// Inserts a run, unless its slot has one; forgets old runs of the job.
fn insert_run(
    connection: &Connection,
    start: &JobRunStart,
    status: JobRunStatus,
) -> Result<bool, StoreError> {
    let fail = StoreError::from_sql_error("record the run of the job");
    let now = files::unix_millis();
    let inserted = connection
        .execute(
            "INSERT OR IGNORE INTO job_run (id, job, slot, slots, owner, status, begun_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                start.id,
                start.job,
                start.slot,
                start.slot_count,
                start.owner,
                status.as_str(),
                now
            ],
        )
        .map_err(fail)?;
    connection
        .execute(
            "DELETE FROM job_run WHERE status <> 'running' AND (
                job = ?1 AND n <= (SELECT n FROM job_run WHERE job = ?1
                                   ORDER BY n DESC LIMIT 1 OFFSET ?2)
                OR ended_at < ?3)",
            params![start.job, MAX_KEPT_RUNS, now - KEPT_MS],
        )
        .map_err(fail)?;
    Ok(inserted > 0)
}
