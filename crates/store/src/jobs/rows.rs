//! Jobs and their runs as rows.

use rusqlite::Row;

use super::{JobProgress, JobRecord, JobRunRecord, JobRunStatus};

pub(super) const JOB_COLUMNS: &str = "id, definition, enabled, revision, created_at, updated_at, \
    next_slot, held_until, failures, retries, alerted_at";

pub(super) const RUN_COLUMNS: &str =
    "id, job, slot, slots, owner, status, begun_at, ended_at, result";

pub(super) fn job_from_row(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(JobRecord {
        id: row.get(0)?,
        definition: row.get(1)?,
        is_enabled: row.get(2)?,
        revision: number(3)?,
        created_at: number(4)?,
        updated_at: number(5)?,
        progress: JobProgress {
            next_slot_ms: row.get(6)?,
            held_until_ms: row.get(7)?,
            failures: row.get(8)?,
            retries: row.get(9)?,
            alerted_at_ms: row.get(10)?,
        },
    })
}

pub(super) fn run_from_row(row: &Row<'_>) -> rusqlite::Result<JobRunRecord> {
    Ok(JobRunRecord {
        id: row.get(0)?,
        job: row.get(1)?,
        slot: row.get(2)?,
        slot_count: row.get(3)?,
        owner: row.get(4)?,
        status: JobRunStatus::from_text(&row.get::<_, String>(5)?),
        begun_at: row.get::<_, i64>(6)?.unsigned_abs(),
        ended_at: row.get::<_, Option<i64>>(7)?.map(i64::unsigned_abs),
        result: row.get(8)?,
    })
}
