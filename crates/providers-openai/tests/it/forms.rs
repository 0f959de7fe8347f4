//! A conversation that is refused without a reason is sent in other forms.

use openclaw_core::ModelErrorKind;
use openclaw_mock_vllm::{ErrorBody, MockVllm, Reply, Turn};
use openclaw_providers_openai::{ServerCapabilities, ServerFeature};
use serde_json::Value;

use crate::adapts::{ask, bodies, everything, model, refusal, roles};

/// What an obstinate server wants of a conversation, and the features that are then left out.
type SilentRule = (fn(&Value) -> bool, &'static [ServerFeature]);

const SILENT_RULES: [SilentRule; 6] = [
    (|body| body["messages"][2]["content"].is_string(), &[ServerFeature::ContentParts]),
    (
        |body| body["messages"][3]["tool_call_id"].as_str().is_some_and(|id| id.len() == 9),
        &[ServerFeature::AnyCallIdFormat],
    ),
    (|body| body["messages"][3]["name"] == "read", &[ServerFeature::UnnamedToolResult]),
    (|body| body["messages"][2].get("reasoning").is_none(), &[ServerFeature::ReasoningField]),
    (|body| roles(body)[3..5] == ["tool", "assistant"], &[ServerFeature::ParallelToolCalls]),
    (
        |body| body.get("tools").is_none() && !roles(body).contains(&"tool"),
        &[ServerFeature::ToolRole],
    ),
];

#[tokio::test]
async fn a_conversation_refused_without_a_reason_is_sent_in_other_forms_and_the_form_remembered() {
    for (is_accepted, features) in SILENT_RULES {
        let server = MockVllm::builder().request_rule(is_accepted).start().await.unwrap();
        let model = model(&server);
        let (told, end) = ask(&model, everything()).await;
        end.unwrap();
        let [note] = told.as_slice() else { panic!("{told:?}") };
        assert!(note.contains("without a reason"), "{note}");
        let learned = model.capability_store().current_capabilities().unsupported_features;
        assert!(features.iter().all(|it| learned.contains(it)), "{features:?}: {learned:?}");
        // The next request has that form from the start.
        let before = bodies(&server).len();
        let (told, end) = ask(&model, everything()).await;
        assert!(told.is_empty() && end.is_ok(), "{told:?}");
        assert_eq!(bodies(&server).len(), before + 1, "{features:?}");
    }
}

#[tokio::test]
async fn several_silent_rules_are_met_at_once() {
    let is_accepted = |body: &Value| SILENT_RULES[..4].iter().all(|(rule, _)| rule(body));
    let server = MockVllm::builder().request_rule(is_accepted).start().await.unwrap();
    let model = model(&server);
    let (_, end) = ask(&model, everything()).await;
    end.unwrap();
    let learned = model.capability_store().current_capabilities().unsupported_features;
    let features = SILENT_RULES[..4].iter().flat_map(|(_, features)| *features);
    assert!(features.into_iter().all(|it| learned.contains(it)), "{learned:?}");
}

#[tokio::test]
async fn a_form_that_was_accepted_before_is_no_suspect() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    server.push(Turn::text("yes"));
    let (_, end) = ask(&model, everything()).await;
    end.unwrap();
    (0..9).for_each(|_| server.push(refusal("Invalid request.")));
    let (_, end) = ask(&model, everything()).await;
    assert!(end.unwrap_err().to_string().contains("Invalid request."));
    assert_eq!(bodies(&server).len(), 2);
}

#[tokio::test]
async fn another_form_is_no_answer_to_what_is_explained_or_said() {
    let raw = |text: &str| ErrorBody::Raw {
        content_type: "application/json".to_owned(),
        body: text.to_owned(),
    };
    for reply in [
        r#"{"error": {"message": "no", "param": "temperature", "code": 400}}"#,
        r#"{"error": {"message": "top_p must be in (0, 1]", "code": 400}}"#,
        r#"{"error": {"message": "no", "code": "content_filter"}}"#,
        r#"{"error": {"message": "no", "type": "data_inspection_failed"}}"#,
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        let model = model(&server);
        (0..9).for_each(|_| server.push(Reply::status(400, raw(reply))));
        let (_, end) = ask(&model, everything()).await;
        assert_eq!(end.unwrap_err().kind(), ModelErrorKind::Rejected, "{reply}");
        assert_eq!(bodies(&server).len(), 1, "{reply}");
    }
}

#[tokio::test]
async fn when_no_form_is_accepted_the_first_refusal_is_the_error() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server);
    server.push(refusal("The first reason."));
    (0..9).for_each(|_| server.push(refusal("Another reason.")));
    let (_, end) = ask(&model, everything()).await;
    let error = end.unwrap_err();
    assert!(error.to_string().contains("The first reason."), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("other forms")), "{:?}", error.hints());
    assert_eq!(model.capability_store().current_capabilities(), ServerCapabilities::default());
    let sent = bodies(&server);
    assert!((4..9).contains(&sent.len()), "{}", sent.len());
}
