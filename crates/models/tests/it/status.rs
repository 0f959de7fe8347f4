//! The status of a setup, without contacting servers.

use openclaw_models::ProviderCredential;

use crate::lab::Lab;

#[tokio::test]
async fn a_setup_is_reported_with_its_sources_and_without_its_keys() {
    let config = r#"{
        models: { providers: {
            lab: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "literal-secret" },
            open: { baseUrl: "http://127.0.0.1:9/v1" },
            wrong: { baseUrl: "ftp://127.0.0.1" },
        } },
        agents: { defaults: {
            model: { primary: "main", fallbacks: ["open/b"] },
            models: { "lab/a": { alias: "main" } } } },
    }"#;
    let lab = Lab::new(config, &[("VLLM_API_KEY", "secret-of-vllm")]);
    let status = lab.models.setup_status();
    assert_eq!(status.config_path, lab.state().join("openclaw.json").display().to_string());
    assert_eq!(status.default_model.as_deref(), Some("main"));
    assert_eq!(status.resolved_default.as_ref().unwrap().to_string(), "lab/a");
    assert_eq!(
        (status.fallbacks.as_slice(), status.allowed.as_slice()),
        (&["open/b".to_owned()][..], &["lab/a".to_owned()][..])
    );
    assert_eq!(status.aliases.get("main").map(String::as_str), Some("lab/a"));
    let ids: Vec<_> = status.providers.iter().map(|provider| provider.id.as_str()).collect();
    assert_eq!(ids, ["lab", "open", "wrong", "vllm"]);
    let credential = |source: &str, fingerprint: &str| {
        Some(ProviderCredential { source: source.to_owned(), fingerprint: fingerprint.to_owned() })
    };
    let credentials: Vec<_> =
        status.providers.iter().map(|provider| provider.credential.clone()).collect();
    let literal = credential("config literal", "li..et");
    assert_eq!(credentials, [literal, None, None, credential("env VLLM_API_KEY", "se..lm")]);
    let addresses: Vec<_> = status.providers.iter().map(|p| p.address.as_ref().ok()).collect();
    let (url, source) = addresses[0].unwrap();
    assert_eq!(url, "http://127.0.0.1:9/v1");
    assert_eq!(source, "models.providers.lab.baseUrl (line 3)");
    assert!(addresses[2].is_none());
    let (url, source) = addresses[3].unwrap();
    assert_eq!(url, "http://127.0.0.1:8000/v1");
    assert_eq!(source, "the built-in default for `vllm`");
    let shown = format!("{status:?} {:?}", lab.models);
    assert!(!shown.contains("literal-secret") && !shown.contains("secret-of-vllm"), "{shown}");
}
