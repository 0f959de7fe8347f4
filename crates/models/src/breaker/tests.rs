//! When a breaker opens, for how long, and what closes it.

use std::io::Write as _;

use super::file::FailureRecord;
use super::*;

fn circuit(name: &str) -> BreakerKey {
    BreakerKey {
        reference: name.parse().unwrap(),
        config: "one".to_owned(),
        private_endpoint: None,
    }
}

fn circuit_of(config: &str) -> impl Fn(ModelRef) -> BreakerKey {
    move |reference| BreakerKey { reference, config: config.to_owned(), private_endpoint: None }
}

fn are_held(breakers: &BreakerRegistry, circuits: &[BreakerKey]) -> Vec<bool> {
    breakers.active_cooldowns(circuits).iter().map(Option::is_some).collect()
}

fn failure<'a>(kind: &'a str, problem: &'a str) -> BreakerFailure<'a> {
    BreakerFailure { kind, problem }
}

fn breakers(folder: &Path) -> BreakerRegistry {
    BreakerRegistry::new(folder, StateWarnings::default())
}

#[test]
fn the_second_failure_in_a_row_opens_for_a_time_that_grows() {
    let mut contents = BreakerFile::default();
    let mut now = 1_000_000;
    let mut fail = |kind: &str, after: u64| {
        now += after;
        let failure = failure(kind, "connect");
        let failed = FailureRecord { config: "one", failure, is_near: false };
        contents.record_failure("a/b".to_owned(), failed, now);
        let held = contents.find_breaker("a/b", "one").unwrap().active_cooldown("a/b", now);
        held.map(|held| held.remaining.as_secs())
    };
    assert_eq!(fail("connect", 0), None, "one failure is none in a row");
    assert_eq!(fail("connect", 5), Some(15));
    assert_eq!(fail("connect", 5), Some(10), "what fails while it is open changes nothing");
    let grown: Vec<_> = (0..6).map(|_| fail("connect", 300).unwrap()).collect();
    assert_eq!(grown, [30, 60, 120, 240, 300, 300]);
    assert_eq!(fail("loading", 300), None, "another kind counts anew");
    assert_eq!(fail("loading", 700), None, "so does what is long ago");
    assert_eq!(fail("loading", 1), Some(15));
}

#[test]
fn the_next_run_knows_and_an_answer_or_a_new_config_closes() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b, other) = (circuit("s/a"), circuit("s/b"), circuit("t/a"));
    let all = [a.clone(), b.clone(), other.clone()];
    let first = breakers(dir.path());
    for _ in 0..2 {
        first.record_failure(&a, FailureScope::Model, failure("overloaded", "get an answer"));
    }
    assert_eq!(are_held(&breakers(dir.path()), &all), [true, false, false]);
    let changed = BreakerKey { config: "two".to_owned(), ..a.clone() };
    assert_eq!(are_held(&breakers(dir.path()), &[changed]), [false]);
    for _ in 0..2 {
        first.record_failure(&b, FailureScope::Server, failure("connect", "connect"));
    }
    let next = breakers(dir.path());
    assert_eq!(are_held(&next, &all), [true, true, false]);
    let open = next.open_breakers(circuit_of("one"));
    let names: Vec<_> = open.iter().map(|open| (open.name.as_str(), open.kind.as_str())).collect();
    assert_eq!(names, [("s", "connect"), ("s/a", "overloaded")]);
    assert!(open.iter().all(|open| open.failures == 2 && open.remaining.is_some()));
    assert!(next.open_breakers(circuit_of("two")).is_empty());
    next.record_success(&b);
    assert_eq!(are_held(&next, &all), [true, false, false], "the server answers, a is on its own");
    assert_eq!(next.reset_matching(|name| name == "s/a"), ["s/a"]);
    assert_eq!(are_held(&next, &all), [false; 3]);
    assert!(next.reset_matching(|_| true).is_empty());
}

#[test]
fn one_failure_is_known_to_its_own_process_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (one, a) = (breakers(dir.path()), [circuit("s/a")]);
    one.record_failure(&a[0], FailureScope::Model, failure("auth", "use the key"));
    assert_eq!(are_held(&one, &a), [true]);
    assert_eq!(are_held(&breakers(dir.path()), &a), [false]);
    assert!(one.open_breakers(circuit_of("one")).is_empty());
    assert_eq!(one.reset_matching(|_| true), ["s/a"]);
    assert_eq!(are_held(&one, &a), [false]);
}

#[test]
fn a_broken_file_holds_nothing_and_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("breakers.json");
    for text in ["{", "[]", "{\"format\": 99, \"breakers\": {}}", "\u{0}"] {
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let (breakers, a) = (breakers(dir.path()), circuit("s/a"));
        assert_eq!(are_held(&breakers, std::slice::from_ref(&a)), [false]);
        breakers.record_failure(&a, FailureScope::Model, failure("auth", &"é".repeat(400)));
        breakers.record_failure(&a, FailureScope::Model, failure("auth", "use the key"));
        let next = BreakerRegistry::new(dir.path(), StateWarnings::default());
        assert_eq!(are_held(&next, &[a]), [true], "{text}");
    }
}

#[test]
fn what_is_near_is_never_put_off_for_long() {
    let mut contents = BreakerFile::default();
    let mut fail = |now| {
        let failed =
            FailureRecord { config: "one", failure: failure("connect", "c"), is_near: true };
        contents.record_failure("a".to_owned(), failed, now);
        contents
            .find_breaker("a", "one")
            .unwrap()
            .active_cooldown("a", now)
            .map(|held| held.remaining.as_secs())
    };
    let times: Vec<_> = (0..5).map(|turn| fail(1_000_000 + turn * 100)).collect();
    assert_eq!(times, [None, Some(15), Some(15), Some(15), Some(15)]);
}

#[test]
fn only_a_server_that_nobody_answers_for_is_absent() {
    for (blame, kind, expected) in [
        (FailureScope::Server, "connect", true),
        (FailureScope::Server, "timeout", true),
        (FailureScope::Server, "auth", false),
        (FailureScope::Model, "overloaded", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (one, a) = (breakers(dir.path()), [circuit("s/a")]);
        one.record_failure(&a[0], blame, failure(kind, "do it"));
        let held = one.active_cooldowns(&a).remove(0).unwrap();
        assert_eq!((held.is_unreachable, held.problem.as_str()), (expected, "do it"), "{kind}");
        one.record_failure(&a[0], blame, failure(kind, "do it again"));
        let held = breakers(dir.path()).active_cooldowns(&a).remove(0).unwrap();
        assert_eq!(
            (held.is_unreachable, held.problem.as_str()),
            (expected, "do it again"),
            "{kind}"
        );
        // What else speaks against the model stands, whoever takes connections.
        one.record_failure(&a[0], FailureScope::Model, failure("loading", "get an answer"));
        assert!(!one.active_cooldowns(&a).remove(0).unwrap().is_unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_over_by_the_time_that_passed_whatever_the_date() {
    let dir = tempfile::tempdir().unwrap();
    let (one, a) = (breakers(dir.path()), [circuit("s/a")]);
    one.pause_model(&a[0], failure("overloaded", "get an answer"));
    tokio::time::advance(COOLDOWN / 3).await;
    let held = one.active_cooldowns(&a).remove(0).unwrap();
    assert_eq!(held.remaining, COOLDOWN * 2 / 3);
    tokio::time::advance(COOLDOWN * 2 / 3).await;
    assert_eq!(are_held(&one, &a), [false]);
}

#[test]
fn what_is_dated_far_in_the_future_counts_no_more() {
    let failed_at = |contents: &mut BreakerFile, now| {
        let failed =
            FailureRecord { config: "one", failure: failure("connect", "c"), is_near: false };
        contents.record_failure("a".to_owned(), failed, now);
        contents.find_breaker("a", "one").unwrap().active_cooldown("a", now).is_some()
    };
    let (now, day) = (1_000_000, 86_400);
    let mut contents = BreakerFile::default();
    assert!(!failed_at(&mut contents, now + 2 * day));
    assert!(!BreakerFile::parse_text(&contents.clone().into_text(now)).has_breaker("a"));
    assert!(BreakerFile::parse_text(&contents.clone().into_text(now + 2 * day)).has_breaker("a"));
    assert!(!failed_at(&mut contents, now), "it is not in a row with what is to come");
    assert!(failed_at(&mut contents, now + 1));
}
