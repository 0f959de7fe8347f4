//! Answers as servers really send them: odd fields, odd framing, odd calls, errors of every shape.
//!
//! The cases are data, in `odd_servers/cases.json` and, as people met them at servers and proxies by
//! name, in `odd_servers/reported_cases.json`. Each says what the server answers to the first
//! chat request (`events`, or `status` and `body`; with `always`, to every one) and what a user
//! must get:
//!
//! - `ok`: whether the run succeeds. `text`, `text_has`: the answer, or parts of it.
//! - `says`: parts of what is printed. `max_requests`: the most chat requests.
//! - `again`: the paths that are requested when the same is asked once more.
//! - `calls`: the calls that run, in order. `not_run`: that none does.
//!
//! `models` is what `/v1/models` answers, as `{"status", "ctype", "body"}`, or `"silence"`; by
//! default it lists `m`, which is the model that is asked, unless `model` names another.
//!
//! An event is a text as it is sent, or `{"delta", "finish"}` for a usual chunk, or `{"content",
//! "cut"}` for a text in chunks of so many characters, or `"USAGE"` or `"DONE"`.

mod server;

use openclaw_tests::{Ended, Home};
use serde_json::{Value, json};

use self::server::CaseServer;

const CASES: [&str; 2] =
    [include_str!("odd_servers/cases.json"), include_str!("odd_servers/reported_cases.json")];

/// Plays the cases of one kind.
async fn play_kind(kind: &str) {
    let cases = CASES.map(|cases| serde_json::from_str::<Vec<Value>>(cases).unwrap());
    let mut complaints = Vec::new();
    let mut played = 0;
    for case in cases.into_iter().flatten().filter(|case| case["kind"] == kind) {
        played += 1;
        let found = play_case(&case).await;
        complaints.extend(found.into_iter().map(|said| format!("{}: {said}", case["name"])));
    }
    assert!(played > 0, "no case of kind {kind}");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

async fn play_case(case: &Value) -> Vec<String> {
    let server = CaseServer::start(case.clone()).await;
    let provider = json!({"baseUrl": server.base_url(), "apiKey": "k"});
    let model = format!("vllm/{}", case["model"].as_str().unwrap_or("m"));
    let config = json!({
        "agents": {"defaults": {"model": {"primary": model}}},
        "models": {"providers": {"vllm": provider}},
    });
    let home = Home::new().config(&config.to_string());
    home.put("note.txt", "The word is PELICAN.\n");
    home.put("b.txt", "BETA\n");
    let args: &[&str] = if case["mode"] == "infer" {
        &["infer", "model", "run", "--prompt", "hi", "--json"]
    } else {
        &["agent", "--no-session", "--yes", "--message", "do it", "--json"]
    };
    let ended = home.run(args).await;
    let mut complaints = judge_output(&case["expect"], &ended);
    complaints.extend(judge_requests(&case["expect"], &server.chats()));
    if let Some(expected) = case["expect"]["again"].as_array() {
        server.take_paths();
        home.run(args).await;
        let paths = server.take_paths();
        if *expected != paths {
            complaints.push(format!("when asked again, it requests {paths:?}"));
        }
    }
    complaints
}

/// Judges what was printed.
fn judge_output(expected: &Value, ended: &Ended) -> Vec<String> {
    let result: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
    let parts = result.get("outputs").or_else(|| result.get("payloads"));
    let texts = parts.and_then(Value::as_array).into_iter().flatten();
    let texts: Vec<&str> = texts.filter_map(|part| part["text"].as_str()).collect();
    let text = texts.join("\n");
    let has_succeeded =
        ended.code == Some(0) && result["ok"] != json!(false) && result["error"].is_null();
    let mut complaints = Vec::new();
    if expected["ok"].as_bool().is_some_and(|ok| ok != has_succeeded) {
        complaints.push(format!("success is {has_succeeded}: {text:?} {:?}", ended.stderr));
    }
    if expected["text"].as_str().is_some_and(|expected| expected != text) {
        complaints.push(format!("the answer is {text:?}"));
    }
    for part in strings(&expected["text_has"]).filter(|part| !text.contains(part)) {
        complaints.push(format!("the answer lacks {part:?}: {text:?}"));
    }
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    for part in strings(&expected["says"]).filter(|part| !printed.contains(part)) {
        complaints.push(format!("nothing says {part:?}: {:?}", ended.stderr));
    }
    complaints
}

/// Judges the chat requests: their number, that each is valid, and the calls that the second has
/// results of.
fn judge_requests(expected: &Value, chats: &[Value]) -> Vec<String> {
    let mut complaints = Vec::new();
    let most = expected["max_requests"].as_u64().unwrap_or(u64::MAX);
    if u64::try_from(chats.len()).unwrap() > most {
        complaints.push(format!("{} requests", chats.len()));
    }
    for chat in chats {
        complaints.extend(find_invalid_calls(chat));
    }
    let ran = chats.get(1).map(calls_with_results).unwrap_or_default();
    if let Some(calls) = expected["calls"].as_array() {
        if *calls != ran {
            complaints.push(format!("these calls ran: {ran:?}"));
        }
        let reads_note = calls.iter().any(|call| call[1]["path"] == "note.txt");
        if reads_note && !chats.get(1).is_some_and(|chat| chat.to_string().contains("PELICAN")) {
            complaints.push("the text of the file did not go back".to_owned());
        }
    }
    if expected["not_run"] == json!(true) && !ran.is_empty() {
        complaints.push(format!("these calls ran: {ran:?}"));
    }
    complaints
}

/// The calls of a request that have a result in it, as pairs of name and arguments.
fn calls_with_results(chat: &Value) -> Vec<Value> {
    let messages = || chat["messages"].as_array().into_iter().flatten();
    let results: Vec<&Value> = messages()
        .filter(|message| message["role"] == "tool")
        .map(|message| &message["tool_call_id"])
        .collect();
    let calls =
        messages().flat_map(|message| message["tool_calls"].as_array().into_iter().flatten());
    calls
        .filter(|call| results.contains(&&call["id"]))
        .map(|call| {
            let arguments = call["function"]["arguments"].as_str().unwrap();
            let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
            json!([call["function"]["name"], arguments])
        })
        .collect()
}

/// What a strict server would refuse in the calls of a request.
fn find_invalid_calls(chat: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut open_ids: Vec<&Value> = Vec::new();
    for message in chat["messages"].as_array().into_iter().flatten() {
        if message["role"] == "tool" {
            match open_ids.iter().position(|id| **id == message["tool_call_id"]) {
                Some(at) => drop(open_ids.remove(at)),
                None => complaints.push(format!("a result without a call: {message}")),
            }
            continue;
        }
        if !open_ids.is_empty() {
            complaints.push(format!("calls without a result: {open_ids:?}"));
        }
        open_ids.clear();
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
            let is_object = serde_json::from_str::<Value>(arguments).is_ok_and(|it| it.is_object());
            if !is_object || call["id"] == json!("") || open_ids.contains(&&call["id"]) {
                complaints.push(format!("an invalid call: {call}"));
            }
            open_ids.push(&call["id"]);
        }
    }
    if !open_ids.is_empty() {
        complaints.push(format!("calls without a result: {open_ids:?}"));
    }
    complaints
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[tokio::test]
async fn an_odd_field_never_fails_an_answer() {
    play_kind("frame").await;
}

#[tokio::test]
async fn odd_framing_and_content_types_are_read() {
    play_kind("framing").await;
    play_kind("content-type").await;
}

#[tokio::test]
async fn calls_run_however_they_come() {
    play_kind("call").await;
}

#[tokio::test]
async fn calls_written_as_text_run_and_quoted_ones_do_not() {
    play_kind("dialect").await;
}

#[tokio::test]
async fn thoughts_and_template_tokens_are_no_part_of_an_answer() {
    play_kind("thought").await;
    play_kind("token").await;
}

#[tokio::test]
async fn a_named_model_is_tried_whatever_the_list_of_models_says() {
    play_kind("discovery").await;
}

#[tokio::test]
async fn errors_show_the_words_of_the_server() {
    play_kind("error").await;
}

#[tokio::test]
async fn a_refusal_of_the_form_of_a_request_is_mended() {
    play_kind("mended").await;
}

#[tokio::test]
async fn a_prompt_beyond_the_window_is_recognised_in_any_words() {
    play_kind("overflow").await;
}
