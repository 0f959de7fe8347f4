//! The jobs that the original left in `cron/jobs.json`. The file is only read.

use std::path::Path;

use openclaw_fs::read_text;
use openclaw_protocol::jobs::JobOrigin;
use serde_json::Value;

use super::{JobBook, JobError};

/// The largest file of jobs, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The fields of a job that say what became of it, and not what it is.
const STATE_FIELDS: [&str; 11] = [
    "state",
    "createdAtMs",
    "updatedAtMs",
    "sessionKey",
    "notify",
    "isolation",
    "scheduledToolPolicy",
    "configRevision",
    "nextRunAtMs",
    "deliveryPreview",
    "failureAlert",
];

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobImport {
    /// The names of the jobs that were taken over.
    pub imported: Vec<String>,
    /// The names of the jobs that were not, and why.
    pub refused: Vec<(String, String)>,
    /// How many are there already.
    pub known: usize,
}

/// The jobs in a file of the original; none when there is no such file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_former_jobs(file: &Path) -> Result<Vec<Value>, String> {
    let text = match read_text(file, MAX_FILE_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("read {}: {error}", file.display())),
    };
    let content: Option<Value> = serde_json::from_str(&text).ok();
    let jobs =
        content.and_then(|content| content.get("jobs").unwrap_or(&content).as_array().cloned());
    jobs.ok_or_else(|| format!("read {}: it has no list of jobs", file.display()))
}

impl JobBook {
    /// Takes the jobs of the original over that are not there yet. Those that cannot run here are
    /// left out, with the reason.
    ///
    /// # Errors
    /// When the file of the original cannot be read, or the store not written.
    pub fn import_former_jobs(&self, now_ms: i64) -> Result<JobImport, JobError> {
        let file = self.runtime.models().app_paths().state_dir().join("cron").join("jobs.json");
        let jobs = read_former_jobs(&file).map_err(JobError::invalid)?;
        let mut report = JobImport::default();
        for job in jobs {
            let text =
                |key: &str| job.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (id, name) = (text("id"), text("name"));
            if id.is_empty() || id.len() > 100 {
                report.refused.push((name, "it has no id".to_owned()));
                continue;
            }
            if self.log.was_imported(&id)? {
                report.known += 1;
                continue;
            }
            let added =
                self.add_job(Some(id.clone()), without_state(job), &JobOrigin::Import, now_ms);
            match added {
                Ok(_) => {
                    self.log.record_import(&id)?;
                    report.imported.push(name);
                }
                Err(error) => report.refused.push((name, format!("failed to {error}"))),
            }
        }
        Ok(report)
    }
}

fn without_state(mut job: Value) -> Value {
    if let Some(fields) = job.as_object_mut() {
        fields.retain(|key, _| !STATE_FIELDS.contains(&key.as_str()));
    }
    job
}
