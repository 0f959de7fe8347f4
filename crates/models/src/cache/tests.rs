//! What the cache stores, and what it does not.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;

struct Stage {
    dir: TempDir,
    warnings: StateWarnings,
    cache: ServerCache,
}

fn stage() -> Stage {
    let (dir, warnings) = (tempfile::tempdir().unwrap(), StateWarnings::default());
    let cache = ServerCache::new(&dir.path().join("cache"), warnings.clone());
    Stage { dir, warnings, cache }
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

fn subject(version: Option<&str>, window: Option<u32>) -> CapabilityKey {
    CapabilityKey {
        endpoint: endpoint(),
        model: "m".to_owned(),
        version: version.map(str::to_owned),
        window,
    }
}

fn facts(lacks: &[ServerFeature]) -> ServerCapabilities {
    ServerCapabilities {
        unsupported_features: lacks.iter().copied().collect(),
        ..ServerCapabilities::default()
    }
}

fn served(id: &str, window: Option<u32>) -> ServedModel {
    ServedModel {
        id: id.to_owned(),
        context_window: window,
        context_window_source: window.map(|_| "/props of llama.cpp".into()),
        ..ServedModel::default()
    }
}

#[test]
fn facts_are_kept_for_one_server_model_and_version() {
    let Stage { cache, .. } = stage();
    let learnt = ServerCapabilities {
        context_window: Some(4096),
        tokens_per_kilobyte: Some(280),
        refused_schema_keywords: BTreeSet::from(["pattern".to_owned()]),
        ..facts(&[ServerFeature::AutoToolChoice, ServerFeature::StreamUsage])
    };
    let then = subject(Some("0.32.0"), Some(16_384));
    assert_eq!(cache.load_capabilities(&then), ServerCapabilities::default());
    cache.store_capabilities(&then, &learnt);
    assert_eq!(cache.load_capabilities(&then), learnt);
    assert_eq!(
        cache.load_capabilities(&subject(None, None)),
        learnt,
        "it does not say its version now"
    );
    assert_eq!(
        cache.load_capabilities(&subject(Some("0.33.0"), Some(16_384))),
        ServerCapabilities::default()
    );
    let other = CapabilityKey { model: "n".to_owned(), ..then.clone() };
    assert_eq!(cache.load_capabilities(&other), ServerCapabilities::default());
    let elsewhere = Endpoint::parse("http://127.0.0.1:8001/v1").unwrap();
    assert_eq!(
        cache.load_capabilities(&CapabilityKey { endpoint: elsewhere, ..then.clone() }),
        ServerCapabilities::default()
    );

    cache.store_capabilities(
        &subject(Some("0.33.0"), None),
        &facts(&[ServerFeature::TokenizeRoute]),
    );
    let [learnt] = &cache.learned_capabilities(&endpoint())[..] else { panic!() };
    let lacks: Vec<_> = learnt.lacks.iter().map(|(lack, _)| *lack).collect();
    assert_eq!(
        (lacks, learnt.version.as_deref()),
        (vec![ServerFeature::TokenizeRoute], Some("0.33.0"))
    );
    assert!(
        cache.clear_capabilities(&endpoint(), "m") && !cache.clear_capabilities(&endpoint(), "m")
    );
    assert_eq!(
        cache.load_capabilities(&subject(Some("0.33.0"), None)),
        ServerCapabilities::default()
    );
}

#[test]
fn a_learnt_window_holds_as_long_as_the_server_names_the_same_one() {
    let Stage { cache, .. } = stage();
    let learnt =
        ServerCapabilities { context_window: Some(16_384), ..ServerCapabilities::default() };
    cache.store_capabilities(&subject(None, Some(128_000)), &learnt);
    for (said, expected) in
        [(Some(128_000), Some(16_384)), (None, Some(16_384)), (Some(32_768), None)]
    {
        assert_eq!(
            cache.load_capabilities(&subject(None, said)).context_window,
            expected,
            "{said:?}"
        );
    }
}

#[test]
fn what_is_known_for_long_keeps_its_time() {
    let stage = stage();
    stage.cache.store_capabilities(&subject(None, None), &facts(&[ServerFeature::StrictMode]));
    let old = stage.text().replace(&unix_now().to_string(), &(unix_now() - 7_200).to_string());
    stage.put(&old);
    stage.cache.store_capabilities(
        &subject(None, None),
        &facts(&[ServerFeature::StrictMode, ServerFeature::TokenizeRoute]),
    );
    let [learnt] = &stage.cache.learned_capabilities(&endpoint())[..] else { panic!() };
    let hours: Vec<_> =
        learnt.lacks.iter().map(|(lack, age)| (lack.name(), age.as_secs() / 3600)).collect();
    assert_eq!(hours, [("strict", 2), ("tokenize", 0)]);
    assert!(learnt.age < Duration::from_mins(1));
}

#[test]
fn a_window_that_is_not_said_again_stays_with_its_age() {
    let stage = stage();
    assert_eq!(stage.cache.last_served(&endpoint()), None);
    let before = unix_now();
    stage.cache.record_served(&endpoint(), &[served("m", Some(8192)), served("gone", None)]);
    // The second in which it was recorded may have begun meanwhile.
    let old = (before..=unix_now()).fold(stage.text(), |text, second| {
        text.replace(&second.to_string(), &(second - 7_200).to_string())
    });
    stage.put(&old);
    stage.cache.record_served(&endpoint(), &[served("m", None), served("new", Some(1024))]);
    let last = stage.cache.last_served(&endpoint()).unwrap();
    assert!(last.age < Duration::from_mins(1));
    let told: Vec<_> = last
        .models
        .iter()
        .map(|(model, age)| (model.id.as_str(), model.context_window, age.as_secs() / 3600))
        .collect();
    assert_eq!(told, [("m", Some(8192), 2), ("new", Some(1024), 0)]);
    let from = last.find_model("m").unwrap().context_window_source.as_deref();
    assert_eq!(from, Some("/props of llama.cpp"));
}

#[test]
fn the_same_list_is_written_once() {
    let stage = stage();
    let list = [served("m", Some(8192))];
    stage.cache.record_served(&endpoint(), &list);
    let path = stage.dir.path().join("cache/servers.json");
    let is_new = || fs::metadata(&path).unwrap().modified().unwrap();
    let before = is_new();
    stage.cache.record_served(&endpoint(), &list);
    assert_eq!(is_new(), before);
    stage.cache.record_served(&endpoint(), &[served("m", Some(4096))]);
    assert_eq!(
        stage.cache.last_served(&endpoint()).unwrap().models[0].0.context_window,
        Some(4096)
    );
}

#[test]
fn a_broken_file_is_ignored_said_once_and_begun_anew() {
    for text in
        ["", "{", "[]", "\u{0}\u{1}", r#"{"format":2,"servers":{}}"#, r#"{"format":1,"servers":7}"#]
    {
        let stage = stage();
        fs::create_dir(stage.dir.path().join("cache")).unwrap();
        stage.put(text);
        assert_eq!(
            stage.cache.load_capabilities(&subject(None, None)),
            ServerCapabilities::default(),
            "{text:?}"
        );
        assert!(stage.cache.learned_capabilities(&endpoint()).is_empty());
        stage.cache.store_capabilities(&subject(None, None), &facts(&[ServerFeature::StrictMode]));
        assert_eq!(
            stage.cache.load_capabilities(&subject(None, None)),
            facts(&[ServerFeature::StrictMode]),
            "{text:?}"
        );
        let warnings = stage.warnings.take_all();
        assert!(warnings.len() == 1 && warnings[0].contains("servers.json"), "{warnings:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("cache"), "a file");
    let warnings = StateWarnings::default();
    let cache = ServerCache::new(&dir.path().join("cache"), warnings.clone());
    cache.record_served(&endpoint(), &[served("m", None)]);
    cache.store_capabilities(&subject(None, None), &facts(&[ServerFeature::StrictMode]));
    assert_eq!(cache.load_capabilities(&subject(None, None)), ServerCapabilities::default());
    assert_eq!(warnings.take_all().len(), 1);
}

#[test]
fn only_so_many_servers_are_remembered_and_the_oldest_go() {
    let Stage { cache, .. } = stage();
    let at = |port: usize| Endpoint::parse(&format!("http://127.0.0.1:{port}/v1")).unwrap();
    for port in 1..=70 {
        cache.record_served(&at(port), &[served("m", None)]);
    }
    assert_eq!((1..=70).filter(|port| cache.last_served(&at(*port)).is_some()).count(), 64);
    assert!(cache.last_served(&at(70)).is_some());
}

#[test]
fn names_of_a_later_version_are_passed_over() {
    let stage = stage();
    stage.cache.store_capabilities(&subject(None, None), &facts(&[ServerFeature::StrictMode]));
    let later = stage.text().replace("\"strict\"", "\"time-travel\": 1, \"strict\"");
    stage.put(&later);
    assert_eq!(
        stage.cache.load_capabilities(&subject(None, None)),
        facts(&[ServerFeature::StrictMode])
    );
    assert!(stage.warnings.take_all().is_empty());
}

#[test]
fn knowledge_begins_with_the_configs_word_and_keeps_only_what_is_learnt() {
    let Stage { cache, .. } = stage();
    cache.store_capabilities(
        &subject(None, None),
        &facts(&[ServerFeature::StreamUsage, ServerFeature::TokenizeRoute]),
    );
    let configured = ConfiguredCapabilities {
        lacks: vec![ServerFeature::ContentParts],
        supported: vec![ServerFeature::StreamUsage],
        extras: vec![VendorExtension::DisableStore],
        schema_keywords: vec!["pattern".to_owned()],
    };
    let knowledge = cache.capability_store(subject(None, None), configured);
    let begins = knowledge.current_capabilities();
    assert_eq!(
        begins.unsupported_features,
        BTreeSet::from([ServerFeature::ContentParts, ServerFeature::TokenizeRoute])
    );
    assert!(
        begins.refused_schema_keywords.contains("pattern")
            && begins.supports_extension(VendorExtension::DisableStore)
    );
    knowledge.mark_unsupported(ServerFeature::AutoToolChoice);
    knowledge.record_context_window(2048);
    let kept = cache.load_capabilities(&subject(None, None));
    assert_eq!(
        kept.unsupported_features,
        BTreeSet::from([ServerFeature::AutoToolChoice, ServerFeature::TokenizeRoute])
    );
    assert_eq!((kept.context_window, kept.refused_schema_keywords.len()), (Some(2048), 0));
}

#[test]
fn a_ratio_is_kept_when_it_has_moved() {
    let ratio = |tokens| ServerCapabilities {
        tokens_per_kilobyte: tokens,
        ..ServerCapabilities::default()
    };
    for (old, new, is) in [
        (None, Some(280), true),
        (Some(280), Some(290), false),
        (Some(280), Some(300), true),
        (Some(280), None, true),
        (Some(280), Some(280), false),
    ] {
        assert_eq!(differs_notably(&ratio(old), &ratio(new)), is, "{old:?} {new:?}");
    }
    assert!(differs_notably(&ratio(None), &facts(&[ServerFeature::StrictMode])));
}
