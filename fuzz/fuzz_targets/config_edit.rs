//! Any edit of any text is refused and changes nothing, or is read back as it was meant.
//!
//! An input is a text, a path and a value, each two apart by a zero byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use openclaw_config::{Document, NewValue};

fuzz_target!(|bytes: &[u8]| {
    let input = String::from_utf8_lossy(bytes);
    let mut parts = input.splitn(3, '\0');
    let mut next = || parts.next().unwrap_or_default();
    let (text, path, value) = (next(), next(), next());
    let Ok(mut document) = Document::parse(text) else { return };
    let Ok(path) = document.path(path) else { return };
    if let Ok(value) = NewValue::parse(value) {
        match document.set(&path, &value) {
            Ok(()) => assert!(document.has(&path)),
            Err(_) => assert_eq!(document.text(), text),
        }
    }
    let before = document.text().to_owned();
    match document.unset(&path) {
        Ok(()) => assert!(Document::parse(document.text()).is_ok()),
        Err(_) => assert_eq!(document.text(), before),
    }
});
