//! The seccomp filters of a policy: system calls that Landlock does not restrict, or not on this
//! kernel. A denied call fails with an error; it does not end the process.

mod calls;

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::sandbox::{LandlockAbi, SandboxPolicy};
use calls::{
    ATTRIBUTE_CALLS, CLONE_NEWTIME, DENIED_CALLS, DENIED_IOCTLS, DENIED_ON_THIS_ARCHITECTURE,
    F_SETOWN_EX, FIOSETOWN, MSG_FASTOPEN, NAMESPACE_FLAGS, O_CREAT, O_TMPFILE_BIT, O_TRUNC,
    SET_ID_BITS, SIOCSPGRP, TCP_ULP,
};

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
    denied.deny_control_of_others()?;
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
    }
    // The mode of its new files is in memory, where no filter sees it: a root user's could run as
    // root for everybody.
    if abi < Some(LandlockAbi::V3) || rustix::process::geteuid().is_root() {
        missing.deny_calls(&[libc::SYS_openat2]);
    }
    // Landlock does not restrict attributes of any file. Programs do without where there are none.
    let mut unsupported = CallRules::default();
    unsupported.deny_calls(ATTRIBUTE_CALLS);
    Ok(vec![
        other_abi_filter(),
        denied.compile(libc::EPERM.unsigned_abs())?,
        missing.compile(libc::ENOSYS.unsigned_abs())?,
        unsupported.compile(libc::EOPNOTSUPP.unsigned_abs())?,
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

    /// Denies to change how other processes are scheduled and what they may use. A process itself has
    /// the id 0.
    fn deny_control_of_others(&mut self) -> Result<(), seccompiler::Error> {
        let other = |index| (index, SeccompCmpOp::Ne, 0);
        // Reading limits is allowed.
        let new_limit = (2, SeccompCmpOp::Ne, 0);
        self.deny_long_when(libc::SYS_prlimit64, &[other(0), new_limit])?;
        for call in [
            libc::SYS_sched_setaffinity,
            libc::SYS_sched_setattr,
            libc::SYS_sched_setparam,
            libc::SYS_sched_setscheduler,
            libc::SYS_migrate_pages,
            libc::SYS_move_pages,
        ] {
            self.deny_when(call, &[other(0)])?;
        }
        for (call, own_kind) in [(libc::SYS_setpriority, 0), (libc::SYS_ioprio_set, 1)] {
            self.deny_when(call, &[other(1)])?;
            // Of all processes of a group or a user.
            self.deny_when(call, &[(0, SeccompCmpOp::Ne, own_kind)])?;
        }
        Ok(())
    }

    fn deny_set_id_bits(&mut self) -> Result<(), seccompiler::Error> {
        const SYS_FCHMODAT2: libc::c_long = 452;
        for bit in SET_ID_BITS {
            // Only with these flags is there a mode.
            for flag in [O_CREAT, O_TMPFILE_BIT] {
                self.deny_when(libc::SYS_openat, &[has_bits(2, flag), has_bits(3, bit)])?;
                #[cfg(target_arch = "x86_64")]
                self.deny_when(libc::SYS_open, &[has_bits(1, flag), has_bits(2, bit)])?;
            }
            self.deny_when(libc::SYS_mknodat, &[has_bits(2, bit)])?;
            #[cfg(target_arch = "x86_64")]
            {
                self.deny_when(libc::SYS_creat, &[has_bits(1, bit)])?;
                self.deny_when(libc::SYS_mknod, &[has_bits(1, bit)])?;
            }
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
        // A local socket can be connected to any service of the user: only pairs are allowed, of kinds
        // that stay connected to each other. One for datagrams sends to any path.
        self.deny_when(libc::SYS_socketpair, &[differs(0, unix)])?;
        let paired = [libc::SOCK_STREAM, libc::SOCK_SEQPACKET].map(libc::c_int::unsigned_abs);
        for kind in (0..16).filter(|kind| !paired.contains(kind)) {
            let is_kind = (1, SeccompCmpOp::MaskedEq(0xf), u64::from(kind));
            self.deny_when(libc::SYS_socketpair, &[is_kind])?;
        }
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
