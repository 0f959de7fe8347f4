//! What the original left in the state folder and this program can take over.

use std::path::{Path, PathBuf};

use openclaw_fs::read_text;
use openclaw_store::{JobLog, find_transcript_folders};
use serde_json::Value;

use crate::jobs::read_former_jobs;
use crate::runtime::Runtime;

/// The largest file that is looked at, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

impl Runtime {
    /// What the original left in the state folder that is not used yet, each as a line that says what
    /// to do with it.
    #[must_use]
    pub fn former_state_notes(&self) -> Vec<String> {
        let state_dir = self.models.app_paths().state_dir();
        let transcripts = self.pending_transcripts(state_dir);
        let jobs = self.pending_jobs(state_dir);
        transcripts.into_iter().chain(jobs).chain(self.model_file_notes(state_dir)).collect()
    }

    fn pending_transcripts(&self, state_dir: &Path) -> Option<String> {
        let folders = find_transcript_folders(&state_dir.join("agents"));
        let files: Vec<PathBuf> = folders.into_iter().flat_map(|folder| folder.files).collect();
        if files.is_empty() {
            return None;
        }
        let store = self.sessions_path().exists().then(|| self.open_sessions().ok()).flatten();
        let is_imported = |file: &PathBuf| {
            let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            store.as_ref().is_some_and(|store| {
                store.find_session(id).is_ok_and(|info| info.id.as_str() == id)
            })
        };
        let count = files.iter().filter(|file| !is_imported(file)).count();
        let folder = state_dir.join("agents");
        (count > 0).then(|| {
            format!(
                "{count} transcripts of the original are not imported: `openclaw sessions import \
                 '{}'` takes them over",
                folder.display()
            )
        })
    }

    fn pending_jobs(&self, state_dir: &Path) -> Option<String> {
        let file = state_dir.join("cron").join("jobs.json");
        let jobs = read_former_jobs(&file).ok()?;
        let store = self.sessions_path().exists().then(|| self.open_sessions().ok()).flatten();
        let log = store.and_then(|store| JobLog::open(store).ok());
        let is_known = |job: &&Value| {
            let id = job.get("id").and_then(Value::as_str).unwrap_or_default();
            log.as_ref().is_some_and(|log| log.was_imported(id).unwrap_or(false))
        };
        let count = jobs.iter().filter(|job| !is_known(job)).count();
        (count > 0).then(|| {
            format!(
                "{} has {count} jobs that are not taken over: `openclaw cron list` or a gateway does \
                 that, and its log says which cannot run here",
                file.display()
            )
        })
    }

    /// The providers of `models.json` files that the config does not have.
    fn model_file_notes(&self, state_dir: &Path) -> Vec<String> {
        let config = self.config();
        let agents = config.agent_ids().into_iter();
        let files = agents
            .map(|agent| state_dir.join("agents").join(agent).join("agent").join("models.json"));
        let notes = files.filter_map(|file| {
            let models: Value =
                serde_json::from_str(&read_text(&file, MAX_FILE_BYTES).ok()?).ok()?;
            let providers = models.get("providers")?.as_object()?.keys();
            let missing: Vec<&str> = providers
                .map(String::as_str)
                .filter(|id| config.find_provider(id).is_none())
                .collect();
            (!missing.is_empty()).then(|| {
                format!(
                    "{} has providers that the config does not have: {}; `openclaw models import` \
                     takes them over",
                    file.display(),
                    missing.join(", ")
                )
            })
        });
        notes.collect()
    }
}
