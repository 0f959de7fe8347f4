//! What is remembered, and what is not.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;

struct Stage {
    dir: TempDir,
    notices: Notices,
    cache: Cache,
}

fn stage() -> Stage {
    let (dir, notices) = (tempfile::tempdir().unwrap(), Notices::default());
    let cache = Cache::new(&dir.path().join("cache"), notices.clone());
    Stage { dir, notices, cache }
}

impl Stage {
    fn put(&self, text: &str) {
        put(&self.dir.path().join("cache/servers.json"), text);
    }

    fn text(&self) -> String {
        fs::read_to_string(self.dir.path().join("cache/servers.json")).unwrap()
    }
}

fn put(path: &Path, text: &str) {
    fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn endpoint() -> Endpoint {
    Endpoint::parse("http://127.0.0.1:8000/v1").unwrap()
}

fn subject(version: Option<&str>, window: Option<u32>) -> Subject {
    Subject {
        endpoint: endpoint(),
        model: "m".to_owned(),
        version: version.map(str::to_owned),
        window,
    }
}

fn facts(lacks: &[Lack]) -> Facts {
    Facts { lacks: lacks.iter().copied().collect(), ..Facts::default() }
}

fn served(id: &str, window: Option<u32>) -> ServedModel {
    ServedModel {
        id: id.to_owned(),
        window,
        window_from: window.map(|_| "/props of llama.cpp".into()),
        ..ServedModel::default()
    }
}

#[test]
fn facts_are_kept_for_one_server_model_and_version() {
    let Stage { cache, .. } = stage();
    let learnt = Facts {
        window: Some(4096),
        tokens_per_kilobyte: Some(280),
        schema_keywords: BTreeSet::from(["pattern".to_owned()]),
        ..facts(&[Lack::AutoToolChoice, Lack::StreamUsage])
    };
    let then = subject(Some("0.32.0"), Some(16_384));
    assert_eq!(cache.facts(&then), Facts::default());
    cache.learn(&then, &learnt);
    assert_eq!(cache.facts(&then), learnt);
    assert_eq!(cache.facts(&subject(None, None)), learnt, "it does not say its version now");
    assert_eq!(cache.facts(&subject(Some("0.33.0"), Some(16_384))), Facts::default());
    let other = Subject { model: "n".to_owned(), ..then.clone() };
    assert_eq!(cache.facts(&other), Facts::default());
    let elsewhere = Endpoint::parse("http://127.0.0.1:8001/v1").unwrap();
    assert_eq!(cache.facts(&Subject { endpoint: elsewhere, ..then.clone() }), Facts::default());

    cache.learn(&subject(Some("0.33.0"), None), &facts(&[Lack::Tokenize]));
    let [learnt] = &cache.learnt(&endpoint())[..] else { panic!() };
    let lacks: Vec<_> = learnt.lacks.iter().map(|(lack, _)| *lack).collect();
    assert_eq!((lacks, learnt.version.as_deref()), (vec![Lack::Tokenize], Some("0.33.0")));
    assert!(cache.forget(&endpoint(), "m") && !cache.forget(&endpoint(), "m"));
    assert_eq!(cache.facts(&subject(Some("0.33.0"), None)), Facts::default());
}

#[test]
fn a_learnt_window_holds_as_long_as_the_server_names_the_same_one() {
    let Stage { cache, .. } = stage();
    let learnt = Facts { window: Some(16_384), ..Facts::default() };
    cache.learn(&subject(None, Some(128_000)), &learnt);
    for (said, expected) in
        [(Some(128_000), Some(16_384)), (None, Some(16_384)), (Some(32_768), None)]
    {
        assert_eq!(cache.facts(&subject(None, said)).window, expected, "{said:?}");
    }
}

#[test]
fn what_is_known_for_long_keeps_its_time() {
    let stage = stage();
    stage.cache.learn(&subject(None, None), &facts(&[Lack::Strict]));
    let old = stage.text().replace(&now().to_string(), &(now() - 7_200).to_string());
    stage.put(&old);
    stage.cache.learn(&subject(None, None), &facts(&[Lack::Strict, Lack::Tokenize]));
    let [learnt] = &stage.cache.learnt(&endpoint())[..] else { panic!() };
    let hours: Vec<_> =
        learnt.lacks.iter().map(|(lack, age)| (lack.name(), age.as_secs() / 3600)).collect();
    assert_eq!(hours, [("strict", 2), ("tokenize", 0)]);
    assert!(learnt.age < Duration::from_mins(1));
}

#[test]
fn a_window_that_is_not_said_again_stays_with_its_age() {
    let stage = stage();
    assert_eq!(stage.cache.last_good(&endpoint()), None);
    stage.cache.note_served(&endpoint(), &[served("m", Some(8192)), served("gone", None)]);
    let old = stage.text().replace(&now().to_string(), &(now() - 7_200).to_string());
    stage.put(&old);
    stage.cache.note_served(&endpoint(), &[served("m", None), served("new", Some(1024))]);
    let last = stage.cache.last_good(&endpoint()).unwrap();
    assert!(last.age < Duration::from_mins(1));
    let told: Vec<_> = last
        .models
        .iter()
        .map(|(model, age)| (model.id.as_str(), model.window, age.as_secs() / 3600))
        .collect();
    assert_eq!(told, [("m", Some(8192), 2), ("new", Some(1024), 0)]);
    let from = last.find("m").unwrap().window_from.as_deref();
    assert_eq!(from, Some("/props of llama.cpp"));
}

#[test]
fn the_same_list_is_written_once() {
    let stage = stage();
    let list = [served("m", Some(8192))];
    stage.cache.note_served(&endpoint(), &list);
    let path = stage.dir.path().join("cache/servers.json");
    let is_new = || fs::metadata(&path).unwrap().modified().unwrap();
    let before = is_new();
    stage.cache.note_served(&endpoint(), &list);
    assert_eq!(is_new(), before);
    stage.cache.note_served(&endpoint(), &[served("m", Some(4096))]);
    assert_eq!(stage.cache.last_good(&endpoint()).unwrap().models[0].0.window, Some(4096));
}

#[test]
fn a_broken_file_is_ignored_said_once_and_begun_anew() {
    for text in
        ["", "{", "[]", "\u{0}\u{1}", r#"{"format":2,"servers":{}}"#, r#"{"format":1,"servers":7}"#]
    {
        let stage = stage();
        fs::create_dir(stage.dir.path().join("cache")).unwrap();
        stage.put(text);
        assert_eq!(stage.cache.facts(&subject(None, None)), Facts::default(), "{text:?}");
        assert!(stage.cache.learnt(&endpoint()).is_empty());
        stage.cache.learn(&subject(None, None), &facts(&[Lack::Strict]));
        assert_eq!(stage.cache.facts(&subject(None, None)), facts(&[Lack::Strict]), "{text:?}");
        let notices = stage.notices.take();
        assert!(notices.len() == 1 && notices[0].contains("servers.json"), "{notices:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("cache"), "a file");
    let notices = Notices::default();
    let cache = Cache::new(&dir.path().join("cache"), notices.clone());
    cache.note_served(&endpoint(), &[served("m", None)]);
    cache.learn(&subject(None, None), &facts(&[Lack::Strict]));
    assert_eq!(cache.facts(&subject(None, None)), Facts::default());
    assert_eq!(notices.take().len(), 1);
}

#[test]
fn only_so_many_servers_are_remembered_and_the_oldest_go() {
    let Stage { cache, .. } = stage();
    let at = |port: usize| Endpoint::parse(&format!("http://127.0.0.1:{port}/v1")).unwrap();
    for port in 1..=70 {
        cache.note_served(&at(port), &[served("m", None)]);
    }
    assert_eq!((1..=70).filter(|port| cache.last_good(&at(*port)).is_some()).count(), 64);
    assert!(cache.last_good(&at(70)).is_some());
}

#[test]
fn names_of_a_later_version_are_passed_over() {
    let stage = stage();
    stage.cache.learn(&subject(None, None), &facts(&[Lack::Strict]));
    let later = stage.text().replace("\"strict\"", "\"time-travel\": 1, \"strict\"");
    stage.put(&later);
    assert_eq!(stage.cache.facts(&subject(None, None)), facts(&[Lack::Strict]));
    assert!(stage.notices.take().is_empty());
}

#[test]
fn knowledge_begins_with_the_configs_word_and_keeps_only_what_is_learnt() {
    let Stage { cache, .. } = stage();
    cache.learn(&subject(None, None), &facts(&[Lack::StreamUsage, Lack::Tokenize]));
    let configured = Configured {
        lacks: vec![Lack::ContentParts],
        abilities: vec![Lack::StreamUsage],
        extras: vec![Extra::Store],
        schema_keywords: vec!["pattern".to_owned()],
    };
    let knowledge = cache.knowledge(subject(None, None), configured);
    let begins = knowledge.facts();
    assert_eq!(begins.lacks, BTreeSet::from([Lack::ContentParts, Lack::Tokenize]));
    assert!(begins.schema_keywords.contains("pattern") && begins.takes(Extra::Store));
    knowledge.learn_lack(Lack::AutoToolChoice);
    knowledge.learn_window(2048);
    let kept = cache.facts(&subject(None, None));
    assert_eq!(kept.lacks, BTreeSet::from([Lack::AutoToolChoice, Lack::Tokenize]));
    assert_eq!((kept.window, kept.schema_keywords.len()), (Some(2048), 0));
}

#[test]
fn a_ratio_is_kept_when_it_has_moved() {
    let ratio = |tokens| Facts { tokens_per_kilobyte: tokens, ..Facts::default() };
    for (old, new, is) in [
        (None, Some(280), true),
        (Some(280), Some(290), false),
        (Some(280), Some(300), true),
        (Some(280), None, true),
        (Some(280), Some(280), false),
    ] {
        assert_eq!(is_news(&ratio(old), &ratio(new)), is, "{old:?} {new:?}");
    }
    assert!(is_news(&ratio(None), &facts(&[Lack::Strict])));
}
