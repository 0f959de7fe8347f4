//! Runs a shell command for at most ten seconds and ends all that it started:
//! `cargo run -p openclaw-process --example run_command -- 'sleep 600 & echo done'`.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use openclaw_process::{
    CommandLimits, CommandSpec, SupervisorProgram, run, run_requested_supervisor,
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The program is started a second time as the supervisor of the command.
    if let Some(exit_code) = run_requested_supervisor(std::env::args_os()) {
        return Ok(exit_code);
    }
    run_command()?;
    Ok(ExitCode::SUCCESS)
}

#[tokio::main(flavor = "current_thread")]
async fn run_command() -> Result<(), Box<dyn Error>> {
    let command = std::env::args().nth(1).unwrap_or_else(|| "sleep 600 & echo done".to_owned());
    let (time_limit, grace_period) = (Some(Duration::from_secs(10)), Duration::from_secs(1));
    let limits = CommandLimits { time_limit, max_output_bytes: 64 * 1024, grace_period };
    let spec = CommandSpec::shell_command(&command, SupervisorProgram::this_program());
    let result = run(spec, limits, |_stream, _bytes| {}).await?;
    let mut out = io::stdout();
    out.write_all(&result.output.head)?;
    out.write_all(&result.output.tail)?;
    writeln!(out, "{:?}", result.end)?;
    Ok(())
}
