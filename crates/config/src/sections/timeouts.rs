//! `clocks`: the timeouts of the stages of an answer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::HumanDuration;

/// The timeouts of the stages of an answer. Each is a number of seconds, or a text such as `90s`,
/// `10m` or `2h`; 0 is no limit. A model's settings override its server's. A timeout set here
/// expires even if the server is known to be busy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClocksConfig {
    /// From the start of an attempt to an open connection. The default is 5 s.
    pub connect: Option<HumanDuration>,
    /// From the start of an attempt to the response headers, including the time to connect. The
    /// default of this and the next two is `timeoutSeconds` of the server, or else
    /// `agents.defaults.llm.idleTimeoutSeconds`.
    pub response_headers: Option<HumanDuration>,
    /// From the headers to the first delta of the answer.
    #[schemars(extend("examples" = [600, "10m"]))]
    pub first_token: Option<HumanDuration>,
    /// From one delta of the answer to the next.
    pub between_tokens: Option<HumanDuration>,
    /// The whole call, including retries and pauses. The default is
    /// `agents.defaults.timeoutSeconds`.
    pub total: Option<HumanDuration>,
}
