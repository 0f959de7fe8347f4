//! Clocks that can never fire.

use super::{Say, key};
use crate::sections::Config;

const RUN: &str = "agents.defaults.timeoutSeconds";
const IDLE: &str = "agents.defaults.llm.idleTimeoutSeconds";

pub(super) fn find(config: &Config, say: &mut Say<'_>) {
    let defaults = &config.agents.defaults;
    let Some(run) = defaults.timeout() else { return };
    let told = |idle: u64| {
        let run = run.as_secs();
        let message = format!(
            "{idle} s is more than the {run} s of `{RUN}`: a run is ended before its silent \
             model is given up"
        );
        (message, format!("set it below {run}, or `{RUN}` above {idle}"))
    };
    if let Some(idle) = defaults.llm.idle_timeout_seconds.filter(|idle| *idle > run.as_secs()) {
        let (message, help) = told(idle);
        say(key(IDLE), message, help);
    }
    for (id, provider) in &config.models.providers {
        let Some(idle) = provider.timeout_seconds.filter(|idle| *idle > run.as_secs()) else {
            continue;
        };
        let (message, help) = told(idle);
        say(key("models.providers").key(id).key("timeoutSeconds"), message, help);
    }
}
