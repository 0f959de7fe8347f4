//! What reads as absent everywhere.

/// Implements the visits that end in an absent value.
macro_rules! absent_values {
    ($absent:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($absent)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($absent)
        }
    };
}
