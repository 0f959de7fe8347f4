//! Runs two turns of a conversation against a mock of vLLM.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use openclaw_config::{AppPaths, Config, Env};
use openclaw_core::ReadOnlyApprover;
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ModelRegistry, SupervisorProgram};
use openclaw_process::run_requested_supervisor;
use openclaw_runtime::{ConversationOptions, Runtime, TurnOutcome, event_channel};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Commands of the agent run under a supervisor: this program, started a second time.
    if let Some(exit_code) = run_requested_supervisor(std::env::args_os()) {
        return Ok(exit_code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(converse())?;
    Ok(ExitCode::SUCCESS)
}

async fn converse() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().start().await?;
    let state = tempfile::tempdir()?;
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", state.path().display().to_string())]);
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }} }}"#,
        server.base_url()
    );
    let loaded = Config::parse(&config, &env)?;
    let paths = AppPaths::new(&env, None)?;
    let models = ModelRegistry::new(loaded, paths, SupervisorProgram::this_program());
    let options = ConversationOptions::new(Arc::new(ReadOnlyApprover));
    let mut conversation = Runtime::new(models).open_conversation(options).await?;
    for message in ["Hello!", "What did I say?"] {
        let (events, _receiver) = event_channel();
        let report = conversation.run_turn(message, None, events, std::future::pending()).await?;
        match report.outcome {
            TurnOutcome::Reply { text, .. } => println!("> {message}\n{text}"),
            other => println!("> {message}\nno reply: {other:?}"),
        }
    }
    Ok(())
}
