//! One row of the session list.

use std::time::Duration;

use openclaw_chat::{CommandContext, format_age, session_age};
use openclaw_core::ModelRef;
use openclaw_protocol::parts::whole_millis;
use openclaw_protocol::results::sessions::{SessionRowReport, SubagentUsageReport};
use openclaw_runtime::{ChildUsage, SessionInfo, Store};

/// The shortest id shown, in characters.
const MIN_SHORT_ID_LEN: usize = 8;

/// A session with its context window and running state.
#[derive(Debug)]
pub(crate) struct SessionRow {
    pub(super) info: SessionInfo,
    /// The context window of the model that answered last, in tokens; `None` when unknown.
    pub(super) window: Option<u32>,
    /// Whether a process runs a turn in it now.
    pub(super) is_running: bool,
    /// What its tokens cost, in US dollars by the price of the model that answered last; `None`
    /// without a price.
    pub(crate) cost: Option<f64>,
    /// The key of the session whose sub-agent it is.
    pub(super) spawned_by: Option<String>,
    /// What its sub-agents used.
    pub(super) children: ChildUsage,
}

impl SessionRow {
    pub(crate) fn new(context: &CommandContext, store: &Store, info: SessionInfo) -> Self {
        let model = info.model.as_deref().and_then(|model| model.parse::<ModelRef>().ok());
        let cost = model.as_ref().and_then(|model| {
            let models = &context.models.loaded_config().config.models;
            let cost = models.model_cost(model.provider_id(), model.model_id())?;
            Some(cost.usage_cost(info.input_tokens, info.cached_tokens, info.output_tokens).total)
        });
        let window = model.and_then(|model| context.models.known_window(&model));
        // When the lease cannot be checked, the turn counts as interrupted: the user can act on
        // that.
        let is_running = info.turn_open && store.is_in_use(&info.id).unwrap_or(false);
        // What cannot be read is shown by what does read it.
        let child_run = store.child_run_with_key(&info.key).ok().flatten();
        let children = store.child_usage(&info.id).unwrap_or_default();
        let spawned_by = child_run.map(|run| run.parent_key);
        Self { info, window, is_running, cost, spawned_by, children }
    }

    /// Returns true when the last turn did not end and no process runs it.
    pub(super) fn is_interrupted(&self) -> bool {
        self.info.turn_open && !self.is_running
    }

    pub(super) fn state_name(&self) -> &'static str {
        match self.info.turn_open {
            true if self.is_running => "running",
            true => "interrupted",
            false => "idle",
        }
    }

    pub(super) fn last_used_age(&self) -> Duration {
        session_age(&self.info)
    }

    /// How full the context window is, in per cent.
    fn context_percent(&self) -> Option<u64> {
        let window = u64::from(self.window.filter(|window| *window > 0)?);
        Some(self.info.context_tokens?.saturating_mul(100) / window)
    }

    /// The table's cells; `short_id` is the part of the id to show.
    pub(super) fn table_cells(&self, short_id: &str) -> [String; 9] {
        let info = &self.info;
        let context = match (info.context_tokens, self.window, self.context_percent()) {
            (Some(tokens), Some(window), Some(percent)) => {
                format!(
                    "{}/{} ({percent} %)",
                    format_token_count(tokens),
                    format_token_count(window.into())
                )
            }
            (Some(tokens), ..) => format_token_count(tokens),
            (None, ..) => "-".to_owned(),
        };
        let key = if info.is_current { info.key.to_string() } else { format!("({})", info.key) };
        let state = if info.turn_open { self.state_name() } else { "" };
        [
            key,
            short_id.to_owned(),
            format_age(self.last_used_age()),
            info.turns.to_string(),
            format!(
                "{} in, {} out",
                format_token_count(info.input_tokens),
                format_token_count(info.output_tokens)
            ),
            context,
            info.model.clone().unwrap_or_else(|| "-".to_owned()),
            state.to_owned(),
            match (&self.spawned_by, info.title.as_deref().unwrap_or_default()) {
                (Some(parent), title) => format!("[sub-agent of {parent}] {title}"),
                (None, title) => title.to_owned(),
            },
        ]
    }

    /// The row for programs, in the original's shape with additional fields.
    pub(super) fn to_report(&self) -> SessionRowReport {
        let info = &self.info;
        let model = info.model.as_deref().map(|model| model.split_once('/').unwrap_or(("", model)));
        let provider = model.map(|(provider, _)| provider).filter(|provider| !provider.is_empty());
        SessionRowReport {
            key: info.key.as_str().to_owned(),
            kind: "direct".to_owned(),
            session_id: info.id.as_str().to_owned(),
            agent_id: info.agent.clone(),
            current: info.is_current,
            title: info.title.clone(),
            created_at: info.created_at,
            updated_at: info.updated_at,
            age_ms: whole_millis(self.last_used_age()),
            state: self.state_name().to_owned(),
            aborted_last_run: self.is_interrupted(),
            turns: info.turns,
            events: info.events,
            input_tokens: info.input_tokens,
            output_tokens: info.output_tokens,
            cached_tokens: info.cached_tokens,
            cost_usd: self.cost,
            total_tokens: info.context_tokens,
            total_tokens_fresh: info.context_tokens.is_some(),
            context_tokens: self.window,
            context_percent: self.context_percent(),
            model: model.map(|(_, model)| model.to_owned()),
            model_provider: provider.map(str::to_owned),
            spawned_by: self.spawned_by.clone(),
            subagents: (self.children.runs > 0).then_some(SubagentUsageReport {
                runs: self.children.runs,
                open: self.children.open_runs,
                input_tokens: self.children.input_tokens,
                output_tokens: self.children.output_tokens,
            }),
        }
    }
}

/// Cuts all ids to the shortest length at which they still differ.
pub(super) fn shorten_ids<'a>(rows: &[&'a SessionInfo]) -> Vec<&'a str> {
    let ids: Vec<&str> = rows.iter().map(|info| info.id.as_str()).collect();
    let longest = ids.iter().map(|id| id.len()).max().unwrap_or(0);
    // An id is ASCII, so a cut at a byte is a cut at a character.
    let cut = |id: &'a str, length: usize| id.get(..length).unwrap_or(id);
    let are_told_apart = |length: &usize| {
        let mut shown: Vec<&str> = ids.iter().map(|id| cut(id, *length)).collect();
        shown.sort_unstable();
        shown.windows(2).all(|pair| pair.first() != pair.last())
    };
    let length = (MIN_SHORT_ID_LEN..=longest).find(are_told_apart).unwrap_or(longest);
    rows.iter().map(|info| cut(info.id.as_str(), length)).collect()
}

/// Formats a token count: `950`, `12.3k`, `1.2M`.
pub(crate) fn format_token_count(tokens: u64) -> String {
    let tenths = |unit: u64, name: &str| {
        let tenths = tokens / (unit / 10);
        match tenths % 10 {
            0 => format!("{}{name}", tenths / 10),
            tenth => format!("{}.{tenth}{name}", tenths / 10),
        }
    };
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => tenths(1_000, "k"),
        _ => tenths(1_000_000, "M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_written_as_people_do() {
        for (tokens, text) in [(0, "0"), (999, "999"), (1_000, "1k"), (16_384, "16.3k")] {
            assert_eq!(format_token_count(tokens), text);
        }
        assert_eq!(
            [128_000, 999_999, 1_250_000].map(format_token_count),
            ["128k", "999.9k", "1.2M"]
        );
    }

    #[test]
    fn so_much_of_an_id_is_shown_as_tells_it_from_the_others() {
        let info = |id: &str| SessionInfo {
            id: id.parse().unwrap(),
            key: "agent:main:main".parse().unwrap(),
            is_current: true,
            agent: "main".to_owned(),
            created_at: 0,
            updated_at: 0,
            title: None,
            model: None,
            events: 0,
            turns: 0,
            turn_open: false,
            input_tokens: 0,
            output_tokens: 0,
            cached_tokens: 0,
            context_tokens: None,
        };
        let infos = ["0123456789", "0123456780", "abc", "abcdefghijkl"].map(info);
        let shown = shorten_ids(&infos.each_ref());
        assert_eq!(shown, ["0123456789", "0123456780", "abc", "abcdefghij"]);
        let infos = ["0123456789", "abcdefghijkl"].map(info);
        assert_eq!(shorten_ids(&infos.each_ref()), ["01234567", "abcdefgh"]);
    }
}
