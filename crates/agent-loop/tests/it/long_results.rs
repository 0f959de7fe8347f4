//! What a summariser reads of long results.

use openclaw_agent_loop::CompactionMethod;
use openclaw_core::ToolOutput;

use crate::compaction::{Lab, Summaries, last_user, replied};

#[tokio::test]
async fn a_long_result_is_read_whole_by_the_summariser() {
    let mut lab = Lab::new(4_096, Summaries::OfParts);
    let output = format!("{}ERROR 4711{}", "x".repeat(9_000), "y".repeat(9_000));
    lab.chat("build it", "make", ToolOutput::from_text(output));
    let (outcome, compactions) = lab.turn("and now?").await;
    assert!(replied(&outcome), "{outcome:?}");
    assert_eq!(compactions[0].method, CompactionMethod::Parts);
    let requests = lab.model.requests.lock().unwrap();
    let parts: String = requests.iter().map(last_user).collect();
    assert!(parts.contains("ERROR 4711") && !parts.contains("[…"));
}
