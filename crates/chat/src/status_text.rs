//! The status of a conversation, as `/status` prints it.

use openclaw_runtime::Conversation;
use openclaw_terminal::sanitize;

use crate::context::CommandContext;
use crate::number_format::{format_context_use, format_tokens};
use crate::usage_cost::{find_price, format_dollars};

/// Formats the status, one row per fact; `reasoning_display` is how reasoning is shown.
pub(crate) async fn format_status(
    context: &CommandContext,
    conversation: &Conversation,
    reasoning_display: Option<&str>,
) -> String {
    let (run, info) = (conversation.agent_run(), conversation.agent_run().model.model_info());
    let window =
        format!("{} tokens ({})", info.limits.context_window, info.limits.context_window_source);
    let context_use = conversation.context_use();
    let context_text = context_use.map_or("nothing counted yet".to_owned(), |used| {
        let cached = used.cached_tokens.map(|cached| format!(", {} cached", format_tokens(cached)));
        format_context_use(used) + &cached.unwrap_or_default()
    });
    let messages = conversation.history().messages().count();
    let mut rows = vec![
        ("model", info.reference.to_string()),
        ("window", window),
        ("used", context_text),
        (
            "session",
            format!("{} · {messages} {}", conversation.session_key(), message_noun(messages)),
        ),
        ("id", conversation.session_id().to_string()),
        ("agent", format!("{} · {} prompt", conversation.agent_id(), run.profile.name())),
        ("tokens", format_usage(context, conversation).await),
        ("tools", run.agent.tool_specs().len().to_string()),
        ("workspace", run.workspace.display().to_string()),
    ];
    rows.extend(reasoning_display.map(|thoughts| ("thoughts", thoughts.to_owned())));
    for breaker in context.models.setup_status().breakers {
        rows.push(("asked last", format!("{}: failed to {}", breaker.name, breaker.reason)));
    }
    let rows =
        rows.iter().map(|(name, value)| sanitize::escape_line(&format!("{name:<10} {value}")));
    rows.collect::<Vec<_>>().join("\n")
}

/// The tokens of the session so far, and what they cost by the price of its model.
async fn format_usage(context: &CommandContext, conversation: &Conversation) -> String {
    // A session that cannot be read is told by the next turn.
    let Ok(info) = conversation.session_info().await else { return "not known".to_owned() };
    let count = |tokens: u64| format_tokens(u32::try_from(tokens).unwrap_or(u32::MAX));
    let [input, output] = [info.input_tokens, info.output_tokens].map(count);
    let model = conversation.agent_run().model.model_info().reference;
    let cost = find_price(&context.models, &model).map(|price| {
        let cost = price.usage_cost(info.input_tokens, info.cached_tokens, info.output_tokens);
        format!(" · {}", format_dollars(cost.total))
    });
    format!("{input} in, {output} out{}", cost.unwrap_or_default())
}

fn message_noun(messages: usize) -> &'static str {
    if messages == 1 { "message" } else { "messages" }
}
