//! Attacks by real commands in the sandbox, on this kernel and as on older ones.

mod files;
mod network;
mod processes;
mod supervision;
mod support;

use std::path::Path;

use openclaw_process::sandbox::{
    LandlockAbi, SandboxError, SandboxLevels, SandboxPolicy, SandboxProfile, SandboxSupport,
};

fn policy(profile: SandboxProfile) -> SandboxPolicy {
    SandboxPolicy::new(profile, Path::new("/w"))
}

fn levels(policy: &SandboxPolicy, landlock: Option<LandlockAbi>) -> Result<String, SandboxError> {
    let levels = SandboxLevels::for_policy(policy, SandboxSupport { landlock, has_seccomp: true })?;
    let lines: Vec<String> =
        levels.iter().map(|(name, level)| format!("{name}: {level}")).collect();
    Ok(lines.join("\n") + "\n")
}

#[test]
fn a_kernel_without_landlock_is_refused_with_what_is_missing() {
    let mut policy = policy(SandboxProfile::Workspace);
    let error = levels(&policy, None).unwrap_err().to_string();
    let expected = "hold the sandbox profile `workspace`: this system lacks Landlock: Linux 5.13";
    assert!(error.starts_with(expected), "{error}");
    policy.best_effort = true;
    let expected = "files: not enforced (the kernel has no Landlock)\n\
                    network: enforced by seccomp\n\
                    processes: enforced by seccomp; not covered: the command lines of other \
                    processes, which `ps` shows to everybody; signals to other processes of the \
                    user, which needs Landlock ABI 6 (Linux 6.12)\n";
    assert_eq!(levels(&policy, None).unwrap(), expected);
}

#[test]
fn each_level_names_what_enforces_it() {
    let gap = "not covered: modes, owners and times of files, hidden ones too; files outside that \
               have a second name (a hard link) in a writable folder";
    let lines =
        "; not covered: the command lines of other processes, which `ps` shows to everybody";
    let signals = "; signals to other processes of the user, which needs Landlock \
                   ABI 6 (Linux 6.12)";
    let mut policy = policy(SandboxProfile::Workspace);
    let expected = format!(
        "files: enforced by Landlock ABI 4; {gap}\n\
         network: enforced by seccomp and Landlock ABI 4\n\
         processes: enforced by Landlock ABI 4 and seccomp{lines}{signals}\n"
    );
    assert_eq!(levels(&policy, Some(LandlockAbi::V4)).unwrap(), expected);
    let expected = format!(
        "files: enforced by Landlock ABI 2, and seccomp, which forbids to empty files by name; {gap}\n\
         network: enforced by seccomp\n\
         processes: enforced by Landlock ABI 2 and seccomp{lines}{signals}\n"
    );
    assert_eq!(levels(&policy, Some(LandlockAbi::V2)).unwrap(), expected);
    policy.profile = SandboxProfile::WorkspaceNetwork;
    let expected = format!(
        "files: enforced by Landlock ABI 6 or newer; {gap}\n\
         network: not enforced (the profile allows the network)\n\
         processes: enforced by Landlock ABI 6 or newer and seccomp{lines}\n"
    );
    assert_eq!(levels(&policy, Some(LandlockAbi::V6)).unwrap(), expected);
    policy.profile = SandboxProfile::ReadOnly;
    assert!(!levels(&policy, Some(LandlockAbi::V6)).unwrap().contains("hard link"));
    policy.profile = SandboxProfile::Full;
    assert!(
        levels(&policy, None).unwrap().contains("network: not enforced (the profile is `full`)")
    );
}

#[test]
fn an_older_version_can_be_asked_for_but_no_newer_one() {
    let mut policy = policy(SandboxProfile::Workspace);
    policy.max_landlock_abi = Some(4);
    let text = levels(&policy, Some(LandlockAbi::V6)).unwrap();
    assert!(text.contains("Landlock ABI 4;"), "{text}");
    let text = levels(&policy, Some(LandlockAbi::V2)).unwrap();
    assert!(text.contains("Landlock ABI 2,"), "{text}");
}
