//! A turn is dropped at each of its await points.

use std::pin::pin;
use std::task::{Context, Waker};

use openclaw_agent_loop::{TurnOutcome, events};
use openclaw_core::{AnswerOutcome, History, ToolOutput};
use tokio::task::yield_now;

use crate::actor::Act;
use crate::script::{Play, Stage, calls, makes, replies, says};
use crate::sent::{assert_legal, written};

fn play() -> Play {
    let answers = [
        says(
            calls("Let me look.", &[("read", "{}"), ("read", "{"), ("show", "{}")]),
            AnswerOutcome::ToolCalls,
        ),
        makes(&[("nope", "{}"), ("forbidden", "{}"), ("prepares", "{}")]),
        replies("All is well."),
    ];
    Stage::new(answers)
        .tool("show", Act::Writes(vec!["a", "b"]))
        .tool("prepares", Act::Prepares)
        .tool("forbidden", Act::Output(ToolOutput::from_text("never")))
        .build()
}

/// Polls a turn this many times and drops it; returns whether it was over by then.
async fn cut(play: &mut Play, polls: usize) -> bool {
    let (sender, _receiver) = events::event_channel();
    let mut turn = pin!(play.agent.run_turn(&mut play.history, "Go", sender));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if turn.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        // Lets the runtime wake what yielded.
        yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_turn_may_be_dropped_anywhere() {
    let mut whole = play();
    whole.turn("Go").await;
    let whole = written(&whole.history);

    let mut polls = 0;
    loop {
        let mut play = play();
        let over = cut(&mut play, polls).await;
        assert_eq!(play.live(), 0, "a dropped turn leaves nothing running");
        assert_legal(&play.history);
        let left = written(&play.history);
        assert!(left.len() <= whole.len());
        let different: Vec<_> = left.iter().zip(&whole).filter(|(a, b)| a != b).collect();
        let interrupted = |line: &String| line.contains("This call was interrupted");
        assert!(different.iter().all(|(line, _)| interrupted(line)), "{polls} polls: {left:?}");
        assert_eq!(different.len(), play.history.open_calls().count());
        if over {
            assert_eq!(left, whole);
            break;
        }

        play.forget_answers();
        play.answer(makes(&[("read", "{}")]));
        play.answer(replies("Back."));
        let (report, _) = play.turn("Still there?").await;
        let TurnOutcome::Reply { text, .. } = report.outcome else { panic!("{report:?}") };
        assert_eq!(text, "Back.");
        assert_legal(&play.history);
        for request in play.model.requests.lock().unwrap().iter() {
            assert_legal(&request.history);
        }
        let last = play.requests().pop().unwrap();
        let kept = left.iter().filter(|line| !line.starts_with("user")).collect::<Vec<_>>();
        assert!(kept.iter().all(|line| last.contains(line)), "what was said stays as it was");
        polls += 1;
    }
    assert!(polls > 30, "the script has many await points: {polls}");
}

#[test]
fn a_turn_can_be_moved_between_threads() {
    fn assert_send(_: impl Send) {}
    let play = play();
    let mut history = History::new();
    assert_send(play.agent.run_turn(&mut history, "Go", events::event_channel().0));
}
