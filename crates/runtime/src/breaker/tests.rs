//! When a breaker opens, for how long, and what closes it.

use std::io::Write as _;

use super::*;

fn circuit(name: &str) -> Circuit {
    Circuit { reference: name.parse().unwrap(), config: "one".to_owned() }
}

fn breakers(folder: &Path) -> Breakers {
    Breakers::new(folder, Notices::default())
}

#[test]
fn the_second_failure_in_a_row_opens_for_a_time_that_grows() {
    let mut contents = Contents::default();
    let mut now = 1_000_000;
    let mut fail = |kind: &str, after: u64| {
        now += after;
        contents.failed("a/b".to_owned(), "one", (kind, "connect"), now);
        contents.find("a/b", "one").unwrap().shown("a/b", now).remaining.map(|left| left.as_secs())
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
        first.failed(&a, Blame::Model, "overloaded", "get an answer");
    }
    assert_eq!(breakers(dir.path()).are_held(&all), [true, false, false]);
    let changed = Circuit { config: "two".to_owned(), ..a.clone() };
    assert_eq!(breakers(dir.path()).are_held(&[changed]), [false]);
    for _ in 0..2 {
        first.failed(&b, Blame::Server, "connect", "connect");
    }
    let next = breakers(dir.path());
    assert_eq!(next.are_held(&all), [true, true, false]);
    let open = next.open(|_| "one".to_owned());
    let names: Vec<_> = open.iter().map(|open| (open.name.as_str(), open.kind.as_str())).collect();
    assert_eq!(names, [("s", "connect"), ("s/a", "overloaded")]);
    assert!(open.iter().all(|open| open.failures == 2 && open.remaining.is_some()));
    assert!(next.open(|_| "two".to_owned()).is_empty());
    next.answered(&b);
    assert_eq!(next.are_held(&all), [true, false, false], "the server answers, a is on its own");
    assert_eq!(next.reset(|name| name == "s/a"), ["s/a"]);
    assert_eq!(next.are_held(&all), [false; 3]);
    assert!(next.reset(|_| true).is_empty());
}

#[test]
fn one_failure_is_known_to_its_own_process_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (one, a) = (breakers(dir.path()), [circuit("s/a")]);
    one.failed(&a[0], Blame::Model, "auth", "use the key");
    assert_eq!(one.are_held(&a), [true]);
    assert_eq!(breakers(dir.path()).are_held(&a), [false]);
    assert!(one.open(|_| "one".to_owned()).is_empty());
    assert_eq!(one.reset(|_| true), ["s/a"]);
    assert_eq!(one.are_held(&a), [false]);
}

#[test]
fn a_broken_file_holds_nothing_and_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("breakers.json");
    for text in ["{", "[]", "{\"format\": 99, \"breakers\": {}}", "\u{0}"] {
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let (breakers, a) = (breakers(dir.path()), circuit("s/a"));
        assert_eq!(breakers.are_held(std::slice::from_ref(&a)), [false]);
        breakers.failed(&a, Blame::Model, "auth", &"é".repeat(400));
        breakers.failed(&a, Blame::Model, "auth", "use the key");
        let next = Breakers::new(dir.path(), Notices::default());
        assert_eq!(next.are_held(&[a]), [true], "{text}");
    }
}
