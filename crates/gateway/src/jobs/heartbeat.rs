//! The heartbeat: an agent looks at its list from time to time. It is a job that the config makes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use openclaw_config::ActiveHoursConfig;
use openclaw_protocol::jobs::JobOrigin;
use openclaw_runtime::JobError;
use serde_json::{Value, json};

use super::{JobScheduler, now_ms, offload_job};

/// The file with what an agent looks at.
const HEARTBEAT_FILE: &str = "HEARTBEAT.md";

/// The largest such file that is looked at, in bytes.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// What an agent is told when the config does not say.
const DEFAULT_PROMPT: &str = "Look at HEARTBEAT.md of your workspace and do what it says is due now. Do \
                              not take up tasks from earlier messages again. If nothing needs \
                              attention, answer HEARTBEAT_OK and nothing else.";

/// The beginning of the ids of heartbeats.
const ID_PREFIX: &str = "heartbeat-";

impl JobScheduler {
    /// Makes the jobs of the config what it says.
    pub(crate) async fn sync_heartbeats(&self) -> Result<(), JobError> {
        let (book, now) = (self.book(), now_ms());
        let runtime = self.runtime();
        let synced = offload_job(move || {
            let config = &runtime.models().loaded_config().config;
            let mut wanted = Vec::new();
            for agent in config.agent_ids() {
                let heartbeat = config.heartbeat(agent);
                let Some(interval) = heartbeat.interval() else { continue };
                let id = format!("{ID_PREFIX}{agent}");
                let definition = json!({
                    "name": id,
                    "agentId": agent,
                    "schedule": { "kind": "every", "everyMs": interval.as_millis() },
                    "sessionTarget": if heartbeat.has_isolated_session() { "isolated" } else { "main" },
                    "wakeMode": "now",
                    "payload": heartbeat_payload(&heartbeat),
                    "delivery": { "mode": if heartbeat.has_isolated_session() { "announce" } else { "none" } },
                    "origin": { "kind": "system" },
                });
                let definition = serde_json::from_value(definition).map_err(|error| {
                    JobError::from_problem(format!("make the heartbeat of `{agent}`: {error}"))
                })?;
                book.set_system_job(&id, definition, now)?;
                wanted.push(id);
            }
            for job in book.list_jobs()? {
                if job.is_system_job() && !wanted.contains(&job.record.id) {
                    book.remove_job(&job.record.id, &JobOrigin::System)?;
                }
            }
            Ok(())
        })
        .await;
        self.mark_changed();
        synced
    }

    /// The model of a heartbeat, and its time limit in seconds.
    pub(super) fn heartbeat_limits(&self, agent: &str) -> (Option<String>, Option<u64>) {
        let heartbeat = self.runtime().models().loaded_config().config.heartbeat(agent);
        (heartbeat.model, heartbeat.timeout_seconds)
    }

    /// Why an agent does not look now.
    pub(super) fn heartbeat_pause(&self, agent: &str) -> Option<String> {
        let runtime = self.runtime();
        let heartbeat = runtime.models().loaded_config().config.heartbeat(agent);
        match is_active(&heartbeat.active_hours, now_ms()) {
            Ok(true) => {}
            Ok(false) => return Some("it is outside `heartbeat.activeHours`".to_owned()),
            Err(problem) => return Some(format!("`heartbeat.activeHours`: {problem}")),
        }
        if heartbeat.prompt.is_some() {
            return None;
        }
        let folder = runtime.agent_folder(agent).ok()?;
        let text = openclaw_fs::read_text(&folder.join(HEARTBEAT_FILE), MAX_FILE_BYTES);
        let has_tasks = text.is_ok_and(|text| text.lines().any(is_task));
        (!has_tasks).then(|| format!("{HEARTBEAT_FILE} is missing or has no task"))
    }
}

fn heartbeat_payload(heartbeat: &openclaw_config::HeartbeatConfig) -> Value {
    let prompt = heartbeat.prompt.as_deref().unwrap_or(DEFAULT_PROMPT);
    if !heartbeat.has_isolated_session() {
        return json!({ "kind": "systemEvent", "text": prompt });
    }
    let mut payload = json!({ "kind": "agentTurn", "message": prompt });
    if let Some(fields) = payload.as_object_mut() {
        if let Some(model) = &heartbeat.model {
            fields.insert("model".to_owned(), model.clone().into());
        }
        if let Some(seconds) = heartbeat.timeout_seconds {
            fields.insert("timeoutSeconds".to_owned(), seconds.into());
        }
    }
    payload
}

/// Whether a line says more than a heading or an empty box.
fn is_task(line: &str) -> bool {
    let line = line.trim();
    let bare = line.trim_start_matches(['-', '*', '+', ' ']).trim_start_matches("[ ]").trim();
    !line.starts_with('#') && !line.starts_with("<!--") && !bare.is_empty()
}

/// Whether a time is in hours of the day.
fn is_active(hours: &ActiveHoursConfig, now_ms: i64) -> Result<bool, String> {
    let (Some(start), Some(end)) = (&hours.start, &hours.end) else { return Ok(true) };
    let zone = match hours.timezone.as_deref() {
        None | Some("local" | "user") => TimeZone::system(),
        Some(name) => TimeZone::get(name).map_err(|_| format!("there is no time zone `{name}`"))?,
    };
    let now = Timestamp::from_millisecond(now_ms).map_err(|error| error.to_string())?;
    let time = now.to_zoned_datetime(zone).time();
    let now = i32::from(time.hour()) * 60 + i32::from(time.minute());
    let (start, end) = (read_minutes(start)?, read_minutes(end)?);
    Ok(if start <= end { (start..end).contains(&now) } else { now >= start || now < end })
}

/// The minutes of a time of day, `HH:MM`.
fn read_minutes(text: &str) -> Result<i32, String> {
    let problem = || format!("`{text}` is no time of day such as `08:00`");
    let (hours, minutes) = text.split_once(':').ok_or_else(problem)?;
    let number = |text: &str| text.parse::<u8>().map(i32::from).map_err(|_| problem());
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    if minutes > 59 || total > 24 * 60 { Err(problem()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_of_the_day_are_held() {
        let hours = |start: &str, end: &str| {
            let mut hours = ActiveHoursConfig::default();
            hours.start = Some(start.to_owned());
            hours.end = Some(end.to_owned());
            hours.timezone = Some("UTC".to_owned());
            hours
        };
        let at = |hour: i64| hour * 3_600_000;
        for (start, end, hour, expected) in [
            ("08:00", "22:00", 8, true),
            ("08:00", "22:00", 22, false),
            ("22:00", "06:00", 23, true),
            ("22:00", "06:00", 5, true),
            ("22:00", "06:00", 6, false),
            ("08:00", "24:00", 23, true),
        ] {
            assert_eq!(is_active(&hours(start, end), at(hour)), Ok(expected), "{start} {hour}");
        }
        assert!(is_active(&hours("8", "22:00"), 0).is_err());
        assert!(is_active(&hours("08:00", "24:30"), 0).is_err());
        assert_eq!(is_active(&ActiveHoursConfig::default(), 0), Ok(true));
    }

    #[test]
    fn a_list_without_a_task_is_empty() {
        for line in ["", "# Heartbeat", "- [ ] ", "  *  ", "<!-- nothing -->"] {
            assert!(!is_task(line), "{line}");
        }
        assert!(is_task("- [ ] look at the disk") && is_task("Look at the disk."));
    }
}
