//! How fast server-sent events are decoded: `cargo bench -p openclaw-transport --bench decoder`.
//!
//! The aims are 1 GB/s on events of 200 bytes however they are cut, and a time for each byte that
//! does not depend on the size of the event.

use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use openclaw_transport::Decoder;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const LIMIT: usize = 17 * MIB;

/// How much a read from a socket usually gives at most.
const READ: usize = 16 * KIB;

/// Events of so many bytes each, as many as come closest to 16 MiB.
fn stream(event: usize) -> Bytes {
    let frame = "data: {\"text\":\"\"}\n\n".len();
    let text = "of some tokens, ".bytes().cycle().take(event.saturating_sub(frame)).collect();
    let text = String::from_utf8(text).unwrap_or_default();
    format!("data: {{\"text\":\"{text}\"}}\n\n").repeat(16 * MIB / event).into()
}

/// Decodes chunks and counts the events.
fn decode(chunks: &[Bytes]) -> usize {
    let mut decoder = Decoder::new(LIMIT);
    let mut events = 0;
    for chunk in chunks {
        decoder.push(chunk.clone());
        while let Ok(Some(event)) = decoder.next_event() {
            std::hint::black_box(&event);
            events += 1;
        }
    }
    events
}

fn bench(criterion: &mut Criterion, name: &str, cases: &[(usize, usize)]) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    for &(event, cut) in cases {
        let bytes = stream(event);
        let chunks: Vec<Bytes> = (0..bytes.len())
            .step_by(cut)
            .map(|begin| bytes.slice(begin..bytes.len().min(begin + cut)))
            .collect();
        assert_eq!(decode(&chunks), 16 * MIB / event, "events of {event} bytes");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let parameter = if name == "size" { event } else { cut };
        group.bench_with_input(
            BenchmarkId::from_parameter(parameter),
            &chunks,
            |bencher, chunks| {
                bencher.iter(|| decode(chunks));
            },
        );
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // By the bytes of a chunk, the last of them odd on purpose.
    bench(&mut criterion, "cut", &[(200, READ), (200, 200), (200, 4093), (200, 509), (200, 61)]);
    // By the bytes of an event.
    let sizes = [200, 4 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB];
    bench(&mut criterion, "size", &sizes.map(|size| (size, READ)));
    criterion.final_summary();
}
