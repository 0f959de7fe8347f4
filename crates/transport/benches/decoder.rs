//! Measures the decoder of server-sent events: `cargo bench -p openclaw-transport --bench decoder`.
//!
//! The goals are 1 GB/s on events of 200 bytes wherever they are cut, and a time per byte that does
//! not depend on the size of the event.

use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use openclaw_transport::SseDecoder;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const LIMIT: usize = 17 * MIB;

/// The most bytes that a read from a socket usually returns.
const READ: usize = 16 * KIB;

/// Small events of `event` bytes, 16 MiB in all, in chunks of `cut` bytes.
fn small(event: usize, cut: usize) -> Vec<Bytes> {
    let frame = "data: \n\n".len();
    let text = "of some tokens, ".repeat(event / 16);
    let text = text.get(..event - frame).unwrap_or_default();
    let bytes = Bytes::from(format!("data: {text}\n\n").repeat(16 * MIB / event));
    let begins = (0..bytes.len()).step_by(cut);
    begins.map(|begin| bytes.slice(begin..bytes.len().min(begin + cut))).collect()
}

/// Events of `event` bytes, 16 MiB in all. As with a socket, each read reuses the same memory.
fn large(event: usize) -> Vec<Bytes> {
    let text = Bytes::from("of some tokens, ".repeat(READ / 16));
    let texts = vec![text; event / READ];
    let event = [vec![Bytes::from("data: ")], texts, vec![Bytes::from("\n\n")]].concat();
    vec![event.clone(); 16 * MIB / (event.len() - 2) / READ].concat()
}

/// Decodes chunks and counts the events.
fn decode(chunks: &[Bytes]) -> usize {
    let mut decoder = SseDecoder::new(LIMIT);
    let mut events = 0;
    for chunk in chunks {
        decoder.push_chunk(chunk.clone());
        while let Ok(Some(event)) = decoder.next_event() {
            std::hint::black_box(&event);
            events += 1;
        }
    }
    events
}

fn bench(criterion: &mut Criterion, name: &str, cases: Vec<(usize, Vec<Bytes>)>) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    for (parameter, chunks) in cases {
        let bytes: usize = chunks.iter().map(Bytes::len).sum();
        assert!(decode(&chunks) > 0, "no events");
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(parameter), |bencher| {
            bencher.iter(|| decode(&chunks));
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // By the bytes of a chunk, most of them odd on purpose.
    let cuts = [READ, 200, 4093, 509, 61];
    bench(&mut criterion, "cut", cuts.map(|cut| (cut, small(200, cut))).to_vec());
    // By the bytes of an event.
    let sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB];
    bench(&mut criterion, "size", sizes.map(|size| (size, large(size))).to_vec());
    criterion.final_summary();
}
