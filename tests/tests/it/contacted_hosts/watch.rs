//! Runs a program under a watcher that sees every address that it or a child of it turns to, and
//! lets none through that is not on this machine.
//!
//! It stands between the program and the kernel (ptrace), so that nothing depends on what the
//! program says of itself, and needs neither a right nor a tool: whoever starts a program may trace
//! it.

use std::collections::BTreeSet;
use std::io::{IoSliceMut, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc::{self, c_int, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// The port that names are looked up at. Behind an address of this machine there may be one that
/// asks others.
const RESOLVER: u16 = 53;

/// Whom a program turned to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contact {
    /// A server on this machine.
    Here(SocketAddr),
    /// A server elsewhere; it was not reached.
    Elsewhere(SocketAddr),
    /// Whoever looks up names; it was not reached.
    Resolver(SocketAddr),
    /// A socket in the file system; it was not reached.
    File(String),
    /// A way out that this watcher cannot look into.
    Unseen(&'static str, u64),
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Watched {
    /// The exit code; `None` when a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) contacts: BTreeSet<Contact>,
}

/// What a shell does that is watched: it is held until it is, and starts the program as a child.
pub(super) const HELD: &str = "read _; \"$@\"; exit $?";

/// The same, with a message for the program to read.
pub(super) const HELD_AND_TOLD: &str = "read _; echo 'reply exactly: hi' | \"$@\"; exit $?";

/// Runs a shell with [`HELD`] or [`HELD_AND_TOLD`] to its end.
///
/// # Panics
/// When this machine does not let a process trace its own child: then nothing could be said.
#[expect(clippy::zombie_processes, reason = "it is waited for together with its children")]
pub(super) fn watch(mut command: Command) -> Watched {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut held = child.stdin.take();
    let root = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(root, options).expect("a process may trace its child");
    ptrace::interrupt(root).unwrap();
    let mut watched = Watched { code: None, contacts: BTreeSet::new() };
    // Those of other tests are none of its business.
    let own = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    loop {
        let (pid, signal) = match waitpid(None, Some(own)) {
            Err(Errno::ECHILD) => return watched,
            Err(Errno::EINTR) => continue,
            Err(error) => panic!("waiting for what is watched: {error}"),
            Ok(WaitStatus::Exited(pid, code)) => {
                if pid == root {
                    watched.code = Some(code);
                }
                continue;
            }
            Ok(WaitStatus::PtraceSyscall(pid)) => {
                watched.contacts.extend(look(pid));
                (pid, None)
            }
            Ok(WaitStatus::Stopped(pid, signal)) => (pid, Some(signal)),
            Ok(WaitStatus::PtraceEvent(pid, ..)) => (pid, None),
            Ok(_) => continue,
        };
        // One that was killed meanwhile is told of by the next wait.
        let _killed = ptrace::syscall(pid, signal);
        if let Some(mut held) = held.take() {
            held.write_all(b"\n").unwrap();
        }
    }
}

/// Looks at a call to the kernel before it is made, and stops it if it leaves this machine.
fn look(pid: Pid) -> Option<Contact> {
    let mut registers = ptrace::getregs(pid).ok()?;
    // The kernel says so of a call that is about to be made.
    if registers.rax.cast_signed() != -i64::from(libc::ENOSYS) {
        return None;
    }
    let contact = contact(pid, &registers)?;
    if !matches!(contact, Contact::Here(_)) {
        registers.orig_rax = u64::MAX;
        ptrace::setregs(pid, registers).unwrap();
    }
    Some(contact)
}

fn contact(pid: Pid, registers: &user_regs_struct) -> Option<Contact> {
    let user_regs_struct { rsi, rdx, r8, r9, .. } = *registers;
    match registers.orig_rax.cast_signed() {
        libc::SYS_connect => address(pid, rsi, rdx),
        libc::SYS_sendto => address(pid, r8, r9),
        libc::SYS_sendmsg | libc::SYS_sendmmsg => of_message(pid, rsi),
        libc::SYS_io_uring_setup => Some(Contact::Unseen("io_uring", 0)),
        _ => None,
    }
}

/// The address in the head of a message: a pointer and a length.
fn of_message(pid: Pid, at: u64) -> Option<Contact> {
    let head = read(pid, at, 16)?;
    let name = u64::from_ne_bytes(head.get(..8)?.try_into().ok()?);
    let length = u32::from_ne_bytes(head.get(8..12)?.try_into().ok()?);
    address(pid, name, u64::from(length))
}

/// Reads a `sockaddr`; `None` where there is none, or one that leads nowhere.
fn address(pid: Pid, at: u64, length: u64) -> Option<Contact> {
    if at == 0 || length < 2 {
        return None;
    }
    let bytes = read(pid, at, length.min(128))?;
    let family = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    match c_int::from(family) {
        libc::AF_INET => {
            let ip: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some(judge(SocketAddr::new(Ipv4Addr::from(ip).into(), port()?)))
        }
        libc::AF_INET6 => {
            let ip: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            Some(judge(SocketAddr::new(Ipv6Addr::from(ip).into(), port()?)))
        }
        libc::AF_UNIX => {
            let path = String::from_utf8_lossy(bytes.get(2..)?).into_owned();
            Some(Contact::File(path.trim_end_matches('\0').to_owned()))
        }
        // To undo a connection, and to ask the kernel which networks there are.
        libc::AF_UNSPEC | libc::AF_NETLINK => None,
        other => Some(Contact::Unseen("family", u64::from(other.cast_unsigned()))),
    }
}

fn judge(address: SocketAddr) -> Contact {
    let ip = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip @ IpAddr::V4(_) => ip,
    };
    match ip {
        _ if address.port() == RESOLVER => Contact::Resolver(address),
        ip if ip.is_loopback() => Contact::Here(address),
        _ => Contact::Elsewhere(address),
    }
}

fn read(pid: Pid, at: u64, length: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    let mut bytes = vec![0; length];
    let from = RemoteIoVec { base: usize::try_from(at).ok()?, len: length };
    let count = process_vm_readv(pid, &mut [IoSliceMut::new(&mut bytes)], &[from]).ok()?;
    (count == length).then_some(bytes)
}
