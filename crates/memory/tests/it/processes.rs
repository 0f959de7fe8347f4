//! Several programs with one index, and programs that are killed.

use std::io::{BufRead as _, BufReader, Read as _, stdin};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use openclaw_memory::{EmbedderState, MemoryIndex, MemoryIndexOptions, NoteFolder, TextEmbedder};

use crate::lab::{CHUNKS, Lab, LetterModel, MAX_BYTES, found_paths, query, search};

/// Says so and stops at its `stop_at`-th step; `0` never does.
#[derive(Debug)]
struct StopGate {
    stop_at: usize,
    steps: AtomicUsize,
}

impl StopGate {
    fn pass(&self) {
        if self.steps.fetch_add(1, Ordering::SeqCst) + 1 == self.stop_at {
            println!("\nstopped");
            // Blocks: the parent does not close the pipe before the kill.
            let _ = stdin().read(&mut [0]);
        }
    }
}

#[derive(Debug)]
struct StoppingModel(Arc<LetterModel>, StopGate);

#[async_trait]
impl TextEmbedder for StoppingModel {
    async fn find_model(&self) -> EmbedderState {
        self.0.find_model().await
    }

    async fn embed_texts(&self, model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
        self.1.pass();
        self.0.embed_texts(model, texts).await
    }
}

/// Another program: this test with extra arguments. Without them it does nothing.
#[tokio::test]
async fn searches_until_it_is_killed() {
    let mut args = std::env::args();
    let Some(folder) = args.find_map(|arg| arg.strip_prefix("search-in=").map(PathBuf::from))
    else {
        return;
    };
    let [read, embed] = [(); 2].map(|()| args.next().unwrap().parse().unwrap());
    let gate = |stop_at| StopGate { stop_at, steps: AtomicUsize::new(0) };
    let (reads, embeds) = (gate(read), gate(embed));
    let notes = NoteFolder::open(&folder.join("work"), MAX_BYTES).unwrap();
    let index = MemoryIndex::new(MemoryIndexOptions {
        path: folder.join("state/memory/main.sqlite"),
        notes: notes.with_filter(Arc::new(move |_, _| {
            reads.pass();
            true
        })),
        chunks: CHUNKS,
        embedder: Some(Arc::new(StoppingModel(LetterModel::new(), embeds))),
    });
    let hits = index.search(query("zebra 17")).await.unwrap().hits;
    assert_eq!(hits.first().unwrap().path, "memory/17.md");
    println!("\nfound");
}

#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
fn start_search(folder: &Path, read: usize, embed: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::searches_until_it_is_killed", "--nocapture"])
        .arg(format!("search-in={}", folder.display()))
        .args([read.to_string(), embed.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until the program says the word.
fn await_word(child: &mut Child, word: &str) -> bool {
    let output = child.stdout.take().unwrap();
    BufReader::new(output).lines().any(|line| line.unwrap() == word)
}

fn write_notes(lab: &Lab) {
    for n in 0..150 {
        lab.write(&format!("memory/{n}.md"), format!("zebra {n}"));
    }
}

#[tokio::test]
async fn a_program_that_is_killed_leaves_a_usable_index() {
    // While the first notes are read, in a later batch, and at requests for vectors.
    for (read, embed) in [(1, 0), (40, 0), (100, 0), (150, 0), (0, 1), (0, 2), (0, 4)] {
        let lab = Lab::new();
        write_notes(&lab);
        let mut child = start_search(lab.folder.path(), read, embed);
        assert!(await_word(&mut child, "stopped"), "{read} {embed}");
        child.kill().unwrap();
        child.wait().unwrap();
        let index = lab.index(Some(LetterModel::new()));
        assert_eq!(found_paths(&index, "zebra 17").await.first().unwrap(), "memory/17.md");
        let status = index.status().await.unwrap();
        assert_eq!((status.notes, status.chunks, status.embedded_chunks), (150, 150, 150));
    }
}

#[tokio::test]
async fn an_index_that_another_program_is_writing_can_be_searched() {
    let lab = Lab::new();
    write_notes(&lab);
    let index = lab.index(None);
    search(&index, "zebra").await;
    lab.write("memory/17.md", "zebra 17 and more");
    // It stops within its transaction.
    let mut child = start_search(lab.folder.path(), 1, 0);
    assert!(await_word(&mut child, "stopped"));
    let found = found_paths(&index, "zebra 17").await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(found.first().unwrap(), "memory/17.md");
    assert_eq!(search(&index, "more").await.hits.len(), 1);
}

#[tokio::test]
async fn programs_that_index_at_once_all_find_everything() {
    let lab = Lab::new();
    write_notes(&lab);
    let children: Vec<Child> = (0..3).map(|_| start_search(lab.folder.path(), 0, 0)).collect();
    let index = lab.index(Some(LetterModel::new()));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let index = index.clone();
            tokio::spawn(async move { found_paths(&index, "zebra 17").await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().first().unwrap(), "memory/17.md");
    }
    for child in children {
        // Its whole output is read: a closed pipe would fail the program after its search.
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.lines().any(|line| line == "found"), "{said}");
    }
    let status = index.status().await.unwrap();
    assert_eq!((status.notes, status.chunks, status.embedded_chunks), (150, 150, 150));
}
