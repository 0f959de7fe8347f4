//! Imports the transcripts of a folder of the original at once.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use openclaw_fs::read_text;
use serde_json::Value;

use super::{ImportNames, ImportReport};
use crate::{SessionKey, Store, StoreError};

/// The list of sessions beside the transcripts.
const INDEX_FILE: &str = "sessions.json";

/// The largest list that is read, in bytes.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// The name of a folder of transcripts, in the folder of its agent.
const FOLDER_NAME: &str = "sessions";

/// The agent of a folder that names none.
const DEFAULT_AGENT: &str = "main";

/// A folder with transcripts of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TranscriptFolder {
    /// The folder.
    pub path: PathBuf,
    /// The agent that its place names: `ID` of `agents/ID/sessions`.
    pub agent: Option<String>,
    /// The transcripts in it, sorted by name.
    pub files: Vec<PathBuf>,
}

/// What became of a transcript of a folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct FolderImport {
    /// The file.
    pub path: PathBuf,
    /// The result; `Ok(None)` when it was imported before.
    pub result: Result<Option<ImportReport>, StoreError>,
}

/// Finds the folders with transcripts in a folder: itself, its `sessions`, those of the agents in it,
/// and those of its `agents`.
#[must_use]
pub fn find_transcript_folders(folder: &Path) -> Vec<TranscriptFolder> {
    let mut candidates = vec![folder.to_owned(), folder.join(FOLDER_NAME)];
    for agents in [folder.to_owned(), folder.join("agents")] {
        let mut names: Vec<PathBuf> = list_paths(&agents);
        names.sort_unstable();
        candidates.extend(names.into_iter().map(|agent| agent.join(FOLDER_NAME)));
    }
    let folders = candidates.into_iter().filter_map(|path| {
        let is_transcript = |path: &PathBuf| path.extension() == Some(OsStr::new("jsonl"));
        let mut files: Vec<PathBuf> = list_paths(&path).into_iter().filter(is_transcript).collect();
        files.sort_unstable();
        (!files.is_empty()).then(|| TranscriptFolder { agent: agent_of_folder(&path), path, files })
    });
    folders.collect()
}

fn list_paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn agent_of_folder(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let agent = path.parent()?;
    let is_of_agent = path.file_name() == Some(OsStr::new(FOLDER_NAME))
        && agent.parent()?.file_name() == Some(OsStr::new("agents"));
    is_of_agent.then(|| agent.file_name()?.to_str().map(str::to_owned))?
}

/// What a list of sessions says about one of them.
#[derive(Debug, Clone)]
struct IndexEntry {
    key: String,
    title: Option<String>,
    updated_at: i64,
}

impl Store {
    /// Imports the transcripts of a folder that are not in the store yet, each under the key that
    /// `sessions.json` beside it gives it, with its times and its title. `agent` is used where the
    /// folder names none. One that has no key gets that of its agent's main session.
    #[must_use]
    pub fn import_folder(
        &self,
        folder: &TranscriptFolder,
        agent: Option<&str>,
    ) -> Vec<FolderImport> {
        let agent = agent.or(folder.agent.as_deref()).unwrap_or(DEFAULT_AGENT);
        let index = read_index(&folder.path.join(INDEX_FILE));
        let mut files: Vec<(Option<&IndexEntry>, &PathBuf)> =
            folder.files.iter().map(|file| (find_entry(&index, file), file)).collect();
        // Those with a key come first, the last used one before others, so that a key leads to it.
        files.sort_by_key(|(entry, _)| entry.map_or(1, |entry| entry.updated_at.saturating_neg()));
        let mut imports = Vec::new();
        for (entry, path) in files {
            let key = entry.map(|entry| session_key(&entry.key, agent)).transpose();
            let result = key.and_then(|key| {
                let title = entry.and_then(|entry| entry.title.as_deref());
                let names = ImportNames { key: key.as_ref(), agent, title };
                self.import_once(path, &names)
            });
            imports.push(FolderImport { path: path.clone(), result });
        }
        imports
    }
}

/// The key of a session; the original's first versions left the agent out.
fn session_key(key: &str, agent: &str) -> Result<SessionKey, StoreError> {
    if key.starts_with("agent:") { key.parse() } else { format!("agent:{agent}:{key}").parse() }
}

/// The sessions of a list, by the stem of their file.
fn read_index(path: &Path) -> BTreeMap<String, IndexEntry> {
    let text = read_text(path, MAX_INDEX_BYTES).unwrap_or_default();
    let Ok(Value::Object(sessions)) = serde_json::from_str(&text) else { return BTreeMap::new() };
    let entries = sessions.into_iter().filter_map(|(key, entry)| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let id = text("sessionId")?;
        let file = text("sessionFile").and_then(|file| Path::new(file).file_stem()?.to_str());
        let title = text("label").or(text("displayName")).or(text("subject")).map(str::to_owned);
        let updated_at = entry.get("updatedAt").and_then(Value::as_i64).unwrap_or_default();
        Some((file.unwrap_or(id).to_owned(), IndexEntry { key, title, updated_at }))
    });
    entries.collect()
}

fn find_entry<'i>(index: &'i BTreeMap<String, IndexEntry>, file: &Path) -> Option<&'i IndexEntry> {
    index.get(file.file_stem()?.to_str()?)
}
