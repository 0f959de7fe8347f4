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
const SHELLS: [&str; 20] = [
    "ash", "bash", "cmd", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "oksh", "osh",
    "powershell", "pwsh", "rbash", "sh", "tcsh", "xonsh", "yash", "zsh",
];

#[rustfmt::skip]
const INTERPRETERS: [&str; 63] = [
    "awk", "bc", "clisp", "cscript", "dc", "deno", "duckdb", "elixir", "erl", "escript", "expect",
    "gawk", "ghc", "ghci", "gnuplot", "groovy", "gsed", "guile", "iex", "irb", "java", "jruby",
    "jshell", "julia", "kotlin", "lua", "luajit", "m4", "mawk", "mshta", "mysql", "nawk", "node",
    "nodejs", "ocaml", "octave", "openssl", "osascript", "perl", "php", "psql", "pypy", "python",
    "r", "racket", "regsvr", "rscript", "ruby", "rundll", "runghc", "sbcl", "scala", "scheme",
    "sed", "sqlite", "swift", "swipl", "tclsh", "ts-node", "tsx", "wish", "wscript", "zx",
];

#[rustfmt::skip]
const BUILD_TOOLS: [&str; 74] = [
    "ant", "apk", "apt", "apt-get", "asdf", "bazel", "brew", "bun", "bundle", "bunx", "c++",
    "cabal", "cargo", "cc", "clang", "clang++", "cmake", "composer", "conda", "corepack", "cpack",
    "ctest", "dnf", "dotnet", "dpkg", "g++", "gcc", "gem", "gmake", "go", "gradle", "gradlew",
    "guix", "hatch", "just", "ld", "make", "mamba", "meson", "mise", "mix", "msbuild", "mvn",
    "mvnw", "ninja", "nix", "nix-shell", "nox", "npm", "npx", "pacman", "pip", "pipx", "pixi",
    "pnpm", "pnpx", "poetry", "pytest", "rake", "rpm", "rustc", "rustup", "sbt", "scons", "snap",
    "stack", "task", "tox", "uv", "uvx", "yarn", "yum", "zig", "zypper",
];

#[rustfmt::skip]
const LAUNCHERS: [&str; 93] = [
    "anacron", "arch", "at", "batch", "bsdtar", "busybox", "caffeinate", "catchsegv", "cgexec",
    "choom", "chpst", "chronic", "chrt", "coproc", "coreutils", "cpio", "cpulimit", "crontab",
    "daemonize", "dbus-launch", "dbus-run-session", "direnv", "eatmydata", "entr", "env",
    "fakeroot", "faketime", "fd", "fdfind", "firejail", "flock", "gdb", "gdbserver", "gpg",
    "gtar", "hyperfine", "ifne", "ionice", "ip", "launchctl", "linux", "lldb", "ltrace", "mpirun",
    "nice", "nodemon", "nohup", "numactl", "open", "parallel", "perf", "pkgexec", "prlimit",
    "proot", "proxychains", "rlwrap", "rsync", "run-one", "run-parts", "sandbox-exec", "script",
    "sem", "service", "setarch", "setsid", "softlimit", "srun", "ssh-agent", "start",
    "start-stop-daemon", "stdbuf", "strace", "systemctl", "systemd-run", "tar", "taskset", "time",
    "timeout", "torsocks", "toybox", "trickle", "tsp", "unbuffer", "uutils", "valgrind", "watch",
    "watchexec", "xargs", "xcrun", "xdg-open", "xterm", "xvfb-run", "zeditor",
];

#[rustfmt::skip]
const PRIVILEGE: [&str; 14] = [
    "bwrap", "capsh", "chroot", "doas", "gosu", "nsenter", "pkexec", "runas", "runuser",
    "setpriv", "su", "su-exec", "sudo", "unshare",
];

#[rustfmt::skip]
const REMOTE: [&str; 25] = [
    "ansible", "crictl", "ctr", "docker", "ftp", "helm", "kubectl", "lftp", "lxc", "machinectl",
    "mosh", "nc", "ncat", "nerdctl", "netcat", "podman", "rsh", "scp", "sftp", "socat", "ssh",
    "telnet", "terraform", "vagrant", "virsh",
];

#[rustfmt::skip]
const INTERACTIVE: [&str; 28] = [
    "code", "ed", "emacs", "emacsclient", "ex", "helix", "hx", "info", "joe", "kak", "less",
    "links", "lynx", "man", "micro", "more", "most", "mutt", "nano", "nvim", "pico", "screen",
    "tmux", "vi", "view", "vim", "vimdiff", "w3m",
];

const VERSION_CONTROL: [&str; 10] =
    ["bzr", "cvs", "fossil", "gh", "git", "glab", "hg", "jj", "svn", "tig"];

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

/// Programs that are harmless but for some options: the program, the letters of its short options,
/// and its long ones.
const RISKY_OPTIONS: [(&str, &str, &[&str]); 10] = [
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
    // `vim.basic`, `nc.openbsd`
    let flavourless = stem.split('.').next().filter(|name| !name.is_empty()).unwrap_or(stem);
    [stem, without_version(stem), flavourless].into_iter().find_map(risk_by_name).or_else(|| {
        // `x86_64-linux-gnu-gcc-13`
        let (_, last) = without_version(stem).rsplit_once('-')?;
        risk_by_name(last).filter(|risk| *risk == ProgramRisk::BuildTool)
    })
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
    GROUPS.iter().find(|(_, names)| names.contains(&name)).map(|(risk, _)| *risk)
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
        ] {
            assert_eq!(risk_of_program(name), Some(risk), "{name}");
        }
        for name in ["ls", "cat", "head", "uniq", "md5sum", "sha256sum", "b2sum", "rg", "tree"] {
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
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let risk = risk_of_arguments(&words[0], &words[1..]);
            assert_eq!(risk, Some(ProgramRisk::RiskyOption), "{text}");
        }
        for text in ["find . -name x", "sort -k2 -n", "rg -n x", "printf %s x", "curl -s x"] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(risk_of_arguments(&words[0], &words[1..]), None, "{text}");
        }
    }
}
