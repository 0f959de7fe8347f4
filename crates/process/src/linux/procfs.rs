//! What `/proc` says of processes.

use std::fs;

use crate::MARKER;

/// One process that lives, as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// When it started, in clock ticks since boot. With `pid` it identifies a process for good.
    pub(crate) started: u64,
}

/// All processes that live. One that has ended and waits to be reaped does not count.
pub(crate) fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect()
}

/// One process; `None` when it has ended.
pub(crate) fn process(pid: i32) -> Option<Process> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
        .filter(|stat| stat.lives)
        .map(|stat| stat.process)
}

/// When a process started, whether it lives or waits to be reaped.
pub(crate) fn started(pid: i32) -> Option<u64> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?).map(|stat| stat.process.started)
}

/// Tells whether a process inherited the marker of the call `id`. A process whose environment
/// may not be read has not.
pub(crate) fn is_marked(pid: i32, id: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
        environ
            .split(|byte| *byte == 0)
            .filter_map(|pair| pair.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"="))
            .any(|ids| ids.split(|byte| *byte == b':').any(|one| one == id.as_bytes()))
    })
}

struct Stat {
    process: Process,
    lives: bool,
}

/// Reads a `stat` line: `pid (name) state ppid pgrp …`, where the name may hold anything.
fn parse(pid: i32, line: &[u8]) -> Option<Stat> {
    let end_of_name = line.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(line.get(end_of_name + 1..)?).ok()?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<i64>().ok();
    let ended = matches!(*fields.first()?, "Z" | "X");
    let process = Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    };
    // A main thread that has ended while others run looks like a process that has ended.
    Some(Stat { process, lives: !ended || number(17)? > 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let tail = " S 7 8 8 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        for name in ["sh", "a) Z 1 1 (b", "new\nline", ")"] {
            let stat = parse(9, format!("9 ({name}){tail}").as_bytes()).unwrap();
            assert_eq!(stat.process, Process { pid: 9, parent: 7, group: 8, started: 4242 });
            assert!(stat.lives);
        }
    }

    #[test]
    fn a_process_with_threads_lives_without_its_main_thread() {
        let line =
            |threads| format!("9 (x) Z 7 8 8 0 -1 0 1 0 0 0 0 0 0 0 20 0 {threads} 0 4242 0");
        assert!(!parse(9, line(1).as_bytes()).unwrap().lives);
        assert!(parse(9, line(3).as_bytes()).unwrap().lives);
    }

    #[test]
    fn what_is_no_stat_line_is_no_process() {
        for line in ["", "9 (sh", "9 (sh)", "9 (sh) S", "9 (sh) S x y"] {
            assert!(parse(9, line.as_bytes()).is_none());
        }
    }
}
