//! A saving process is killed at each step: the old or the new file is left, and the next save
//! succeeds.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, stdin},
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{SavedHome, TEXT, set};
use crate::{ConfigFile, Env, save::atomic::WriteStep};

const STEPS: [WriteStep; 7] = [
    WriteStep::Locked,
    WriteStep::VersionKept,
    WriteStep::Created,
    WriteStep::PartWritten,
    WriteStep::Written,
    WriteStep::Synced,
    WriteStep::Renamed,
];

/// The process to kill: this test with a folder and a step as arguments, which name no tests. In
/// a normal test run it does nothing.
#[test]
fn saves_until_it_is_killed() {
    let mut args = env::args();
    let Some(folder) = args.find_map(|arg| arg.strip_prefix("save-in=").map(PathBuf::from)) else {
        return;
    };
    let until = args.next().unwrap();
    let file = ConfigFile {
        path: folder.join("openclaw.json"),
        last_good: folder.join("last-good"),
        state_dir: folder,
    };
    file.edit_with_hook(&Env::default(), set("gateway.port", "2000"), &mut |step| {
        if format!("{step:?}") == until {
            println!("\nstopped");
            // Blocks forever: the other side keeps the pipe open until the kill.
            let _ = stdin().read(&mut [0]);
        }
    })
    .unwrap();
}

#[expect(clippy::disallowed_methods, reason = "only a process of its own can be killed")]
fn kill_at(home: &SavedHome, step: WriteStep) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "save::tests::killed::saves_until_it_is_killed", "--nocapture"])
        .arg(format!("save-in={}", home.path().parent().unwrap().display()))
        .arg(format!("{step:?}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let stopped = output.lines().any(|line| line.unwrap() == "stopped");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(stopped, "the step {step:?} was not reached");
}

#[test]
fn a_killed_save_leaves_the_old_or_the_new_file() {
    let new = TEXT.replace("1000", "2000");
    for step in STEPS {
        let home = SavedHome::with(TEXT);
        kill_at(&home, step);
        let expected = if step == WriteStep::Renamed { &new } else { TEXT };
        assert_eq!(home.text(), *expected, "{step:?}");
        home.set("gateway.bind", "'lan'").unwrap();
        assert_eq!(home.text(), expected.replace(" }", ", bind: \"lan\" }"), "{step:?}");
        assert_eq!(home.others(), [".openclaw.json.lock", "config-history"], "{step:?}");
    }
}
