//! The system calls, flags and bits that the filters deny.

/// System calls that are always denied: those that look into other processes, change the system, get
/// new rights, or get around the filters.
pub(super) const DENIED_CALLS: &[libc::c_long] = &[
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
pub(super) const DENIED_ON_THIS_ARCHITECTURE: &[libc::c_long] =
    &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_uselib];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const DENIED_ON_THIS_ARCHITECTURE: &[libc::c_long] = &[];

/// Controls of terminals and file systems that reach beyond the process: typed input, selections,
/// the console, line disciplines, file attributes, frozen and Btrfs volumes.
pub(super) const DENIED_IOCTLS: &[u64] = &[
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
pub(super) const NAMESPACE_FLAGS: &[libc::c_int] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];
pub(super) const CLONE_NEWTIME: u64 = 0x80;

/// Bits of a mode that let others run a file with the rights of its owner.
pub(super) const SET_ID_BITS: [u64; 2] = [0o4000, 0o2000];

/// Calls that change extended attributes; the last two are `setxattrat` and `removexattrat`, whose
/// numbers are the same everywhere.
pub(super) const ATTRIBUTE_CALLS: &[libc::c_long] = &[
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    463,
    466,
];

pub(super) const F_SETOWN_EX: libc::c_int = 15;
pub(super) const FIOSETOWN: u64 = 0x8901;
pub(super) const SIOCSPGRP: u64 = 0x8902;
pub(super) const O_CREAT: u64 = 0x40;
pub(super) const O_TMPFILE_BIT: u64 = 0x40_0000;
pub(super) const O_TRUNC: u64 = 0x200;
pub(super) const MSG_FASTOPEN: u64 = 0x2000_0000;
pub(super) const TCP_ULP: u64 = 31;
