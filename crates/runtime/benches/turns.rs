//! Agents built as the program builds them, in one process: many concurrent turns, and one long
//! session. Each role is a process of its own, started by `cargo xtask bench agent` and `cargo
//! xtask live`.
//!
//! The config is found through the environment, as in the program itself.
#![expect(clippy::print_stdout, reason = "results go to whoever started the role")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use openclaw_config::{AppPaths, ConfigLoader, Env, LoadOptions};
use openclaw_core::{History, NoopJournal, ReadOnlyApprover};
use openclaw_mock_vllm::{MockVllm, ModelSpec, Pace};
use openclaw_models::{ModelRegistry, SupervisorProgram};
use openclaw_runtime::{
    AgentOptions, AgentRun, Runtime, TurnEvent, TurnEventReceiver, TurnOutcome, TurnReport,
    event_channel,
};
use serde_json::json;
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "roles, each started by `cargo xtask`:
  mock                       the mock server, at a pace at which answers last seconds
  crowd MODEL TURNS          that many turns at a time, each of a conversation of its own
  session MODEL TURNS TEXT   turns of one conversation; `#` in the text is the turn's number";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.as_slice() {
        ["mock"] => runtime.block_on(mock()),
        ["crowd", model, turns] => runtime.block_on(crowd(model, turns.parse()?)),
        ["session", model, turns, text] => runtime.block_on(session(model, turns.parse()?, text)),
        // Cargo passes arguments of its own.
        _ => {
            println!("{USAGE}");
            Ok(())
        }
    }
}

async fn mock() -> Result<()> {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 131_072))
        .pace(Pace { per_chunk: Duration::from_millis(150), ..Pace::default() })
        .record_requests(false)
        .start()
        .await?;
    println!("{}", server.base_url());
    std::future::pending().await
}

async fn agent(model: &str) -> Result<AgentRun> {
    let env = Env::from_process();
    let paths = AppPaths::new(&env, None)?;
    let loaded = ConfigLoader::load(&LoadOptions::new(&paths, &env))?;
    let options = AgentOptions {
        agent: None,
        model: Some(model.to_owned()),
        workspace: None,
        time_limit: None,
        approver: Arc::new(ReadOnlyApprover),
        journal: Arc::new(NoopJournal),
    };
    let models = ModelRegistry::new(loaded, paths, SupervisorProgram::this_program());
    let agent = Runtime::new(models).create_agent(options).await;
    agent.map_err(|error| format!("{error:?}").into())
}

/// Runs all turns concurrently.
async fn crowd(model: &str, turns: u32) -> Result<()> {
    let run = Arc::new(agent(model).await?);
    let mut all = JoinSet::new();
    for _ in 0..turns {
        let run = Arc::clone(&run);
        all.spawn(async move {
            let mut history = History::new();
            let (sender, receiver) = event_channel();
            let turn = run.agent.run_turn(&mut history, "read notes.txt", sender);
            tokio::join!(turn, heard(receiver)).0
        });
    }
    let mut whole = 0;
    while let Some(report) = all.join_next().await {
        let report = report?;
        let is_whole = is_reply(&report) && report.tool_calls == 1;
        whole += u32::from(is_whole);
    }
    println!("{}", json!({"whole": whole, "peakKib": status_kib("VmHWM:")?}));
    Ok(())
}

/// Runs turns one after the other, and prints a line for each.
async fn session(model: &str, turns: u32, text: &str) -> Result<()> {
    let run = agent(model).await?;
    let mut history = History::new();
    for turn in 1..=turns {
        let (sender, receiver) = event_channel();
        let input = text.replace('#', &turn.to_string());
        let running = run.agent.run_turn(&mut history, &input, sender);
        let (report, heard) = tokio::join!(running, heard(receiver));
        let line = json!({
            "turn": turn,
            "isReply": is_reply(&report),
            "outcome": format!("{:?}", report.outcome),
            "toolCalls": report.tool_calls,
            "calls": heard.calls,
            "compactedBy": heard.compacted_by,
            "residentKib": status_kib("VmRSS:")?,
        });
        println!("{line}");
    }
    Ok(())
}

fn is_reply(report: &TurnReport) -> bool {
    matches!(report.outcome, TurnOutcome::Reply { .. })
}

/// Collects the events of a turn.
#[derive(Default)]
struct Heard {
    /// The prompt tokens of each model call, and the cached ones among them.
    calls: Vec<(u32, Option<u32>)>,
    /// How the history was compacted.
    compacted_by: Vec<&'static str>,
}

async fn heard(mut events: TurnEventReceiver) -> Heard {
    let mut heard = Heard::default();
    while let Some(event) = events.recv().await {
        match event {
            TurnEvent::CompactionFinished(compaction) => {
                heard.compacted_by.push(compaction.method.name());
            }
            TurnEvent::ModelCallFinished { usage: Some(usage), .. } => {
                heard.calls.push((usage.input_tokens, usage.cached_tokens));
            }
            _ => {}
        }
    }
    heard
}

/// A value of `/proc/self/status`.
fn status_kib(name: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()).ok_or(name)?;
    Ok(number.parse()?)
}
