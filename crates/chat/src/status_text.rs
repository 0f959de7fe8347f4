//! The status of a conversation, as `/status` prints it.

use openclaw_protocol::gateway::SessionState;
use openclaw_protocol::results::agent::SessionReport;
use openclaw_runtime::ContextUse;
use openclaw_terminal::sanitize;

use crate::number_format::{format_context_use, format_tokens};
use crate::usage_cost::format_dollars;

/// Formats the status, one row per fact; `reasoning_display` is how reasoning is shown.
pub(crate) fn format_status(
    state: &SessionState,
    context_use: Option<ContextUse>,
    reasoning_display: Option<&str>,
) -> String {
    let window = format!("{} tokens ({})", state.context_window, state.context_window_source);
    let context_text = context_use.map_or("nothing counted yet".to_owned(), |used| {
        let cached = used.cached_tokens.map(|cached| format!(", {} cached", format_tokens(cached)));
        format_context_use(used) + &cached.unwrap_or_default()
    });
    let (id, key) = state.session.session_name();
    let messages = match &state.session {
        SessionReport::Opened(session) => session.messages_before,
        SessionReport::Named(_) => 0,
    };
    let noun = if messages == 1 { "message" } else { "messages" };
    let mut rows = vec![
        ("model", format!("{}/{}", state.provider, state.model)),
        ("window", window),
        ("used", context_text),
        ("session", format!("{key} · {messages} {noun}")),
        ("id", id.to_owned()),
        ("agent", format!("{} · {} prompt", state.agent_id, state.profile)),
        ("tokens", format_usage(state)),
        ("tools", state.tools.len().to_string()),
        ("workspace", state.workspace.clone()),
    ];
    rows.extend(reasoning_display.map(|thoughts| ("thoughts", thoughts.to_owned())));
    rows.extend(state.asked_last.iter().map(|model| ("asked last", model.clone())));
    let rows =
        rows.iter().map(|(name, value)| sanitize::escape_line(&format!("{name:<10} {value}")));
    rows.collect::<Vec<_>>().join("\n")
}

/// The row about the gateway that a conversation runs in.
pub(crate) fn gateway_status_row(address: &str) -> String {
    format!("{:<10} {}", "gateway", sanitize::escape_line(address))
}

/// The tokens of the session so far, and what they cost by the price of its model.
fn format_usage(state: &SessionState) -> String {
    let count = |tokens: u64| format_tokens(u32::try_from(tokens).unwrap_or(u32::MAX));
    let [input, output] = [state.input_tokens, state.output_tokens].map(count);
    let cost = state.cost_usd.map(|cost| format!(" · {}", format_dollars(cost)));
    format!("{input} in, {output} out{}", cost.unwrap_or_default())
}
