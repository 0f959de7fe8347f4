//! Attacks on other processes and on the system.

use std::process::{Child, Command};

use super::support::{ABI_CAPS, SECRET, SandboxHome};

/// A process outside of the sandbox, with a secret in its environment. It is killed when dropped.
struct VictimProcess(Child);

impl VictimProcess {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "starts the process that is attacked")]
        let child = Command::new("/bin/sleep").arg("600").env("CANARY", SECRET).spawn().unwrap();
        Self(child)
    }

    fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for VictimProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tries each call that needs rights; prints those that were not refused.
const CALLS: &str = "import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
def call(name, *arguments):
    result = libc.syscall(*[ctypes.c_uint64(value) if isinstance(value, int) else value for value in arguments])
    if ctypes.c_long(result).value != -1:
        print('allowed', name)
libc.syscall.restype = ctypes.c_long
buffer = ctypes.create_string_buffer(4096)
call('ptrace attach', 101, 16, pid, 0, 0)
call('ptrace seize', 101, 0x4206, pid, 0, 0)
call('process_vm_readv', 310, pid, buffer, 1, buffer, 1, 0)
call('process_vm_writev', 311, pid, buffer, 1, buffer, 1, 0)
call('io_uring_setup', 425, 8, buffer)
call('keyctl', 250, 0, 0xffffffff, 1)
call('add_key', 248, b'user', b'x', b'y', 1, 0xffffffff)
call('mount', 165, b'none', b'.', b'tmpfs', 0, None)
call('umount', 166, b'/proc', 2)
call('unshare user', 272, 0x10000000)
call('unshare mounts', 272, 0x00020000)
call('unshare time', 272, 0x80)
call('unshare wide', 272, 0x1_1000_0000)
call('clone user', 56, 0x10000000 | 17, 0, 0, 0, 0)
call('clone3', 435, buffer, 88)
call('setns', 308, 0, 0)
call('bpf', 321, 0, buffer, 128)
call('perf_event_open', 298, buffer, 0, -1 & 0xffffffff, -1 & 0xffffffff, 0)
call('userfaultfd', 323, 0)
call('kexec_load', 246, 0, 0, 0, 0)
call('init_module', 175, buffer, 10, b'')
call('finit_module', 313, 0, b'', 0)
call('open_by_handle_at', 304, -100 & 0xffffffff, buffer, 0)
call('chroot', 161, b'.')
call('pivot_root', 155, b'.', b'.')
call('syslog', 103, 3, buffer, 4096)
call('sethostname', 170, b'x', 1)
call('settimeofday', 164, buffer, None)
call('swapoff', 168, b'/x')
call('shmget', 29, 0x1234, 4096, 0o1600)
call('msgget', 68, 0x1234, 0o1600)
call('mq_open', 240, b'openclaw-test', 0o102, 0o600, None)
call('prlimit', 302, pid, 0, buffer, None)
call('pidfd_getfd', 438, os.pidfd_open(pid), 1, 0)
call('fanotify_init', 300, 0, 0)
call('open_tree', 428, -100 & 0xffffffff, b'/', 1)
call('setuid bit', 90, b'file', 0o4755)
call('setuid bit at', 268, -100 & 0xffffffff, b'file', 0o4755)
at = -100 & 0xffffffff
for bits in (0o6755, 0o4000, 0o2000, 0o104755):
    call(f'open {bits:o}', 2, b'new1', 0o101, bits)
    call(f'openat {bits:o}', 257, at, b'new2', 0o101, bits)
    call(f'temporary {bits:o}', 257, at, b'.', 0o20200002, bits)
    call(f'creat {bits:o}', 85, b'new3', bits)
    call(f'mknod {bits:o}', 133, b'new4', 0o100000 | bits, 0)
    call(f'mknodat {bits:o}', 259, at, b'new5', 0o100000 | bits, 0)
if os.geteuid() == 0:
    how = ctypes.create_string_buffer(b''.join(n.to_bytes(8, 'little') for n in (0o101, 0o6755, 0)), 24)
    call('openat2', 437, at, b'new6', how, 24)
for name in os.listdir('.'):
    assert os.stat(name).st_mode & 0o6000 == 0, name
call('setpriority', 141, 0, pid, 5)
call('setpriority parent', 141, 0, os.getppid(), 5)
call('setpriority user', 141, 2, 0, 5)
call('setpriority group', 141, 1, 0, 5)
call('ioprio_set', 251, 1, pid, 0x4007)
call('ioprio_set user', 251, 3, os.getuid(), 0x4007)
mask = ctypes.create_string_buffer(b'\x01' * 128, 128)
call('sched_setaffinity', 203, pid, 128, mask)
call('sched_setaffinity parent', 203, os.getppid(), 128, mask)
call('sched_setscheduler', 144, pid, 0, buffer)
call('sched_setparam', 142, pid, buffer)
call('sched_setattr', 314, pid, buffer, 0)
call('migrate_pages', 256, pid, 8, mask, mask)
call('move_pages', 279, pid, 0, 0, 0, 0, 0)
call('setxattr', 188, b'file', b'user.x', b'y', 1, 0)
call('lsetxattr', 189, b'file', b'user.x', b'y', 1, 0)
call('fsetxattr', 190, os.open('file', 0), b'user.x', b'y', 1, 0)
call('removexattr', 197, b'file', b'user.x')
call('chattr', 16, os.open('file', 0), 0x40086602, buffer)
call('x32 getpid', 0x40000000 + 39)
master = 0
for request in (0x5412, 0x541c, 0x1_0000_5412):
    call(f'ioctl {request:x}', 16, 0, request, b'y')
print('done')
";

#[test]
fn no_call_that_reaches_beyond_the_process_is_allowed() {
    for cap in ABI_CAPS {
        let (home, mut victim) = (SandboxHome::new(cap), VictimProcess::start());
        let pid = victim.0.id().to_string();
        let ran = home.run(&["python3", "-c", CALLS, &pid]);
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        assert_eq!(ran.text, "done\n", "{cap:?}");
        assert!(victim.is_running(), "{cap:?}");
    }
}

#[test]
fn a_process_controls_itself() {
    for cap in ABI_CAPS {
        let home = SandboxHome::new(cap);
        for script in [
            "nice -n 5 true && ionice -c 3 true && taskset 1 true && ulimit -n 100",
            "prlimit --pid $$ >/dev/null",
            "umask 022 && echo x > a && chmod 640 a && install -m 755 a b && cp -a b c && mkdir -m 1777 d",
            "touch -d 2020-01-01 a && tar cf t.tar a b && mkdir u && tar xf t.tar -C u && chown $(id -u) u/a",
            "python3 -c 'import os; os.open(\"n\", os.O_CREAT, 0o644); os.open(\"n\", os.O_RDONLY, 0o6755)'",
        ] {
            let ran = home.shell(script);
            assert!(ran.succeeded, "{cap:?} {script}: {}", ran.text);
        }
    }
}

#[test]
fn a_written_file_loses_its_set_id_bits() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = SandboxHome::new(None);
    let file = home.path("project/file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o6755)).unwrap();
    assert!(home.shell("echo evil > file").succeeded);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn other_processes_are_not_looked_into() {
    for cap in ABI_CAPS {
        let (home, mut victim) = (SandboxHome::new(cap), VictimProcess::start());
        let pid = victim.0.id();
        for file in ["environ", "mem", "maps", "root/etc/hostname", "cwd/", "fd/0", "exe", "auxv"] {
            let ran = home.shell(&format!("head -c100 /proc/{pid}/{file}"));
            assert!(!ran.succeeded, "{cap:?} {file}: {}", ran.text);
            let ran = home.shell(&format!("tr '\\0' '\\n' < /proc/$PPID/{file}"));
            assert!(!ran.succeeded, "{cap:?} {file}: {}", ran.text);
        }
        assert!(victim.is_running(), "{cap:?}");
    }
}

#[test]
fn signals_stay_inside_where_the_kernel_can_hold_that() {
    let (home, mut victim) = (SandboxHome::new(None), VictimProcess::start());
    let pid = victim.0.id();
    for script in [
        format!("kill -9 {pid}"),
        format!("kill -0 {pid}"),
        "kill -9 $PPID".to_owned(),
        format!(
            "python3 -c 'import os, signal; signal.pidfd_send_signal(os.pidfd_open({pid}), 9)'"
        ),
    ] {
        let ran = home.shell(&script);
        assert!(!ran.succeeded, "{script}: {}", ran.text);
        assert!(victim.is_running(), "{script}");
    }
    assert!(home.shell("sleep 60 & kill $! && sh -c 'kill -TERM $$ & wait' ; true").succeeded);
}

#[test]
fn no_new_rights_are_gained() {
    for cap in ABI_CAPS {
        let home = SandboxHome::new(cap);
        let ran = home.shell("grep -c '^NoNewPrivs:.1$' /proc/self/status && grep -c '^Seccomp:.2$' /proc/self/status");
        assert_eq!(ran.text, "1\n1\n", "{cap:?}");
        // CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_RAWIO, CAP_MKNOD, CAP_NET_ADMIN and others.
        let ran = home.shell("sed -n 's/^CapEff:\\t//p' /proc/self/status");
        let bits = u64::from_str_radix(ran.text.trim(), 16).unwrap();
        let forbidden: u64 =
            [21, 19, 17, 27, 12, 13, 16, 18, 22, 25, 2].iter().map(|bit| 1 << bit).sum();
        assert_eq!(bits & forbidden, 0, "{cap:?}: {bits:x}");
        assert!(!home.shell("unshare -r true").succeeded, "{cap:?}");
        assert!(!home.shell("mount -t tmpfs x .").succeeded, "{cap:?}");
    }
}
