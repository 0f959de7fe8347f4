//! Measures a search over 100,000 chunks: `cargo bench -p openclaw-memory`.
//!
//! The target is 30 ms for each kind of query, the look for changed notes included. The vectors have
//! 768 numbers, as those of common embedding models.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use criterion::Criterion;
use openclaw_memory::{
    ChunkLimits, EmbedderState, MemoryIndex, MemoryIndexOptions, MemoryQuery, NoteFolder,
    TextEmbedder,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

const NOTES: usize = 2000;
const CHUNKS_PER_NOTE: usize = 50;
const WORDS_PER_CHUNK: u64 = 250;
const VOCABULARY: u64 = 30_000;
const DIMENSION: usize = 768;

const QUERIES: [(&str, &str); 3] = [
    ("rare words", "note77chunk7 w29999 w28123"),
    ("a sentence", "w2 w17 w1 w240 w3 w4711 w9001 w6 w120"),
    ("common words", "w1 w2 w3 w4"),
];

/// The searches that the time of the processor is taken of, which others on the machine do not
/// lengthen.
const SEARCHES: u32 = 100;

/// The time that this process has had of the processor; 0 where the system does not tell.
fn processor_ms() -> Fallible<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| -> Fallible<f64> {
        Ok(fields.get(index).map_or(Ok(0.0), |field| field.parse())?)
    };
    // Of 10 ms each, in the program and in the kernel for it.
    Ok((ticks(12)? + ticks(13)?) * 10.0)
}

/// Numbers that look random and are the same each time.
struct NumberSource(u64);

impl NumberSource {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A word; like words of a language, few are used often and most seldom.
    fn next_word(&mut self) -> u64 {
        let range = 1 << (self.next() % 15);
        (range + self.next() % range) % VOCABULARY
    }
}

#[derive(Debug)]
struct RandomModel;

#[async_trait]
impl TextEmbedder for RandomModel {
    async fn find_model(&self) -> EmbedderState {
        EmbedderState::Model("bench/random".to_owned())
    }

    async fn embed_texts(&self, _model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
        let vectors = texts.iter().map(|text| {
            let seed =
                text.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
            let mut numbers = NumberSource(seed);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let number = || (numbers.next() % 2000) as f32 - 1000.0;
            std::iter::repeat_with(number).take(DIMENSION).collect()
        });
        Ok(vectors.collect())
    }
}

/// Notes whose sections are a chunk each.
#[expect(clippy::disallowed_methods, reason = "notes are written as other programs do")]
fn write_notes(workspace: &Path) -> Fallible<()> {
    let folder = workspace.join("memory");
    std::fs::create_dir_all(&folder)?;
    let mut words = NumberSource(1);
    for note in 0..NOTES {
        let mut text = String::new();
        for chunk in 0..CHUNKS_PER_NOTE {
            writeln!(text, "# note{note}chunk{chunk}")?;
            for word in 0..WORDS_PER_CHUNK {
                let end = if word % 12 == 11 { '\n' } else { ' ' };
                write!(text, "w{}{end}", words.next_word())?;
            }
            text.push('\n');
        }
        std::fs::write(folder.join(format!("{note}.md")), text)?;
    }
    Ok(())
}

fn report_duration(what: &str, begin: Instant) -> Fallible<()> {
    Ok(writeln!(std::io::stdout(), "{what}: {:.1} s", begin.elapsed().as_secs_f64())?)
}

fn main() -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let folder = tempfile::tempdir()?;
    let workspace = folder.path().join("work");
    write_notes(&workspace)?;
    let open = || -> Fallible<MemoryIndex> {
        Ok(MemoryIndex::new(MemoryIndexOptions {
            path: folder.path().join("index.sqlite"),
            notes: NoteFolder::open(&workspace, 1 << 20)?,
            chunks: ChunkLimits { max_tokens: 400, overlap_tokens: 0 },
            embedder: Some(Arc::new(RandomModel)),
        }))
    };
    let index = open()?;
    let begin = Instant::now();
    runtime.block_on(index.update(true))?;
    report_duration("index all notes", begin)?;
    let begin = Instant::now();
    runtime.block_on(index.embed_all())?;
    report_duration("store all vectors", begin)?;
    let status = runtime.block_on(index.status())?;
    writeln!(
        std::io::stdout(),
        "{} chunks, {} with a vector",
        status.chunks,
        status.embedded_chunks
    )?;
    let query = |text: &str| MemoryQuery {
        text: text.to_owned(),
        max_results: 6,
        min_score: None,
        vector_share: 0.7,
    };
    let begin = Instant::now();
    runtime.block_on(open()?.search(query("w17 w4711")))?;
    report_duration("the first search of a program, which loads the vectors", begin)?;
    let words_only = index.with_embedder(None);
    for (name, text) in QUERIES {
        for (mode, index) in [("keyword", &words_only), ("hybrid", &index)] {
            let before = processor_ms()?;
            for _ in 0..SEARCHES {
                runtime.block_on(index.search(query(text)))?;
            }
            let used = (processor_ms()? - before) / f64::from(SEARCHES);
            writeln!(std::io::stdout(), "{mode}, {name}: {used:.1} ms of the processor")?;
        }
    }
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for (name, text) in QUERIES {
        for (mode, index) in [("keyword", &words_only), ("hybrid", &index)] {
            criterion.bench_function(&format!("{mode}, {name}"), |bencher| {
                bencher.iter(|| runtime.block_on(index.search(query(text))));
            });
        }
    }
    criterion.bench_function("without changes, update", |bencher| {
        bencher.iter(|| runtime.block_on(index.update(false)));
    });
    criterion.final_summary();
    Ok(())
}
