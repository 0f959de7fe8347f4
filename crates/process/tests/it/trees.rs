//! No process that a command started outlives the call.

use std::time::Duration;

use openclaw_process::{CommandEnd, CommandLimits, run};

use crate::support::{LifeLine, bounds, run_shell, shell};

/// A script that starts processes which leave the tree in every possible way. Each holds the life
/// line open and writes one byte to it. The script continues with `then`.
fn family(life: &LifeLine, then: &str) -> String {
    let child = "echo -n x >&9; exec sleep 1000";
    let life = life.path().display();
    format!(
        "exec 9>{life}
        sh -c '{child}' &
        setsid sh -c '{child}' &
        (setsid sh -c '({child}) &' &)
        (setsid nohup sh -c '{child}' </dev/null >/dev/null 2>&1 &)
        env -i sh -c '{child}' &
        env -i setsid sh -c '{child}' &
        (env -i setsid sh -c '({child}) &' &)
        (sh -c 'trap \"\" TERM HUP; {child}' &)
        {then}"
    )
}
const FAMILY: usize = 8;

#[tokio::test]
async fn a_time_limit_ends_the_whole_tree() {
    let life = LifeLine::new();
    let time = Some(Duration::from_secs(3));
    let bounds =
        CommandLimits { time_limit: time, grace_period: Duration::from_millis(100), ..bounds() };
    let finished = run(shell(&family(&life, "wait")), bounds, |_, _| ()).await.unwrap();
    assert!(matches!(finished.end, CommandEnd::TimedOut(_)));
    assert_eq!(finished.survivors, []);
    assert_eq!(life.written_by_the_dead(), Some(FAMILY));
}

#[tokio::test]
async fn a_drop_kills_the_whole_tree_before_it_returns() {
    let mut life = LifeLine::new();
    let command = family(&life, "wait");
    {
        let running = run(shell(&command), bounds(), |_, _| ());
        tokio::select! {
            finished = running => panic!("{finished:?}"),
            () = life.wait_for(FAMILY) => {}
        }
    }
    assert_eq!(life.written_by_the_dead(), Some(0));
}

#[tokio::test]
async fn an_end_of_the_command_ends_what_it_left_running() {
    let life = LifeLine::new();
    let gate = life.path().with_file_name("gate");
    std::fs::create_dir(&gate).unwrap();
    // Each child leaves a file when it is there; the command ends when all are.
    let child = format!("mktemp -p {} >/dev/null; exec sleep 1000", gate.display());
    let command = format!(
        "exec 9>{}
        sh -c '{child}' &
        (setsid sh -c '{child}' &)
        (setsid sh -c '({child}) &' &)
        until [ $(ls {} | wc -l) = 3 ]; do :; done
        echo done; exit 7",
        life.path().display(),
        gate.display()
    );
    let finished = run(shell(&command), bounds(), |_, _| ()).await.unwrap();
    assert_eq!(finished.end, CommandEnd::Exited(7));
    assert_eq!(finished.output.head, b"done\n");
    assert_eq!(life.written_by_the_dead(), Some(0));
    assert!(finished.duration < Duration::from_secs(15), "{:?}", finished.duration);
}

#[tokio::test]
async fn a_command_that_forks_without_end_is_stopped() {
    let life = LifeLine::new();
    let command = format!(
        "exec 9>{}; f() {{ echo -n x >&9; (sleep 0.01; f) & (setsid sleep 1000 &) }}; f; sleep 1000",
        life.path().display()
    );
    let time = Some(Duration::from_millis(1500));
    let bounds =
        CommandLimits { time_limit: time, grace_period: Duration::from_millis(50), ..bounds() };
    let finished = run(shell(&command), bounds, |_, _| ()).await.unwrap();
    assert_eq!(finished.survivors, []);
    assert!(life.written_by_the_dead().unwrap() > 3);
}

#[tokio::test]
async fn calls_at_the_same_time_do_not_touch_each_other() {
    let mut life = LifeLine::new();
    let other = family(&life, "wait");
    let ends_soon = async {
        life.wait_for(FAMILY).await;
        run(shell("sleep 1000 & exit 0"), bounds(), |_, _| ()).await.unwrap();
    };
    tokio::select! {
        finished = run(shell(&other), bounds(), |_, _| ()) => panic!("{finished:?}"),
        () = ends_soon => {}
    }
    assert_eq!(life.written_by_the_dead(), Some(0));
}

#[tokio::test]
async fn a_command_that_kills_or_stops_its_supervisor_ends_with_it() {
    // A stopped supervisor is noticed by the time limit only.
    for (signal, time_limit) in [("KILL", Duration::from_mins(1)), ("STOP", Duration::from_secs(1))]
    {
        let life = LifeLine::new();
        let child = "echo -n x >&9; exec sleep 1000";
        let command = format!(
            "exec 9>{}
            sh -c '{child}' &
            (setsid sh -c '({child}) &' &)
            (env -i sh -c '({child}) &' &)
            kill -{signal} $PPID; wait",
            life.path().display()
        );
        let limits = CommandLimits {
            time_limit: Some(time_limit),
            grace_period: Duration::from_millis(100),
            ..bounds()
        };
        let result = run(shell(&command), limits, |_, _| ()).await;
        assert!(signal == "STOP" || result.is_err(), "{result:?}");
        assert!(life.written_by_the_dead().is_some(), "{signal}");
    }
}

#[tokio::test]
async fn a_command_has_no_terminal_and_leads_no_session() {
    // Fields of `stat` after the name: state, parent, group, session, terminal.
    let command =
        "echo $$; sed 's/.*) //' /proc/$$/stat; (exec </dev/tty) 2>/dev/null || echo none";
    let result = run_shell(command).await.unwrap();
    let text = String::from_utf8(result.output.head).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let fields: Vec<_> = lines[1].split(' ').collect();
    let (group, session, terminal) = (fields[2], fields[3], fields[4]);
    assert_eq!((group, terminal), (lines[0], "0"));
    // The session is the supervisor's.
    assert_eq!(session, fields[1]);
    assert_eq!(lines[2], "none");
}

#[tokio::test]
async fn the_parent_of_a_command_shows_no_environment() {
    // Root may read it, and finds nothing.
    let command = "cat /proc/$PPID/environ 2>/dev/null | wc -c; wc -c </proc/$PPID/cmdline";
    let result = run_shell(command).await.unwrap();
    let text = String::from_utf8(result.output.head).unwrap();
    let mut counts = text.lines().map(|count| count.trim().parse::<usize>().unwrap());
    assert_eq!(counts.next(), Some(0));
    assert!(counts.next() > Some(0));
}
