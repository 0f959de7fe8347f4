//! `session`: which conversation a turn belongs to, and when a new one begins.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::defaults::MAIN_SESSION_KEY;

/// The hour at which a daily reset happens when none is set.
const RESET_HOUR: u8 = 4;

/// The idle time after which a conversation ends when the mode is `idle` and no time is set.
const IDLE_MINUTES: u32 = 60;

/// The messages that begin a new session whatever is configured.
const RESET_COMMANDS: [&str; 2] = ["/new", "/reset"];

/// The milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// Which conversation a turn belongs to, and when a new one begins.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionConfig {
    /// Whether each project folder has a conversation of its own (`per-sender`), or all share one
    /// (`global`).
    #[schemars(extend("default" = "per-sender"))]
    pub scope: Option<SessionScope>,
    /// The last part of the key of an agent's conversation outside projects, `agent:ID:main`.
    #[schemars(extend("default" = MAIN_SESSION_KEY))]
    pub main_key: Option<String>,
    /// When a conversation ends, so that the next message begins a new one.
    pub reset: SessionResetConfig,
    /// An older form of `reset: { mode: "idle", idleMinutes }`.
    #[schemars(range(min = 1))]
    pub idle_minutes: Option<u32>,
    /// Messages that begin a new conversation, besides `/new` and `/reset`.
    pub reset_triggers: Vec<String>,
}

/// Who shares a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionScope {
    /// Each project folder has its own.
    PerSender,
    /// All folders share one for each agent.
    Global,
}

/// When a conversation ends. Whichever comes first counts; without any of the keys it never does.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionResetConfig {
    /// What ends a conversation.
    pub mode: Option<SessionResetMode>,
    /// The hour, in UTC, at which a conversation ends in the mode `daily`.
    #[schemars(range(max = 23), extend("default" = RESET_HOUR))]
    pub at_hour: Option<u8>,
    /// The minutes without a message after which a conversation ends.
    #[schemars(range(min = 1), extend("default" = IDLE_MINUTES))]
    pub idle_minutes: Option<u32>,
}

/// What ends a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionResetMode {
    /// Nothing.
    None,
    /// An hour of the day, and `idleMinutes` when it is set.
    Daily,
    /// Time without a message.
    Idle,
}

impl SessionConfig {
    /// Whether all folders share a conversation.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.scope == Some(SessionScope::Global)
    }

    /// The last part of the key of an agent's conversation outside projects.
    #[must_use]
    pub fn main_key(&self) -> &str {
        let set = self.main_key.as_deref().map(str::trim);
        set.filter(|key| !key.is_empty()).unwrap_or(MAIN_SESSION_KEY)
    }

    /// The rest of a message behind a trigger that begins a new session: `/new`, `/reset` or one of
    /// `resetTriggers`. Case does not matter. `None` without such a trigger.
    #[must_use]
    pub fn strip_reset_trigger<'m>(&self, message: &'m str) -> Option<&'m str> {
        let own = self.reset_triggers.iter().map(|trigger| trigger.trim());
        RESET_COMMANDS.into_iter().chain(own).find_map(|trigger| strip_trigger(message, trigger))
    }

    /// Why a conversation that was used last at `last_used` has ended at `now`, both in
    /// milliseconds of Unix time; `None` when it goes on.
    #[must_use]
    pub fn end_reason(&self, last_used: u64, now: u64) -> Option<String> {
        let SessionResetConfig { mode, at_hour, idle_minutes } = self.reset;
        let idle = match mode {
            Some(SessionResetMode::None) => return None,
            Some(SessionResetMode::Idle) => {
                Some(idle_minutes.or(self.idle_minutes).unwrap_or(IDLE_MINUTES))
            }
            Some(SessionResetMode::Daily) | None => idle_minutes.or(self.idle_minutes),
        };
        if let Some(minutes) = idle.filter(|minutes| *minutes > 0) {
            let limit = Duration::from_secs(u64::from(minutes) * 60);
            if Duration::from_millis(now.saturating_sub(last_used)) > limit {
                return Some(format!("nothing was said for {minutes} minutes"));
            }
        }
        if mode == Some(SessionResetMode::Daily) {
            let hour = u64::from(at_hour.unwrap_or(RESET_HOUR).min(23));
            let offset = hour * DAY_MS / 24;
            let boundary = (now.saturating_sub(offset) / DAY_MS) * DAY_MS + offset;
            if last_used < boundary && boundary <= now {
                return Some(format!("it is past {hour}:00 UTC"));
            }
        }
        None
    }
}

/// The rest of a message behind a trigger at its beginning.
fn strip_trigger<'m>(message: &'m str, trigger: &str) -> Option<&'m str> {
    let (head, rest) = message.split_at_checked(trigger.len())?;
    let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
    let is_trigger = !trigger.is_empty() && is_whole && head.eq_ignore_ascii_case(trigger);
    is_trigger.then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_ends_by_its_age_or_by_the_hour() {
        const HOUR: u64 = 3_600_000;
        let day = 20_000 * DAY_MS;
        for (text, last_used, now, ends) in [
            ("{}", 0, day, false),
            ("{ reset: { mode: 'none', idleMinutes: 1 } }", 0, day, false),
            ("{ idleMinutes: 60 }", day, day + HOUR, false),
            ("{ idleMinutes: 60 }", day, day + HOUR + 1, true),
            ("{ reset: { mode: 'idle', idleMinutes: 30 } }", day, day + HOUR, true),
            ("{ reset: { mode: 'idle' } }", day, day + HOUR / 2, false),
            ("{ reset: { mode: 'daily' } }", day + 3 * HOUR, day + 5 * HOUR, true),
            ("{ reset: { mode: 'daily' } }", day + 5 * HOUR, day + 27 * HOUR, false),
            ("{ reset: { mode: 'daily' } }", day + 5 * HOUR, day + 28 * HOUR, true),
            ("{ reset: { mode: 'daily', atHour: 0 } }", day - 1, day, true),
            ("{ reset: { mode: 'daily', idleMinutes: 5 } }", day + 5 * HOUR, day + 6 * HOUR, true),
        ] {
            let config: SessionConfig = json5::from_str(text).unwrap();
            assert_eq!(config.end_reason(last_used, now).is_some(), ends, "{text} {now}");
        }
    }
}
