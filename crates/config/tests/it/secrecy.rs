//! Secrets are never shown.

use openclaw_config::{Config, Env};

/// Every position of a secret, once valid and once with a problem beside or in it.
const TEXT: &str = r#"{
  gateway: { auth: { token: "canary-1", password: "canary-2", tokn: "x" }, port: "wrong" },
  models: { providers: {
    vllm: { apiKey: "canary-3", headers: { "X-Team": "canary-4", Authorization: 'Bearer canary-5' } },
    b: { apiKey: ["canary-6"], headers: { a: 1 }, baseUrl: 5 },
    e: { baseUrl: "http://me:canary-10@{bad" }, f: { baseUrl: "http://box?key=canary-11" },
    c: { apiKey: { source: "canary", id: "A" } },
    d: { apiKey: "CANARY_KEY", models: [{ id: "m", headers: { Cookie: "canary-7" } }] },
  } },
  tools: { web: { search: { apiKey: "canary-8" } } },
  plugins: { entries: { google: { config: { webSearch: { apiKey: "canary-9" } } } } },
}"#;

#[test]
fn debug_and_diagnostics_and_the_shown_text_have_no_secret() {
    let loaded = Config::parse(TEXT, &Env::default()).unwrap();
    assert!(loaded.diagnostics.len() >= 6);
    let mut shown = format!("{loaded:?}");
    for diagnostic in &loaded.diagnostics {
        shown.push_str(&diagnostic.to_string());
    }
    let text = loaded.redacted_text().unwrap();
    assert_eq!(text.len(), TEXT.len());
    shown.push_str(&text);
    assert!(!shown.to_lowercase().contains("canary"), "{shown}");
}

#[test]
fn a_broken_text_is_shown_without_what_looks_like_a_secret() {
    let broken = &TEXT[..TEXT.len() - 1];
    let error = Config::parse(broken, &Env::default()).unwrap_err();
    let shown = format!("{error:?}").to_lowercase();
    for hidden in ["canary-1", "canary-2", "canary-3", "canary-5", "canary_key", "canary-9"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}
