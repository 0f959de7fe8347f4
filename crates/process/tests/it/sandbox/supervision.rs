//! Attacks of commands on their supervisor.

use openclaw_process::sandbox::SandboxPolicy;
use openclaw_process::{CommandEnd, CommandSpec, run};

use super::support::{ABI_CAPS, SandboxHome};
use crate::support::{LifeLine, bounds, shell};

fn sandboxed(home: &SandboxHome, command: &str, writable: &std::path::Path) -> CommandSpec {
    let mut policy: SandboxPolicy = home.policy.clone();
    policy.roots.push(openclaw_process::sandbox::SandboxRoot {
        path: writable.to_owned(),
        access: openclaw_process::sandbox::RootAccess::Write,
    });
    let mut spec = shell(command);
    spec.env.push(("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()));
    CommandSpec { sandbox: Some(policy), ..spec }
}

#[tokio::test]
async fn a_command_cannot_signal_its_supervisor_by_any_call() {
    let script = "import ctypes, fcntl, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
sup = int(sys.argv[1])
def attempt(what, call):
    try:
        call()
        print('allowed', what)
    except OSError:
        pass
def raw(*arguments):
    if libc.syscall(*[ctypes.c_long(value) for value in arguments]) == -1:
        raise OSError
attempt('stop', lambda: os.kill(sup, signal.SIGSTOP))
attempt('kill', lambda: os.kill(sup, signal.SIGKILL))
attempt('group', lambda: os.kill(-sup, signal.SIGKILL))
attempt('all', lambda: os.kill(-1, signal.SIGKILL))
attempt('tkill', lambda: raw(200, sup, 9))
attempt('tgkill', lambda: raw(234, sup, sup, 9))
attempt('wide', lambda: raw(62, sup | 1 << 32, 9))
attempt('join', lambda: os.setpgid(0, sup))
attempt('pidfd', lambda: signal.pidfd_send_signal(os.pidfd_open(sup), 9))
attempt('proc', lambda: signal.pidfd_send_signal(os.open(f'/proc/{sup}', os.O_RDONLY), 9))
reader, writer = os.pipe()
attempt('owner', lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, sup))
attempt('ioctl', lambda: fcntl.ioctl(reader, 0x8901, sup.to_bytes(4, 'little')))
print('done')
";
    for cap in ABI_CAPS {
        let (home, life) = (SandboxHome::new(cap), LifeLine::new());
        let command = format!("exec 9>{}; python3 -c \"$S\" $PPID", life.path().display());
        let mut spec = sandboxed(&home, &command, life.path());
        spec.env.push(("S".into(), script.into()));
        let result = run(spec, bounds(), |_, _| ()).await.unwrap();
        assert_eq!(String::from_utf8(result.output.head).unwrap(), "done\n", "{cap:?}");
        assert_eq!(result.end, CommandEnd::Exited(0), "{cap:?}");
    }
}

#[tokio::test]
async fn what_hides_and_attacks_the_supervisor_is_ended_all_the_same() {
    for cap in ABI_CAPS {
        let (home, life) = (SandboxHome::new(cap), LifeLine::new());
        let command = format!(
            "exec 9>{}; (env -i setsid /bin/sh -c 'echo -n x >&9; exec /bin/sleep 1000' &) ; \
             kill -9 $PPID; kill -STOP $PPID; echo done",
            life.path().display()
        );
        let result =
            run(sandboxed(&home, &command, life.path()), bounds(), |_, _| ()).await.unwrap();
        assert_eq!(result.end, CommandEnd::Exited(0), "{cap:?}: {result:?}");
        assert!(result.survivors.is_empty(), "{cap:?}: {result:?}");
        assert!(life.written_by_the_dead().is_some(), "{cap:?}");
    }
}
