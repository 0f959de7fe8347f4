//! The checks of tools: may they be called, can they be forced, is a call taken back.

use openclaw_providers_openai::Lack;
use serde_json::{Value, json};

use super::examination::{Examination, Target};
use super::family::{parser_of_text, tool_parser};
use super::probe::{Answer, Failed, with};
use super::prompts::{self, TOOL};
use super::report::{Mark, Outcome};
use super::words::quoted;

/// The longest answer with a call, in tokens: some models think first.
const MOST: u32 = 400;

impl Examination<'_> {
    pub(super) async fn tools_auto(&mut self, target: &mut Target) -> Outcome {
        let says_no = target.entry().and_then(|entry| entry.compat.supports_tools) == Some(false);
        let mut body = target.probe.body(&prompts::call(), target.probe.moment(MOST));
        with(&mut body, "tools", prompts::tools(false));
        let answer = match target.probe.ask(&body).await {
            Ok(answer) => answer,
            Err(failed) => {
                if failed.is_refusal {
                    self.note(Lack::AutoToolChoice, true);
                }
                if failed.is_refusal && says_no {
                    let evidence =
                        format!("refused, as `compat.supportsTools` says: {}", failed.said);
                    return Outcome::pass(evidence);
                }
                let option = "--enable-auto-tool-choice --tool-call-parser";
                let mut outcome = refused(&failed, target, option);
                if let Some(advice) = &mut outcome.server {
                    advice.push_str("; until then calls that come as text are understood");
                }
                return outcome;
            }
        };
        self.note(Lack::AutoToolChoice, false);
        self.seen.takes_tools = true;
        let outcome = match answer.calls.first() {
            Some((name, arguments)) => native(name, arguments),
            None => match parser_of_text(&answer.text, TOOL) {
                Some(parser) => Outcome::fail(format!(
                    "taken, but the call came as text: {}",
                    quoted(&answer.text)
                ))
                .server(format!("start vLLM with `--tool-call-parser {parser}`")),
                None => no_call(&answer, "taken, but the model made no call"),
            },
        };
        if says_no {
            return outcome.config("`compat.supportsTools: false` can go: the server takes tools");
        }
        outcome
    }

    pub(super) async fn tools_required(&mut self, target: &mut Target) -> Outcome {
        let outcome = forced(target, json!("required")).await;
        self.note_forced(outcome, Lack::ToolChoice)
    }

    pub(super) async fn tools_named(&mut self, target: &mut Target) -> Outcome {
        let choice = json!({ "type": "function", "function": { "name": TOOL } });
        let outcome = forced(target, choice).await;
        self.note_forced(outcome, Lack::NamedToolChoice)
    }

    fn note_forced(
        &mut self,
        (outcome, is_refused): (Outcome, Option<bool>),
        lack: Lack,
    ) -> Outcome {
        if let Some(is_refused) = is_refused {
            self.note(lack, is_refused);
        }
        outcome
    }

    pub(super) async fn tool_history(&mut self, target: &mut Target) -> Outcome {
        let mut body = target.probe.body(&prompts::called(), 8);
        if self.seen.takes_tools {
            with(&mut body, "tools", prompts::tools(false));
        }
        match target.probe.ask(&body).await {
            Ok(_) => {
                self.note(Lack::ToolRole, false);
                Outcome::pass("a call of the model and its result are taken")
            }
            Err(failed) => {
                if failed.is_refusal {
                    self.note(Lack::ToolRole, true);
                }
                Outcome::new(mark(&failed), failed.said).server(
                    "serve the model with a chat template that knows the role `tool` \
                     (`--chat-template FILE`)",
                )
            }
        }
    }
}

/// Asks for a call that must be made, and tells whether the server refused to force one; `None`
/// when that is open.
async fn forced(target: &Target, choice: Value) -> (Outcome, Option<bool>) {
    let mut body = target.probe.body(&prompts::call(), target.probe.moment(MOST));
    with(&mut body, "tools", prompts::tools(true));
    with(&mut body, "tool_choice", choice);
    match target.probe.ask(&body).await {
        Err(failed) => {
            let outcome = refused(&failed, target, "--tool-call-parser");
            (outcome, failed.is_refusal.then_some(true))
        }
        Ok(answer) => match answer.calls.first() {
            Some((name, arguments)) if !arguments.contains("\"ok\"") && name == TOOL => {
                let said = format!("a call of `{TOOL}`, but not as its schema wants: {arguments}");
                (Outcome::unknown(said), Some(false))
            }
            Some((name, arguments)) => (native(name, arguments), Some(false)),
            None if answer.finish.as_deref() == Some("length") => {
                (no_call(&answer, "taken, but no call ended in time"), Some(false))
            }
            None => {
                let said = quoted(&answer.text);
                let outcome = Outcome::fail(format!("taken, but not heeded: {said}"));
                (outcome.server("a newer server forces a call by a grammar"), None)
            }
        },
    }
}

/// The outcome of a refusal of tools, with the option that a server lacks.
fn refused(failed: &Failed, target: &Target, option: &str) -> Outcome {
    let outcome = Outcome::new(mark(failed), failed.said.clone());
    let parser = tool_parser(&target.probe.model);
    if failed.said.contains("grammar") {
        return outcome.server("the server could not make a grammar of the tool's schema");
    }
    match (failed.is_refusal, parser) {
        (false, _) => outcome,
        (true, Some(parser)) => outcome.server(format!("start vLLM with `{option} {parser}`")),
        (true, None) => outcome.server(format!(
            "start vLLM with `{option} NAME` (`hermes`, `llama3_json`, `mistral`, … by model family)"
        )),
    }
}

fn native(name: &str, arguments: &str) -> Outcome {
    let shown = super::words::brief(arguments, 40);
    if name != TOOL {
        return Outcome::fail(format!("a call of `{name}`, which is not offered"))
            .server("the tool parser may not be the model's own: `--tool-call-parser NAME`");
    }
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(_)) => Outcome::pass(format!("a call of `{TOOL}` with {shown}")),
        _ => Outcome::unknown(format!("a call of `{TOOL}` with {shown}, which is no object")),
    }
}

fn no_call(answer: &Answer, what: &str) -> Outcome {
    let said = match (answer.text.trim(), answer.reasoning) {
        ("", Some(_)) => "it only thought".to_owned(),
        ("", None) => "it said nothing".to_owned(),
        (text, _) => format!("it said {}", quoted(text)),
    };
    let cut = if answer.finish.as_deref() == Some("length") { ", cut off" } else { "" };
    Outcome::unknown(format!("{what}: {said}{cut}"))
}

/// A refusal is a failure; a server that cannot answer now is not judged.
pub(super) fn mark(failed: &Failed) -> Mark {
    if failed.is_refusal { Mark::Fail } else { Mark::Unknown }
}
