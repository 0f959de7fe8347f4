//! Outputs that do not fit the context window.

use std::sync::{Arc, Mutex};

use openclaw_agent_loop::TurnEvent;
use openclaw_core::{ToolCall, ToolOutput, ToolOutputStore, ToolOutputStoreError};

use crate::actor::Act;
use crate::script::{Play, Stage, makes, replies};
use crate::sent::{assert_legal, written};

/// An output store that keeps outputs in memory, or fails.
#[derive(Debug, Default)]
struct Shelf {
    kept: Mutex<Vec<String>>,
    is_full: bool,
}

impl ToolOutputStore for Shelf {
    fn store_output(&self, call: &ToolCall, text: &str) -> Result<String, ToolOutputStoreError> {
        if self.is_full {
            return Err(ToolOutputStoreError("the disk is full".into()));
        }
        self.kept.lock().unwrap().push(text.to_owned());
        Ok(format!("on the shelf under {}", call.id))
    }
}

fn lines(count: usize) -> String {
    (0..count).map(|n| n.to_string() + "\n").collect()
}

fn play(window: u32, outputs: &[&str], shelf: Option<Arc<Shelf>>) -> Play {
    let names = ["a", "b", "c"];
    let made: Vec<(&str, &str)> = outputs.iter().zip(names).map(|(_, name)| (name, "{}")).collect();
    let mut stage = Stage::new([makes(&made), replies("Done.")]);
    stage.tools.clear();
    stage.window = window;
    stage.spill = shelf.map(|shelf| shelf as Arc<dyn ToolOutputStore>);
    for (name, output) in names.into_iter().zip(outputs) {
        stage = stage.tool(name, Act::Output(ToolOutput::from_text(*output)));
    }
    stage.build()
}

#[tokio::test]
async fn an_output_with_too_little_room_keeps_its_ends_and_the_whole_is_kept_elsewhere() {
    let whole = lines(5_000);
    let shelf = Arc::new(Shelf::default());
    let mut play = play(32_768, &[&whole], Some(shelf.clone()));
    let (_, seen) = play.turn("Go").await;
    assert_eq!(*shelf.kept.lock().unwrap(), [whole.as_str()]);
    let result = written(&play.history)[2].clone();
    assert!(result.starts_with("result call_0: 0\n1\n2\n") && result.ends_with("\n4998\n4999\n"));
    assert!(result.len() < 10_200, "{}", result.len());
    let cut = seen.iter().find_map(|event| match event {
        TurnEvent::ToolOutputTruncated { total_bytes, omitted_bytes, saved_to, .. } => {
            Some((*total_bytes, *omitted_bytes, saved_to.clone()))
        }
        _ => None,
    });
    let (bytes, left_out, kept) = cut.unwrap();
    assert_eq!((bytes, kept.as_deref()), (whole.len(), Some("on the shelf under call_0")));
    let note = format!(
        "\n[… {left_out} of {bytes} bytes left out here; the whole output is on the shelf under \
         call_0 …]\n"
    );
    assert!(result.contains(&note), "{result}");
    assert_legal(&play.history);
}

#[tokio::test]
async fn results_share_what_the_window_has_left() {
    let whole = lines(5_000);
    // 12 tokens are used and 100 reserved for the answer; the rest is shared, one share staying
    // free.
    let mut play = play(4_096, &[&whole, &whole, "short"], None);
    let (_, seen) = play.turn("Go").await;
    let left = written(&play.history);
    let share = (4_096 - 12 - 100) * 3 / 4;
    assert!((share - 500..share + 200).contains(&left[2].len()), "{share} {}", left[2].len());
    assert!(left[3].len() < share + 200, "{}", left[3].len());
    assert_eq!(left[4], "result call_2: short");
    let cut =
        |event: &&TurnEvent| matches!(event, TurnEvent::ToolOutputTruncated { saved_to: None, .. });
    assert_eq!(seen.iter().filter(cut).count(), 2);
}

#[tokio::test]
async fn a_full_window_still_shows_the_least_and_a_failure_to_keep_is_said() {
    let whole = lines(5_000);
    let shelf = Arc::new(Shelf { is_full: true, ..Shelf::default() });
    let mut play = play(1, &[&whole], Some(shelf));
    let (_, seen) = play.turn("Go").await;
    let result = written(&play.history)[2].clone();
    assert!(result.contains("could not be kept: the disk is full"), "{result}");
    assert!((600..1_300).contains(&result.len()), "{}", result.len());
    assert!(
        seen.iter()
            .any(|event| matches!(event, TurnEvent::ToolOutputTruncated { saved_to: None, .. }))
    );
}
