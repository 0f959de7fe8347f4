//! Visits that the lenient readers implement alike.

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

/// Implements the visits of numbers: `$read` reads their text.
macro_rules! numbers_as_text {
    ($read:expr) => {
        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok($read(number.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok($read(number.to_string()))
        }

        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            Ok($read(number.to_string()))
        }
    };
}
