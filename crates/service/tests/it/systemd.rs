//! A user's systemd, played by a script that records how it is called.

#![expect(clippy::disallowed_methods, reason = "nobody reads the files meanwhile")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use openclaw_process::{SUPERVISOR_ARGUMENT, SupervisorProgram, run_supervisor};
use openclaw_service::{
    ServiceDefinition, ServiceError, ServiceVerb, SystemdHost, SystemdUser, read_installed_unit,
};

/// This test program as a supervisor of commands: it is started again to run one test.
fn supervisor() -> SupervisorProgram {
    let args =
        ["--exact", "systemd::supervise_when_asked", "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}

/// A machine in a folder, with programs that write their arguments to `calls` and do what `script`
/// says.
fn machine(folder: &Path, script: &str) -> SystemdHost {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(folder.join("run/systemd/system")).unwrap();
    fs::create_dir_all(folder.join("run/user/7/systemd")).unwrap();
    fs::write(folder.join("run/user/7/systemd/private"), "").unwrap();
    for program in ["systemctl", "loginctl"] {
        let calls = folder.join("calls");
        let text = format!(
            "#!/bin/sh\necho \"$XDG_RUNTIME_DIR {program} $*\" >> {}\n{script}\n",
            calls.display()
        );
        let path = bin.join(program);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    SystemdHost {
        run_dir: folder.join("run"),
        config_dir: folder.join("config"),
        runtime_dir: None,
        uid: 7,
        environment: vec![("PATH".into(), bin.into())],
        supervisor: supervisor(),
    }
}

fn calls(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    let runtime_dir = folder.join("run/user/7");
    let prefix = format!("{} ", runtime_dir.display());
    text.lines().map(|line| line.strip_prefix(&prefix).unwrap_or(line).to_owned()).collect()
}

fn gateway() -> ServiceDefinition {
    let mut service =
        ServiceDefinition::new("openclaw-gateway", "OpenClaw gateway", "/bin/openclaw");
    service.args = vec!["gateway".to_owned(), "run".to_owned()];
    service
}

#[tokio::test]
async fn a_service_is_installed_controlled_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let host = machine(folder.path(), "exit 0");
    let config_dir = host.config_dir.clone();
    let systemd = SystemdUser::find(host).unwrap();
    let missing = systemd.control(ServiceVerb::Start, "openclaw-gateway").await.unwrap_err();
    assert!(matches!(missing, ServiceError::NotInstalled { .. }), "{missing}");
    assert!(!systemd.uninstall("openclaw-gateway").await.unwrap());
    assert_eq!(calls(folder.path()), Vec::<String>::new());

    let path = systemd.install(&gateway(), false).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), gateway().to_systemd_unit().unwrap());
    let read = read_installed_unit(&config_dir, "openclaw-gateway").unwrap();
    assert_eq!(read, Some(gateway().to_systemd_unit().unwrap()));
    for verb in [ServiceVerb::Start, ServiceVerb::Restart, ServiceVerb::Stop] {
        systemd.control(verb, "openclaw-gateway").await.unwrap();
    }
    assert!(systemd.uninstall("openclaw-gateway").await.unwrap());
    assert!(!path.exists());
    let systemctl = |text: &str| format!("systemctl --user --no-pager {text}");
    assert_eq!(
        calls(folder.path()),
        [
            systemctl("daemon-reload"),
            systemctl("enable openclaw-gateway.service"),
            systemctl("start openclaw-gateway.service"),
            systemctl("restart openclaw-gateway.service"),
            systemctl("stop openclaw-gateway.service"),
            systemctl("disable --now openclaw-gateway.service"),
            systemctl("daemon-reload"),
        ]
    );
}

#[tokio::test]
async fn another_unit_is_replaced_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let systemd = SystemdUser::find(machine(folder.path(), "exit 0")).unwrap();
    let path = systemd.install(&gateway(), false).await.unwrap();
    systemd.install(&gateway(), false).await.unwrap();
    fs::write(&path, "[Service]\nExecStart=/bin/mine\n").unwrap();
    let error = systemd.install(&gateway(), false).await.unwrap_err();
    assert!(matches!(error, ServiceError::OtherDefinition { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "[Service]\nExecStart=/bin/mine\n");
    systemd.install(&gateway(), true).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), gateway().to_systemd_unit().unwrap());
}

#[tokio::test]
async fn the_state_is_read_from_the_properties() {
    let folder = tempfile::tempdir().unwrap();
    let script = "case \"$*\" in *show-user*) echo yes;; *) printf 'LoadState=loaded\\nActiveState=active\\n\
                  SubState=running\\nUnitFileState=enabled\\nMainPID=42\\nStatusText=2 runs = 1 client\\n';; esac";
    let systemd = SystemdUser::find(machine(folder.path(), script)).unwrap();
    let state = systemd.state("openclaw-gateway").await.unwrap();
    assert!(state.is_loaded && state.is_enabled);
    assert_eq!((state.active.as_str(), state.detail.as_str()), ("active", "running"));
    assert_eq!((state.pid, state.status.as_str()), (Some(42), "2 runs = 1 client"));
    assert_eq!(systemd.outlives_logout().await, Some(true));
    systemd.enable_linger().await.unwrap();
    assert_eq!(calls(folder.path()).last().unwrap(), "loginctl enable-linger 7");
}

#[tokio::test]
async fn what_systemd_refuses_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'Failed to connect to bus:' >&2; echo 'No medium found' >&2; exit 1";
    let systemd = SystemdUser::find(machine(folder.path(), script)).unwrap();
    let error = systemd.install(&gateway(), false).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "run `systemctl --user --no-pager daemon-reload`: Failed to connect to bus: No medium found"
    );
    assert_eq!(systemd.outlives_logout().await, None);
}

#[test]
fn what_a_machine_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let host = machine(folder.path(), "exit 0");
    fs::remove_file(folder.path().join("run/user/7/systemd/private")).unwrap();
    let error = SystemdUser::find(host.clone()).unwrap_err();
    assert!(matches!(&error, ServiceError::NoUserManager { .. }), "{error}");
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir_all(elsewhere.join("systemd")).unwrap();
    fs::write(elsewhere.join("systemd/private"), "").unwrap();
    let named = SystemdHost { runtime_dir: Some(elsewhere), ..host.clone() };
    assert!(SystemdUser::find(named).is_ok());
    fs::remove_dir_all(folder.path().join("run/systemd")).unwrap();
    let error = SystemdUser::find(host).unwrap_err();
    assert!(matches!(&error, ServiceError::NoSystemd { .. }), "{error}");
}

/// What `systemd-analyze` says about a unit; `None` where it is not installed.
fn find_faults(unit: &Path) -> Option<String> {
    let mut command = std::process::Command::new("systemd-analyze");
    command.args(["--user", "verify"]).arg(unit);
    command.env("XDG_RUNTIME_DIR", unit.parent()?);
    let output = command.output().ok()?;
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn systemd_finds_no_fault_in_a_unit() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = ServiceDefinition::new("openclaw-x", "a 100% \"test\"", "/bin/sh");
    service.args = vec!["-c".into(), "echo \"$HOME\" 50% \\".into()];
    service.environment = vec![("A".into(), "b c".into()), ("D".into(), "%h".into())];
    service.watchdog = Some(std::time::Duration::from_mins(1));
    service.final_exit_code = Some(78);
    let path = folder.path().join("openclaw-x.service");
    fs::write(&path, service.to_systemd_unit().unwrap()).unwrap();
    let Some(faults) = find_faults(&path) else {
        println!("skipped: systemd-analyze is not installed");
        return;
    };
    let ours: Vec<&str> = faults.lines().filter(|line| line.contains("openclaw-x")).collect();
    assert_eq!(ours, Vec::<&str>::new(), "{faults}");
    fs::write(&path, "[Service]\nExecStart=relative\nNoSuchKey=1\n").unwrap();
    assert!(find_faults(&path).unwrap().contains("openclaw-x"), "a fault must be found");
}
