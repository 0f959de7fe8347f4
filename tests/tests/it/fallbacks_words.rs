//! What servers say when they cannot answer, and that another model then does.

use openclaw_mock_vllm::{ErrorBody, Reply};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fallbacks::{RUN, chain, server, unauthorized};

/// How often a request is sent before it is given up.
const TRIES: usize = 3;

/// A body as a server sends it.
fn raw(status: u16, body: &Value) -> Reply {
    let content_type = "application/json".to_owned();
    Reply::status(status, ErrorBody::Raw { content_type, body: body.to_string() })
}

/// What is said, how often it is asked for, and the kind that it is of.
fn words() -> Vec<(Reply, usize, &'static str)> {
    let llama =
        json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
    let hosted =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let vllm = json!({"error": {
        "message": "The model `m` does not exist.", "type": "NotFoundError", "param": "model", "code": 404
    }});
    let litellm = json!({"error": {
        "message": "/chat/completions: Invalid model name passed in model=m. Call `/v1/models` to view \
                    available models for your key.",
        "type": "None", "param": "None", "code": "400"
    }});
    let ollama = json!({"error": {
        "message": "model \"m\" not found, try pulling it first",
        "type": "not_found_error", "param": null, "code": null
    }});
    let forbidden = json!({"error": {
        "message": "Project does not have access to model m", "type": "invalid_request_error",
        "param": null, "code": "model_not_found"
    }});
    let broken =
        json!({"error": {"message": "CUDA error", "type": "InternalServerError", "code": 500}});
    vec![
        (Reply::overloaded(), TRIES, "overloaded"),
        (Reply::overloaded().retry_after(3600), 1, "overloaded"),
        (raw(529, &hosted), TRIES, "overloaded"),
        (raw(503, &llama), TRIES, "loading"),
        (Reply::rate_limited(3600), 1, "rate_limited"),
        (Reply::status(429, ErrorBody::Text("slow down".to_owned())), TRIES, "rate_limited"),
        (unauthorized(), 1, "auth"),
        (raw(403, &forbidden), 1, "auth"),
        (raw(404, &vllm), 1, "unknown_model"),
        (raw(400, &litellm), 1, "unknown_model"),
        (raw(404, &ollama), 1, "unknown_model"),
        (raw(500, &broken), TRIES, "interrupted"),
        (Reply::html(), 1, "protocol"),
    ]
}

#[tokio::test]
async fn a_server_that_cannot_answer_is_left_for_the_next() {
    let mut all = JoinSet::new();
    for (reply, tries, kind) in words() {
        all.spawn(async move {
            let (first, second) = (server().await, server().await);
            let home = chain(&[&first.base_url(), &second.base_url()]);
            for _ in 0..tries {
                first.push(reply.clone());
            }
            let ask = [&RUN[..], &["--prompt", "reply exactly: here", "--json"]].concat();
            let ended =
                home.run(&ask).await.code(0).says(&["warning: a/m: failed to", "; using b/m"]);
            let value = ended.json();
            let attempts = value["attempts"].as_array().unwrap();
            assert_eq!((attempts.len(), &attempts[0]["result"]), (1, &json!(kind)), "{ended:#?}");
            assert_eq!(value["outputs"][0]["text"], json!("here"));
            let seen = first.requests();
            let chats = seen.iter().filter(|seen| seen.path == "/v1/chat/completions");
            assert_eq!(chats.count(), tries, "{kind}: {ended:#?}");
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}
