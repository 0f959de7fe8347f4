//! Lints timeouts that can never expire.

use super::{ReportWarning, parse_key};
use crate::path::KeyPath;
use crate::sections::Config;

const RUN_TIMEOUT_KEY: &str = "agents.defaults.timeoutSeconds";
const IDLE_TIMEOUT_KEY: &str = "agents.defaults.llm.idleTimeoutSeconds";

pub(super) fn lint_clocks(config: &Config, report: &mut ReportWarning<'_>) {
    let defaults = &config.agents.defaults;
    let Some(run) = defaults.run_timeout() else { return };
    let describe_excess = |idle: u64| {
        let run = run.as_secs();
        let message = format!(
            "{idle} s is more than the {run} s of `{RUN_TIMEOUT_KEY}`: a run is ended before its silent \
             model is given up"
        );
        (message, format!("set it below {run}, or `{RUN_TIMEOUT_KEY}` above {idle}"))
    };
    if let Some(idle) = defaults.llm.idle_timeout_seconds.filter(|idle| *idle > run.as_secs()) {
        let (message, help) = describe_excess(idle);
        report(parse_key(IDLE_TIMEOUT_KEY), message, help);
    }
    for (id, provider) in &config.models.providers {
        let Some(idle) = provider.timeout_seconds.filter(|idle| *idle > run.as_secs()) else {
            continue;
        };
        let (message, help) = describe_excess(idle);
        report(KeyPath::for_provider(id).with_key("timeoutSeconds"), message, help);
    }
    for (id, provider) in &config.models.providers {
        let path = KeyPath::for_provider(id);
        let of_models = provider.models.iter().enumerate().map(|(n, model)| {
            (path.clone().with_key("models").with_index(n).with_key("clocks"), &model.clocks)
        });
        let clocks = of_models.chain([(path.clone().with_key("clocks"), &provider.clocks)]);
        for (path, clocks) in clocks {
            for limit in clocks.time_limits(&path).iter() {
                let Some(duration) = limit.duration.filter(|limit| *limit > run) else { continue };
                let (message, help) = describe_excess(duration.as_secs());
                report(limit.key.clone(), message, help);
            }
        }
    }
}
