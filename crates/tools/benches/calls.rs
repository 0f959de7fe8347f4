//! Measures the tools beside the bare system calls: `cargo bench -p openclaw-tools`.
//!
//! The targets: `read`, `write` and `edit` take at most 30 µs more than the calls that they make, a
//! sandbox adds at most 3 ms to a command, and the supervisor at most 2 ms.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot run has no result")]
#![expect(clippy::disallowed_methods, reason = "the bare system calls are what is compared with")]
#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openclaw_core::{Tool, ToolArguments, ToolCall, ToolCallId, ToolContext, ToolName, ToolOutput};
use openclaw_process::sandbox::{SandboxPolicy, SandboxProfile};
use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_tools::{ExecOptions, Workspace, core_tools};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// How often each file operation is measured, and each command.
const FILE_ROUNDS: usize = 600;
const COMMAND_ROUNDS: usize = 60;

const CONTENT: &str = "line of text\n";

fn main() {
    if std::env::args().any(|argument| argument == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    measure_files(directory.path(), &runtime);
    measure_commands(directory.path(), &runtime);
}

fn exec_options(sandbox: Option<SandboxPolicy>) -> ExecOptions {
    let supervisor = SupervisorProgram::new("/proc/self/exe", [SUPERVISOR_ARGUMENT]);
    let mut options = ExecOptions::new(Duration::from_mins(1), 10_000, supervisor);
    options.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    options.sandbox = sandbox;
    options
}

/// The tools in a workspace, on one thread.
struct Bench<'a> {
    tools: Vec<Arc<dyn Tool>>,
    runtime: &'a Runtime,
}

impl Bench<'_> {
    fn call(&self, name: &str, arguments: Value) -> ToolOutput {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = ToolCall {
            id: ToolCallId::from_number(1),
            name: ToolName::new(name).unwrap(),
            arguments: ToolArguments::from(arguments),
        };
        let tool = self.tools.iter().find(|tool| tool.spec().name.as_str() == name).unwrap();
        let planned = tool.plan_call(&call).unwrap();
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 50_000,
            takes_images: false,
            progress: &(),
        };
        let output = self.runtime.block_on(planned.run(context));
        assert!(!output.is_error, "{}", output.text);
        output
    }
}

fn measure_files(directory: &Path, runtime: &Runtime) {
    let tools = core_tools(Workspace::open(directory).unwrap(), exec_options(None));
    let bench = Bench { tools, runtime };
    let path = directory.join("file.txt");
    // The tools write to no file that others changed since they saw it.
    let bare_path = directory.join("bare.txt");
    let text = CONTENT.repeat(80);
    println!("{:<28} {:>12} {:>12} {:>12}", "operation", "bare calls", "tool", "difference");
    replace_file(&path, &text);
    replace_file(&bare_path, &format!("{text}one"));
    compare(
        "read 1 KiB",
        FILE_ROUNDS,
        || {
            black_box(read_file(&path));
        },
        || {
            black_box(bench.call("read", json!({"path": "file.txt"})));
        },
    );
    compare(
        "write 1 KiB",
        FILE_ROUNDS,
        || {
            black_box(read_file(&bare_path));
            replace_file(&bare_path, &text);
        },
        || {
            black_box(bench.call("write", json!({"path": "file.txt", "content": text})));
        },
    );
    let flip = std::cell::Cell::new(false);
    bench.call("write", json!({"path": "file.txt", "content": format!("{text}one")}));
    compare(
        "edit 1 KiB",
        FILE_ROUNDS,
        || {
            let old = read_file(&bare_path);
            replace_file(&bare_path, &old);
        },
        || {
            let (old, new) =
                if flip.replace(!flip.get()) { ("two", "one") } else { ("one", "two") };
            black_box(
                bench.call("edit", json!({"path": "file.txt", "old_text": old, "new_text": new})),
            );
        },
    );
}

fn measure_commands(directory: &Path, runtime: &Runtime) {
    let bench = |sandbox| {
        let tools = core_tools(Workspace::open(directory).unwrap(), exec_options(sandbox));
        Bench { tools, runtime }
    };
    let plain = bench(None);
    let sandboxed = bench(Some(SandboxPolicy::new(SandboxProfile::Workspace, directory)));
    let run = |bench: &Bench<'_>| {
        black_box(bench.call("exec", json!({"argv": ["true"]})));
    };
    compare(
        "the supervisor of `true`",
        COMMAND_ROUNDS,
        || {
            black_box(Command::new("/usr/bin/true").output().unwrap());
        },
        || run(&plain),
    );
    compare("the sandbox of `true`", COMMAND_ROUNDS, || run(&plain), || run(&sandboxed));
    // Removing as many files takes minutes on some disks.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let project = tempfile::tempdir_in(place).unwrap();
    fill_project(project.path());
    let project = fs::canonicalize(project.path()).unwrap();
    let tools = core_tools(
        Workspace::open(&project).unwrap(),
        exec_options(Some(SandboxPolicy::new(SandboxProfile::Workspace, &project))),
    );
    let guarded = Bench { tools, runtime };
    compare("the guard of 20,000 files", COMMAND_ROUNDS, || run(&sandboxed), || run(&guarded));
    for number in 0..5000 {
        let reference = project.join(format!(".git/refs/heads/branch{number}"));
        fs::write(reference, format!("{number:040x}\n")).unwrap();
    }
    // A file whose time of change is the present one cannot be told from one that changes again.
    std::thread::sleep(Duration::from_millis(100));
    compare("and of 5,000 references", COMMAND_ROUNDS, || run(&sandboxed), || run(&guarded));
}

/// Makes 20,000 files in 1,000 directories, and a repository.
fn fill_project(directory: &Path) {
    for number in 0..1000 {
        let folder = directory.join(format!("src/part{}/folder{}", number / 50, number % 50));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..20 {
            File::create(folder.join(format!("file{file}.rs"))).unwrap();
        }
    }
    let git = directory.join(".git");
    for folder in ["hooks", "refs/heads", "objects"] {
        fs::create_dir_all(git.join(folder)).unwrap();
    }
    replace_file(&git.join("HEAD"), "ref: refs/heads/main\n");
    replace_file(&git.join("config"), "[core]\n\tbare = false\n");
    // What changed only just is read again.
    std::thread::sleep(Duration::from_millis(100));
}

/// Measures both in turn, and prints the medians.
fn compare(name: &str, rounds: usize, mut base: impl FnMut(), mut tool: impl FnMut()) {
    let (mut base_times, mut tool_times) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        base_times.push(time_of(&mut base));
        tool_times.push(time_of(&mut tool));
    }
    let (base, tool) = (median(base_times), median(tool_times));
    let micros = |time: Duration| format!("{:.1} µs", time.as_secs_f64() * 1e6);
    let ratio = tool.as_secs_f64() / base.as_secs_f64().max(1e-9);
    println!(
        "{name:<28} {:>12} {:>12} {:>12}  ×{ratio:.2}",
        micros(base),
        micros(tool),
        micros(tool.saturating_sub(base))
    );
}

fn time_of(run: &mut impl FnMut()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn read_file(path: &Path) -> String {
    let mut text = String::new();
    let mut file = File::open(path).unwrap();
    let _ = file.metadata().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// Replaces a file as the tools do, by the system calls alone.
fn replace_file(path: &Path, text: &str) {
    let temporary = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
    fs::rename(&temporary, path).unwrap();
    File::open(path.parent().unwrap()).unwrap().sync_all().unwrap();
}
