//! Measures planning and judging: `cargo bench -p openclaw-exec-policy`.
//!
//! The target is 50 µs for a command, without the look at the file system.

use std::hint::black_box;

use criterion::Criterion;
use openclaw_exec_policy::{
    AllowlistEntry, AskMode, CommandInput, CommandPlan, ExecPolicy, PlanContext, ProgramTable,
    SafeBins, SecurityLevel,
};

const COMMANDS: [(&str, &str); 4] = [
    ("one command", "ls -la src"),
    (
        "a pipeline",
        "env TERM=dumb timeout 5 ls -la 'a b' 2>/dev/null | sort -n | head -n 5 && cat x",
    ),
    ("a shell text", "for file in *.rs; do wc -l \"$file\"; done"),
    ("an interpreter", "python3 -c 'print(1)'"),
];

fn main() {
    let names = ["ls", "env", "timeout", "sort", "head", "cat", "python3"];
    let paths = names.map(|name| format!("/usr/bin/{name}"));
    let programs = ProgramTable::from_paths(paths.iter().map(String::as_str));
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.safe_bins = SafeBins::with_defaults();
    // A list as it grows in a year.
    let entries: Vec<_> = (0..100)
        .map(|number| AllowlistEntry::new(&format!("/opt/tool-{number}/**/bin/*")))
        .collect();
    policy.extend_allowlist(&entries, None);
    let entries = ["/usr/bin/ls", "/usr/bin/sort", "/usr/bin/cat"].map(AllowlistEntry::new);
    policy.extend_allowlist(&entries, None);
    let mut criterion = Criterion::default().configure_from_args();
    for (name, text) in COMMANDS {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let input = CommandInput::Script(black_box(text).to_owned());
                let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &programs);
                plan.map(|plan| policy.judge_plan(&plan, 0))
            });
        });
    }
    criterion.final_summary();
}
