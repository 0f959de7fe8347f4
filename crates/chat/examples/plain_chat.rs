//! A plain chat with the agent of your config, each line of standard input a message: `cargo run -p
//! openclaw-chat --example plain_chat`. The argument is a session key, by default the main session.

use std::error::Error;
use std::process::ExitCode;

use openclaw_chat::{ChatOptions, ChatOutcome, CommandContext, run_chat};
use openclaw_config::{AppPaths, ConfigLoader, Env, LoadOptions};
use openclaw_models::{ModelRegistry, SupervisorProgram, run_requested_supervisor};
use openclaw_runtime::SessionTarget;
use openclaw_terminal::{OutputPrinter, OutputVerbosity};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The program is started again as the supervisor of each command of the agent.
    if let Some(exit_code) = run_requested_supervisor(std::env::args_os()) {
        return Ok(exit_code);
    }
    let env = Env::from_process();
    let paths = AppPaths::new(&env, None)?;
    let config = ConfigLoader::load(&LoadOptions::new(&paths, &env))?;
    let context = CommandContext {
        printer: OutputPrinter::new(OutputVerbosity::Normal, false),
        models: ModelRegistry::new(config, paths, SupervisorProgram::this_program()),
        nodes: None,
    };
    let key = std::env::args().nth(1).map(|key| key.parse()).transpose()?;
    let target = key.map(SessionTarget::Key);
    let options = ChatOptions { target, plain: true, ..ChatOptions::default() };
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match executor.block_on(run_chat(&context, &options))? {
        // The reason is already printed.
        ChatOutcome::Failed(_) => Err("there is no conversation".into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
