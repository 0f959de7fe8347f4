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
    for (id, provider) in &config.models.providers {
        let path = key("models.providers").key(id);
        let of_models =
            provider.models.iter().enumerate().map(|(n, model)| {
                (path.clone().key("models").index(n).key("clocks"), &model.clocks)
            });
        let clocks = of_models.chain([(path.clone().key("clocks"), &provider.clocks)]);
        for (path, clocks) in clocks {
            for (name, limit) in clocks.set() {
                let Some(limit) = limit.filter(|limit| *limit > run) else { continue };
                let (message, help) = told(limit.as_secs());
                say(path.clone().key(name), message, help);
            }
        }
    }
}
