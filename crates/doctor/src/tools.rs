//! Checks of tools: calling them, forcing a call, and sending a call back.

use openclaw_providers_openai::{ServerFeature, find_leaked_markup};
use serde_json::{Value, json};

use crate::examination::{DoctorRun, DoctorTarget};
use crate::family::{tool_parser, tool_parser_for_format};
use crate::probe::{ProbeAnswer, ProbeFailure, set_field};
use crate::prompts::{self, TOOL_NAME};
use crate::report::{CheckOutcome, CheckStatus};
use crate::wording::quote_text;

/// The token limit of an answer with a tool call, which includes reasoning.
const CALL_MAX_TOKENS: u32 = 400;

impl DoctorRun<'_> {
    pub(crate) async fn check_tools_auto(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let says_no =
            target.config_entry().and_then(|entry| entry.compat.supports_tools) == Some(false);
        let mut body = target
            .probe
            .request_body(&prompts::call_question(), target.probe.token_budget(CALL_MAX_TOKENS));
        set_field(&mut body, "tools", prompts::tool_list(false));
        let answer = match target.probe.request_answer(&body).await {
            Ok(answer) => answer,
            Err(failed) => {
                if failed.is_refusal {
                    self.record_support(ServerFeature::AutoToolChoice, true);
                }
                if failed.is_refusal && says_no {
                    let evidence =
                        format!("refused, as `compat.supportsTools` says: {}", failed.message);
                    return CheckOutcome::pass(evidence);
                }
                let option = "--enable-auto-tool-choice --tool-call-parser";
                let mut outcome = refusal_outcome(&failed, target, option);
                if let Some(advice) = &mut outcome.server_advice {
                    advice.push_str("; until then calls that come as text are understood");
                }
                return outcome;
            }
        };
        self.record_support(ServerFeature::AutoToolChoice, false);
        self.observations.takes_tools = true;
        let outcome = match leak_outcome(&answer, target, "taken") {
            Some(leak) => leak,
            None => match answer.calls.first() {
                Some((name, arguments)) => {
                    let outcome = native_call_outcome(name, arguments);
                    if outcome.status == CheckStatus::Pass {
                        set_field(&mut body, "stream", json!(true));
                        streamed_call_outcome(&body, target, outcome).await
                    } else {
                        outcome
                    }
                }
                None => no_call_outcome(&answer, "taken, but the model made no call"),
            },
        };
        if let Some(ignored) = self.check_tool_template(target).await {
            return ignored;
        }
        if says_no {
            return outcome.with_config_advice(
                "`compat.supportsTools: false` can go: the server takes tools",
            );
        }
        outcome
    }

    /// Returns the outcome of tools that are accepted and then ignored by the chat template, which
    /// shows in the server's token counts.
    async fn check_tool_template(&mut self, target: &DoctorTarget) -> Option<CheckOutcome> {
        let body = json!({ "model": target.probe.model, "messages": prompts::call_question() });
        let mut with_tools = body.clone();
        set_field(&mut with_tools, "tools", prompts::tool_list(false));
        let word = json!({ "model": target.probe.model, "prompt": "tools" });
        let count_without = target.probe.count_tokens(&body).await?;
        let count_with = target.probe.count_tokens(&with_tools).await?;
        // A server that counts everything alike proves nothing.
        if target.probe.count_tokens(&word).await? >= count_without {
            return None;
        }
        let is_ignored = count_with == count_without;
        self.record_support(ServerFeature::ToolTemplate, is_ignored);
        is_ignored.then(|| {
            CheckOutcome::fail(format!(
                "taken, but the chat template ignores them: the prompt has {count_with} tokens \
                 with a tool and without"
            ))
            .with_server_advice(
                "serve the model with a chat template that has tools (`--chat-template FILE`); \
                 until then tools are offered to it as text",
            )
        })
    }

    pub(crate) async fn check_tools_required(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        self.check_forced_call(target, json!("required"), ServerFeature::ToolChoice).await
    }

    pub(crate) async fn check_tools_named(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let choice = json!({ "type": "function", "function": { "name": TOOL_NAME } });
        self.check_forced_call(target, choice, ServerFeature::NamedToolChoice).await
    }

    async fn check_forced_call(
        &mut self,
        target: &DoctorTarget,
        choice: Value,
        feature: ServerFeature,
    ) -> CheckOutcome {
        let (outcome, is_refused) = request_forced_call(target, choice).await;
        if let Some(is_refused) = is_refused {
            self.record_support(feature, is_refused);
        }
        outcome
    }

    pub(crate) async fn check_tool_history(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let mut body = target.probe.request_body(&prompts::called_history(), 8);
        if self.observations.takes_tools {
            set_field(&mut body, "tools", prompts::tool_list(false));
        }
        match target.probe.request_answer(&body).await {
            Ok(_) => {
                self.record_support(ServerFeature::ToolRole, false);
                CheckOutcome::pass("a call of the model and its result are taken")
            }
            Err(failed) => {
                if failed.is_refusal {
                    self.record_support(ServerFeature::ToolRole, true);
                }
                CheckOutcome::new(failure_status(&failed), failed.message).with_server_advice(
                    "serve the model with a chat template that knows the role `tool` \
                     (`--chat-template FILE`)",
                )
            }
        }
    }
}

/// Sends the request as a stream too: parsers have code of their own for it, and agents use that.
/// Returns `outcome` unless the stream has a fault.
async fn streamed_call_outcome(
    body: &Value,
    target: &DoctorTarget,
    outcome: CheckOutcome,
) -> CheckOutcome {
    match target.probe.stream_answer(body).await {
        Ok(streamed) => {
            leak_outcome(&streamed.answer, target, "taken as a stream").unwrap_or(outcome)
        }
        Err(failed) => CheckOutcome::new(
            failure_status(&failed),
            format!("taken, but not as a stream: {}", failed.message),
        ),
    }
}

/// The outcome of an answer whose text has a tool call, or what is left of one.
fn leak_outcome(answer: &ProbeAnswer, target: &DoctorTarget, what: &str) -> Option<CheckOutcome> {
    let leaked = find_leaked_markup(&answer.text, prompts::tool_specs());
    let text = quote_text(&answer.text);
    if let Some(parser) = leaked.tool_parser {
        let parser = tool_parser_for_format(parser, &target.probe.model);
        let outcome = CheckOutcome::fail(format!("{what}, but the call came as text: {text}"));
        return Some(
            outcome.with_server_advice(format!("start vLLM with `--tool-call-parser {parser}`")),
        );
    }
    let token = leaked.token.filter(|_| !answer.calls.is_empty())?;
    let parser = tool_parser(&target.probe.model).unwrap_or("NAME");
    let said = format!("{what}, but `{token}` stays in the text beside the call: {text}");
    Some(CheckOutcome::fail(said).with_server_advice(format!(
        "the tool parser is not the model's own: `--tool-call-parser {parser}`"
    )))
}

/// Requests a forced tool call. Also returns whether the server refused to force one; `None` when
/// that is undetermined.
async fn request_forced_call(target: &DoctorTarget, choice: Value) -> (CheckOutcome, Option<bool>) {
    let mut body = target
        .probe
        .request_body(&prompts::call_question(), target.probe.token_budget(CALL_MAX_TOKENS));
    set_field(&mut body, "tools", prompts::tool_list(true));
    set_field(&mut body, "tool_choice", choice);
    match target.probe.request_answer(&body).await {
        Err(failed) => {
            let outcome = refusal_outcome(&failed, target, "--tool-call-parser");
            (outcome, failed.is_refusal.then_some(true))
        }
        Ok(answer) => match answer.calls.first() {
            Some((name, arguments)) if !arguments.contains("\"ok\"") && name == TOOL_NAME => {
                let said =
                    format!("a call of `{TOOL_NAME}`, but not as its schema wants: {arguments}");
                (CheckOutcome::unknown(said), Some(false))
            }
            Some((name, arguments)) => (native_call_outcome(name, arguments), Some(false)),
            None if answer.finish.as_deref() == Some("length") => {
                (no_call_outcome(&answer, "taken, but no call ended in time"), Some(false))
            }
            None => {
                let said = quote_text(&answer.text);
                let outcome = CheckOutcome::fail(format!("taken, but not heeded: {said}"));
                (outcome.with_server_advice("a newer server forces a call by a grammar"), None)
            }
        },
    }
}

/// The outcome when the server refuses tools. `option` is the server option that is missing.
fn refusal_outcome(failed: &ProbeFailure, target: &DoctorTarget, option: &str) -> CheckOutcome {
    let outcome = CheckOutcome::new(failure_status(failed), failed.message.clone());
    let parser = tool_parser(&target.probe.model);
    if failed.message.contains("grammar") {
        return outcome
            .with_server_advice("the server could not make a grammar of the tool's schema");
    }
    match (failed.is_refusal, parser) {
        (false, _) => outcome,
        (true, Some(parser)) => outcome.with_server_advice(format!("start vLLM with `{option} {parser}`")),
        (true, None) => outcome.with_server_advice(format!(
            "start vLLM with `{option} NAME` (`hermes`, `llama3_json`, `mistral`, … by model family)"
        )),
    }
}

fn native_call_outcome(name: &str, arguments: &str) -> CheckOutcome {
    let shown = crate::wording::shorten_line(arguments, 40);
    if name != TOOL_NAME {
        return CheckOutcome::fail(format!("a call of `{name}`, which is not offered"))
            .with_server_advice(
                "the tool parser may not be the model's own: `--tool-call-parser NAME`",
            );
    }
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(_)) => CheckOutcome::pass(format!("a call of `{TOOL_NAME}` with {shown}")),
        _ => CheckOutcome::unknown(format!(
            "a call of `{TOOL_NAME}` with {shown}, which is no object"
        )),
    }
}

fn no_call_outcome(answer: &ProbeAnswer, what: &str) -> CheckOutcome {
    let said = match (answer.text.trim(), answer.reasoning_field) {
        ("", Some(_)) => "it only thought".to_owned(),
        ("", None) => "it said nothing".to_owned(),
        (text, _) => format!("it said {}", quote_text(text)),
    };
    let cut = if answer.finish.as_deref() == Some("length") { ", cut off" } else { "" };
    CheckOutcome::unknown(format!("{what}: {said}{cut}"))
}

/// A refusal is a failure; a server that cannot answer now is undetermined.
pub(crate) fn failure_status(failed: &ProbeFailure) -> CheckStatus {
    if failed.is_refusal { CheckStatus::Fail } else { CheckStatus::Unknown }
}
