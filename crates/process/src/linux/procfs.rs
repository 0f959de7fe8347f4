//! Reads processes from `/proc`.

use std::collections::HashSet;
use std::fs;

use crate::MARKER_VARIABLE;

/// A live process, as read from `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessInfo {
    pub(crate) pid: i32,
    pub(crate) parent_pid: i32,
    pub(crate) session_id: i32,
    /// The start time in clock ticks since boot. Together with `pid` it identifies a process
    /// uniquely.
    pub(crate) start_ticks: u64,
}

/// Lists all live processes, without zombies.
pub(crate) fn list_processes() -> Vec<ProcessInfo> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(read_process)
        .collect()
}

/// Reads one process; `None` when it has ended.
pub(crate) fn read_process(pid: i32) -> Option<ProcessInfo> {
    parse_stat(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
        .filter(|stat| stat.is_alive)
        .map(|stat| stat.process)
}

/// The name of a process's program, at most 15 bytes of it; empty when it has ended.
pub(crate) fn read_name(pid: i32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim_end().to_owned()
}

/// Returns the live descendants of a process, wherever their process groups and sessions are.
pub(crate) fn find_descendants(root_pid: i32) -> Vec<ProcessInfo> {
    with_descendants(list_processes(), |process| process.parent_pid == root_pid)
}

/// Returns the processes that belong to a tree by themselves, and all their descendants.
pub(crate) fn with_descendants(
    processes: Vec<ProcessInfo>,
    is_member: impl Fn(&ProcessInfo) -> bool,
) -> Vec<ProcessInfo> {
    let mut pids: HashSet<i32> =
        processes.iter().filter(|process| is_member(process)).map(|process| process.pid).collect();
    // Children may be listed before their parents: add until nothing is added.
    loop {
        let previous_count = pids.len();
        for process in &processes {
            if pids.contains(&process.parent_pid) {
                pids.insert(process.pid);
            }
        }
        if pids.len() == previous_count {
            break;
        }
    }
    processes.into_iter().filter(|process| pids.contains(&process.pid)).collect()
}

/// The start time of a process, live or zombie.
pub(crate) fn read_start_ticks(pid: i32) -> Option<u64> {
    parse_stat(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
        .map(|stat| stat.process.start_ticks)
}

/// Returns whether a process inherited the marker of the call `id`; false when its environment may
/// not be read.
pub(crate) fn has_marker_id(pid: i32, id: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
        environ
            .split(|byte| *byte == 0)
            .filter_map(|pair| pair.strip_prefix(MARKER_VARIABLE.as_bytes())?.strip_prefix(b"="))
            .any(|ids| ids.split(|byte| *byte == b':').any(|one| one == id.as_bytes()))
    })
}

struct ProcStat {
    process: ProcessInfo,
    is_alive: bool,
}

/// Parses a `stat` line: `pid (name) state ppid pgrp session …`. The name may contain any characters.
fn parse_stat(pid: i32, line: &[u8]) -> Option<ProcStat> {
    let end_of_name = line.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(line.get(end_of_name + 1..)?).ok()?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
    let is_ended = matches!(*fields.first()?, "Z" | "X");
    let process = ProcessInfo {
        pid,
        parent_pid: fields.get(1)?.parse().ok()?,
        session_id: fields.get(3)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
    };
    // A main thread that ended before other threads looks like a zombie.
    Some(ProcStat { process, is_alive: !is_ended || number(17)? > 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let tail = " S 7 8 6 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        for name in ["sh", "a) Z 1 1 (b", "new\nline", ")"] {
            let stat = parse_stat(9, format!("9 ({name}){tail}").as_bytes()).unwrap();
            assert_eq!(
                stat.process,
                ProcessInfo { pid: 9, parent_pid: 7, session_id: 6, start_ticks: 4242 }
            );
            assert!(stat.is_alive);
        }
    }

    #[test]
    fn a_process_with_threads_lives_without_its_main_thread() {
        let line =
            |threads| format!("9 (x) Z 7 8 8 0 -1 0 1 0 0 0 0 0 0 0 20 0 {threads} 0 4242 0");
        assert!(!parse_stat(9, line(1).as_bytes()).unwrap().is_alive);
        assert!(parse_stat(9, line(3).as_bytes()).unwrap().is_alive);
    }

    #[test]
    fn what_is_no_stat_line_is_no_process() {
        for line in ["", "9 (sh", "9 (sh)", "9 (sh) S", "9 (sh) S x y"] {
            assert!(parse_stat(9, line.as_bytes()).is_none());
        }
    }
}
