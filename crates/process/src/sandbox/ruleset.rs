//! The Landlock ruleset of a policy.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};

use crate::sandbox::file_rules::{FileRules, TreeAccess};
use crate::sandbox::{LandlockAbi, SandboxPolicy};

impl LandlockAbi {
    /// The newest version whose rights this kernel has, found by asking for them.
    pub(crate) fn detect() -> Option<Self> {
        Self::ALL.into_iter().rev().find(|abi| abi.is_supported())
    }

    fn is_supported(self) -> bool {
        let abi = self.abi();
        let ask = || -> Result<(), RulesetError> {
            let mut ruleset = Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .handle_access(AccessFs::from_all(abi))?;
            if self >= Self::V4 {
                ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
            }
            if self >= Self::V6 {
                ruleset = ruleset.scope(Scope::from_all(abi))?;
            }
            ruleset.create().map(drop)
        };
        ask().is_ok()
    }

    fn abi(self) -> ABI {
        ABI::from(i32::from(self.number()))
    }
}

/// Restricts this process, and all that it starts, to what the policy allows.
pub(crate) fn restrict_process(
    policy: &SandboxPolicy,
    abi: LandlockAbi,
) -> Result<(), RulesetError> {
    let has_network = policy.profile.allows_network();
    let all = AccessFs::from_all(abi.abi());
    let mut ruleset =
        Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(all)?;
    if abi >= LandlockAbi::V4 && !has_network {
        ruleset = ruleset.handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?;
    }
    if abi >= LandlockAbi::V6 {
        ruleset = ruleset.scope(Scope::from_all(abi.abi()))?;
    }
    let mut ruleset = ruleset.create()?;
    for rule in FileRules::from_policy(policy).trees {
        let Some((fd, is_directory)) = rule.open() else { continue };
        let mut access = rights(rule.access) & all;
        if !is_directory {
            access &= AccessFs::from_file(abi.abi());
        }
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    if abi >= LandlockAbi::V4 && !has_network {
        for port in &policy.connect_ports {
            ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
    }
    ruleset.restrict_self().map(drop)
}

fn rights(access: TreeAccess) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    match access {
        TreeAccess::Read => read,
        TreeAccess::Update => read | AccessFs::WriteFile,
        TreeAccess::Device => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev,
        // Device nodes stay forbidden: a root user's would be a way to every disk.
        TreeAccess::Write => {
            read | AccessFs::WriteFile
                | AccessFs::Truncate
                | AccessFs::Refer
                | AccessFs::RemoveDir
                | AccessFs::RemoveFile
                | AccessFs::MakeDir
                | AccessFs::MakeReg
                | AccessFs::MakeSym
                | AccessFs::MakeFifo
                | AccessFs::MakeSock
        }
    }
}
