//! Capabilities are shared, reported, and applied to limits.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn every_lack_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = ServerFeature::ALL.into_iter().map(ServerFeature::name).collect();
    assert_eq!(names.len(), ServerFeature::ALL.len());
    for lack in ServerFeature::ALL {
        assert_eq!(ServerFeature::from_name(lack.name()), Some(lack));
    }
    assert_eq!(ServerFeature::from_name("nothing"), None);
}

#[test]
fn a_change_is_reported_once_and_shared() {
    let knowledge = CapabilityStore::default();
    let notification_count = Arc::new(AtomicUsize::new(0));
    let listener_count = Arc::clone(&notification_count);
    knowledge.on_change(move |_| {
        listener_count.fetch_add(1, Ordering::Relaxed);
    });
    let other = knowledge.clone();
    assert!(other.mark_unsupported(ServerFeature::SystemRole));
    assert!(!knowledge.mark_unsupported(ServerFeature::SystemRole));
    assert!(knowledge.current_capabilities().is_unsupported(ServerFeature::SystemRole));
    assert!(knowledge.record_context_window(4096));
    assert!(!knowledge.record_context_window(4096));
    assert!(knowledge.record_refused_keyword("minItems"));
    assert!(knowledge.mark_supported(ServerFeature::SystemRole));
    assert_eq!(notification_count.load(Ordering::Relaxed), 4);
}

#[test]
fn the_smaller_window_counts_and_one_that_nobody_knew_is_replaced() {
    use LimitSource::{Cached, Config, Fallback, Server};
    let table = [
        (16_384, Config, 4096, (4096, Server)),
        (4096, Config, 16_384, (4096, Config)),
        (8192, Fallback, 16_384, (16_384, Server)),
    ];
    for (window, window_source, observed_window, expected) in table {
        let limits = ModelLimits {
            context_window: window,
            context_window_source: window_source,
            max_output_tokens: None,
        };
        let knowledge = CapabilityStore::default();
        assert_eq!(knowledge.effective_limits(limits), limits);
        knowledge.record_context_window(observed_window);
        let found = knowledge.effective_limits(limits);
        assert_eq!((found.context_window, found.context_window_source), expected);
    }
    let limits = ModelLimits {
        context_window: 16_384,
        context_window_source: Config,
        max_output_tokens: None,
    };
    let seeded = CapabilityStore::new(ServerCapabilities {
        context_window: Some(4096),
        ..ServerCapabilities::default()
    });
    assert_eq!(seeded.effective_limits(limits).context_window_source, Cached);
}
