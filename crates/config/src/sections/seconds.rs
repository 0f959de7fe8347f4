//! Periods that are read as whole seconds.

use serde::{Deserialize, Deserializer};

use super::HumanDuration;

/// Reads a number of seconds, or a text such as `90s`, `10m` or `2h`, as seconds.
pub(super) fn deserialize_seconds<'de, D>(deserializer: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    let period = Option::<HumanDuration>::deserialize(deserializer)?;
    Ok(period.map(|HumanDuration(duration)| duration.as_secs()))
}
