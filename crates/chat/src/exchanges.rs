//! Exchanges with model servers, as a person reads them.

mod description;
mod lookup;
mod summary;
mod timestamp;

pub use self::description::{ExchangeDetail, describe_exchange};
pub use self::lookup::{ExchangeSelector, find_exchange, open_trace_store, print_enable_hint};
pub use self::summary::{
    answer_bytes, format_millis, outcome_text, prompt_bytes, seconds_ago, table_row,
};
pub use self::timestamp::{format_time_of_day, format_utc};
