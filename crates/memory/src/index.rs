//! The index of the notes of one workspace.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::chunks::ChunkLimits;
use crate::database::{IndexDatabase, read_generation};
use crate::embedder::{EmbedderState, TextEmbedder};
use crate::error::{MemoryError, is_busy};
use crate::notes::{NoteFolder, NotePassage};
use crate::ranking::{MemoryAnswer, MemoryQuery, SearchMode, find_passages};
use crate::status::{IndexStatus, read_status};
use crate::update::{IndexSource, SettledNotes, UpdateReport, update_index};
use crate::vectors::{MAX_DIMENSION, PendingText, VectorCache, find_pending_texts, store_vectors};

/// The texts of one request to the embedding model.
const BATCH_TEXTS: usize = 32;

/// The texts that a search has embedded at most; the rest waits for the next one.
const SEARCH_TEXTS: usize = 512;

/// How long a server that failed is not asked again.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// The name of the file with the index of an agent's notes in a workspace: an agent may work in
/// several.
#[must_use]
pub fn index_file_name(agent: &str, workspace: &Path) -> String {
    let mut digest = Sha256::new();
    digest.update(agent.as_bytes());
    digest.update([0]);
    digest.update(workspace.as_os_str().as_encoded_bytes());
    let mut name: String =
        agent.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').take(40).collect();
    for byte in digest.finalize().iter().take(6) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{}{byte:02x}", if name.is_empty() { "agent-" } else { "" });
    }
    name + ".sqlite"
}

/// What an index is made of.
#[derive(Debug)]
pub struct MemoryIndexOptions {
    /// The file of the index. It and its folder are created, for their owner only.
    pub path: PathBuf,
    /// The notes.
    pub notes: NoteFolder,
    /// The sizes of chunks. Others than before make the index anew.
    pub chunks: ChunkLimits,
    /// What computes vectors; `None` searches by words only.
    pub embedder: Option<Arc<dyn TextEmbedder>>,
}

/// A search index of notes. Any number of programs may use one file at once. It is brought up to
/// date before each search. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryIndex {
    files: Arc<IndexFiles>,
    embedder: Option<Arc<dyn TextEmbedder>>,
    /// When the embedder failed last, and why.
    failure: Arc<Mutex<Option<(Instant, String)>>>,
}

#[derive(Debug)]
struct IndexFiles {
    database: IndexDatabase,
    notes: NoteFolder,
    chunks: ChunkLimits,
    vectors: VectorCache,
    settled: Mutex<SettledNotes>,
    /// The generation of which every chunk has a vector.
    embedded_generation: AtomicI64,
}

/// What became of the vectors of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddingOutcome {
    /// Every chunk has a vector, or there was no time for all.
    Embedded {
        /// The model.
        model: String,
        /// The texts for which one was computed.
        texts: usize,
    },
    /// There is no model, or it failed.
    Unavailable {
        /// Why, for a person.
        reason: String,
    },
}

impl MemoryIndex {
    /// Makes an index. Opens no file yet.
    #[must_use]
    pub fn new(options: MemoryIndexOptions) -> Self {
        let MemoryIndexOptions { path, notes, chunks, embedder } = options;
        let files = IndexFiles {
            database: IndexDatabase::new(path),
            notes,
            chunks,
            vectors: VectorCache::default(),
            settled: Mutex::default(),
            embedded_generation: AtomicI64::new(-1),
        };
        Self { files: Arc::new(files), embedder, failure: Arc::default() }
    }

    /// Uses another embedder with the same files.
    #[must_use]
    pub fn with_embedder(&self, embedder: Option<Arc<dyn TextEmbedder>>) -> Self {
        Self { embedder, ..self.clone() }
    }

    /// Brings the index up to date, and finds passages.
    ///
    /// # Errors
    /// When the file of the index cannot be used.
    pub async fn search(&self, query: MemoryQuery) -> Result<MemoryAnswer, MemoryError> {
        self.update(false).await?;
        let embedding = self.embed_query(&query.text).await;
        let files = Arc::clone(&self.files);
        run_blocking(move || {
            let (vector, keyword_reason) = match embedding {
                Ok(vector) => (Some(vector), None),
                Err(reason) => (None, Some(reason)),
            };
            files.with_connection("search", |connection| {
                let table = match &vector {
                    Some((model, _)) => Some(files.vectors.load_table(connection, model)?),
                    None => None,
                };
                let compared = table.as_deref().zip(vector.as_ref().map(|(_, it)| it.as_slice()));
                let hits = find_passages(connection, &query, compared)?;
                let mode = if vector.is_some() { SearchMode::Hybrid } else { SearchMode::Keyword };
                Ok(MemoryAnswer { hits, mode, keyword_reason: keyword_reason.clone() })
            })
        })
        .await
    }

    /// Takes in the notes that changed; with `from_scratch`, all. The vectors of texts that stay
    /// are kept.
    ///
    /// # Errors
    /// When the file of the index cannot be used.
    pub async fn update(&self, from_scratch: bool) -> Result<UpdateReport, MemoryError> {
        let files = Arc::clone(&self.files);
        run_blocking(move || {
            files.with_connection("update", |connection| {
                let source = IndexSource { notes: &files.notes, limits: files.chunks };
                let mut settled = files.settled.lock().unwrap_or_else(PoisonError::into_inner);
                let updated = update_index(connection, source, &mut settled, from_scratch);
                match updated {
                    Err(error) if is_busy(&error) && !from_scratch => {
                        Ok(UpdateReport { is_deferred: true, ..UpdateReport::default() })
                    }
                    other => other,
                }
            })
        })
        .await
    }

    /// Computes the vectors that are missing, all of them.
    ///
    /// # Errors
    /// When the file of the index cannot be used.
    pub async fn embed_all(&self) -> Result<EmbeddingOutcome, MemoryError> {
        let model = match self.find_model().await {
            Ok(model) => model,
            Err(reason) => return Ok(EmbeddingOutcome::Unavailable { reason }),
        };
        match self.embed_pending(&model, usize::MAX).await? {
            Ok(texts) => Ok(EmbeddingOutcome::Embedded { model, texts }),
            Err(reason) => Ok(EmbeddingOutcome::Unavailable { reason }),
        }
    }

    /// The embedding model.
    ///
    /// # Errors
    /// Why there is none, for a person.
    pub async fn find_model(&self) -> Result<String, String> {
        let Some(embedder) = &self.embedder else {
            return Err("the search by meaning is switched off".to_owned());
        };
        match embedder.find_model().await {
            EmbedderState::Model(model) => Ok(model),
            EmbedderState::Missing { reason } => Err(reason),
        }
    }

    /// Reads lines of a note: `line_count` from `first_line` on, or all that follow. `None` when
    /// there is no such note.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_note(
        &self,
        path: &str,
        first_line: usize,
        line_count: Option<usize>,
    ) -> std::io::Result<Option<NotePassage>> {
        self.files.notes.read_passage(path, first_line, line_count)
    }

    /// What the index holds, without bringing it up to date.
    ///
    /// # Errors
    /// When the file of the index cannot be used.
    pub async fn status(&self) -> Result<IndexStatus, MemoryError> {
        let files = Arc::clone(&self.files);
        run_blocking(move || {
            let path = files.database.path().to_owned();
            files.with_connection("read", |connection| read_status(connection, path.clone()))
        })
        .await
    }

    /// The model and the vector of a query, after some of the missing vectors were computed.
    async fn embed_query(&self, text: &str) -> Result<(String, Vec<f32>), String> {
        let lock = || self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = lock().clone().filter(|(at, _)| at.elapsed() < RETRY_AFTER);
        if let Some((_, reason)) = failed {
            return Err(reason);
        }
        let model = self.find_model().await?;
        let embedded = self.embed_query_with(&model, text).await;
        *lock() = embedded.as_ref().err().map(|reason| (Instant::now(), reason.clone()));
        embedded.map(|vector| (model, vector))
    }

    async fn embed_query_with(&self, model: &str, text: &str) -> Result<Vec<f32>, String> {
        let mut vectors = self.embed_texts(model, vec![text.to_owned()]).await?;
        let vector = vectors.pop().unwrap_or_default();
        // An index that cannot be written can still be searched.
        match self.embed_pending(model, SEARCH_TEXTS).await {
            Ok(Err(reason)) => Err(reason),
            Ok(Ok(_)) | Err(_) => Ok(vector),
        }
    }

    /// Computes missing vectors, at most `count`, and returns how many. The inner error is the
    /// embedder's.
    async fn embed_pending(
        &self,
        model: &str,
        count: usize,
    ) -> Result<Result<usize, String>, MemoryError> {
        let mut done = 0;
        let mut after = Vec::new();
        while done < count {
            let batch = BATCH_TEXTS.min(count - done);
            let texts = self.find_pending(model, after, batch).await?;
            let Some(last) = texts.last() else { return Ok(Ok(done)) };
            after = last.hash.clone();
            done += texts.len();
            let plain = texts.iter().map(|pending| pending.text.clone()).collect();
            let vectors = match self.embed_texts(model, plain).await {
                Ok(vectors) => vectors,
                Err(reason) => return Ok(Err(reason)),
            };
            let (files, model) = (Arc::clone(&self.files), model.to_owned());
            run_blocking(move || {
                files.with_connection("update", |connection| {
                    store_vectors(connection, &model, &texts, &vectors)
                })
            })
            .await?;
        }
        Ok(Ok(done))
    }

    async fn find_pending(
        &self,
        model: &str,
        after: Vec<u8>,
        count: usize,
    ) -> Result<Vec<PendingText>, MemoryError> {
        let (files, model) = (Arc::clone(&self.files), model.to_owned());
        run_blocking(move || {
            files.with_connection("read", |connection| {
                let generation = read_generation(connection)?;
                let known = files.embedded_generation.load(Ordering::Acquire);
                if known == generation
                    && files.vectors.load_table(connection, &model)?.has_model(&model)
                {
                    return Ok(Vec::new());
                }
                let pending = find_pending_texts(connection, &model, &after, count)?;
                if pending.is_empty() && after.is_empty() {
                    files.embedded_generation.store(generation, Ordering::Release);
                }
                Ok(pending)
            })
        })
        .await
    }

    /// One vector for each text, all of the same dimension.
    async fn embed_texts(&self, model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
        let Some(embedder) = &self.embedder else {
            return Err("the search by meaning is switched off".to_owned());
        };
        let count = texts.len();
        let vectors = embedder.embed_texts(model, texts).await?;
        let dimension = vectors.first().map_or(0, Vec::len);
        let is_usable = vectors.len() == count
            && (1..=MAX_DIMENSION).contains(&dimension)
            && vectors.iter().all(|vector| vector.len() == dimension);
        if is_usable {
            return Ok(vectors);
        }
        Err(format!(
            "the server answered {count} texts with {} vectors of {dimension} and other numbers; \
             one of at most {MAX_DIMENSION} was expected for each",
            vectors.len()
        ))
    }
}

impl IndexFiles {
    fn with_connection<T>(
        &self,
        action: &'static str,
        work: impl FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, MemoryError> {
        self.database.with_connection(action, work)
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MemoryError> + Send + 'static,
) -> Result<T, MemoryError> {
    tokio::task::spawn_blocking(work).await.map_err(MemoryError::Interrupted)?
}
