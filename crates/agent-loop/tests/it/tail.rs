//! The suffix of a request, which no later request repeats.

use openclaw_core::AnswerOutcome;

use crate::script::{Stage, makes, reasoning, replies, says, text};
use crate::sent::written;

#[tokio::test]
async fn the_tail_is_asked_for_once_a_request_that_the_user_ends_and_never_kept() {
    let answers = [makes(&[("read", "{}")]), replies("Done."), replies("Yes.")];
    let mut play = Stage::new(answers).build();
    play.turn("Read it.").await;
    play.turn("Sure?").await;
    let tails = play.tails();
    assert_eq!(tails, [Some("[0]".to_owned()), None, Some("[1]".to_owned())]);
    let kept = written(&play.history).concat();
    assert!(!kept.contains("[0]") && !kept.contains("[1]"), "{kept}");
}

#[tokio::test]
async fn a_model_that_only_reasoned_is_asked_to_answer_in_the_suffix() {
    let thought = || {
        let message =
            openclaw_core::AssistantMessage { reasoning: Some(reasoning("Hm.")), ..text("") };
        says(message, AnswerOutcome::ReasoningOnly)
    };
    let answers = [thought(), makes(&[("read", "{}")]), thought(), replies("Done.")];
    let mut play = Stage::new(answers).build();
    play.turn("Hi").await;
    let tails: Vec<String> = play.tails().into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!((&*tails[0], &*tails[2]), ("[0]", ""));
    assert!(tails[1].starts_with("[1]\n\nYou have thought"), "{tails:?}");
    assert!(tails[3].starts_with("You have thought"), "{tails:?}");
}
