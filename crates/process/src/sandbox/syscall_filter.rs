//! The seccomp filters of a policy: system calls that Landlock does not restrict, or not on this
//! kernel. A denied call fails with an error; it does not end the process.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::sandbox::{LandlockAbi, SandboxPolicy};

/// System calls that are always denied: those that look into other processes, change the system, get
/// new rights, or get around the filters.
const DENIED_CALLS: &[libc::c_long] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    // Work by the kernel that no filter sees.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    // Files without their path, and namespaces.
    libc::SYS_open_by_handle_at,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // Keys of the user.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Memory and queues that are shared by all processes of the user.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semctl,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // The system.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    // `open_tree_attr` and `file_setattr`, whose numbers are the same everywhere.
    467,
    469,
];

#[cfg(target_arch = "x86_64")]
const DENIED_ON_THIS_ARCHITECTURE: &[libc::c_long] =
    &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_uselib];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_ON_THIS_ARCHITECTURE: &[libc::c_long] = &[];

/// Controls of terminals and file systems that reach beyond the process: typed input, selections,
/// the console, line disciplines, file attributes, frozen and Btrfs volumes.
const DENIED_IOCTLS: &[u64] = &[
    libc::TIOCSTI,
    0x541c,
    0x541d,
    0x5423,
    0x4008_6602,
    0x4004_6602,
    0x401c_5820,
    0xc004_5877,
    0xc004_5878,
    0x5000_9401,
    0x5000_9417,
    0x5000_940e,
    0x5000_9418,
    0x5000_940f,
    0x5000_943f,
    0x4008_941a,
];

/// The flags of new namespaces, but `CLONE_NEWTIME`, whose bit is part of a signal number in `clone`.
const NAMESPACE_FLAGS: &[libc::c_int] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
const CLONE_NEWTIME: u64 = 0x80;

/// Bits of a mode that let others run a file with the rights of its owner.
const SET_ID_BITS: [u64; 2] = [0o4000, 0o2000];

const F_SETOWN_EX: libc::c_int = 15;
const FIOSETOWN: u64 = 0x8901;
const SIOCSPGRP: u64 = 0x8902;
const O_TRUNC: u64 = 0x200;
const MSG_FASTOPEN: u64 = 0x2000_0000;
const TCP_ULP: u64 = 31;

/// The network that system calls may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SocketAccess {
    Nothing,
    /// TCP connections, to ports that Landlock restricts.
    TcpConnections,
    Internet,
}

/// Compiles the filters for a policy on a kernel with a Landlock version; `None` without Landlock.
pub(crate) fn compile_filters(
    policy: &SandboxPolicy,
    abi: Option<LandlockAbi>,
) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let mut denied = CallRules::default();
    denied.deny_calls(DENIED_CALLS);
    denied.deny_calls(DENIED_ON_THIS_ARCHITECTURE);
    denied.deny_namespaces()?;
    for request in DENIED_IOCTLS {
        denied.deny_when(libc::SYS_ioctl, &[equals(1, *request)])?;
    }
    denied.deny_set_id_bits()?;
    // Limits of other processes; those of the process itself have the id 0.
    let (other_process, new_limit) = ((0, SeccompCmpOp::Ne, 0), (2, SeccompCmpOp::Ne, 0));
    denied.deny_long_when(libc::SYS_prlimit64, &[other_process, new_limit])?;
    denied.deny_signals_to(std::process::id())?;
    let access = if policy.profile.allows_network() {
        SocketAccess::Internet
    } else if policy.connect_ports.is_empty() || abi < Some(LandlockAbi::V4) {
        SocketAccess::Nothing
    } else {
        SocketAccess::TcpConnections
    };
    denied.deny_sockets(access)?;
    // Without these programs use calls whose flags and processes are visible to a filter.
    let mut missing = CallRules::default();
    missing.deny_calls(&[libc::SYS_clone3, libc::SYS_pidfd_send_signal]);
    if abi < Some(LandlockAbi::V3) {
        denied.deny_truncation()?;
        missing.deny_calls(&[libc::SYS_openat2]);
    }
    Ok(vec![
        other_abi_filter(),
        denied.compile(libc::EPERM.unsigned_abs())?,
        missing.compile(libc::ENOSYS.unsigned_abs())?,
    ])
}

/// A condition on an argument: its index, how it is compared, and with what.
type ArgumentTest = (u8, SeccompCmpOp, u64);

fn equals(index: u8, value: u64) -> ArgumentTest {
    (index, SeccompCmpOp::Eq, value)
}

fn has_bits(index: u8, bits: u64) -> ArgumentTest {
    (index, SeccompCmpOp::MaskedEq(bits), bits)
}

/// The system calls that a filter denies.
#[derive(Default)]
struct CallRules(BTreeMap<i64, Vec<SeccompRule>>);

impl CallRules {
    fn deny_calls(&mut self, calls: &[libc::c_long]) {
        for call in calls {
            self.0.insert(*call, Vec::new());
        }
    }

    /// Denies a call when all tests hold for the low halves of its arguments, as the kernel reads
    /// those of type `int`.
    fn deny_when(
        &mut self,
        call: libc::c_long,
        tests: &[ArgumentTest],
    ) -> Result<(), seccompiler::Error> {
        self.add_rule(call, &SeccompCmpArgLen::Dword, tests)
    }

    /// As [`deny_when`](Self::deny_when), for arguments of 64 bits.
    fn deny_long_when(
        &mut self,
        call: libc::c_long,
        tests: &[ArgumentTest],
    ) -> Result<(), seccompiler::Error> {
        self.add_rule(call, &SeccompCmpArgLen::Qword, tests)
    }

    fn add_rule(
        &mut self,
        call: libc::c_long,
        length: &SeccompCmpArgLen,
        tests: &[ArgumentTest],
    ) -> Result<(), seccompiler::Error> {
        let conditions: Result<Vec<SeccompCondition>, _> = tests
            .iter()
            .map(|(index, operation, value)| {
                SeccompCondition::new(*index, length.clone(), operation.clone(), *value)
            })
            .collect();
        self.0.entry(call).or_default().push(SeccompRule::new(conditions?)?);
        Ok(())
    }

    fn deny_namespaces(&mut self) -> Result<(), seccompiler::Error> {
        for flag in NAMESPACE_FLAGS {
            let flag = u64::from(flag.unsigned_abs());
            self.deny_when(libc::SYS_clone, &[has_bits(0, flag)])?;
            self.deny_when(libc::SYS_unshare, &[has_bits(0, flag)])?;
        }
        self.deny_when(libc::SYS_unshare, &[has_bits(0, CLONE_NEWTIME)])
    }

    /// Denies each way to signal the process that starts the commands: it ends what they leave, and
    /// has the same restrictions, so that Landlock lets them signal it.
    fn deny_signals_to(&mut self, pid: u32) -> Result<(), seccompiler::Error> {
        let (pid, group) = (u64::from(pid), u64::from(pid.wrapping_neg()));
        let everybody = u64::from(u32::MAX);
        for target in [pid, group, everybody] {
            self.deny_when(libc::SYS_kill, &[equals(0, target)])?;
        }
        for call in [
            libc::SYS_tkill,
            libc::SYS_tgkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
        ] {
            self.deny_when(call, &[equals(0, pid)])?;
        }
        // A process in its group could signal the group as its own.
        self.deny_when(libc::SYS_setpgid, &[equals(1, pid)])?;
        // The kernel signals the owner of a descriptor.
        for command in [libc::F_SETOWN, F_SETOWN_EX] {
            let command = u64::from(command.unsigned_abs());
            self.deny_when(libc::SYS_fcntl, &[equals(1, command)])?;
        }
        for request in [FIOSETOWN, SIOCSPGRP] {
            self.deny_when(libc::SYS_ioctl, &[equals(1, request)])?;
        }
        Ok(())
    }

    fn deny_set_id_bits(&mut self) -> Result<(), seccompiler::Error> {
        const SYS_FCHMODAT2: libc::c_long = 452;
        for bit in SET_ID_BITS {
            self.deny_when(libc::SYS_fchmod, &[has_bits(1, bit)])?;
            self.deny_when(libc::SYS_fchmodat, &[has_bits(2, bit)])?;
            self.deny_when(SYS_FCHMODAT2, &[has_bits(2, bit)])?;
            #[cfg(target_arch = "x86_64")]
            self.deny_when(libc::SYS_chmod, &[has_bits(1, bit)])?;
        }
        Ok(())
    }

    /// Denies to empty a file that may only be read, which Landlock restricts from its third version
    /// on.
    fn deny_truncation(&mut self) -> Result<(), seccompiler::Error> {
        self.deny_calls(&[libc::SYS_truncate]);
        // The access modes "read" and the undocumented 3.
        for mode in [0, 3] {
            let truncates = |index| (index, SeccompCmpOp::MaskedEq(O_TRUNC | 3), O_TRUNC | mode);
            self.deny_when(libc::SYS_openat, &[truncates(2)])?;
            #[cfg(target_arch = "x86_64")]
            self.deny_when(libc::SYS_open, &[truncates(1)])?;
        }
        Ok(())
    }

    fn deny_sockets(&mut self, access: SocketAccess) -> Result<(), seccompiler::Error> {
        let differs =
            |index, value: libc::c_int| (index, SeccompCmpOp::Ne, u64::from(value.unsigned_abs()));
        let [unix, inet, inet6, netlink] =
            [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
        // A local socket can be connected to any service of the user: only pairs are allowed.
        self.deny_when(libc::SYS_socketpair, &[differs(0, unix)])?;
        match access {
            SocketAccess::Nothing => self.deny_calls(&[libc::SYS_socket]),
            SocketAccess::Internet => {
                let others = [differs(0, inet), differs(0, inet6), differs(0, netlink)];
                self.deny_when(libc::SYS_socket, &others)?;
                let protocol = differs(2, libc::NETLINK_ROUTE);
                let is_netlink = equals(0, u64::from(netlink.unsigned_abs()));
                self.deny_when(libc::SYS_socket, &[is_netlink, protocol])?;
            }
            SocketAccess::TcpConnections => {
                self.deny_when(libc::SYS_socket, &[differs(0, inet), differs(0, inet6)])?;
                for kind in (0..16).filter(|kind| *kind != libc::SOCK_STREAM.unsigned_abs()) {
                    let is_kind = (1, SeccompCmpOp::MaskedEq(0xf), u64::from(kind));
                    self.deny_when(libc::SYS_socket, &[is_kind])?;
                }
                let other_protocol = [differs(2, 0), differs(2, libc::IPPROTO_TCP)];
                self.deny_when(libc::SYS_socket, &other_protocol)?;
                // Ways to connect that Landlock does not see.
                self.deny_when(libc::SYS_sendto, &[has_bits(3, MSG_FASTOPEN)])?;
                self.deny_when(libc::SYS_sendmsg, &[has_bits(2, MSG_FASTOPEN)])?;
                self.deny_when(libc::SYS_sendmmsg, &[has_bits(3, MSG_FASTOPEN)])?;
                let is_tcp = equals(1, u64::from(libc::IPPROTO_TCP.unsigned_abs()));
                self.deny_when(libc::SYS_setsockopt, &[is_tcp, equals(2, TCP_ULP)])?;
                self.deny_calls(&[libc::SYS_listen]);
            }
        }
        Ok(())
    }

    fn compile(self, errno: u32) -> Result<BpfProgram, seccompiler::Error> {
        let architecture =
            if cfg!(target_arch = "aarch64") { TargetArch::aarch64 } else { TargetArch::x86_64 };
        let (allow, deny) = (SeccompAction::Allow, SeccompAction::Errno(errno));
        Ok(SeccompFilter::new(self.0, allow, deny, architecture)?.try_into()?)
    }
}

/// Denies the calls of the x32 ABI, whose numbers the other filters do not know. On other
/// architectures no call has such a number.
fn other_abi_filter() -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    const X32_BIT: u32 = 0x4000_0000;
    let step = |code, jt, jf, k| seccompiler::sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_WORD, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 0, 1, X32_BIT),
        step(RETURN, 0, 0, ERRNO | libc::ENOSYS.unsigned_abs()),
        step(RETURN, 0, 0, ALLOW),
    ]
}
