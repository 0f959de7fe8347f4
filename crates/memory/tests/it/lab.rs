//! A workspace with notes, its index, and an embedding model of letters.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use openclaw_memory::{
    ChunkLimits, EmbedderState, MemoryAnswer, MemoryIndex, MemoryIndexOptions, MemoryQuery,
    NoteFolder, TextEmbedder,
};

pub(crate) const CHUNKS: ChunkLimits = ChunkLimits { max_tokens: 400, overlap_tokens: 80 };
pub(crate) const MAX_BYTES: u64 = 64 * 1024;

pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("work/memory")).unwrap();
        Self { folder }
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn index_path(&self) -> PathBuf {
        self.folder.path().join("state/memory/main.sqlite")
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        write_file(&self.workspace().join(path), content.as_ref());
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.workspace().join(path)).unwrap();
    }

    pub(crate) fn index(&self, embedder: Option<Arc<LetterModel>>) -> MemoryIndex {
        open_index(self.folder.path(), embedder)
    }
}

pub(crate) fn open_index(folder: &Path, embedder: Option<Arc<LetterModel>>) -> MemoryIndex {
    MemoryIndex::new(MemoryIndexOptions {
        path: folder.join("state/memory/main.sqlite"),
        notes: NoteFolder::open(&folder.join("work"), MAX_BYTES).unwrap(),
        chunks: CHUNKS,
        embedder: embedder.map(|it| it as Arc<dyn TextEmbedder>),
    })
}

#[expect(clippy::disallowed_methods, reason = "a test writes files as other programs do")]
pub(crate) fn write_file(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(crate) fn query(text: &str) -> MemoryQuery {
    MemoryQuery { text: text.to_owned(), max_results: 6, min_score: None, vector_share: 0.7 }
}

pub(crate) async fn search(index: &MemoryIndex, text: &str) -> MemoryAnswer {
    index.search(query(text)).await.unwrap()
}

pub(crate) async fn found_paths(index: &MemoryIndex, text: &str) -> Vec<String> {
    search(index, text).await.hits.into_iter().map(|hit| hit.path).collect()
}

/// A model whose vectors count letters, so that texts of the same letters are similar.
#[derive(Debug)]
pub(crate) struct LetterModel {
    name: Mutex<String>,
    failure: Mutex<Option<String>>,
    pub(crate) texts: AtomicUsize,
    pub(crate) requests: AtomicUsize,
}

impl LetterModel {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            name: Mutex::new("lab/letters".to_owned()),
            failure: Mutex::default(),
            texts: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        })
    }

    pub(crate) fn rename(&self, name: &str) {
        name.clone_into(&mut self.name.lock().unwrap());
    }

    pub(crate) fn fail(&self, reason: &str) {
        *self.failure.lock().unwrap() = Some(reason.to_owned());
    }

    pub(crate) fn take_texts(&self) -> usize {
        self.texts.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl TextEmbedder for LetterModel {
    async fn find_model(&self) -> EmbedderState {
        EmbedderState::Model(self.name.lock().unwrap().clone())
    }

    async fn embed_texts(&self, model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
        assert_eq!(model, *self.name.lock().unwrap());
        self.requests.fetch_add(1, Ordering::SeqCst);
        if let Some(reason) = self.failure.lock().unwrap().clone() {
            return Err(reason);
        }
        self.texts.fetch_add(texts.len(), Ordering::SeqCst);
        let size = if model.ends_with("wide") { 32 } else { 26 };
        Ok(texts.iter().map(|text| count_letters(text, size)).collect())
    }
}

fn count_letters(text: &str, size: usize) -> Vec<f32> {
    let mut vector = vec![0.01; size];
    for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
        vector[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
    }
    vector
}
