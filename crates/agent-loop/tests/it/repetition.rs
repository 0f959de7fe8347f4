//! A model that repeats itself endlessly.

use openclaw_agent_loop::{OutputPart, TurnErrorKind, TurnEvent, TurnOutcome};
use openclaw_core::{ChatEvent, ToolName};

use crate::script::{Answer, Stage, replies};
use crate::sent::{assert_legal, written};

fn stalls(before: &[ChatEvent], piece: &ChatEvent) -> Answer {
    let endless = std::iter::repeat_n(piece.clone(), 3_000);
    Answer::Stalls(before.iter().cloned().chain(endless).collect())
}

#[tokio::test]
async fn a_text_without_end_is_ended_and_what_came_before_is_kept() {
    let text = |text: &str| ChatEvent::TextDelta(text.to_owned());
    let before = [ChatEvent::RequestAccepted, text("The answer is 42. ")];
    let answers = [stalls(&before, &text("And that is that. ")), replies("Sorry.")];
    let mut play = Stage::new(answers).build();
    let (report, seen) = play.turn("Go").await;
    let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
    assert_eq!(error.kind(), TurnErrorKind::Repetition(OutputPart::Text));
    let text = error.to_string();
    assert!(text.contains("repeated itself without end in its answer"), "{text}");
    assert!(error.detail_lines()[0].contains("that is that"), "{:?}", error.detail_lines());
    let kept = error.kept_text().unwrap();
    assert!(kept.starts_with("The answer is 42. And that is that.") && kept.len() < 100, "{kept}");
    assert_eq!(written(&play.history), ["user: Go", &format!("assistant: {kept}")]);
    assert!(matches!(
        seen.last(),
        Some(TurnEvent::RepetitionDetected { part: OutputPart::Text, .. })
    ));
    let pieces = seen.iter().filter(|event| matches!(event, TurnEvent::TextDelta(_))).count();
    assert!(pieces < 300, "{pieces}");

    let (report, _) = play.turn("Well?").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }));
    assert_legal(&play.history);
}

#[tokio::test]
async fn reasoning_and_arguments_without_end_leave_nothing_half_done() {
    let thought = ChatEvent::ReasoningDelta("Wait, let me think again. ".to_owned());
    let piece = ChatEvent::ToolCallDelta {
        index: 0,
        id: None,
        name: Some(ToolName::new("read").unwrap()),
        arguments: "\\n  nothing but the same line".to_owned(),
    };
    for (part, piece, before, left) in [
        (OutputPart::Reasoning, thought, vec![], vec!["user: Go"]),
        (
            OutputPart::Arguments,
            piece,
            vec![ChatEvent::TextDelta("I look.".to_owned())],
            vec!["user: Go", "assistant: I look."],
        ),
    ] {
        let mut play = Stage::new([stalls(&before, &piece)]).build();
        let (report, _) = play.turn("Go").await;
        let TurnOutcome::Failed(error) = &report.outcome else { panic!("{report:?}") };
        assert_eq!(error.kind(), TurnErrorKind::Repetition(part));
        assert!(!play.ran());
        assert_eq!(written(&play.history), left);
    }
}

#[tokio::test]
async fn what_became_void_is_no_part_of_a_repetition() {
    let piece = || vec![ChatEvent::TextDelta("And that is that. ".repeat(200)); 1];
    let round = || piece().into_iter().chain([ChatEvent::AnswerReset]);
    let items: Vec<ChatEvent> = (0..20).flat_map(|_| round()).collect();
    let mut items: Vec<_> = items.into_iter().map(Ok).collect();
    let Answer::Streams(last) = replies("Done.") else { panic!() };
    items.extend(last);
    let (report, _) = Stage::new([Answer::Streams(items)]).build().turn("Go").await;
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
}
