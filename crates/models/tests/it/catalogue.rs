//! Which models are listed, and which can be used.

use openclaw_core::{LimitSource, ModelErrorKind};
use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_models::{ListedModel, ModelCatalogue, SetupErrorKind};
use openclaw_test_support::raw_server::hold;

use crate::lab::{Lab, hints, lab_on, model_kind, nowhere, setup_kind};

fn find<'a>(catalogue: &'a ModelCatalogue, name: &str) -> &'a ListedModel {
    let found = catalogue.models.iter().find(|model| model.reference.to_string() == name);
    found.unwrap_or_else(|| panic!("{name} is not in {catalogue:?}"))
}

#[tokio::test]
async fn models_have_their_tags_parents_and_failures() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("base", 8192))
        .model(ModelSpec::lora("adapter", "base"))
        .start()
        .await
        .unwrap();
    let nowhere = nowhere().await;
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }}, dead: {{ baseUrl: "{}" }} }} }},
             agents: {{ defaults: {{
                 model: {{ primary: "main", fallbacks: ["lab/adapter", "lab/gone"] }},
                 models: {{ "lab/base": {{ alias: "main" }} }} }} }} }}"#,
        server.base_url(),
        nowhere.url
    );
    let lab = Lab::new(&config, &[]);
    let catalogue = lab.models.model_catalogue(None).await;
    let names: Vec<_> = catalogue.models.iter().map(|m| m.reference.to_string()).collect();
    assert_eq!(names, ["lab/base", "lab/adapter", "lab/gone"]);
    let base = find(&catalogue, "lab/base");
    assert_eq!(base.tags, ["default", "configured", "alias:main"]);
    assert_eq!(base.window, Some((8192, LimitSource::Server)));
    assert_eq!((base.parent.as_deref(), base.input.as_str()), (None, "text"));
    assert!(base.local && base.available && !base.missing);
    let adapter = find(&catalogue, "lab/adapter");
    assert_eq!(adapter.tags, ["fallback#1"]);
    assert_eq!(adapter.window, Some((8192, LimitSource::Server)));
    assert_eq!(adapter.parent.as_deref(), Some("base"));
    let gone = find(&catalogue, "lab/gone");
    assert_eq!(gone.tags, ["fallback#2"]);
    assert!(gone.missing && !gone.available && gone.window.is_none());
    let [failure] = &catalogue.failures[..] else { panic!("{:?}", catalogue.failures) };
    assert_eq!(failure.provider, "dead");
    assert_eq!(model_kind(&failure.error), ModelErrorKind::Connect);

    let only = lab.models.model_catalogue(Some("dead")).await;
    assert!(only.models.is_empty() && only.failures.len() == 1, "{only:?}");
    let unknown = lab.models.model_catalogue(Some("nobody")).await;
    assert_eq!(setup_kind(&unknown.failures[0].error), SetupErrorKind::UnknownProvider);
}

#[tokio::test]
async fn models_of_the_config_are_held_against_the_server() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = r#"models: [
        { id: "tiny", name: "Tiny", contextWindow: 131072, input: ["text", "image"] },
        { id: "other", contextWindow: 2048 }]"#;
    let lab = Lab::new(&lab_on(&server.base_url(), more), &[]);
    let catalogue = lab.models.model_catalogue(None).await;
    let tiny = find(&catalogue, "lab/tiny");
    assert_eq!((tiny.name.as_str(), tiny.input.as_str()), ("Tiny", "text+image"));
    assert_eq!(tiny.window, Some((4096, LimitSource::Server)));
    assert_eq!(tiny.tags, ["configured"]);
    let other = find(&catalogue, "lab/other");
    assert_eq!((other.name.as_str(), other.available), ("other", false));
    assert_eq!(other.window, Some((2048, LimitSource::Config)));

    server.kill();
    let _port = hold(server.port()).await;
    let catalogue = lab.models.model_catalogue(None).await;
    assert!(catalogue.models.iter().all(|model| !model.available));
    assert_eq!((catalogue.models.len(), catalogue.failures.len()), (2, 1));
}

#[tokio::test]
async fn models_in_the_config_are_all_there_are_unless_all_are_wanted() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("base", 8192))
        .model(ModelSpec::new("other", 4096))
        .start()
        .await
        .unwrap();
    let named = r#"models: [{ id: "other", name: "Other", contextWindow: 1024 }]"#;
    let config = |more: &str, defaults: &str| {
        let url = server.base_url();
        format!(
            r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{url}", {more} }} }} }},
                 agents: {{ defaults: {{ models: {{ {defaults} }} }} }} }}"#
        )
    };
    for (more, defaults, expected) in [
        ("", "", &["lab/base", "lab/other"][..]),
        (named, "", &["lab/other"]),
        (named, r#""lab/*": {}"#, &["lab/other", "lab/base"]),
        (named, r#""labs/*": {}"#, &["lab/other"]),
        ("", r#""lab/*": { alias: "x" }"#, &["lab/base", "lab/other"]),
    ] {
        let lab = Lab::new(&config(more, defaults), &[]);
        let catalogue = lab.models.model_catalogue(None).await;
        let listed: Vec<_> = catalogue.models.iter().map(|m| m.reference.to_string()).collect();
        assert_eq!(listed, expected, "{more} {defaults}");
        assert!(catalogue.models.iter().all(|model| model.available && !model.missing));
        // A model that the server has can be named even if it is not listed.
        assert_eq!(lab.info(Some("lab/base")).await.limits.context_window, 8192);
    }
    let lab = Lab::new(&config(named, r#""lab/*": {}"#), &[]);
    let catalogue = lab.models.model_catalogue(None).await;
    let other = find(&catalogue, "lab/other");
    assert_eq!((other.name.as_str(), other.window), ("Other", Some((1024, LimitSource::Config))));
    assert_eq!(find(&catalogue, "lab/base").window, Some((8192, LimitSource::Server)));
}

#[tokio::test]
async fn lm_studio_needs_no_address() {
    let lab = Lab::new("{ models: { providers: { lmstudio: {} } } }", &[]);
    let status = lab.models.setup_status();
    let (url, source) = status.providers[0].address.as_ref().unwrap();
    assert_eq!(url, "http://127.0.0.1:1234/v1");
    assert_eq!(source, "the built-in default for `lmstudio`");
    let unset = Lab::new("{}", &[]).error(Some("lmstudio/m")).await;
    assert_eq!(setup_kind(&unset), SetupErrorKind::UnknownProvider);
    assert!(hints(&unset).contains("http://127.0.0.1:1234/v1"), "{}", hints(&unset));
}

#[tokio::test]
async fn hosted_providers_are_not_asked() {
    let config = r#"{ models: { providers: { far: { baseUrl: "http://far.invalid/v1",
        models: [{ id: "big", contextWindow: 200000 }] } } } }"#;
    let catalogue = Lab::new(config, &[]).models.model_catalogue(None).await;
    let big = find(&catalogue, "far/big");
    assert_eq!(big.window, Some((200_000, LimitSource::Config)));
    assert!(!big.local && big.available && catalogue.failures.is_empty());
}
