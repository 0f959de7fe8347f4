//! Compaction in a context window that is smaller than the conversation.

use std::sync::Mutex;

use openclaw_agent_loop::{CompactionLimits, CompactionMethod, TurnLimits};
use openclaw_core::{AssistantMessage, ToolArguments, ToolCall, ToolCallId, ToolName, ToolOutput};

use crate::compaction::{Counter, Lab, Summaries, replied};
use crate::sent::{assert_legal, written};

/// A model that only summarises parts, with an agent that does not request parts by itself.
fn lab(window: u32, max_output_tokens: u32) -> Lab {
    let limits = TurnLimits {
        max_output_tokens: Some(max_output_tokens),
        compaction: Some(CompactionLimits::default()),
        ..TurnLimits::with_call_limits(20, 20)
    };
    let (summaries, takes, requests) = (Summaries::OfParts, u32::MAX, Mutex::default());
    Lab::with(Counter { window, summaries, takes, requests }, limits, "Be brief.")
}

#[tokio::test]
async fn a_conversation_that_comes_from_a_larger_window_is_summarised_in_parts_by_itself() {
    let mut lab = lab(4_096, 64);
    lab.fill(40, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert_eq!(compactions.len(), 1);
    assert_eq!(compactions[0].method, CompactionMethod::Parts);
    assert_eq!(lab.history.leading_summary().unwrap().text, "A part.");
    assert_legal(&lab.history);
}

#[tokio::test]
async fn one_that_grew_in_its_window_is_not() {
    let mut lab = lab(4_096, 64);
    lab.fill(12, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome) && compactions.len() == 1, "{outcome:?}");
    assert_eq!((compactions[0].method, lab.asked_for_summaries()), (CompactionMethod::Trimming, 1));
}

#[tokio::test]
async fn once_is_enough_where_half_of_the_window_is_the_answers() {
    let mut lab = lab(4_096, 2_048);
    lab.fill(40, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome) && compactions.len() == 1, "{compactions:?}");
    assert!(compactions[0].tokens_after <= 2_048, "{compactions:?}");
    let (outcome, compactions) = lab.turn("and then?").await;
    assert!(replied(&outcome) && compactions.is_empty(), "{compactions:?}");
}

#[tokio::test]
async fn a_request_is_kept_beside_what_was_said_since() {
    let mut lab = lab(4_096, 64);
    lab.chat("Look around.", "ls", ToolOutput::from_text("x".repeat(1_000)));
    lab.history.push_user_message("Build it.");
    for (n, said) in [(0, "With tests."), (1, "In release."), (2, "Quickly.")] {
        let arguments = ToolArguments::parse_json(r#"{"command":"make"}"#).unwrap();
        let name = ToolName::new("exec").unwrap();
        let call = ToolCall { id: ToolCallId::from_number(n), name, arguments };
        let calls = lab.history.push_assistant_message(AssistantMessage::from_call(call)).unwrap();
        let output = ToolOutput::from_text("y".repeat(if n == 2 { 400 } else { 6_000 }));
        lab.history.resolve_call(&calls[0].id, output).unwrap();
        lab.history.push_user_message(said);
    }
    let (outcome, compactions) = lab.turn("Now.").await;
    assert!(replied(&outcome) && compactions.len() == 1, "{outcome:?}");
    let requests = lab.model.requests.lock().unwrap();
    let sent = written(&requests.last().unwrap().history).join("\n");
    for said in ["Build it.", "With tests.", "In release.", "Quickly.", "Now."] {
        assert_eq!(sent.matches(said).count(), 1, "{said} {sent}");
    }
    assert!(!sent.contains("Look around."), "that was answered: {sent}");
}
