//! Programs that run other programs or commands from their arguments, by name: an allowlist pattern
//! for such a program would allow everything.

use serde::Serialize;

/// Why a person must look at every command of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProgramRisk {
    /// A shell's own command, which changes the shell itself or evaluates its arguments.
    #[error("is a command of the shell itself")]
    ShellBuiltin,
    /// A shell.
    #[error("is a shell")]
    Shell,
    /// Runs code in its arguments or in a file.
    #[error("is an interpreter")]
    Interpreter,
    /// Builds or installs software, and runs commands that its files name.
    #[error("is a build tool or package manager")]
    BuildTool,
    /// Runs the program in its arguments.
    #[error("runs other programs")]
    Launcher,
    /// Gives the command the rights of another user.
    #[error("changes the user or its rights")]
    Privilege,
    /// Runs commands on other machines or in containers.
    #[error("runs commands on other machines or in containers")]
    Remote,
    /// Has commands that start programs, e.g. editors and pagers.
    #[error("can start programs from within")]
    Interactive,
    /// Runs the hooks, filters and aliases of the repository it is used in.
    #[error("runs programs that the files of a repository name")]
    VersionControl,
    /// An option of this command runs a program or reads more options.
    #[error("has an option that runs a program or changes files")]
    RiskyOption,
}

#[rustfmt::skip]
const SHELL_BUILTINS: [&str; 49] = [
    ".", ":", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen",
    "complete", "continue", "declare", "dirs", "disown", "enable", "eval", "exec", "exit",
    "export", "fc", "fg", "hash", "jobs", "let", "local", "logout", "mapfile", "popd", "pushd",
    "read", "readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend",
    "times", "trap", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait",
];

#[rustfmt::skip]
const SHELLS: [&str; 26] = [
    "ash", "bash", "cmd", "csh", "dash", "elvish", "fish", "instmodsh", "ksh", "lksh", "loksh",
    "mksh", "nu", "oksh", "osh", "powershell", "pwsh", "rbash", "rksh", "rzsh", "sh", "tcsh",
    "xonsh", "yash", "zsh", "zsh5",
];

#[rustfmt::skip]
const INTERPRETERS: [&str; 74] = [
    "awk", "bc", "bpftrace", "bsh", "clisp", "cscript", "dc", "deno", "dtrace", "duckdb", "elixir",
    "erl", "escript", "expect", "gawk", "ghc", "ghci", "gnuplot", "groovy", "gsed", "guile", "iex",
    "irb", "java", "jdb", "jruby", "jrunscript", "jshell", "julia", "kotlin", "lli", "lua",
    "luajit", "m4", "mawk", "mshta", "mysql", "nawk", "node", "nodejs", "ocaml", "octave",
    "openssl", "osascript", "pdb", "perl", "perldoc", "php", "prove", "psql", "pydoc", "pypy",
    "python", "r", "racket", "regsvr", "rscript", "ruby", "rundll", "runghc", "sbcl", "scala",
    "scheme", "sed", "sqlite", "stap", "swift", "swipl", "tclsh", "ts-node", "tsx", "wish",
    "wscript", "zx",
];

#[rustfmt::skip]
const BUILD_TOOLS: [&str; 83] = [
    "ant", "apk", "apt", "apt-get", "asdf", "bazel", "brew", "bun", "bundle", "bunx", "c++",
    "cabal", "cargo", "cc", "clang", "clang++", "cmake", "collect2", "composer", "conda",
    "corepack", "cpack", "cpan", "cpp", "ctest", "debuild", "dnf", "dotnet", "dpkg",
    "dpkg-buildpackage", "g++", "gcc", "gem", "gmake", "go", "gold", "gradle", "gradlew", "guix",
    "hatch", "just", "ld", "lld", "make", "mamba", "meson", "mise", "mix", "msbuild", "mvn", "mvnw",
    "ninja", "nix", "nix-shell", "nox", "npm", "npx", "opt", "pacman", "pip", "pipx", "pixi",
    "pnpm", "pnpx", "poetry", "pytest", "rake", "rpcgen", "rpm", "rustc", "rustup", "sbt", "scons",
    "snap", "stack", "task", "tox", "uv", "uvx", "yarn", "yum", "zig", "zypper",
];

#[rustfmt::skip]
const LAUNCHERS: [&str; 122] = [
    "aa-exec", "anacron", "arch", "at", "atrm", "batch", "bsdtar", "busybox", "caffeinate",
    "catchsegv", "cgexec", "choom", "chpst", "chronic", "chrt", "compose", "coproc", "coreutils",
    "cpio", "cpulimit", "crontab", "daemonize", "dbus-launch", "dbus-run-session", "debconf",
    "direnv", "eatmydata", "edit", "entr", "env", "fakechroot", "fakeroot", "faketime", "fd",
    "fdfind", "firejail", "flock", "gdb", "gdbserver", "gdbtui", "gpg", "gtar", "heaptrack",
    "hyperfine", "ifne", "ionice", "ip", "launchctl", "ldd", "linux", "lldb", "logrotate",
    "logsave", "ltrace", "memusage", "mpirun", "msgexec", "msgfilter", "nice", "nodemon", "nohup",
    "not", "numactl", "open", "parallel", "perf", "pg_ctl", "pg_ctlcluster", "pg_virtualenv",
    "pinentry", "pkgexec", "prlimit", "proot", "proxychains", "rlwrap", "rsync", "run-mailcap",
    "run-one", "run-parts", "sandbox-exec", "script", "see", "sem", "sensible-browser",
    "sensible-editor", "sensible-pager", "service", "setarch", "setsid", "softlimit", "sotruss",
    "srun", "ssh-agent", "start", "start-stop-daemon", "stdbuf", "strace", "systemctl",
    "systemd-cat", "systemd-inhibit", "systemd-run", "tar", "taskset", "time", "timeout",
    "torsocks", "toybox", "trickle", "tsp", "unbuffer", "uutils", "valgrind", "watch", "watchexec",
    "x-terminal-emulator", "x-www-browser", "xargs", "xcrun", "xdg-open", "xterm", "xvfb-run",
    "zeditor",
];

#[rustfmt::skip]
const PRIVILEGE: [&str; 20] = [
    "bwrap", "capsh", "chroot", "doas", "gosu", "newgrp", "newrole", "nsenter", "pkexec", "runas",
    "runcon", "runuser", "setpriv", "sg", "su", "su-exec", "sudo", "unshare", "vipw", "visudo",
];

#[rustfmt::skip]
const REMOTE: [&str; 25] = [
    "ansible", "crictl", "ctr", "docker", "ftp", "helm", "kubectl", "lftp", "lxc", "machinectl",
    "mosh", "nc", "ncat", "nerdctl", "netcat", "podman", "rsh", "scp", "sftp", "socat", "ssh",
    "telnet", "terraform", "vagrant", "virsh",
];

#[rustfmt::skip]
const INTERACTIVE: [&str; 45] = [
    "bzless", "bzmore", "code", "ed", "editor", "emacs", "emacsclient", "ex", "helix", "hx", "info",
    "joe", "kak", "less", "lessfile", "lesspipe", "links", "lynx", "lzless", "lzmore", "man",
    "micro", "more", "most", "mutt", "nano", "nvim", "pager", "pico", "rview", "rvim", "screen",
    "select-editor", "tmux", "vi", "view", "vigr", "vim", "vimdiff", "w3m", "xzless", "xzmore",
    "zless", "zmore", "zstdless",
];

const VERSION_CONTROL: [&str; 10] =
    ["bzr", "cvs", "fossil", "gh", "git", "glab", "hg", "jj", "svn", "tig"];

/// The names of each group are sorted.
const GROUPS: [(ProgramRisk, &[&str]); 9] = [
    (ProgramRisk::ShellBuiltin, &SHELL_BUILTINS),
    (ProgramRisk::Shell, &SHELLS),
    (ProgramRisk::Interpreter, &INTERPRETERS),
    (ProgramRisk::BuildTool, &BUILD_TOOLS),
    (ProgramRisk::Launcher, &LAUNCHERS),
    (ProgramRisk::Privilege, &PRIVILEGE),
    (ProgramRisk::Remote, &REMOTE),
    (ProgramRisk::Interactive, &INTERACTIVE),
    (ProgramRisk::VersionControl, &VERSION_CONTROL),
];

/// How the names of programs begin of which there are many variants.
const FAMILIES: [(&str, ProgramRisk); 10] = [
    ("fakeroot", ProgramRisk::Launcher),
    ("git-", ProgramRisk::VersionControl),
    ("heaptrack", ProgramRisk::Launcher),
    ("pdb3", ProgramRisk::Interpreter),
    ("perl5", ProgramRisk::Interpreter),
    ("php", ProgramRisk::Interpreter),
    ("pydoc", ProgramRisk::Interpreter),
    ("pypy", ProgramRisk::Interpreter),
    ("python", ProgramRisk::Interpreter),
    ("ruby", ProgramRisk::Interpreter),
];

/// How the names of machines begin.
const MACHINES: [&str; 14] = [
    "aarch64",
    "amd64",
    "arm",
    "i386",
    "i486",
    "i586",
    "i686",
    "loongarch",
    "m68k",
    "mips",
    "powerpc",
    "riscv",
    "s390x",
    "x86_64",
];

/// Programs that are harmless but for some options: the program, the letters of its short options,
/// and its long ones.
const RISKY_OPTIONS: [(&str, &str, &[&str]); 16] = [
    ("sort", "", &["compress-program"]),
    ("rg", "z", &["pre", "hostname-bin", "search-zip"]),
    ("ag", "", &["pager"]),
    ("curl", "K", &["config"]),
    ("wget", "e", &["execute", "use-askpass", "config"]),
    ("zip", "T", &["unzip-command", "test"]),
    ("split", "", &["filter"]),
    ("bat", "", &["pager"]),
    ("date", "", &["set"]),
    ("tree", "R", &[]),
    ("install", "s", &["strip", "strip-program"]),
    ("diff3", "", &["diff-program"]),
    ("sdiff", "", &["diff-program"]),
    ("dpkg-architecture", "c", &["command"]),
    ("ssh-keygen", "Dw", &[]),
    ("tcpdump", "z", &[]),
];

/// What `find` does besides finding.
const FIND_ACTIONS: [&str; 9] =
    ["-delete", "-exec", "-execdir", "-fls", "-fprint", "-fprint0", "-fprintf", "-ok", "-okdir"];

/// Whether every command with this program needs a person; `name` is a file name.
pub(crate) fn risk_of_program(name: &str) -> Option<ProgramRisk> {
    let lower = name.to_ascii_lowercase();
    // `tar.exe`, and batch files, whose arguments are read by a shell.
    let stem = match lower.rsplit_once('.') {
        Some((_, "bat" | "cmd" | "ps1")) => return Some(ProgramRisk::Shell),
        Some((stem, "exe" | "com")) => stem,
        _ => &lower,
    };
    if ["ld-linux", "ld-musl", "ld.so", "ld64.so"].iter().any(|name| stem.starts_with(name)) {
        return Some(ProgramRisk::Launcher);
    }
    risk_of_stem(stem)
        .or_else(|| risk_of_stem(without_machine(stem)))
        .or_else(|| risk_of_family(stem))
        .or_else(|| {
            // `x86_64-linux-gnu-gcc-13`, `x86_64-linux-gnu-ld.bfd`
            let (_, last) = without_version(stem).rsplit_once('-')?;
            risk_of_stem(last).filter(|risk| *risk == ProgramRisk::BuildTool)
        })
}

fn risk_of_stem(stem: &str) -> Option<ProgramRisk> {
    // `vim.basic`, `nc.openbsd`
    let flavourless = stem.split('.').next().filter(|name| !name.is_empty()).unwrap_or(stem);
    let names = [stem, without_version(stem), flavourless, without_version(flavourless)];
    names.into_iter().find_map(risk_by_name)
}

/// The name without the machine it is for, before or after: `perl5.36-x86_64-linux-gnu`,
/// `x86_64-linux-gnu-gdb`.
fn without_machine(stem: &str) -> &str {
    let is_machine = |part: &str| MACHINES.iter().any(|machine| part.starts_with(machine));
    let Some((start, _)) = stem.split_once('-').filter(|(start, _)| !is_machine(start)) else {
        let systems = ["-gnueabihf-", "-gnueabi-", "-gnu-", "-musl-", "-elf-"];
        let rest = systems.iter().find_map(|system| stem.split_once(system));
        return rest.map_or(stem, |(_, rest)| rest);
    };
    let mut ends = stem.match_indices('-').map(|(end, _)| end);
    let end = ends.find(|end| stem.get(end + 1..).is_some_and(is_machine));
    end.and_then(|end| stem.get(..end)).filter(|_| !start.is_empty()).unwrap_or(stem)
}

/// The variants of a program, by how their names begin: `python3-dbg`, `fakeroot-tcp`.
fn risk_of_family(stem: &str) -> Option<ProgramRisk> {
    FAMILIES.iter().find(|(start, _)| stem.starts_with(start)).map(|(_, risk)| *risk)
}

/// Whether the arguments of an otherwise harmless program need a person.
pub(crate) fn risk_of_arguments(name: &str, arguments: &[String]) -> Option<ProgramRisk> {
    let is_risky = match name {
        "find" => arguments.iter().any(|word| FIND_ACTIONS.contains(&word.as_str())),
        // Only the shell's own have these, and they evaluate subscripts: `printf -v 'a[$(id)]'`.
        "printf" => arguments.first().is_some_and(|word| word.starts_with('-') && word != "--"),
        "test" | "[" => arguments.iter().any(|word| word == "-v" || word.contains("[$")),
        _ => RISKY_OPTIONS.iter().any(|(program, letters, options)| {
            *program == name && arguments.iter().any(|word| is_risky_option(word, letters, options))
        }),
    };
    is_risky.then_some(ProgramRisk::RiskyOption)
}

/// Long options may be shortened, short ones may be joined.
fn is_risky_option(word: &str, letters: &str, options: &[&str]) -> bool {
    if let Some(long) = word.strip_prefix("--") {
        let name = long.split_once('=').map_or(long, |(name, _)| name);
        return !name.is_empty() && options.iter().any(|option| option.starts_with(name));
    }
    word.strip_prefix('-').is_some_and(|cluster| cluster.contains(|it| letters.contains(it)))
}

fn risk_by_name(name: &str) -> Option<ProgramRisk> {
    GROUPS.iter().find(|(_, names)| names.binary_search(&name).is_ok()).map(|(risk, _)| *risk)
}

/// The name without a version: `python3.11`, `gcc-13`, `lua5.4`.
fn without_version(name: &str) -> &str {
    let end = name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
    let name = if end.is_empty() { name } else { end };
    name.trim_end_matches(['-', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_each_group_are_sorted() {
        for (risk, names) in GROUPS {
            assert!(names.is_sorted(), "{risk:?}");
        }
    }

    #[test]
    fn programs_that_run_others_are_known_by_any_spelling() {
        for (name, risk) in [
            ("bash", ProgramRisk::Shell),
            ("CMD.EXE", ProgramRisk::Shell),
            ("build.bat", ProgramRisk::Shell),
            ("python3.11", ProgramRisk::Interpreter),
            ("perl5.36.0", ProgramRisk::Interpreter),
            ("gawk-5.1.0", ProgramRisk::Interpreter),
            ("sqlite3", ProgramRisk::Interpreter),
            ("x86_64-linux-gnu-gcc-13", ProgramRisk::BuildTool),
            ("clang++-17", ProgramRisk::BuildTool),
            ("ld-linux-x86-64.so.2", ProgramRisk::Launcher),
            ("linux64", ProgramRisk::Launcher),
            ("eval", ProgramRisk::ShellBuiltin),
            (".", ProgramRisk::ShellBuiltin),
            ("sudo", ProgramRisk::Privilege),
            ("git", ProgramRisk::VersionControl),
            ("vim.basic", ProgramRisk::Interactive),
            ("perl5.36-x86_64-linux-gnu", ProgramRisk::Interpreter),
            ("python3-dbg", ProgramRisk::Interpreter),
            ("pdb3.11", ProgramRisk::Interpreter),
            ("pydoc3", ProgramRisk::Interpreter),
            ("prove", ProgramRisk::Interpreter),
            ("jrunscript", ProgramRisk::Interpreter),
            ("lli-16", ProgramRisk::Interpreter),
            ("opt-16", ProgramRisk::BuildTool),
            ("cpp-12", ProgramRisk::BuildTool),
            ("x86_64-linux-gnu-cpp", ProgramRisk::BuildTool),
            ("x86_64-linux-gnu-ld.bfd", ProgramRisk::BuildTool),
            ("ld.gold", ProgramRisk::BuildTool),
            ("rpcgen", ProgramRisk::BuildTool),
            ("x86_64-linux-gnu-gdb", ProgramRisk::Launcher),
            ("gdbtui", ProgramRisk::Launcher),
            ("not-16", ProgramRisk::Launcher),
            ("fakeroot-tcp", ProgramRisk::Launcher),
            ("fakeroot-sysv", ProgramRisk::Launcher),
            ("memusage", ProgramRisk::Launcher),
            ("sotruss", ProgramRisk::Launcher),
            ("msgexec", ProgramRisk::Launcher),
            ("heaptrack", ProgramRisk::Launcher),
            ("pg_virtualenv", ProgramRisk::Launcher),
            ("systemd-cat", ProgramRisk::Launcher),
            ("runcon", ProgramRisk::Privilege),
            ("sg", ProgramRisk::Privilege),
        ] {
            assert_eq!(risk_of_program(name), Some(risk), "{name}");
        }
        for name in [
            "ls",
            "cat",
            "head",
            "uniq",
            "md5sum",
            "sha256sum",
            "b2sum",
            "rg",
            "tree",
            "diff3",
            "jq",
            "install",
            "ssh-keygen",
            "dpkg-architecture",
            "notify-send",
            "arm-none",
        ] {
            assert_eq!(risk_of_program(name), None, "{name}");
        }
    }

    #[test]
    fn options_that_run_programs_are_known_shortened_and_joined() {
        for text in [
            "find . -exec id ;",
            "find . -name x -delete",
            "sort --compress-program=sh",
            "sort --comp=sh",
            "sort --c sh",
            "rg -nz x",
            "rg --pre sh x",
            "curl -sKx",
            "curl --conf x",
            "wget -e x",
            "split --filter=sh",
            "printf -v a[$(id)] x",
            "test -v a[$(id)]",
            "install -s a b",
            "install --strip-prog=./x -s a b",
            "diff3 --diff-program=./x a b c",
            "sdiff --diff=./x a b",
            "dpkg-architecture -c sh",
            "ssh-keygen -D ./x.so",
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let risk = risk_of_arguments(&words[0], &words[1..]);
            assert_eq!(risk, Some(ProgramRisk::RiskyOption), "{text}");
        }
        for text in [
            "find . -name x",
            "sort -k2 -n",
            "rg -n x",
            "printf %s x",
            "curl -s x",
            "install -m 755 a b",
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(risk_of_arguments(&words[0], &words[1..]), None, "{text}");
        }
    }
}
