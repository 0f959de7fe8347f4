//! The checks of a plain conversation: an answer, a stream, and what it counts.

use openclaw_providers_openai::Lack;
use serde_json::json;
use std::time::Duration;

use super::edit::Edit;
use super::examination::{Examination, Target};
use super::probe::{Failed, Streamed, with};
use super::prompts;
use super::report::{Mark, Outcome};
use super::words::{quoted, time};
use crate::setup::provider_path;

/// The longest plain answer, in tokens.
const SHORT: u32 = 24;

/// An answer of this many pieces that all come at its end was held back by something.
const MANY_PIECES: u32 = 8;

impl Examination<'_> {
    pub(super) async fn chat(&mut self, target: &mut Target) -> Outcome {
        // A failure to connect shows in the answer just as well.
        let _shown_below = self.connect(target).await;
        let busy = self.busy().await.unwrap_or_default();
        let probe = &mut target.probe;
        let mut answer = probe.ask(&probe.body(&prompts::plain(), SHORT)).await;
        let mut renamed = None;
        if let Err(failed) = &answer
            && failed.said.contains("max_completion_tokens")
        {
            probe.limit_field = "max_completion_tokens";
            answer = probe.ask(&probe.body(&prompts::plain(), SHORT)).await;
            renamed = answer.is_ok().then_some(());
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(failed) => return no_chat(&failed, target, &busy),
        };
        if renamed.is_some() || probe.limit_field == "max_tokens" {
            self.note(Lack::MaxTokens, renamed.is_some());
        }
        self.seen.prompt_tokens = answer.usage.map(|usage| usage.prompt_tokens);
        self.seen.reasoning = answer.reasoning;
        let counted = answer.usage.map_or_else(String::new, |usage| {
            let (prompt, output) = (usage.prompt_tokens, usage.completion_tokens);
            format!(", {prompt} prompt tokens and {output} of the answer")
        });
        let counted = format!("{counted}{busy}");
        let took = time(answer.elapsed);
        let outcome = match (answer.text.trim(), answer.reasoning) {
            ("", None) => Outcome::unknown(format!("answered in {took} without a word{counted}")),
            ("", Some(_)) => Outcome::pass(format!("still thinks after {took}{counted}")),
            (text, _) => Outcome::pass(format!("{} in {took}{counted}", quoted(text))),
        };
        if renamed.is_none() {
            return outcome;
        }
        let key = ["compat", "maxTokensField"];
        let value = json!("max_completion_tokens");
        outcome.edit(Edit::model(self.setup(), target.ids(), &key, value))
    }

    pub(super) async fn stream(&mut self, target: &mut Target) -> Outcome {
        const LONG: u32 = 96;
        let mut body = target.probe.body(&prompts::counting(), LONG);
        with(&mut body, "stream", json!(true));
        let mut counting = body.clone();
        with(&mut counting, "stream_options", json!({ "include_usage": true }));
        let mut streamed = target.probe.stream(&counting).await;
        if let Err(failed) = &streamed
            && failed.is_refusal
        {
            let said = failed.said.clone();
            streamed = target.probe.stream(&body).await;
            self.seen.no_stream_options = streamed.is_ok().then_some(said);
        }
        let streamed = match streamed {
            Ok(streamed) => streamed,
            Err(failed) if matches!(failed.status, Some(429 | 503)) => {
                return Outcome::unknown(failed.said);
            }
            Err(failed) => return Outcome::fail(failed.said),
        };
        self.seen.stream_usage = streamed.answer.usage;
        self.seen.reasoning = self.seen.reasoning.or(streamed.answer.reasoning);
        target.probe.rate = rate(&streamed);
        judge(&streamed, target.probe.rate)
    }

    pub(super) fn usage(&mut self, target: &mut Target) -> Outcome {
        let key = ["compat", "supportsUsageInStreaming"];
        let says_no = target.entry().and_then(|entry| entry.compat.supports_usage_in_streaming);
        if let Some(said) = self.seen.no_stream_options.clone() {
            self.note(Lack::StreamUsage, true);
            let evidence = format!("`stream_options` is refused ({said})");
            if says_no == Some(false) {
                return Outcome::pass(format!("{evidence}, as the config says"));
            }
            let edit = Edit::model(self.setup(), target.ids(), &key, json!(false));
            return Outcome::fail(evidence).edit(edit);
        }
        let Some(usage) = self.seen.stream_usage else {
            return Outcome::fail(
                "the stream counts no tokens though it was asked to; they are estimated",
            )
            .server("a newer server, or a proxy that passes `stream_options` on, counts them");
        };
        self.note(Lack::StreamUsage, false);
        let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
        let cached = cached.map_or_else(
            || "cached ones are not told".to_owned(),
            |cached| format!("{cached} of the prompt's from the cache"),
        );
        let (prompt, output) = (usage.prompt_tokens, usage.completion_tokens);
        Outcome::pass(format!("{prompt} prompt tokens and {output} of the answer, {cached}"))
    }
}

/// The outcome when a plain question is not answered. A server that is busy is not judged.
fn no_chat(failed: &Failed, target: &Target, busy: &str) -> Outcome {
    let outcome = Outcome::fail(format!("{}{busy}", failed.said));
    let model = &target.probe.model;
    if failed.said.contains("chat template") {
        return outcome.server(
            "the model has no chat template: start it with `--chat-template FILE`, or serve an \
             instruction-tuned model",
        );
    }
    match failed.status {
        Some(401 | 403) => {
            let at = provider_path(&target.provider.id).key("apiKey");
            outcome.config(format!("set `{at}` to a key that may use `{model}`"))
        }
        Some(404) if failed.said.contains("does not exist") => {
            outcome.server(format!("start it with `--served-model-name {model}`"))
        }
        Some(429 | 503) => {
            Outcome { mark: Mark::Unknown, ..outcome }.server("try again when it is less busy")
        }
        Some(500..) => outcome.server("the server's own log has the cause"),
        None if !busy.is_empty() => Outcome { mark: Mark::Unknown, ..outcome },
        _ => outcome,
    }
}

/// Tokens in a second, from the first piece to the last; `None` when there are too few to tell.
fn rate(streamed: &Streamed) -> Option<f64> {
    let took = streamed.last?.checked_sub(streamed.first?)?;
    let tokens = streamed.answer.usage.map_or(streamed.pieces, |usage| usage.completion_tokens);
    let rate = f64::from(tokens.checked_sub(1)?) / took.as_secs_f64();
    (tokens > 4 && rate.is_finite()).then_some(rate)
}

fn judge(streamed: &Streamed, rate: Option<f64>) -> Outcome {
    let Streamed { answer, pieces, .. } = streamed;
    let took = time(answer.elapsed);
    if !streamed.is_stream {
        return Outcome::fail(format!("the answer came whole, as JSON, after {took}"))
            .server("serve it with streaming, or see to the proxy that takes it away");
    }
    let (Some(first), Some(last)) = (streamed.first, streamed.last) else {
        return Outcome::fail(format!(
            "the stream ended after {took} without a piece of an answer"
        ))
        .server("the server's own log may have the cause");
    };
    if answer.finish.is_none() && !streamed.is_done {
        return Outcome::fail(format!("the stream broke off after {pieces} pieces, at {took}"))
            .server("the server's own log may have the cause; a proxy may cut long answers");
    }
    let spread = last.saturating_sub(first);
    if *pieces >= MANY_PIECES && last > Duration::from_secs(1) && spread < last / 20 {
        return Outcome::fail(format!("{pieces} pieces came all at once, after {}", time(first)))
            .server(
                "something on the way holds the answer back: switch its buffering off (nginx: \
                 `proxy_buffering off`)",
            );
    }
    if *pieces < 2 {
        return Outcome::unknown(format!("one piece only, after {}", time(first)));
    }
    let rate = rate.map_or_else(String::new, |rate| format!(", {rate:.0} tokens/s"));
    Outcome::pass(format!("{pieces} pieces, the first after {}{rate}", time(first)))
}
