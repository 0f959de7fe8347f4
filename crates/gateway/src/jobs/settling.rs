//! What is settled before the first job begins: runs that were left, clocks, and missed slots.

use openclaw_protocol::jobs::JobOrigin;
use openclaw_runtime::{
    JobBook, JobDecision, JobError, JobProgress, JobRunAdmission, JobRunEnd, JobRunStart,
    JobRunStatus, RunOutcome, clock_from_progress, progress_from_clock,
};
use serde_json::json;

use crate::random::random_uuid;

/// Counts the runs that former gateways left as failures. They may have done their work, so that none
/// is repeated.
pub(super) fn settle_interrupted(book: &JobBook, now: i64) -> Result<(), JobError> {
    for run in book.log().interrupt_runs()? {
        tracing::warn!("a run of the job {} was interrupted", run.job);
        let Some(record) = book.log().find_job(&run.job)? else { continue };
        let job = book.find_job(&run.job, &JobOrigin::Owner)?;
        let Ok(plan) = &job.plan else { continue };
        let mut clock = clock_from_progress(record.progress);
        clock.end_run(plan.timing(), RunOutcome::Failed, now);
        let progress = progress_from_clock(clock, record.progress.alerted_at_ms);
        book.log().set_progress(&run.job, progress)?;
    }
    Ok(())
}

/// Forgets the waits that a wrong clock caused.
pub(super) fn realign_jobs(book: &JobBook, now: i64) -> Result<(), JobError> {
    for job in book.list_jobs()? {
        let Ok(plan) = &job.plan else { continue };
        let mut clock = job.clock();
        clock.realign(plan.timing(), now);
        let progress: JobProgress = progress_from_clock(clock, job.record.progress.alerted_at_ms);
        if progress != job.record.progress {
            book.log().set_progress(&job.record.id, progress)?;
        }
    }
    Ok(())
}

/// Records the slots that were missed while no gateway ran as skipped.
pub(super) fn skip_missed(book: &JobBook, owner: &str, now: i64) -> Result<(), JobError> {
    for job in book.list_jobs()? {
        let Ok(plan) = job.plan.as_ref() else { continue };
        let mut clock = job.clock();
        let JobDecision::Begin(slots) = clock.decide(plan.timing(), now) else { continue };
        let Ok(id) = random_uuid() else { continue };
        if !job.record.is_enabled {
            continue;
        }
        clock.begin_run(plan.timing(), slots);
        let progress = progress_from_clock(clock, job.record.progress.alerted_at_ms);
        let start = JobRunStart {
            id: id.clone(),
            job: job.record.id.clone(),
            revision: job.record.revision,
            slot: slots.last_ms.to_string(),
            slot_count: slots.count,
            owner: owner.to_owned(),
            progress,
            is_forced: false,
        };
        if book.log().begin_run(start)? == JobRunAdmission::Begun {
            let reason = "no gateway ran at that time (`cron.skipMissedJobs`)";
            book.log().finish_run(JobRunEnd {
                id,
                status: JobRunStatus::Skipped,
                result: json!({ "error": reason, "trigger": "schedule" }).to_string(),
                progress,
                disables_job: clock.next_slot_ms.is_none(),
                removes_job: false,
            })?;
        }
    }
    Ok(())
}
