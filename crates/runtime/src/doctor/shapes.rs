//! The checks of what a conversation may look like, and how it is counted.

use openclaw_providers_openai::Lack;
use serde_json::{Value, json};

use super::edit::Edit;
use super::examination::{Examination, Target};
use super::family::reasoning_parser;
use super::probe::{Answer, Failed, Probe};
use super::prompts;
use super::report::Outcome;
use super::tools::mark;
use super::words::{list, quoted};

impl Examination<'_> {
    pub(super) async fn reasoning(&mut self, target: &mut Target) -> Outcome {
        const MOST: u32 = 512;
        let field = |field| Outcome::pass(format!("in a field of its own, `{field}`"));
        if let Some(seen) = self.seen.reasoning {
            return field(seen);
        }
        let body = target.probe.body(&prompts::sum(), target.probe.moment(MOST));
        let answer = match target.probe.ask(&body).await {
            Ok(answer) => answer,
            Err(failed) => return Outcome::unknown(failed.said),
        };
        let tags = ["<think>", "</think>", "[THINK]", "<|channel|>analysis", "<thought>"];
        let tag = tags.into_iter().find(|tag| answer.text.contains(tag));
        match (answer.reasoning, tag) {
            (Some(seen), _) => field(seen),
            (None, Some(tag)) => {
                let parser = reasoning_parser(&target.probe.model);
                let parser = parser.unwrap_or(if tag == "[THINK]" { "mistral" } else { "NAME" });
                Outcome::fail(format!("it stands in the text, after `{tag}`; it is split there"))
                    .server(format!("start vLLM with `--reasoning-parser {parser}`"))
            }
            (None, None) if target.entry().and_then(|entry| entry.reasoning) == Some(true) => {
                Outcome::unknown(format!(
                    "the config says that it thinks; none is seen in {}",
                    quoted(&answer.text)
                ))
            }
            (None, None) => Outcome::pass("none is seen: the model answers at once"),
        }
    }

    pub(super) async fn roles(&mut self, target: &mut Target) -> Outcome {
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
            match target.probe.ask(&target.probe.body(&messages, 1)).await {
                Ok(_) => taken.push(name),
                Err(failed) if failed.is_refusal => refused.push((name, failed.said)),
                Err(failed) => return Outcome::unknown(format!("{name}: {}", failed.said)),
            }
        }
        let lacks_system = refused.iter().any(|(name, _)| *name == "system");
        self.note(Lack::SystemRole, lacks_system);
        let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
        let Some((_, said)) = refused.first() else {
            return Outcome::pass(format!("{} are taken", list(&taken)));
        };
        if lacks_system {
            return Outcome::fail(format!("{} refused ({said})", list(&names))).server(
                "the chat template has no system role: start it with `--chat-template FILE` that \
                 has one; until then the system prompt goes in front of the first message",
            );
        }
        let taken = list(&taken);
        let names = list(&names);
        Outcome::pass(format!("{taken} taken; {names} refused ({said}), and never sent"))
    }

    pub(super) async fn content(&mut self, target: &mut Target) -> Outcome {
        let parts = json!([{ "type": "text", "text": "Hello" }]);
        let body = target.probe.body(&json!([{ "role": "user", "content": parts }]), 1);
        let known = target.entry().and_then(|entry| entry.compat.requires_string_content);
        let fault = match target.probe.ask(&body).await {
            Ok(taken) => misread(target, &taken).await,
            Err(failed) if !failed.is_refusal => return Outcome::unknown(failed.said),
            Err(failed) => Some(format!("lists of parts are refused ({})", failed.said)),
        };
        self.note(Lack::ContentParts, fault.is_some());
        match fault {
            None => Outcome::pass("strings and lists of parts are taken; text is sent as strings"),
            Some(evidence) => {
                if known == Some(true) {
                    return Outcome::pass(format!("{evidence}, as the config says"));
                }
                let key = ["compat", "requiresStringContent"];
                let edit = Edit::model(self.setup(), target.ids(), &key, json!(true));
                Outcome::fail(evidence).edit(edit)
            }
        }
    }

    pub(super) async fn tokenize(&mut self, target: &mut Target) -> Outcome {
        let body = json!({ "model": target.probe.model, "messages": prompts::plain() });
        let reply = Probe::post(&target.probe.client, "tokenize", &body).await;
        let count = reply.and_then(|reply| {
            let value: Value = reply.json().map_err(Failed::from)?;
            Ok(value.get("count").and_then(Value::as_u64))
        });
        let missing = |said: &str| {
            Outcome::unknown(format!("`/tokenize` is not there ({said}): tokens are estimated"))
        };
        let outcome = match count {
            Ok(Some(count)) => {
                self.note(Lack::Tokenize, false);
                return match self.seen.prompt_tokens.map(u64::from) {
                    Some(used) if used == count => {
                        Outcome::pass(format!("{count} tokens, exactly what the answer counted"))
                    }
                    Some(used) => Outcome::fail(format!(
                        "{count} tokens, but the answer to the same question counted {used}"
                    )),
                    None => Outcome::pass(format!("{count} tokens")),
                };
            }
            Ok(None) => missing("what answers is not it"),
            Err(failed) if failed.is_refusal || failed.status.is_some() => {
                self.note(Lack::Tokenize, true);
                missing(&failed.said)
            }
            Err(failed) => return Outcome::new(mark(&failed), failed.said),
        };
        if self.is_vllm() {
            let advice = "vLLM has it beside `/v1`: let the proxy in between pass `/tokenize` on";
            return outcome.server(advice);
        }
        outcome
    }
}

/// What is wrong with a list of parts that was taken: some templates write it out as it stands, so
/// that the same text has more tokens. Servers that do not count are believed.
async fn misread(target: &Target, taken: &Answer) -> Option<String> {
    let plain = target.probe.body(&json!([{ "role": "user", "content": "Hello" }]), 1);
    let counted = |answer: &Answer| Some(answer.usage?.prompt_tokens).filter(|count| *count > 0);
    let (parts, text) = (counted(taken)?, counted(&target.probe.ask(&plain).await.ok()?)?);
    (parts != text).then(|| {
        format!(
            "lists of parts are taken and not read as their text ({parts} prompt tokens instead \
             of {text})"
        )
    })
}
