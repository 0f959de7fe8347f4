//! Runs a command in a sandbox in place of this process:
//! `cargo run -p openclaw-process --example run_sandboxed -- POLICY_JSON PROGRAM [ARGUMENT…]`.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::Command;

use openclaw_process::sandbox::{SandboxPolicy, apply_sandbox};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let policy = args.next().ok_or("the first argument is a policy as JSON")?;
    let policy: SandboxPolicy = serde_json::from_slice(policy.as_encoded_bytes())?;
    let program = args.next().ok_or("the second argument is a program")?;
    apply_sandbox(&policy)?;
    #[expect(clippy::disallowed_methods, reason = "becomes the command instead of starting one")]
    let mut command = Command::new(program);
    Err(command.args(args).exec().into())
}
