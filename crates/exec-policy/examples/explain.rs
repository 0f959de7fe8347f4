//! Explains what becomes of a command: `cargo run --example explain -- 'ls | sh'`.

use openclaw_exec_policy::{
    AllowlistEntry, AskMode, CommandInput, CommandPlan, ExecPolicy, InvalidRequest, PlanContext,
    ProgramTable, SafeBins, SecurityLevel, render_command_for_approval,
};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), InvalidRequest> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "ls -l | head -n 3 | sh".to_owned());
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.safe_bins = SafeBins::with_defaults();
    policy.extend_allowlist(&[AllowlistEntry::new("/usr/bin/ls")], None);
    let programs =
        ProgramTable::from_paths(["/usr/bin/ls", "/usr/bin/head", "/usr/bin/env", "/usr/bin/sh"]);
    let context = PlanContext::new("/home/me/project", "main");
    let plan = CommandPlan::new(CommandInput::Script(text), context, &programs)?;
    println!("{}", render_command_for_approval(&plan));
    println!("{}", policy.explain_plan(&plan, 0));
    Ok(())
}
