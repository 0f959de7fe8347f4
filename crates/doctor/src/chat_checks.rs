//! Checks of plain chat: an answer, a stream, and its token counts.

use openclaw_providers_openai::ServerFeature;
use serde_json::json;
use std::time::Duration;

use crate::edit::ConfigEdit;
use crate::examination::{DoctorRun, DoctorTarget};
use crate::probe::{ProbeFailure, StreamedAnswer, set_field};
use crate::prompts;
use crate::report::{CheckOutcome, CheckStatus};
use crate::wording::{format_duration, quote_text};
use openclaw_models::provider_path;

/// The token limit of a plain answer.
const PLAIN_MAX_TOKENS: u32 = 24;

/// If this many deltas all arrive at the end, something buffered the stream.
const MIN_BUFFERED_CHUNKS: u32 = 8;

impl DoctorRun<'_> {
    pub(crate) async fn check_chat(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        // A failure to connect shows in the answer as well.
        let _shown_below = self.connect_target(target).await;
        let busy = self.busy_note().await.unwrap_or_default();
        let probe = &mut target.probe;
        let mut answer = probe
            .request_answer(&probe.request_body(&prompts::plain_question(), PLAIN_MAX_TOKENS))
            .await;
        let mut renamed = None;
        if let Err(failed) = &answer
            && failed.message.contains("max_completion_tokens")
        {
            probe.max_tokens_field = "max_completion_tokens";
            answer = probe
                .request_answer(&probe.request_body(&prompts::plain_question(), PLAIN_MAX_TOKENS))
                .await;
            renamed = answer.is_ok().then_some(());
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(failed) => return chat_failure_outcome(&failed, target, &busy),
        };
        if renamed.is_some() || probe.max_tokens_field == "max_tokens" {
            self.record_support(ServerFeature::MaxTokensField, renamed.is_some());
        }
        self.observations.prompt_tokens = answer.usage.map(|usage| usage.prompt_tokens);
        self.observations.reasoning_field = answer.reasoning_field;
        let counted = answer.usage.map_or_else(String::new, |usage| {
            let (prompt, output) = (usage.prompt_tokens, usage.completion_tokens);
            format!(", {prompt} prompt tokens and {output} of the answer")
        });
        let counted = format!("{counted}{busy}");
        let took = format_duration(answer.elapsed);
        let outcome = match (answer.text.trim(), answer.reasoning_field) {
            ("", None) => {
                CheckOutcome::unknown(format!("answered in {took} without a word{counted}"))
            }
            ("", Some(_)) => CheckOutcome::pass(format!("still thinks after {took}{counted}")),
            (text, _) => CheckOutcome::pass(format!("{} in {took}{counted}", quote_text(text))),
        };
        if renamed.is_none() {
            return outcome;
        }
        let key = ["compat", "maxTokensField"];
        let value = json!("max_completion_tokens");
        outcome.with_edit(ConfigEdit::set_model_key(
            self.registry.loaded_config(),
            &target.provider.id,
            &target.probe.model,
            &key,
            value,
        ))
    }

    pub(crate) async fn check_stream(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        const STREAM_MAX_TOKENS: u32 = 96;
        let mut body = target.probe.request_body(&prompts::counting_question(), STREAM_MAX_TOKENS);
        set_field(&mut body, "stream", json!(true));
        let mut counting = body.clone();
        set_field(&mut counting, "stream_options", json!({ "include_usage": true }));
        let mut streamed = target.probe.stream_answer(&counting).await;
        if let Err(failed) = &streamed
            && failed.is_refusal
        {
            let said = failed.message.clone();
            streamed = target.probe.stream_answer(&body).await;
            self.observations.stream_options_refusal = streamed.is_ok().then_some(said);
        }
        let streamed = match streamed {
            Ok(streamed) => streamed,
            Err(failed) if matches!(failed.status, Some(429 | 503)) => {
                return CheckOutcome::unknown(failed.message);
            }
            Err(failed) => return CheckOutcome::fail(failed.message),
        };
        self.observations.stream_usage = streamed.answer.usage;
        self.observations.reasoning_field =
            self.observations.reasoning_field.or(streamed.answer.reasoning_field);
        target.probe.tokens_per_second = token_rate(&streamed);
        stream_outcome(&streamed, target.probe.tokens_per_second)
    }

    pub(crate) fn check_usage(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let key = ["compat", "supportsUsageInStreaming"];
        let says_no =
            target.config_entry().and_then(|entry| entry.compat.supports_usage_in_streaming);
        if let Some(said) = self.observations.stream_options_refusal.clone() {
            self.record_support(ServerFeature::StreamUsage, true);
            let evidence = format!("`stream_options` is refused ({said})");
            if says_no == Some(false) {
                return CheckOutcome::pass(format!("{evidence}, as the config says"));
            }
            let edit = ConfigEdit::set_model_key(
                self.registry.loaded_config(),
                &target.provider.id,
                &target.probe.model,
                &key,
                json!(false),
            );
            return CheckOutcome::fail(evidence).with_edit(edit);
        }
        let Some(usage) = self.observations.stream_usage else {
            return CheckOutcome::fail(
                "the stream counts no tokens though it was asked to; they are estimated",
            )
            .with_server_advice(
                "a newer server, or a proxy that passes `stream_options` on, counts them",
            );
        };
        self.record_support(ServerFeature::StreamUsage, false);
        let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
        let cached = cached.map_or_else(
            || "cached tokens are not reported".to_owned(),
            |cached| format!("{cached} prompt tokens from the cache"),
        );
        let (prompt, output) = (usage.prompt_tokens, usage.completion_tokens);
        CheckOutcome::pass(format!("{prompt} prompt tokens and {output} of the answer, {cached}"))
    }
}

/// The outcome when a plain question is not answered. Unknown if the server is only busy.
fn chat_failure_outcome(failed: &ProbeFailure, target: &DoctorTarget, busy: &str) -> CheckOutcome {
    let outcome = CheckOutcome::fail(format!("{}{busy}", failed.message));
    let model = &target.probe.model;
    if failed.message.contains("chat template") {
        return outcome.with_server_advice(
            "the model has no chat template: start it with `--chat-template FILE`, or serve an \
             instruction-tuned model",
        );
    }
    match failed.status {
        Some(401 | 403) => {
            let at = provider_path(&target.provider.id).with_key("apiKey");
            outcome.with_config_advice(format!("set `{at}` to a key that may use `{model}`"))
        }
        Some(404) if failed.message.contains("does not exist") => {
            outcome.with_server_advice(format!("start it with `--served-model-name {model}`"))
        }
        Some(429 | 503) => CheckOutcome { status: CheckStatus::Unknown, ..outcome }
            .with_server_advice("try again when it is less busy"),
        Some(500..) => outcome.with_server_advice("the server's own log has the cause"),
        None if !busy.is_empty() => CheckOutcome { status: CheckStatus::Unknown, ..outcome },
        _ => outcome,
    }
}

/// Tokens per second between the first and the last delta; `None` when there are too few deltas.
fn token_rate(streamed: &StreamedAnswer) -> Option<f64> {
    let took = streamed.last_piece_after?.checked_sub(streamed.first_piece_after?)?;
    let tokens = streamed.answer.usage.map_or(streamed.chunks, |usage| usage.completion_tokens);
    let rate = f64::from(tokens.checked_sub(1)?) / took.as_secs_f64();
    (tokens > 4 && rate.is_finite()).then_some(rate)
}

fn stream_outcome(streamed: &StreamedAnswer, rate: Option<f64>) -> CheckOutcome {
    let StreamedAnswer { answer, chunks, .. } = streamed;
    let took = format_duration(answer.elapsed);
    if !streamed.is_stream {
        return CheckOutcome::fail(format!("the answer came whole, as JSON, after {took}"))
            .with_server_advice("serve it with streaming, or see to the proxy that takes it away");
    }
    let (Some(first), Some(last)) = (streamed.first_piece_after, streamed.last_piece_after) else {
        return CheckOutcome::fail(format!("the stream ended after {took} without any content"))
            .with_server_advice("the server's own log may have the cause");
    };
    if answer.finish.is_none() && !streamed.is_done {
        return CheckOutcome::fail(format!(
            "the stream broke off after {chunks} chunks, at {took}"
        ))
        .with_server_advice(
            "the server's own log may have the cause; a proxy may cut long answers",
        );
    }
    let spread = last.saturating_sub(first);
    if *chunks >= MIN_BUFFERED_CHUNKS && last > Duration::from_secs(1) && spread < last / 20 {
        return CheckOutcome::fail(format!(
            "{chunks} chunks came all at once, after {}",
            format_duration(first)
        ))
        .with_server_advice(
            "something on the way holds the answer back: switch its buffering off (nginx: \
                 `proxy_buffering off`)",
        );
    }
    if *chunks < 2 {
        return CheckOutcome::unknown(format!("a single chunk, after {}", format_duration(first)));
    }
    let rate = rate.map_or_else(String::new, |rate| format!(", {rate:.0} tokens/s"));
    CheckOutcome::pass(format!("{chunks} chunks, the first after {}{rate}", format_duration(first)))
}
