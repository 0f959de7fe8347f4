//! What is kept in memory and on disk, and what is forgotten.

use std::fs;
use std::io::Write as _;

use url::Url;

use super::recorder::{AttemptRequest, ExchangeRecorder, ExchangeTracer};
use super::*;
use crate::StreamEvent;

const SOON: Duration = Duration::from_secs(20);

fn limits(keep: usize, bytes: u64) -> TraceLimits {
    TraceLimits { max_exchanges: keep, max_bytes: bytes }
}

fn tracer(trace: &Trace) -> ExchangeTracer {
    let traced = TraceOptions { trace: trace.clone(), variables: Vec::new() };
    ExchangeTracer::new(traced, "test/1", [("authorization", &"sk-canary-12345".into())])
}

fn begin(trace: &Trace, body: &str) -> Box<ExchangeRecorder> {
    let url = Url::parse("http://h/v1/chat/completions?key=sk-canary-12345&n=1").unwrap();
    tracer(trace).begin_attempt(AttemptRequest {
        method: "POST",
        url: &url,
        number: 1,
        accept: "text/event-stream",
        body: Some(body.as_bytes()),
    })
}

fn event(recorder: &mut ExchangeRecorder, data: &str) {
    recorder.record_chunk(data.len());
    recorder.record_event(&StreamEvent::Data(data.to_owned()));
}

#[test]
fn the_oldest_are_forgotten_by_number_and_by_size() {
    let trace = Trace::in_memory(limits(3, 8_000));
    for _ in 0..5 {
        begin(&trace, "{}").record_success();
    }
    let numbers =
        |trace: &Trace| trace.recent_records().iter().map(|it| it.number).collect::<Vec<_>>();
    assert_eq!(numbers(&trace), [3, 4, 5]);
    let trace = Trace::in_memory(limits(100, 8_000));
    for _ in 0..40 {
        begin(&trace, &"x".repeat(900)).record_success();
    }
    assert_eq!(numbers(&trace), (33..=40).collect::<Vec<_>>());
    assert_eq!(trace.last_number(), Some(40));
}

#[test]
fn a_file_that_is_no_exchange_is_not_removed() {
    let home = tempfile::tempdir().unwrap();
    let store = TraceStore::new(home.path().to_owned());
    let notes = [store.record_path(1), home.path().join("000002.txt")];
    for path in &notes {
        openclaw_fs::create_private_file(path)
            .unwrap()
            .write_all(b"{\"of\":\"the user\"}\n")
            .unwrap();
    }
    let trace = Trace::on_disk(limits(2, 1 << 20), home.path().to_owned());
    for _ in 0..5 {
        begin(&trace, "{}").record_success();
    }
    assert!(trace.flush_to_disk(SOON));
    assert!(notes.iter().all(|path| path.is_file()), "{:?}", store.list_numbers());
    assert!(store.list_numbers().len() <= 3, "{:?}", store.list_numbers());
    assert!(store.remove_all().unwrap() >= 1);
    assert_eq!(store.list_numbers(), [1]);
    assert!(notes.iter().all(|path| path.is_file()));
}

#[test]
fn what_is_under_way_is_seen_and_what_is_given_up_says_so() {
    let trace = Trace::in_memory(limits(3, 80_000));
    let mut recorder = begin(&trace, "{\"a\":\"sk-canary-12345\"}");
    event(&mut recorder, "one");
    recorder.record_event(&StreamEvent::Comment);
    let record = trace.recent_records().pop().unwrap();
    assert_eq!(record.request.url, "http://h/v1/chat/completions?key=[secret]&n=[secret]");
    let body = record.request.body.unwrap();
    assert_eq!((body.text.as_deref(), body.hidden), (Some("{\"a\":\"[secret]\"}"), 1));
    let data: Vec<_> = record.events.iter().map(|event| event.data.as_deref()).collect();
    assert_eq!((data, record.end), (vec![Some("one"), None], None));
    drop(recorder);
    assert_eq!(trace.recent_records().pop().unwrap().end.unwrap().how, ExchangeOutcome::Dropped);
}

#[test]
fn of_too_many_events_the_first_and_the_last_are_kept() {
    let trace = Trace::in_memory(limits(3, 8 * 2_000));
    let mut recorder = begin(&trace, "{}");
    for n in 0..100 {
        event(&mut recorder, &format!("{n:050}"));
    }
    recorder.record_success();
    let record = trace.recent_records().pop().unwrap();
    let gap = record.gap.unwrap();
    let numbers: Vec<usize> =
        record.events.iter().map(|event| event.data.as_ref().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers[..gap.after], (0..gap.after).collect::<Vec<_>>());
    let rest = &numbers[gap.after..];
    assert_eq!(rest, (100 - rest.len()..100).collect::<Vec<_>>());
    assert!(gap.after > 5 && rest.len() > 5, "{gap:?}");
    assert_eq!(gap.events, 100 - u64::try_from(numbers.len()).unwrap());
    assert_eq!(record.end.unwrap().bytes, 5_000);
}

#[test]
fn files_are_private_numbered_and_rotated() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("state/trace");
    let store = TraceStore::new(folder.clone());
    assert_eq!((store.list_numbers(), store.read_last()), (vec![], None));
    for run in 0..2 {
        // Each run continues the numbers in the folder.
        let trace = Trace::on_disk(limits(3, 100_000), folder.clone());
        for n in 0..3 {
            let mut recorder = begin(&trace, "{\"model\":\"tiny\"}");
            event(&mut recorder, &format!("{run}{n}"));
            assert!(trace.flush_to_disk(SOON));
            let last = trace.last_number().unwrap();
            let kept = store.read_record(last).unwrap();
            assert_eq!((kept.events.len(), kept.end), (1, None), "what has arrived is there");
            recorder.record_success();
            assert!(trace.flush_to_disk(SOON));
            assert_eq!(store.read_record(last).unwrap(), trace.recent_records().pop().unwrap());
        }
    }
    assert_eq!(store.list_numbers(), [4, 5, 6]);
    assert_eq!(store.read_last().unwrap().number, 6);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&store.record_path(6))), (0o700, 0o600));
    }
    fs::File::create(folder.join("note.txt")).unwrap();
    assert_eq!((store.remove_all().unwrap(), store.list_numbers()), (3, vec![]));
    assert!(folder.join("note.txt").exists(), "only what is ours is removed");
}

#[test]
fn files_are_rotated_by_their_size() {
    let home = tempfile::tempdir().unwrap();
    let trace = Trace::on_disk(limits(100, 16_000), home.path().to_owned());
    for _ in 0..40 {
        begin(&trace, &"x".repeat(1_500)).record_success();
    }
    assert!(trace.flush_to_disk(SOON));
    let store = TraceStore::new(home.path().to_owned());
    let bytes: u64 = store
        .list_numbers()
        .iter()
        .map(|n| fs::metadata(store.record_path(*n)).unwrap().len())
        .sum();
    assert!((8_000..18_000).contains(&bytes), "{bytes}");
    assert_eq!(store.list_numbers().last(), Some(&40));
}

#[test]
fn a_disk_that_takes_nothing_is_one_thing_to_say_and_no_failure() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::File::create(&file).unwrap();
    let trace = Trace::on_disk(limits(3, 80_000), file.join("trace"));
    for _ in 0..3 {
        let mut recorder = begin(&trace, "{}");
        event(&mut recorder, "one");
        recorder.record_success();
    }
    assert!(trace.flush_to_disk(SOON));
    assert!(trace.take_disk_problem().unwrap().contains("is not complete"));
    assert_eq!(trace.take_disk_problem(), None);
    assert_eq!(trace.recent_records().len(), 3, "memory still has them");
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_in_the_place_of_a_file_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    // The next number is a link to a device that is always full, where writing would fail.
    let trace = Trace::on_disk(limits(3, 80_000), home.path().to_owned());
    std::os::unix::fs::symlink("/dev/full", home.path().join("000001.jsonl")).unwrap();
    begin(&trace, "{}").record_success();
    assert!(trace.flush_to_disk(SOON));
    // Its number is taken, and nothing failed.
    assert_eq!((trace.last_number(), trace.take_disk_problem()), (Some(2), None));
}
