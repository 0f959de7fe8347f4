//! Scheduled jobs, as programs write them: what is to be done, when, and where its result goes.

use serde::{Deserialize, Serialize};

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct JobDefinition {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The agent that it asks; absent for the default agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// When it runs.
    pub schedule: JobTimes,
    /// The session that it runs in: `main`, `isolated`, or `session:` and a key.
    pub session_target: String,
    /// When its event is handled: `now` or `next-heartbeat`, which both begin a turn at once.
    pub wake_mode: JobWakeMode,
    /// What it does.
    pub payload: JobPayload,
    /// Where its result goes.
    pub delivery: JobDelivery,
    /// Whether a one-shot is removed once it has run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_after_run: Option<bool>,
    /// Who made it.
    #[serde(default)]
    pub origin: JobOrigin,
}

/// When an event of a job is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobWakeMode {
    /// At once.
    #[default]
    Now,
    /// With the next heartbeat.
    NextHeartbeat,
}

/// When a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum JobTimes {
    /// Once.
    #[non_exhaustive]
    At {
        /// When, in the format of ISO 8601; without a zone in UTC.
        at: String,
    },
    /// Every so often.
    #[non_exhaustive]
    Every {
        /// The interval, in milliseconds.
        every_ms: u64,
        /// One of the times, in milliseconds since the Unix epoch.
        #[serde(skip_serializing_if = "Option::is_none")]
        anchor_ms: Option<i64>,
    },
    /// Whenever a cron expression matches.
    #[non_exhaustive]
    Cron {
        /// The expression.
        expr: String,
        /// Its time zone; absent for that of the machine.
        #[serde(skip_serializing_if = "Option::is_none")]
        tz: Option<String>,
        /// Over how long the beginnings of such jobs are spread, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        stagger_ms: Option<u64>,
    },
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum JobPayload {
    /// Tells an agent in a session that goes on that something happened.
    #[non_exhaustive]
    SystemEvent {
        /// What.
        text: String,
    },
    /// Gives an agent a task, in a session of its own.
    #[non_exhaustive]
    AgentTurn {
        /// The task.
        message: String,
        /// The model, by reference or alias; absent for that of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The time limit, in seconds; absent for that of the config.
        #[serde(skip_serializing_if = "Option::is_none")]
        timeout_seconds: Option<u64>,
    },
}

/// Where the result of a job goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct JobDelivery {
    /// How.
    pub mode: JobDeliveryMode,
    /// The channel; `last` is the session that the user looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The key of a session, or the address of a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Whether a run is well although its result could not be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_effort: Option<bool>,
}

/// How the result of a job is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum JobDeliveryMode {
    /// Not at all.
    #[default]
    None,
    /// Into a session.
    Announce,
    /// To a web address.
    Webhook,
}

/// Who made a job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum JobOrigin {
    /// A person.
    #[default]
    Owner,
    /// An agent, in a session. The job runs with what restricts that session.
    #[non_exhaustive]
    Agent {
        /// The agent.
        agent_id: String,
        /// The key of the session.
        session_key: String,
        /// The device that the turn was for; absent for the owner of the gateway.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    },
    /// The config.
    System,
    /// The file of the original.
    Import,
}

impl JobOrigin {
    /// An agent, in a session.
    #[must_use]
    pub fn agent(agent_id: String, session_key: String, device: Option<String>) -> Self {
        Self::Agent { agent_id, session_key, device }
    }
}

impl JobDefinition {
    /// Whether a one-shot is removed once it has run well.
    #[must_use]
    pub fn is_removed_after_run(&self) -> bool {
        self.delete_after_run.unwrap_or(matches!(self.schedule, JobTimes::At { .. }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn job() -> Value {
        json!({
            "name": "brief",
            "schedule": { "kind": "cron", "expr": "0 7 * * *", "tz": "Europe/Berlin" },
            "sessionTarget": "isolated",
            "wakeMode": "now",
            "payload": { "kind": "agentTurn", "message": "go", "timeoutSeconds": 60 },
            "delivery": { "mode": "announce", "channel": "last" },
            "origin": { "kind": "agent", "agentId": "main", "sessionKey": "agent:main:main" },
        })
    }

    #[test]
    fn a_job_is_read_as_it_was_written() {
        let read: JobDefinition = from_value(job()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), job());
        assert!(!read.is_removed_after_run());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for pointer in ["", "/schedule", "/payload", "/delivery", "/origin"] {
            let mut job = job();
            let part = job.pointer_mut(pointer).unwrap();
            part.as_object_mut().unwrap().insert("onlyOn".to_owned(), json!("weekdays"));
            let error = from_value::<JobDefinition>(job).unwrap_err();
            assert!(error.to_string().contains("onlyOn"), "{pointer}: {error}");
        }
    }
}
