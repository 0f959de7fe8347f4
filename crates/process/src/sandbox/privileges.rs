//! Gives up the privileges of a root user that Landlock and seccomp do not cover.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What is left to a root user: handling files of others as far as Landlock allows it, changing to
/// another user, and low ports. Files that it writes to lose their set-id bits, as everybody's do.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Gives up all privileges but [`KEPT`]. Programs do not get them back, because the process can gain
/// no new privileges from here on.
pub(crate) fn give_up_privileges() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    let sets = capabilities(None)?;
    if sets.permitted.is_empty() {
        return Ok(());
    }
    let kept = CapabilitySets {
        effective: sets.effective & KEPT,
        permitted: sets.permitted & KEPT,
        inheritable: CapabilitySet::empty(),
    };
    Ok(set_capabilities(None, kept)?)
}
