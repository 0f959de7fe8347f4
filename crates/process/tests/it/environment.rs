//! The environment and the input of a command.

use std::ffi::OsString;

use openclaw_process::{CommandSpec, MARKER_VARIABLE, StdinSource, WorkDir, base_environment, run};

use crate::support::{bounds, run_shell, shell};

#[tokio::test]
async fn the_environment_is_the_given_one_and_the_marker() {
    let given = [("PATH", "/usr/bin:/bin"), ("TZ", "UTC"), ("VLLM_API_KEY", "canary-1e3f")];
    let env = base_environment(given.map(|(name, value)| (name.into(), value.into())));
    let finished = run(CommandSpec { env, ..shell("env") }, bounds(), |_, _| ()).await.unwrap();
    let text = String::from_utf8(finished.output.head).unwrap();
    let mut names: Vec<_> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // The shell sets these itself.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(names, [MARKER_VARIABLE, "PATH", "TZ"]);
    assert!(!text.contains("canary"));
}

#[tokio::test]
async fn the_ids_of_the_calls_around_are_passed_on() {
    let env: Vec<(OsString, OsString)> =
        vec![(MARKER_VARIABLE.into(), "outer".into()), ("PATH".into(), "/usr/bin:/bin".into())];
    let spec = CommandSpec { env, ..shell("echo $OPENCLAW_EXEC") };
    let finished = run(spec, bounds(), |_, _| ()).await.unwrap();
    let ids = String::from_utf8(finished.output.head).unwrap();
    assert!(ids.starts_with("outer:") && ids.len() > "outer:\n".len(), "{ids}");
}

#[tokio::test]
async fn the_opened_directory_is_not_left_open_in_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().to_str().unwrap();
    let spec = CommandSpec {
        directory: WorkDir::Path(directory.path().into()),
        ..shell("pwd; cd /; ls -l /proc/self/fd")
    };
    let finished = run(spec, bounds(), |_, _| ()).await.unwrap();
    let text = String::from_utf8(finished.output.head).unwrap();
    assert_eq!(text.matches(name).count(), 1, "{text}");
}

#[tokio::test]
async fn input_arrives_whole_and_ends() {
    // More than a pipe holds, so reading and writing must be interleaved.
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let mut echoed = Vec::new();
    let spec = CommandSpec { stdin: StdinSource::Bytes(bytes.clone()), ..shell("cat") };
    run(spec, bounds(), |_, piece| echoed.extend_from_slice(piece)).await.unwrap();
    assert!(echoed == bytes);
}

#[tokio::test]
async fn input_that_nobody_reads_does_no_harm() {
    let spec = CommandSpec { stdin: StdinSource::Bytes(vec![b'x'; 1 << 20]), ..shell("echo done") };
    assert_eq!(run(spec, bounds(), |_, _| ()).await.unwrap().output.head, b"done\n");
}

#[tokio::test]
async fn without_input_reading_ends_at_once() {
    assert_eq!(run_shell("cat; echo done").await.unwrap().output.head, b"done\n");
}

#[test]
fn a_process_can_hide_its_memory() {
    use rustix::process::{DumpableBehavior, dumpable_behavior};
    openclaw_process::hide_from_other_processes().unwrap();
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
}
