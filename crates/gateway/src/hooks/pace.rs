//! How many turns the webhooks may start.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The turns of an agent that webhooks may start within a minute, and at once.
const TURNS_PER_MINUTE: u32 = 60;

/// The time in which one more turn may start.
const TURN_INTERVAL: Duration = Duration::from_secs(1);

/// The turns that webhooks start, by agent.
#[derive(Debug, Default)]
pub(crate) struct HookPace(Mutex<HashMap<String, Instant>>);

impl HookPace {
    /// Counts a turn of an agent.
    ///
    /// # Errors
    /// When there were too many: how long to wait.
    pub(crate) fn take(&self, agent: &str) -> Result<(), Duration> {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // The time at which as many turns as there were would be due.
        let due = times.get(agent).copied().filter(|due| *due > now).unwrap_or(now);
        let burst = TURN_INTERVAL * (TURNS_PER_MINUTE - 1);
        let ahead = due.duration_since(now);
        if ahead > burst {
            return Err(ahead.saturating_sub(burst));
        }
        times.insert(agent.to_owned(), due + TURN_INTERVAL);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_agent_is_started_so_many_times_a_minute_and_others_are_not_held_up() {
        let pace = HookPace::default();
        for _ in 0..TURNS_PER_MINUTE {
            pace.take("main").unwrap();
        }
        let wait = pace.take("main").unwrap_err();
        assert!(wait <= TURN_INTERVAL, "{wait:?}");
        pace.take("work").unwrap();
        tokio::time::advance(TURN_INTERVAL).await;
        pace.take("main").unwrap();
        pace.take("main").unwrap_err();
    }
}
