//! Jobs and runs over several handles of one file.

use std::path::Path;

use super::*;

fn open(path: &Path) -> JobLog {
    JobLog::open(Store::open(path).unwrap()).unwrap()
}

fn entry(id: &str) -> JobEntry {
    JobEntry {
        id: id.to_owned(),
        definition: "{}".to_owned(),
        is_enabled: true,
        progress: JobProgress { next_slot_ms: Some(1000), ..JobProgress::default() },
    }
}

fn start(run: &str, slot: &str) -> JobRunStart {
    JobRunStart {
        id: run.to_owned(),
        job: "j".to_owned(),
        revision: 1,
        slot: slot.to_owned(),
        slot_count: 1,
        owner: "it".to_owned(),
        progress: JobProgress { next_slot_ms: Some(2000), ..JobProgress::default() },
        is_forced: false,
    }
}

fn end(run: &str, status: JobRunStatus) -> JobRunEnd {
    JobRunEnd {
        id: run.to_owned(),
        status,
        result: "{}".to_owned(),
        progress: JobProgress { next_slot_ms: Some(3000), failures: 1, ..JobProgress::default() },
        disables_job: false,
        removes_job: false,
    }
}

#[test]
fn two_gateways_run_a_slot_once_and_a_job_not_twice_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let (one, other) = (open(&path), open(&path));
    one.add_job(entry("j")).unwrap();
    assert_eq!(one.begin_run(start("r1", "1000")).unwrap(), JobRunAdmission::Begun);
    assert_eq!(other.begin_run(start("r2", "2000")).unwrap(), JobRunAdmission::AlreadyRunning);
    assert!(one.finish_run(end("r1", JobRunStatus::Succeeded)).unwrap());
    assert!(!other.finish_run(end("r1", JobRunStatus::Failed)).unwrap());
    assert_eq!(other.begin_run(start("r2", "1000")).unwrap(), JobRunAdmission::SlotTaken);
    assert_eq!(other.begin_run(start("r3", "2000")).unwrap(), JobRunAdmission::Begun);
    let runs = one.list_runs(&JobRunQuery { limit: 9, ..JobRunQuery::default() }).unwrap();
    let names: Vec<_> = runs.iter().map(|run| (run.id.as_str(), run.status)).collect();
    assert_eq!(names, [("r3", JobRunStatus::Running), ("r1", JobRunStatus::Succeeded)]);
}

#[test]
fn concurrent_gateways_share_each_slot_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    open(&path).add_job(entry("j")).unwrap();
    let threads: Vec<_> = ["a", "b", "c"]
        .map(|owner| {
            let jobs = open(&path);
            std::thread::spawn(move || {
                let mut begun = 0;
                for slot in 0..20 {
                    let run = format!("{owner}{slot}");
                    match jobs.begin_run(start(&run, &slot.to_string())).unwrap() {
                        JobRunAdmission::Begun => {
                            begun += 1;
                            jobs.finish_run(end(&run, JobRunStatus::Succeeded)).unwrap();
                        }
                        JobRunAdmission::AlreadyRunning | JobRunAdmission::SlotTaken => {}
                        JobRunAdmission::JobChanged => panic!(),
                    }
                }
                begun
            })
        })
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let runs = open(&path).list_runs(&JobRunQuery { limit: 99, ..JobRunQuery::default() }).unwrap();
    assert_eq!(threads.iter().sum::<usize>(), runs.len());
    let mut slots: Vec<_> = runs.iter().map(|run| run.slot.clone()).collect();
    slots.sort();
    slots.dedup();
    assert_eq!(slots.len(), runs.len());
}

#[test]
fn a_run_that_had_begun_is_interrupted_and_its_slot_stays_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let jobs = open(&path);
    jobs.add_job(entry("j")).unwrap();
    jobs.begin_run(start("r1", "1000")).unwrap();
    drop(jobs);
    let jobs = open(&path);
    let left = jobs.interrupt_runs().unwrap();
    assert_eq!(left.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["r1"]);
    assert_eq!(jobs.begin_run(start("r2", "1000")).unwrap(), JobRunAdmission::SlotTaken);
    let job = jobs.find_job("j").unwrap().unwrap();
    assert_eq!(job.progress.next_slot_ms, Some(2000));
    let query = JobRunQuery { run: Some("r1".to_owned()), limit: 1, ..JobRunQuery::default() };
    let run = jobs.list_runs(&query).unwrap().remove(0);
    assert_eq!(run.status, JobRunStatus::Interrupted);
    assert!(run.ended_at.is_some() && jobs.interrupt_runs().unwrap().is_empty());
}

#[test]
fn a_job_that_was_changed_or_disabled_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(&folder.path().join("s.db"));
    let added = jobs.add_job(entry("j")).unwrap();
    let disabled = JobEntry { is_enabled: false, ..entry("j") };
    let changed = jobs.change_job(added.revision, disabled.clone()).unwrap().unwrap();
    assert_eq!((changed.revision, changed.is_enabled), (2, false));
    assert_eq!(jobs.change_job(added.revision, disabled).unwrap(), None);
    assert_eq!(jobs.begin_run(start("r1", "1")).unwrap(), JobRunAdmission::JobChanged);
    let current = JobRunStart { revision: 2, ..start("r1", "1") };
    assert_eq!(jobs.begin_run(current.clone()).unwrap(), JobRunAdmission::JobChanged);
    let forced = JobRunStart { is_forced: true, ..current };
    assert_eq!(jobs.begin_run(forced).unwrap(), JobRunAdmission::Begun);
    let removing = JobRunEnd { removes_job: true, ..end("r1", JobRunStatus::Succeeded) };
    assert!(jobs.finish_run(removing).unwrap());
    assert_eq!(jobs.list_jobs().unwrap(), []);
    assert!(!jobs.remove_job("j").unwrap());
}

#[test]
fn old_runs_are_forgotten_but_not_those_that_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = open(&folder.path().join("s.db"));
    jobs.add_job(entry("j")).unwrap();
    for number in 0..MAX_KEPT_RUNS + 10 {
        let run = number.to_string();
        assert_eq!(jobs.begin_run(start(&run, &run)).unwrap(), JobRunAdmission::Begun);
        jobs.finish_run(end(&run, JobRunStatus::Succeeded)).unwrap();
    }
    let runs = jobs.list_runs(&JobRunQuery { limit: 99, ..JobRunQuery::default() }).unwrap();
    assert_eq!(i64::try_from(runs.len()).unwrap(), MAX_KEPT_RUNS);
    assert_eq!(runs.first().map(|run| run.id.as_str()), Some("29"));
}
