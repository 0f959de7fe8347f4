//! Knowledge is shared, told of, and shapes limits.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn every_lack_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = Lack::ALL.into_iter().map(Lack::name).collect();
    assert_eq!(names.len(), Lack::ALL.len());
    for lack in Lack::ALL {
        assert_eq!(Lack::from_name(lack.name()), Some(lack));
    }
    assert_eq!(Lack::from_name("nothing"), None);
}

#[test]
fn a_change_is_told_once_and_shared() {
    let knowledge = Knowledge::default();
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    knowledge.on_change(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let other = knowledge.clone();
    assert!(other.learn_lack(Lack::SystemRole));
    assert!(!knowledge.learn_lack(Lack::SystemRole));
    assert!(knowledge.facts().lack(Lack::SystemRole));
    assert!(knowledge.learn_window(4096));
    assert!(!knowledge.learn_window(4096));
    assert!(knowledge.learn_schema_keyword("minItems"));
    assert!(knowledge.forget_lack(Lack::SystemRole));
    assert_eq!(told.load(Ordering::Relaxed), 4);
}

#[test]
fn the_smaller_window_counts_and_one_that_nobody_knew_is_replaced() {
    use LimitSource::{Cached, Config, Fallback, Live};
    let table = [
        (16_384, Config, 4096, (4096, Live)),
        (4096, Config, 16_384, (4096, Config)),
        (8192, Fallback, 16_384, (16_384, Live)),
    ];
    for (window, window_source, learnt, expected) in table {
        let limits = ModelLimits { window, window_source, output: None };
        let knowledge = Knowledge::default();
        assert_eq!(knowledge.limits(limits), limits);
        knowledge.learn_window(learnt);
        let found = knowledge.limits(limits);
        assert_eq!((found.window, found.window_source), expected);
    }
    let limits = ModelLimits { window: 16_384, window_source: Config, output: None };
    let seeded = Knowledge::new(Facts { window: Some(4096), ..Facts::default() });
    assert_eq!(seeded.limits(limits).window_source, Cached);
}
