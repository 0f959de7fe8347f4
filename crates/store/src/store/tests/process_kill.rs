//! The processes that are killed.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _, stdin};
use std::process::{Command, Stdio};
use std::thread;

use super::*;
use crate::failpoints::WriteStage;

const STEPS: [WriteStage; 4] =
    [WriteStage::Begun, WriteStage::Written, WriteStage::Committed, WriteStage::Acknowledged];

/// The killed process: this test with a folder, a write and a stage as extra arguments. Without
/// them, as when all tests run, it does nothing.
#[test]
fn talks_until_it_is_killed() {
    let mut args = std::env::args();
    let Some(folder) = args.find_map(|arg| arg.strip_prefix("talk-in=").map(PathBuf::from)) else {
        return;
    };
    let write: usize = args.next().unwrap().parse().unwrap();
    let until = args.next().unwrap();
    let mut begun = 0;
    let failpoints = FailPointHook::from_callback(move |stage| {
        begun += usize::from(stage == WriteStage::Begun);
        if begun == write && format!("{stage:?}") == until {
            println!("\nstopped");
            // Blocks: the parent does not close the pipe before the kill.
            let _ = stdin().read(&mut [0]);
        }
    });
    let store = Store::open_with_failpoints(&folder.join("s.db"), MIGRATIONS, failpoints).unwrap();
    let session = store.acquire_current(&session_key(), "main").unwrap().session;
    for entry in script_entries() {
        perform_entry(&session, &entry);
        println!("\nacknowledged");
        if let ScriptEntry::Dispatched(id) = entry {
            let mut effects = OpenOptions::new();
            let effects = effects.append(true).create(true).open(folder.join("effects"));
            writeln!(effects.unwrap(), "{id}").unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
fn run_and_kill_at(folder: &Path, write: usize, stage: WriteStage) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::process_kill::talks_until_it_is_killed", "--nocapture"])
        .arg(format!("talk-in={}", folder.display()))
        .args([write.to_string(), format!("{stage:?}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut acknowledged, mut stopped) = (0, false);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        acknowledged += usize::from(line == "acknowledged");
        stopped |= line == "stopped";
        if stopped {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(stopped, "the step {stage:?} of write {write} was not reached");
    acknowledged
}

fn read_effects(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("effects")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_killed_process_loses_nothing_and_repeats_nothing() {
    let kill_and_check = |write, step| {
        let folder = tempfile::tempdir().unwrap();
        let acknowledged = run_and_kill_at(folder.path(), write, step);
        let what = format!("write {write}, {step:?}");
        check_recovery(
            &folder.path().join("s.db"),
            acknowledged,
            &read_effects(folder.path()),
            &what,
        );
    };
    // The first write creates the session's row.
    for write in 1..=1 + script_entries().len() {
        thread::scope(|scope| {
            for step in STEPS {
                scope.spawn(move || kill_and_check(write, step));
            }
        });
    }
}
