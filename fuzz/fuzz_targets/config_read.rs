//! Any bytes are a config or are explained, at places that are in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openclaw_config::{Config, Env};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let outcome = Config::parse(&text, &Env::default());
    let diagnostics = match &outcome {
        Ok(loaded) => {
            assert_eq!(loaded.text_to_show().map(|shown| shown.len()), Some(text.len()));
            loaded.diagnostics.as_slice()
        }
        Err(error) => {
            assert!(!error.diagnostics().is_empty());
            error.diagnostics()
        }
    };
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
        }
    }
});
