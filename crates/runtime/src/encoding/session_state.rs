//! Describes an open conversation: its session, its agent, and what both took so far.

use openclaw_protocol::gateway::{SessionState, ToolSummary};
use openclaw_store::StoreError;

use super::events::encode_skipped_model;
use super::turn_start::encode_session;
use crate::conversation::Conversation;

/// Describes a conversation with the agent that would answer in it.
///
/// # Errors
/// When the session cannot be read.
pub async fn describe_session(conversation: &Conversation) -> Result<SessionState, StoreError> {
    let (run, info) = (conversation.agent_run(), conversation.agent_run().model.model_info());
    let totals = conversation.session_info().await?;
    let (provider, model) = (info.reference.provider_id(), info.reference.model_id());
    let models = conversation.models();
    let cost = models.loaded_config().config.models.model_cost(provider, model).map(|cost| {
        cost.usage_cost(totals.input_tokens, totals.cached_tokens, totals.output_tokens).total
    });
    let tools = run.agent.tool_specs().iter().map(|tool| ToolSummary {
        name: tool.name.as_str().to_owned(),
        description: tool.description.lines().next().unwrap_or_default().to_owned(),
    });
    let breakers = models.setup_status().breakers.into_iter();
    Ok(SessionState {
        session: encode_session(conversation),
        is_default: conversation.has_default_key(),
        agent_id: conversation.agent_id().to_owned(),
        provider: provider.to_owned(),
        model: model.to_owned(),
        context_window: info.limits.context_window,
        context_window_source: info.limits.context_window_source.label().to_owned(),
        context_tokens: conversation.context_use().map(|context| context.tokens),
        unanswered_turn: conversation.recovery_report().has_unanswered_turn,
        workspace: run.workspace.display().to_string(),
        profile: run.profile.name().to_owned(),
        tools: tools.collect(),
        input_tokens: totals.input_tokens,
        output_tokens: totals.output_tokens,
        cost_usd: cost,
        commands: describe_commands(conversation),
        warnings: run.report.warnings.iter().map(ToString::to_string).collect(),
        attempts: run.report.attempts.iter().map(encode_skipped_model).collect(),
        asked_last: breakers.map(|it| format!("{}: failed to {}", it.name, it.reason)).collect(),
    })
}

/// How commands run in a session, on one line.
#[must_use]
pub fn describe_commands(conversation: &Conversation) -> String {
    let words = conversation.exec_settings().words();
    let words: Vec<String> = words.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let source = if conversation.exec_overrides().is_empty() {
        "from the config"
    } else {
        "changed for this session; `/exec reset` returns to the config"
    };
    format!("commands: {} · {source}", words.join(" "))
}
