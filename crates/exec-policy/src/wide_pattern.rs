//! Patterns of an allowlist that name no program, such as `/usr/bin/*`.
//!
//! A directory has programs that nobody thought of when the pattern was written. Such a pattern
//! allows the programs below only, which read, print, and change the files they are given.

use crate::lookup::file_name;
use crate::pattern::PathPattern;
use crate::plan::PlannedCommand;

/// Sorted.
#[rustfmt::skip]
const WELL_KNOWN: &[&str] = &[
    "[", "ag", "b2sum", "base32", "base64", "basename", "bat", "bzcat", "cal", "cat", "chmod",
    "cksum", "cmp", "column", "comm", "cp", "csplit", "cut", "date", "df", "diff", "diff3",
    "dirname", "du", "echo", "egrep", "expand", "expr", "factor", "false", "fgrep", "file", "find",
    "fmt", "fold", "free", "getconf", "getopt", "grep", "groups", "head", "hexdump", "hostname",
    "id", "install", "join", "jq", "link", "ln", "locale", "logname", "ls", "lsblk", "lscpu",
    "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nl", "nproc", "numfmt", "od", "paste", "patch",
    "pathchk", "pgrep", "pr", "printenv", "printf", "ps", "pwd", "readlink", "realpath", "rev",
    "rg", "rm", "rmdir", "sdiff", "seq", "sha1sum", "sha224sum", "sha256sum", "sha384sum",
    "sha512sum", "shuf", "sleep", "sort", "split", "stat", "strings", "sum", "sync", "tac", "tail",
    "tee", "test", "touch", "tr", "tree", "true", "truncate", "tsort", "tty", "uname", "unexpand",
    "uniq", "unlink", "uptime", "users", "wc", "which", "who", "whoami", "xxd", "xzcat", "yes",
    "zcat",
];

/// Whether a pattern names no program, so that it allows well-known programs only.
#[must_use]
pub fn is_wide_pattern(pattern: &str) -> bool {
    // Whatever the home directory is, it is no last part with a star.
    PathPattern::parse(pattern, Some("/home")).is_some_and(|pattern| pattern.is_wide())
}

/// Whether a command is one of a well-known program, under each of its names.
pub(crate) fn is_well_known(command: &PlannedCommand) -> bool {
    let Some(target) = &command.target else { return false };
    let word = command.target_argv().first().map(|word| file_name(word)).unwrap_or_default();
    let real_name = file_name(&target.real_path);
    // Many of them in one file, which runs as the name that it is called by.
    let is_multiplexer = matches!(real_name, "busybox" | "coreutils" | "toybox");
    let names = [word, file_name(&target.path)];
    names.into_iter().chain((!is_multiplexer).then_some(real_name)).all(is_known_name)
}

fn is_known_name(name: &str) -> bool {
    // Other implementations of the same: `gnucat`, `uu-ls`.
    let name = name.strip_prefix("gnu").or_else(|| name.strip_prefix("uu-")).unwrap_or(name);
    WELL_KNOWN.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::ProgramTable;
    use crate::plan::{CommandInput, CommandPlan, PlanContext};
    use crate::{AllowlistEntry, AskMode, AskReason, ExecDecision, ExecPolicy, SecurityLevel};

    fn judge(pattern: &str, text: &str) -> ExecDecision {
        let table = ProgramTable::from_paths([
            "/usr/bin/ls",
            "/usr/bin/cat",
            "/usr/bin/strange-launcher",
            "/usr/bin/python3",
            "/opt/tools/lint",
        ]);
        let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
        policy.extend_allowlist(&[AllowlistEntry::new(pattern)], Some("/home/me"));
        let input = CommandInput::Script(text.to_owned());
        let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &table).unwrap();
        policy.judge_plan(&plan, 0)
    }

    #[test]
    fn the_well_known_names_are_sorted() {
        assert!(WELL_KNOWN.is_sorted());
    }

    #[test]
    fn a_pattern_without_a_name_allows_no_program_that_nobody_knows() {
        for pattern in ["/usr/bin/*", "/**", "**", "*", "/usr/**/*", "/usr/bin/?*", "/usr/*/**"] {
            assert!(is_wide_pattern(pattern), "{pattern}");
            assert_eq!(judge(pattern, "ls | cat"), ExecDecision::Allow, "{pattern}");
            for text in ["strange-launcher sh", "ls; strange-launcher", "/usr/bin/strange-launcher"]
            {
                let decision = judge(pattern, text);
                let ExecDecision::Ask { reasons } = decision else { panic!("{pattern} {text}") };
                let is_told = reasons.iter().any(|reason| {
                    matches!(reason, AskReason::WidePattern { .. } | AskReason::NotListed { .. })
                });
                assert!(is_told, "{pattern} {text}: {reasons:?}");
            }
        }
    }

    #[test]
    fn a_pattern_with_a_name_allows_what_it_names() {
        for (pattern, text) in [
            ("/usr/bin/strange-launcher", "strange-launcher x"),
            ("/usr/bin/strange-*", "strange-launcher x"),
            ("strange-launcher", "strange-launcher"),
            ("/opt/tools/l*", "/opt/tools/lint"),
        ] {
            assert!(!is_wide_pattern(pattern), "{pattern}");
            assert_eq!(judge(pattern, text), ExecDecision::Allow, "{pattern}");
        }
        for pattern in ["/usr/bin/p*", "/usr/bin/python3"] {
            assert_ne!(judge(pattern, "python3 x"), ExecDecision::Allow, "{pattern}");
        }
        assert!(!is_wide_pattern("~/bin/tool") && is_wide_pattern("~/bin/*"));
    }
}
