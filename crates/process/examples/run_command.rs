//! Runs a shell command for at most ten seconds and ends all that it started:
//! `cargo run -p openclaw-process --example run_command -- 'sleep 600 & echo done'`.

use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use openclaw_process::{CommandLimits, CommandSpec, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let command = std::env::args().nth(1).unwrap_or_else(|| "sleep 600 & echo done".to_owned());
    let (time_limit, grace_period) = (Some(Duration::from_secs(10)), Duration::from_secs(1));
    let limits = CommandLimits { time_limit, max_output_bytes: 64 * 1024, grace_period };
    let result = run(CommandSpec::shell_command(&command), limits, |_stream, _bytes| {}).await?;
    let mut out = io::stdout();
    out.write_all(&result.output.head)?;
    out.write_all(&result.output.tail)?;
    writeln!(out, "{:?}", result.end)?;
    Ok(())
}
