//! Commands that are connected without a shell.

use std::time::Duration;

use openclaw_process::sandbox::{SandboxPolicy, SandboxProfile};
use openclaw_process::{
    CommandEnd, CommandResult, OutputStream, PipelineSpec, PipelineStage, ProcessError,
    ProcessErrorKind, StdinSource, StreamRedirection, WorkDir, run_pipeline,
};

use crate::support::{bounds, supervisor};

fn stage(words: &[&str]) -> PipelineStage {
    PipelineStage {
        program: words[0].into(),
        args: words[1..].iter().map(Into::into).collect(),
        redirections: Vec::new(),
    }
}

async fn run(
    stages: Vec<PipelineStage>,
    stdin: StdinSource,
) -> Result<(CommandResult, String, String), ProcessError> {
    let env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    let (directory, supervisor) = (WorkDir::Path("/".into()), supervisor());
    let spec = PipelineSpec { stages, directory, env, stdin, supervisor, sandbox: None };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let result = run_pipeline(spec, bounds(), |stream, bytes| match stream {
        OutputStream::Stdout => stdout.extend_from_slice(bytes),
        OutputStream::Stderr => stderr.extend_from_slice(bytes),
    })
    .await?;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((result, text(stdout), text(stderr)))
}

#[tokio::test]
async fn the_output_of_each_command_is_the_input_of_the_next() {
    let stages = vec![stage(&["cat"]), stage(&["sort", "-r"]), stage(&["head", "-n", "1"])];
    let input = StdinSource::Bytes(b"a\nc\nb\n".to_vec());
    let (result, stdout, stderr) = run(stages, input).await.unwrap();
    assert_eq!((stdout.as_str(), stderr.as_str()), ("c\n", ""));
    assert_eq!(result.end, CommandEnd::Exited(0));
}

#[tokio::test]
async fn the_end_is_that_of_the_last_command() {
    for (first, last, code) in [("true", "false", 1), ("false", "true", 0)] {
        let (result, ..) =
            run(vec![stage(&[first]), stage(&[last])], StdinSource::Null).await.unwrap();
        assert_eq!(result.end, CommandEnd::Exited(code), "{first} | {last}");
    }
}

#[tokio::test]
async fn a_writer_without_a_reader_ends() {
    let stages = vec![stage(&["yes"]), stage(&["head", "-n", "1"])];
    let (result, stdout, _) = run(stages, StdinSource::Null).await.unwrap();
    assert_eq!((stdout.as_str(), result.survivors), ("y\n", Vec::new()));
}

#[tokio::test]
async fn a_command_that_stops_its_supervisor_before_all_have_started_ends_by_the_time_limit() {
    // The later commands take longer to start than the first one to stop the supervisor.
    let mut stages = vec![stage(&["sh", "-c", "kill -STOP $PPID"])];
    stages.extend((0..400).map(|_| stage(&["cat"])));
    let spec = PipelineSpec {
        stages,
        directory: WorkDir::Path("/".into()),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin: StdinSource::Null,
        supervisor: supervisor(),
        sandbox: None,
    };
    let mut limits = bounds();
    limits.grace_period = Duration::from_millis(100);
    limits.time_limit = Some(Duration::from_millis(500));
    let result = run_pipeline(spec, limits, |_, _| ()).await.unwrap();
    assert_eq!(result.end, CommandEnd::TimedOut(Duration::from_millis(500)));
    assert_eq!(result.survivors, Vec::new());
}

#[tokio::test]
async fn redirections_are_applied_in_their_order() {
    use StreamRedirection::{
        StderrToNull, StderrToStdout, StdinFromNull, StdoutToNull, StdoutToStderr,
    };
    for (redirections, stdout, stderr) in [
        (vec![], "out\n", "err\n"),
        (vec![StdoutToNull], "", "err\n"),
        (vec![StderrToNull], "out\n", ""),
        (vec![StdoutToStderr, StderrToNull], "", "out\n"),
        (vec![StderrToStdout, StdoutToNull], "err\n", ""),
        (vec![StdoutToNull, StderrToStdout], "", ""),
    ] {
        let mut writer = stage(&["sh", "-c", "echo out; echo err >&2"]);
        writer.redirections.clone_from(&redirections);
        let (_, out, err) = run(vec![writer], StdinSource::Null).await.unwrap();
        assert_eq!((out.as_str(), err.as_str()), (stdout, stderr), "{redirections:?}");
    }
    let mut reader = stage(&["cat"]);
    reader.redirections.push(StdinFromNull);
    let (_, out, _) =
        run(vec![stage(&["echo", "x"]), reader.clone()], StdinSource::Null).await.unwrap();
    assert_eq!(out, "");
    let (_, out, _) = run(vec![reader], StdinSource::Bytes(b"x".to_vec())).await.unwrap();
    assert_eq!(out, "");
}

#[tokio::test]
async fn arguments_are_passed_as_they_are() {
    let words = ["printf", "%s|", "$HOME", "*", "a b", "", "; id", "\n"];
    let (_, stdout, _) = run(vec![stage(&words)], StdinSource::Null).await.unwrap();
    assert_eq!(stdout, "$HOME|*|a b||; id|\n|");
}

#[tokio::test]
async fn a_missing_program_ends_what_was_started() {
    let stages = vec![stage(&["sleep", "600"]), stage(&["no-such-program"])];
    let error = run(stages, StdinSource::Null).await.unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::NotFound);
    let error = run(Vec::new(), StdinSource::Null).await.unwrap_err();
    assert_eq!(error.kind(), ProcessErrorKind::Start);
}

#[tokio::test]
async fn a_sandbox_holds_for_every_command_and_its_whole_tree_ends() {
    let workspace = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir_in("/var/tmp").unwrap();
    let script = format!(
        "touch inside; touch {}/outside; (setsid sleep 1000 >/dev/null &)",
        outside.path().display()
    );
    let spec = PipelineSpec {
        stages: vec![stage(&["sh", "-c", &script]), stage(&["cat"])],
        directory: WorkDir::Path(workspace.path().into()),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        stdin: StdinSource::Null,
        supervisor: supervisor(),
        sandbox: Some(SandboxPolicy::new(SandboxProfile::Workspace, workspace.path())),
    };
    let result = run_pipeline(spec, bounds(), |_, _| {}).await.unwrap();
    assert_eq!((result.end, result.survivors), (CommandEnd::Exited(0), Vec::new()));
    assert!(workspace.path().join("inside").exists());
    assert!(!outside.path().join("outside").exists());
}
