//! `onServerLoss`: what to do when the connection to a server is lost.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

use crate::defaults::{SERVER_LOSS_POLL_SECONDS, SERVER_LOSS_WAIT_SECONDS};

/// What to do when the connection to a server is lost during an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerLossConfig {
    /// How long to wait for the server to return; 0 is not at all.
    #[schemars(extend("default" = SERVER_LOSS_WAIT_SECONDS))]
    pub wait: Option<HumanDuration>,
    /// The interval between attempts to reach the server.
    #[schemars(extend("default" = SERVER_LOSS_POLL_SECONDS))]
    pub poll: Option<HumanDuration>,
}

impl ServerLossConfig {
    /// How long to wait for the server to return; `None` for not at all.
    #[must_use]
    pub fn wait_limit(&self) -> Option<Duration> {
        let set = self.wait.map(|wait| wait.0);
        Some(set.unwrap_or(Duration::from_secs(SERVER_LOSS_WAIT_SECONDS)))
            .filter(|wait| !wait.is_zero())
    }

    /// The interval between attempts to reach the server; at least 100 ms.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        let set = self.poll.map(|poll| poll.0);
        set.unwrap_or(Duration::from_secs(SERVER_LOSS_POLL_SECONDS)).max(Duration::from_millis(100))
    }
}

/// A duration: a number of seconds, or a text such as `90s`, `10m` or `2h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// Parses digits with a unit: `s`, `m` or `h`.
    fn parse_units(text: &str) -> Option<Self> {
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds_each = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return None,
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: u64 = digits.parse().ok().filter(|_| is_number)?;
        Some(Self(Duration::from_secs(count.checked_mul(seconds_each)?)))
    }
}

/// A text that is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of seconds, or a text such as 90s, 10m or 2h")]
pub struct InvalidDuration;

/// Parses a text as in a config, or a number of seconds without quotes.
impl FromStr for HumanDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let in_seconds = || Self::parse_units(&format!("{text}s"));
        Self::parse_units(text).or_else(in_seconds).ok_or(InvalidDuration)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = HumanDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of seconds, or a string like \"90s\", \"10m\" or \"2h\"")
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<HumanDuration, E> {
        Ok(HumanDuration(Duration::from_secs(seconds)))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<HumanDuration, E> {
        let invalid = || E::invalid_value(serde::de::Unexpected::Signed(seconds), &self);
        u64::try_from(seconds).map_err(|_| invalid()).and_then(|seconds| self.visit_u64(seconds))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<HumanDuration, E> {
        let invalid = || E::invalid_value(serde::de::Unexpected::Float(seconds), &self);
        let duration = Duration::try_from_secs_f64(seconds).map_err(|_| invalid())?;
        if duration.subsec_nanos() == 0 { Ok(HumanDuration(duration)) } else { Err(invalid()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<HumanDuration, E> {
        let invalid = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        HumanDuration::parse_units(text).ok_or_else(invalid)
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^[0-9]+[smh]$"
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &serde_json::Value) -> Result<(Option<u64>, u128), serde_json::Error> {
        let config = ServerLossConfig::deserialize(value)?;
        Ok((config.wait_limit().map(|wait| wait.as_secs()), config.poll_interval().as_millis()))
    }

    #[test]
    fn a_time_is_a_number_of_seconds_or_has_its_unit() {
        for (value, wait, poll) in [
            (json!({}), Some(600), 2_000),
            (json!({"wait": null, "poll": null}), Some(600), 2_000),
            (json!({"wait": 30, "poll": 5}), Some(30), 5_000),
            (json!({"wait": "10m", "poll": "1s"}), Some(600), 1_000),
            (json!({"wait": "2h"}), Some(7_200), 2_000),
            (json!({"wait": 0, "poll": 0}), None, 100),
            (json!({"wait": "0s"}), None, 2_000),
        ] {
            assert_eq!(read(&value).unwrap(), (wait, poll), "{value}");
        }
        for value in ["10", "m", "", "+1m", "1.5h", "10 m", "1d", "99999999999999999h", "1µ"] {
            assert!(read(&json!({"wait": value})).is_err(), "{value}");
        }
        let typed = |text: &str| text.parse().map(|HumanDuration(duration)| duration.as_secs());
        let typed = ["90", "10m", "0", "m", "-1", ""].map(|text| typed(text).ok());
        assert_eq!(typed, [Some(90), Some(600), Some(0), None, None, None]);
        assert!(read(&json!({"wait": -1})).is_err());
        assert!(read(&json!({"wait": true})).is_err());
    }
}
