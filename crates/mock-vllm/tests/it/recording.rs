//! Recorded exchanges: how they are read, and the script that makes a mock say the same.

use openclaw_mock_vllm::{Call, Finish, Turn, UsageOverride};
use serde_json::Value;

/// One exchange with a real server.
pub(crate) struct Recording {
    pub(crate) request: String,
    pub(crate) request_body: String,
    pub(crate) status: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Recording {
    pub(crate) fn read(name: &str) -> Self {
        let file = |kind: &str| {
            let path = format!("{}/tests/recordings/{name}.{kind}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let request = file("req");
        let (request, request_body) = request.split_once("\n\n").unwrap_or((request.trim(), ""));
        let response = file("res");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.split("\r\n").map(str::to_owned);
        let status = lines.next().expect("a status line");
        let headers: Vec<_> = lines.filter(|line| !line.starts_with("date: ")).collect();
        let is_framed = name.ends_with("-raw") || name.ends_with("kill-sigkill-engine");
        Self {
            request: request.to_owned(),
            request_body: request_body.strip_suffix('\n').unwrap_or(request_body).to_owned(),
            status,
            headers,
            body: if is_framed { unframed(body) } else { body.to_owned() },
        }
    }

    /// The events with their blank lines.
    pub(crate) fn events(&self) -> Vec<String> {
        self.body.split_inclusive("\n\n").map(str::to_owned).collect()
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.headers.iter().any(|line| line.starts_with("content-type: text/event-stream"))
    }

    /// What the model said, with the token counts it was said to have cost.
    pub(crate) fn turn(&self) -> Turn {
        if self.request.starts_with("POST /v1/responses") {
            return crate::responses::turn(self);
        }
        if self.request.starts_with("POST /v1/messages") {
            return crate::messages::turn(self);
        }
        if self.is_stream() { self.streamed_turn() } else { self.whole_turn() }
    }

    fn whole_turn(&self) -> Turn {
        let body: Value = serde_json::from_str(&self.body).expect("a JSON body");
        let choice = &body["choices"][0];
        let message = &choice["message"];
        let mut turn = Turn::empty();
        if let Some(text) = message["reasoning"].as_str() {
            turn = turn.then_reasoning(text);
        }
        if let Some(text) = message["content"].as_str().filter(|text| !text.is_empty()) {
            turn = turn.then_text(text);
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().expect("a string").to_owned();
            let function = &call["function"];
            turn = turn.then_call(Call::new(text(&function["name"]), text(&function["arguments"])));
        }
        ended(turn, choice).usage(counts(&body["usage"]))
    }

    fn streamed_turn(&self) -> Turn {
        let mut turn = Turn::empty();
        let mut call: Option<(String, Vec<String>)> = None;
        let mut muted = 0;
        let flush = |turn: Turn, call: &mut Option<(String, Vec<String>)>| match call.take() {
            Some((name, pieces)) => turn.then_call(Call::pieces(name, pieces)),
            None => turn,
        };
        for event in self.events().iter().skip(1) {
            let Ok(event) = serde_json::from_str::<Value>(event["data: ".len()..].trim()) else {
                break;
            };
            if event["usage"]["prompt_tokens_details"].is_object() {
                turn = turn.usage(counts(&event["usage"]));
            }
            let Some(choice) = event["choices"].get(0) else { continue };
            let delta = &choice["delta"];
            if let Some(text) = delta["content"].as_str() {
                turn = turn.then_text(text);
            } else if let Some(text) = delta["reasoning"].as_str().filter(|text| !text.is_empty()) {
                turn = turn.then_reasoning(text);
            } else if let Some(part) = delta["tool_calls"].get(0) {
                let function = &part["function"];
                if let Some(name) = function["name"].as_str() {
                    turn = flush(turn, &mut call);
                    call = Some((name.to_owned(), Vec::new()));
                }
                if let Some(text) = function["arguments"].as_str() {
                    call.as_mut().expect("a call began").1.push(text.to_owned());
                }
            } else if delta.get("content").is_some() {
                muted += 1;
            }
            if choice["finish_reason"].is_string() {
                turn = ended(flush(turn, &mut call), choice);
            }
        }
        // A suppressed call shows its head and each piece of its arguments as nothing.
        if muted == 0 { turn } else { turn.then_call(Call::pieces("hidden", vec!["1"; muted - 1])) }
    }
}

fn ended(turn: Turn, choice: &Value) -> Turn {
    // Other reasons must follow from the content.
    let turn = match choice["finish_reason"].as_str() {
        Some("length") => turn.finish(Finish::Length),
        _ => turn,
    };
    match choice["stop_reason"].as_str() {
        Some(stop) => turn.stop_reason(stop),
        None => turn,
    }
}

pub(crate) fn counts(usage: &Value) -> UsageOverride {
    let count = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok());
    let details = &usage["prompt_tokens_details"];
    UsageOverride {
        prompt: count(&usage["prompt_tokens"]),
        completion: count(&usage["completion_tokens"]),
        cached: count(&details["cached_tokens"]),
        created: count(&details["created_cache_tokens"]),
        reasoning: count(&usage["completion_tokens_details"]["reasoning_tokens"]),
    }
}

fn unframed(mut framed: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = framed.split_once("\r\n") {
        let length = usize::from_str_radix(size, 16).expect("a chunk size");
        body.push_str(&rest[..length]);
        framed = &rest[length + 2..];
    }
    body
}

/// The same text with every id, time and fingerprint struck out.
pub(crate) fn normal(text: &str) -> String {
    let marks = [
        "chatcmpl-tool-",
        "chatcmpl-",
        "modelperm-",
        "resp_",
        "msg_",
        "rs_",
        "fc_",
        "\"created_at\":",
        "vllm-0.32.0-",
        "\"created\":",
        "\"tokens\":[",
        "\"count\":",
        "\"token_strs\":[",
        "\"signature\":\"",
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let places = marks.iter().filter_map(|mark| Some((rest.find(mark)?, mark.len())));
        let found = places.min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)));
        let Some((at, length)) = found else { break };
        let (kept, after) = rest.split_at(at + length);
        out.push_str(kept);
        let is_list = kept.ends_with('[');
        let end = if is_list {
            list_length(after)
        } else {
            after.find(|char: char| !char.is_ascii_hexdigit()).unwrap_or(after.len())
        };
        // Only generated ids are struck out, not those a client chose.
        let is_noise = is_list || matches!(end, 8 | 10 | 16 | 32) || kept.ends_with("count\":");
        out.push_str(if is_noise { "#" } else { &after[..end] });
        rest = &after[end..];
    }
    out + rest
}

/// Bytes up to the bracket that closes a list of numbers or of strings.
fn list_length(text: &str) -> usize {
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b']' if !in_string => return at,
            _ => {}
        }
    }
    text.len()
}
