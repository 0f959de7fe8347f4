//! `clocks`: how long each part of an answer may take.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::HumanDuration;

/// How long each part of an answer may take. Each is a number of seconds, or a text as `90s`,
/// `10m` or `2h`; 0 is no limit. What is set for a model wins over its server, and a clock that is
/// set here runs out even where the server is known to be busy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ClocksConfig {
    /// From the start of an attempt to an open connection; 5 s when it is left out.
    pub connect: Option<HumanDuration>,
    /// From the start of an attempt to the response's headers, connecting included. What is left
    /// out here and in the next two is `timeoutSeconds` of the server, or else
    /// `agents.defaults.llm.idleTimeoutSeconds`.
    pub response_headers: Option<HumanDuration>,
    /// From the headers to the first piece of the answer.
    #[schemars(extend("examples" = [600, "10m"]))]
    pub first_token: Option<HumanDuration>,
    /// From one piece of the answer to the next.
    pub between_tokens: Option<HumanDuration>,
    /// The whole call, all attempts and pauses included; `agents.defaults.timeoutSeconds` when it
    /// is left out.
    pub total: Option<HumanDuration>,
}

impl ClocksConfig {
    /// The clocks that are set, by their keys; `None` is no limit.
    pub fn configured_limits(&self) -> impl Iterator<Item = (&'static str, Option<Duration>)> {
        let all = [
            ("connect", self.connect),
            ("responseHeaders", self.response_headers),
            ("firstToken", self.first_token),
            ("betweenTokens", self.between_tokens),
            ("total", self.total),
        ];
        all.into_iter().filter_map(|(key, period)| {
            let HumanDuration(duration) = period?;
            Some((key, Some(duration).filter(|duration| !duration.is_zero())))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_set_is_told_by_its_key_and_zero_is_no_limit() {
        let config = json!({"connect": 2, "firstToken": "10m", "betweenTokens": 0, "total": null});
        let config = ClocksConfig::deserialize(&config).unwrap();
        let seconds: Vec<_> = config
            .configured_limits()
            .map(|(key, limit)| (key, limit.map(|limit| limit.as_secs())))
            .collect();
        let expected = [("connect", Some(2)), ("firstToken", Some(600)), ("betweenTokens", None)];
        assert_eq!(seconds, expected);
    }
}
