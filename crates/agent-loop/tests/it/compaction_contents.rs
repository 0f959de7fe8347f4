//! What a compaction keeps whole, and what it carries on.

use openclaw_agent_loop::{CompactionMethod, TurnOutcome};
use openclaw_core::ToolOutput;

use crate::compaction::{Lab, Summaries, last_user, replied};
use crate::sent::written;

#[tokio::test]
async fn a_message_larger_than_the_window_is_refused_and_never_gutted() {
    let mut lab = Lab::build(4_096, Summaries::Short, 4_096, "Be brief.");
    lab.fill(6, 600);
    let line = "the only error line";
    let log = format!("{}{line}\n{}", "all is well\n".repeat(900), "all is well\n".repeat(900));
    let (outcome, _) = lab.turn(&log).await;
    let TurnOutcome::Failed(error) = outcome else { panic!("{outcome:?}") };
    assert!(format!("{:?}", error.kind()).contains("ContextOverflow"), "{error:?}");
    assert!(written(&lab.history).iter().any(|message| message.contains(line)));
    // Each part of the message comes to whoever summarises it.
    let requests = lab.model.requests.lock().unwrap();
    assert!(requests.iter().all(|request| !last_user(request).contains(" bytes …]")));
    assert!(requests.iter().any(|request| last_user(request).contains(line)));
}

#[tokio::test]
async fn without_a_new_summary_the_earlier_one_is_carried() {
    let mut summarised = Lab::new(4_096, Summaries::Short);
    summarised.fill(12, 1_000);
    summarised.turn("and now?").await;
    let mut lab = Lab::new(4_096, Summaries::Fails);
    lab.history = summarised.history.clone();
    lab.fill(12, 1_000);
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert_eq!(compactions[0].method, CompactionMethod::Trimming);
    assert_eq!(lab.history.leading_summary().unwrap().text, "All went well.");
}

#[tokio::test]
async fn the_count_of_what_is_left_out_adds_up() {
    let mut lab = Lab::new(4_096, Summaries::Short);
    for round in 0..4 {
        for step in 0..30 {
            let output = ToolOutput::from_text("x".repeat(400)).with_summary("exit 0");
            lab.chat("go on", &format!("round {round}, step {step}: {}", "y".repeat(40)), output);
        }
        lab.turn("and now?").await;
    }
    let summary = lab.history.leading_summary().unwrap();
    let (first, listed) = summary.ledger.split_first().unwrap();
    let omitted: usize = first.split(' ').next().unwrap().parse().unwrap();
    let kept = written(&lab.history).iter().filter(|line| line.contains("step")).count();
    assert!(listed.iter().all(|line| line.contains("step")), "{listed:?}");
    assert!(omitted + listed.len() <= 120 && omitted + listed.len() + kept >= 120, "{first}");
}
