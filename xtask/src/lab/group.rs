//! Finds and ends all processes of a process group.
//!
//! After a reboot another program may have the same group number, so a process counts as a member
//! only if it also works in the folder in which the group was started.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How long a group may take to end after SIGTERM, and after SIGKILL.
const POLITE: Duration = Duration::from_secs(10);
const FORCED: Duration = Duration::from_secs(5);

/// One process of a group.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) id: u32,
    /// The process name, truncated by the system after 15 bytes.
    pub(super) name: String,
}

impl Process {
    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.id).context("a process has a strange number")?;
        kill(Pid::from_raw(id), signal).with_context(|| format!("failed to send {signal}"))
    }
}

/// Returns the running processes of the group `leader`, started in `folder`.
pub(super) fn members(leader: u32, folder: &Path) -> Vec<Process> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let member = |path: &Path| {
        let stat = std::fs::read_to_string(path.join("stat")).ok()?;
        let cwd = std::fs::read_link(path.join("cwd")).ok()?;
        if !runs_in(&stat, leader) || cwd != folder {
            return None;
        }
        let id = path.file_name()?.to_str()?.parse().ok()?;
        let name = std::fs::read_to_string(path.join("comm")).ok()?.trim_end().to_owned();
        Some(Process { id, name })
    };
    processes.flatten().filter_map(|process| member(&process.path())).collect()
}

/// Returns true when any process of the group still runs.
pub(super) fn alive(leader: u32, folder: &Path) -> bool {
    !members(leader, folder).is_empty()
}

/// Ends the group with SIGTERM, then SIGKILL.
///
/// # Errors
/// When a process survives both.
pub(super) fn end(leader: u32, folder: &Path) -> Result<()> {
    for (signal, patience) in [(Signal::SIGTERM, POLITE), (Signal::SIGKILL, FORCED)] {
        if !alive(leader, folder) {
            return Ok(());
        }
        if let Ok(group) = i32::try_from(leader) {
            // It may have ended since the check.
            killpg(Pid::from_raw(group), signal).ok();
        }
        let begin = Instant::now();
        while alive(leader, folder) && begin.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    if alive(leader, folder) {
        bail!("process group {leader} survived SIGKILL");
    }
    Ok(())
}

/// Parses `/proc/PID/stat`: the name in brackets may hold anything, so fields are counted from its
/// end.
fn runs_in(stat: &str, group: u32) -> bool {
    let Some((_, fields)) = stat.rsplit_once(')') else { return false };
    let mut fields = fields.split_whitespace();
    let state = fields.next();
    let of_group = fields.nth(1).and_then(|field| field.parse().ok()) == Some(group);
    of_group && !matches!(state, Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::{alive, end, members, runs_in};

    #[test]
    fn the_group_is_read_after_the_name_and_the_dead_do_not_count() {
        assert!(runs_in("7 (a) b (c) S 1 42 42 0 -1", 42));
        assert!(!runs_in("7 (a) S 42 7 42 0 -1", 42));
        assert!(!runs_in("7 (a) Z 1 42 42 0 -1", 42));
        assert!(!runs_in("", 42));
    }

    #[test]
    fn a_group_ends_with_the_processes_its_leader_started() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let mut leader = Command::new("sh")
            .args(["-c", "sleep 600 & echo started; wait"])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut output = leader.stdout.take().unwrap();
        output.read_exact(&mut [0; 8]).unwrap();
        let group = leader.id();
        let members = members(group, &folder);
        assert_eq!(members.len(), 2, "{members:?}");
        assert!(members.iter().any(|member| member.id == group && member.name == "sh"));
        assert!(!alive(group, std::path::Path::new("/")), "another folder is another group");
        end(group, &folder).unwrap();
        assert!(!alive(group, &folder));
        // The pipe closes when the last process that holds it is gone.
        assert_eq!(output.read(&mut [0; 8]).unwrap(), 0);
        leader.wait().unwrap();
    }
}
