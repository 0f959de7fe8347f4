//! Checks of the accepted message formats, and of token counting.

use openclaw_providers_openai::{ServerFeature, find_leaked_markup};
use serde_json::{Value, json};

use crate::edit::ConfigEdit;
use crate::examination::{DoctorRun, DoctorTarget};
use crate::family::reasoning_parser_for_mark;
use crate::probe::{ProbeAnswer, ProbeFailure, ServerProbe, set_field};
use crate::prompts;
use crate::report::CheckOutcome;
use crate::tools::failure_status;
use crate::wording::{join_names, quote_text};

impl DoctorRun<'_> {
    pub(crate) async fn check_reasoning(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        const REASONING_MAX_TOKENS: u32 = 512;
        let field = |field| CheckOutcome::pass(format!("in a field of its own, `{field}`"));
        if let Some(seen) = self.observations.reasoning_field {
            return field(seen);
        }
        let mut body = target.probe.request_body(
            &prompts::sum_question(),
            target.probe.token_budget(REASONING_MAX_TOKENS),
        );
        // Agents use streams, and the parsers of a server have code of their own for them.
        set_field(&mut body, "stream", json!(true));
        let answer = match target.probe.stream_answer(&body).await {
            Ok(streamed) => streamed.answer,
            Err(failed) => return CheckOutcome::unknown(failed.message),
        };
        let mark = find_leaked_markup(&answer.text, prompts::tool_specs()).reasoning_mark;
        match (answer.reasoning_field, mark) {
            (Some(seen), _) => field(seen),
            (None, Some(mark)) => {
                let parser = reasoning_parser_for_mark(&mark, &target.probe.model);
                let parser = parser.unwrap_or("NAME");
                CheckOutcome::fail(format!("it stands in the text, at `{mark}`; it is split there"))
                    .with_server_advice(format!("start vLLM with `--reasoning-parser {parser}`"))
            }
            (None, None)
                if target.config_entry().and_then(|entry| entry.reasoning) == Some(true) =>
            {
                CheckOutcome::unknown(format!(
                    "the config says that it thinks; none is seen in {}",
                    quote_text(&answer.text)
                ))
            }
            (None, None) => CheckOutcome::pass("none is seen: the model answers at once"),
        }
    }

    pub(crate) async fn check_roles(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let message = |role: &str, text: &str| json!({ "role": role, "content": text });
        let user = || message("user", "Hello");
        let shapes = [
            ("system", json!([message("system", "Be brief."), user()])),
            ("developer", json!([message("developer", "Be brief."), user()])),
            (
                "two system messages",
                json!([message("system", "Be brief."), message("system", "Be kind."), user(),]),
            ),
            ("two user messages in a row", json!([user(), message("user", "Hello again")])),
        ];
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for (name, messages) in shapes {
            match target.probe.request_answer(&target.probe.request_body(&messages, 1)).await {
                Ok(_) => taken.push(name),
                Err(failed) if failed.is_refusal => refused.push((name, failed.message)),
                Err(failed) => return CheckOutcome::unknown(format!("{name}: {}", failed.message)),
            }
        }
        let lacks_system = refused.iter().any(|(name, _)| *name == "system");
        self.record_support(ServerFeature::SystemRole, lacks_system);
        let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
        let Some((_, said)) = refused.first() else {
            return CheckOutcome::pass(format!("{} are taken", join_names(&taken)));
        };
        if lacks_system {
            return CheckOutcome::fail(format!("{} refused ({said})", join_names(&names))).with_server_advice(
                "the chat template has no system role: start it with `--chat-template FILE` that \
                 has one; until then the system prompt goes in front of the first message",
            );
        }
        let taken = join_names(&taken);
        let names = join_names(&names);
        CheckOutcome::pass(format!("{taken} taken; {names} refused ({said}), and never sent"))
    }

    pub(crate) async fn check_content(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let parts = json!([{ "type": "text", "text": "Hello" }]);
        let body = target.probe.request_body(&json!([{ "role": "user", "content": parts }]), 1);
        let known = target.config_entry().and_then(|entry| entry.compat.requires_string_content);
        let fault = match target.probe.request_answer(&body).await {
            Ok(taken) => detect_misread_parts(target, &taken).await,
            Err(failed) if !failed.is_refusal => return CheckOutcome::unknown(failed.message),
            Err(failed) => Some(format!("lists of parts are refused ({})", failed.message)),
        };
        self.record_support(ServerFeature::ContentParts, fault.is_some());
        match fault {
            None => {
                CheckOutcome::pass("strings and lists of parts are taken; text is sent as strings")
            }
            Some(evidence) => {
                if known == Some(true) {
                    return CheckOutcome::pass(format!("{evidence}, as the config says"));
                }
                let key = ["compat", "requiresStringContent"];
                let edit = ConfigEdit::set_model_key(
                    self.registry.loaded_config(),
                    &target.provider.id,
                    &target.probe.model,
                    &key,
                    json!(true),
                );
                CheckOutcome::fail(evidence).with_edit(edit)
            }
        }
    }

    pub(crate) async fn check_tokenize(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let body = json!({ "model": target.probe.model, "messages": prompts::plain_question() });
        let reply = ServerProbe::post_route(&target.probe.client, "tokenize", &body).await;
        let count = reply.and_then(|reply| {
            let value: Value = reply.parse_json().map_err(ProbeFailure::from)?;
            Ok(value.get("count").and_then(Value::as_u64))
        });
        let missing = |said: &str| {
            CheckOutcome::unknown(format!(
                "`/tokenize` is not there ({said}): tokens are estimated"
            ))
        };
        let outcome = match count {
            Ok(Some(count)) => {
                self.record_support(ServerFeature::TokenizeRoute, false);
                return match self.observations.prompt_tokens.map(u64::from) {
                    Some(used) if used == count => CheckOutcome::pass(format!(
                        "{count} tokens, exactly what the answer counted"
                    )),
                    Some(used) => CheckOutcome::fail(format!(
                        "{count} tokens, but the answer to the same question counted {used}"
                    )),
                    None => CheckOutcome::pass(format!("{count} tokens")),
                };
            }
            Ok(None) => missing("what answers is not it"),
            Err(failed) if failed.is_refusal || failed.status.is_some() => {
                self.record_support(ServerFeature::TokenizeRoute, true);
                missing(&failed.message)
            }
            Err(failed) => return CheckOutcome::new(failure_status(&failed), failed.message),
        };
        if self.is_vllm() {
            let advice = "vLLM has it beside `/v1`: let the proxy in between pass `/tokenize` on";
            return outcome.with_server_advice(advice);
        }
        outcome
    }
}

/// Returns what is wrong when a list of parts was accepted: some templates render it as raw JSON,
/// which shows in a higher token count. Servers that report no counts are trusted.
async fn detect_misread_parts(target: &DoctorTarget, taken: &ProbeAnswer) -> Option<String> {
    let plain = target.probe.request_body(&json!([{ "role": "user", "content": "Hello" }]), 1);
    let counted =
        |answer: &ProbeAnswer| Some(answer.usage?.prompt_tokens).filter(|count| *count > 0);
    let (parts, text) =
        (counted(taken)?, counted(&target.probe.request_answer(&plain).await.ok()?)?);
    (parts != text).then(|| {
        format!(
            "lists of parts are taken and not read as their text ({parts} prompt tokens instead \
             of {text})"
        )
    })
}
