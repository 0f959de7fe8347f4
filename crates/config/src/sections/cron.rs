//! `cron` and `heartbeat`: what runs by schedule.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, HumanDuration};
use crate::secret::SecretInput;

/// The failures in a row after which a job is reported.
const ALERT_AFTER: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// How long a failing job is not reported again, in milliseconds.
const ALERT_COOLDOWN_MS: u64 = 3_600_000;

/// The scheduled runs that go on at once.
const CONCURRENT_RUNS: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// What the gateway runs by schedule.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CronConfig {
    /// Whether the gateway runs jobs by schedule.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// Whether slots that were missed while no gateway ran are skipped. Otherwise one run makes up
    /// for all that a job missed.
    #[schemars(extend("default" = false))]
    pub skip_missed_jobs: Option<bool>,
    /// The scheduled runs that go on at once.
    #[schemars(extend("default" = CONCURRENT_RUNS.get()))]
    pub max_concurrent_runs: Option<NonZeroU32>,
    /// The token that deliveries to webhooks carry in `Authorization: Bearer`.
    pub webhook_token: Option<SecretInput>,
    /// When failures of a job are reported.
    pub failure_alert: CronFailureAlertConfig,
}

/// When failures of a job are reported.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CronFailureAlertConfig {
    /// Whether they are.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// The failures in a row after which a job is reported.
    #[schemars(extend("default" = ALERT_AFTER.get()))]
    pub after: Option<NonZeroU32>,
    /// How long a failing job is not reported again, in milliseconds.
    #[schemars(extend("default" = ALERT_COOLDOWN_MS))]
    pub cooldown_ms: Option<u64>,
}

/// What an agent looks at by itself, from time to time.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct HeartbeatConfig {
    /// The time between two looks, such as `30m`; without it, or with `0m`, there are none.
    pub every: Option<HumanDuration>,
    /// What the agent is told. By default it is told to follow `HEARTBEAT.md` of its workspace, and
    /// nothing happens when that is missing or empty.
    pub prompt: Option<String>,
    /// The model, as `provider/model-id` or alias.
    pub model: Option<String>,
    /// The time limit of a look, in seconds.
    #[schemars(range(min = 1))]
    pub timeout_seconds: Option<u64>,
    /// Whether each look has a session of its own, instead of the agent's main session.
    #[schemars(extend("default" = false))]
    pub isolated_session: Option<bool>,
    /// The hours of the day in which the agent looks.
    pub active_hours: ActiveHoursConfig,
}

/// Hours of the day.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActiveHoursConfig {
    /// When they begin, as `HH:MM`.
    pub start: Option<String>,
    /// When they end, as `HH:MM`; `24:00` is the end of the day.
    pub end: Option<String>,
    /// The time zone, such as `Europe/Berlin`; `local` or nothing is that of the machine.
    pub timezone: Option<String>,
}

impl CronConfig {
    /// Whether jobs run by schedule.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Whether missed slots are skipped.
    #[must_use]
    pub fn skips_missed_jobs(&self) -> bool {
        self.skip_missed_jobs.unwrap_or(false)
    }

    /// The scheduled runs that go on at once.
    #[must_use]
    pub fn max_concurrent_runs(&self) -> u32 {
        self.max_concurrent_runs.unwrap_or(CONCURRENT_RUNS).get()
    }
}

impl CronFailureAlertConfig {
    /// The failures in a row after which a job is reported; `None` when none is.
    #[must_use]
    pub fn after(&self) -> Option<u32> {
        self.enabled.unwrap_or(true).then(|| self.after.unwrap_or(ALERT_AFTER).get())
    }

    /// How long a failing job is not reported again, in milliseconds.
    #[must_use]
    pub fn cooldown_ms(&self) -> u64 {
        self.cooldown_ms.unwrap_or(ALERT_COOLDOWN_MS)
    }
}

impl HeartbeatConfig {
    /// The time between two looks; `None` when there are none.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.every.map(|every| every.0).filter(|every| !every.is_zero())
    }

    /// Whether each look has a session of its own.
    #[must_use]
    pub fn has_isolated_session(&self) -> bool {
        self.isolated_session.unwrap_or(false)
    }

    /// What is not set comes from another heartbeat.
    fn or(self, other: &Self) -> Self {
        let hours = &other.active_hours;
        Self {
            every: self.every.or(other.every),
            prompt: self.prompt.or_else(|| other.prompt.clone()),
            model: self.model.or_else(|| other.model.clone()),
            timeout_seconds: self.timeout_seconds.or(other.timeout_seconds),
            isolated_session: self.isolated_session.or(other.isolated_session),
            active_hours: ActiveHoursConfig {
                start: self.active_hours.start.or_else(|| hours.start.clone()),
                end: self.active_hours.end.or_else(|| hours.end.clone()),
                timezone: self.active_hours.timezone.or_else(|| hours.timezone.clone()),
            },
        }
    }
}

impl Config {
    /// The heartbeat of an agent. When an agent has one of its own, those without have none.
    #[must_use]
    pub fn heartbeat(&self, agent: &str) -> HeartbeatConfig {
        let general = &self.agents.defaults.heartbeat;
        let own = self.agent_entries(agent).find_map(|entry| entry.heartbeat.clone());
        let has_own = |id: &&str| self.agent_entries(id).any(|entry| entry.heartbeat.is_some());
        match own {
            Some(own) => own.or(general),
            None if self.agent_ids().iter().any(has_own) => HeartbeatConfig::default(),
            None if agent == self.default_agent() => general.clone(),
            None => HeartbeatConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn read(text: &str) -> Config {
        Config::parse(text, &Env::default()).unwrap().config
    }

    #[test]
    fn only_agents_with_a_heartbeat_of_their_own_have_one_when_any_does() {
        let config = read("{ agents: { defaults: { heartbeat: { every: '30m', prompt: 'p' } } } }");
        assert_eq!(config.heartbeat("main").interval(), Some(Duration::from_mins(30)));
        let config = read(
            "{ agents: { defaults: { heartbeat: { every: '30m', prompt: 'p' } },
               entries: { main: {}, ops: { heartbeat: { every: '1h' } } } } }",
        );
        assert_eq!(config.heartbeat("main").interval(), None);
        let ops = config.heartbeat("ops");
        assert_eq!(
            (ops.interval(), ops.prompt.as_deref()),
            (Some(Duration::from_hours(1)), Some("p"))
        );
        assert_eq!(read("{}").heartbeat("main").interval(), None);
        let off = read("{ agents: { defaults: { heartbeat: { every: '0m' } } } }");
        assert_eq!(off.heartbeat("main").interval(), None);
    }

    #[test]
    fn alerts_come_after_two_failures_unless_they_are_off() {
        let config = read("{}").cron;
        assert_eq!((config.failure_alert.after(), config.max_concurrent_runs()), (Some(2), 2));
        let config = read("{ cron: { enabled: false, failureAlert: { enabled: false } } }").cron;
        assert_eq!((config.is_enabled(), config.failure_alert.after()), (false, None));
    }
}
