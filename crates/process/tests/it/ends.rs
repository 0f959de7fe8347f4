//! Starts and ends of a command.

use std::error::Error as _;
use std::ffi::OsString;
use std::time::Duration;

use openclaw_process::{
    CommandEnd, CommandLimits, CommandSpec, ProcessErrorKind, SUPERVISOR_ARGUMENT,
    SupervisorProgram, WorkDir, run,
};
use rustix::fs::{Mode, OFlags};

use crate::support::{bounds, run_shell, shell};

#[tokio::test]
async fn the_exit_code_is_the_commands() {
    for code in [0, 1, 42, 255] {
        let finished = run_shell(&format!("exit {code}")).await.unwrap();
        assert_eq!(finished.end, CommandEnd::Exited(code));
        assert_eq!(finished.survivors, []);
    }
}

#[tokio::test]
async fn an_end_by_signal_is_distinguished_from_an_exit_code() {
    assert_eq!(run_shell("kill -9 $$").await.unwrap().end, CommandEnd::Signalled(9));
    assert_eq!(run_shell("kill -SEGV $$").await.unwrap().end, CommandEnd::Signalled(11));
    assert_eq!(run_shell("exit 137").await.unwrap().end, CommandEnd::Exited(137));
}

#[tokio::test]
async fn a_time_limit_ends_the_command_and_keeps_its_output() {
    let limit = Duration::from_millis(1500);
    let bounds = CommandLimits { time_limit: Some(limit), ..bounds() };
    let command = "trap 'echo asked; exit 3' TERM; echo begun; sleep 1000 & wait";
    let finished = run(shell(command), bounds, |_, _| ()).await.unwrap();
    assert_eq!(finished.end, CommandEnd::TimedOut(limit));
    assert_eq!(finished.output.head, b"begun\nasked\n");
    assert!(finished.duration >= limit);
}

#[tokio::test]
async fn a_command_that_does_not_listen_is_killed_after_the_grace() {
    let limit = Duration::from_millis(1500);
    let bounds = CommandLimits {
        time_limit: Some(limit),
        grace_period: Duration::from_millis(100),
        ..bounds()
    };
    let command = "trap '' TERM; echo begun; sleep 1000";
    let finished = run(shell(command), bounds, |_, _| ()).await.unwrap();
    assert_eq!(finished.end, CommandEnd::TimedOut(limit));
    assert_eq!(finished.output.head, b"begun\n");
    assert!(finished.duration >= limit + Duration::from_millis(100));
}

#[tokio::test]
async fn a_missing_program_a_forbidden_one_and_a_missing_directory_are_distinguished() {
    let start = async |program: &str, directory: &str| {
        let spec = CommandSpec {
            program: program.into(),
            directory: WorkDir::Path(directory.into()),
            ..shell("exit 0")
        };
        run(spec, bounds(), |_, _| ()).await.unwrap_err()
    };
    let missing = start("/nowhere/to/be/found", "/").await;
    assert_eq!(missing.kind(), ProcessErrorKind::NotFound);
    assert_eq!(missing.to_string(), "find the program `/nowhere/to/be/found`");
    assert_eq!(start("/etc/passwd", "/").await.kind(), ProcessErrorKind::PermissionDenied);
    let missing = start("/bin/sh", "/nowhere").await;
    assert_eq!(missing.kind(), ProcessErrorKind::Directory);
    assert_eq!(missing.to_string(), "open the directory `/nowhere` to run `/bin/sh` in");
    assert_eq!(start("/bin/sh", "/etc/passwd").await.kind(), ProcessErrorKind::Directory);
    assert_eq!(start("/bin/sh\0", "/").await.kind(), ProcessErrorKind::Start);
}

#[tokio::test]
async fn the_arguments_arrive_as_they_are() {
    let args: [OsString; 4] =
        ["-c".into(), "printf '%s|' \"$@\"".into(), "sh".into(), " two words; $HOME 'x' ".into()];
    let spec = CommandSpec { args: args.into(), ..shell("") };
    let finished = run(spec, bounds(), |_, _| ()).await.unwrap();
    assert_eq!(finished.output.head, b" two words; $HOME 'x' |");
}

#[tokio::test]
async fn an_opened_directory_is_used_whatever_takes_its_place() {
    let parent = tempfile::tempdir().unwrap();
    let (one, other) = (parent.path().join("one"), parent.path().join("other"));
    std::fs::create_dir(&one).unwrap();
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&one, flags, Mode::empty()).unwrap();
    std::fs::rename(&one, &other).unwrap();
    std::os::unix::fs::symlink("/", &one).unwrap();

    let spec = CommandSpec { directory: WorkDir::Descriptor(opened), ..shell("touch here") };
    assert_eq!(run(spec, bounds(), |_, _| ()).await.unwrap().end, CommandEnd::Exited(0));
    assert!(other.join("here").exists());
}

#[tokio::test]
async fn a_supervisor_that_ends_at_once_is_an_error_that_names_the_missing_call() {
    // It runs no test and ends, as a `main` that does not know the argument.
    let supervisor = SupervisorProgram::new("/proc/self/exe", [SUPERVISOR_ARGUMENT, "--exact"]);
    let spec = CommandSpec::shell_command("true", supervisor);
    let error = run(spec, bounds(), |_, _| ()).await.unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::Supervisor);
    let source = error.source().unwrap().to_string();
    assert!(source.contains("must call `openclaw_process::run_requested_supervisor`"), "{source}");
}

#[tokio::test]
async fn a_process_that_ignored_its_request_starts_no_supervisor() {
    if std::env::args().nth(1).is_some_and(|first| first == SUPERVISOR_ARGUMENT) {
        let error = run_shell("true").await.unwrap_err();
        assert_eq!(error.kind(), ProcessErrorKind::Supervisor);
        return;
    }
    // This program is run again for this test alone, with the argument that it ignores.
    let this = "ends::a_process_that_ignored_its_request_starts_no_supervisor";
    let again = CommandSpec {
        program: std::env::current_exe().unwrap().into(),
        args: [SUPERVISOR_ARGUMENT, "--exact", this].map(OsString::from).into(),
        ..shell("")
    };
    let result = run(again, bounds(), |_, _| ()).await.unwrap();
    let output = String::from_utf8_lossy(&result.output.head);
    assert_eq!(result.end, CommandEnd::Exited(0), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}
