//! Programs that run files of the directory they are started in which no argument names: a
//! `Makefile`, the hooks of a repository, the module of `python -m`.
//!
//! A permission is bound to the content of the files that are named. Of the others nobody knows what
//! they will be at the next run, so that only the sandbox can hold such a command.

use crate::lexer::CommandScript;
use crate::lookup::file_name;
use crate::plan::PlannedCommand;
use crate::program_class::{ProgramRisk, risk_of_program};

/// How deep commands are looked at that are arguments of others.
const MAX_DEPTH: usize = 6;

/// Interpreters whose whole code is in their arguments and in files that these name.
const TEXT_INTERPRETERS: [&str; 15] = [
    "awk", "bc", "dc", "duckdb", "gawk", "gsed", "m4", "mawk", "mysql", "nawk", "openssl", "psql",
    "sed", "sqlite", "sqlite3",
];

/// Options of interpreters before a script that load nothing.
const PLAIN_OPTIONS: [&str; 11] =
    ["--", "-B", "-E", "-O", "-OO", "-S", "-W", "-s", "-u", "-v", "-w"];

/// Launchers that run what they find in a directory, or settings of it.
const DIRECTORY_LAUNCHERS: [&str; 11] = [
    "direnv",
    "gdb",
    "gdbtui",
    "lldb",
    "nodemon",
    "open",
    "run-mailcap",
    "run-parts",
    "see",
    "watchexec",
    "xdg-open",
];

/// Whether a command may run files that none of its arguments names.
pub(crate) fn runs_unnamed_files(command: &PlannedCommand) -> bool {
    let is_bound = |path: &str| {
        command
            .operands
            .iter()
            .any(|operand| operand.path == path && operand.identity.digest.is_some())
    };
    let words = command.target_argv();
    // The name behind a link counts as well: `python` may be called `run`.
    let real_name = command.target.as_ref().map(|program| program.real_path.clone());
    let renamed = real_name.map(|name| {
        let arguments = words.iter().skip(1).cloned();
        std::iter::once(name).chain(arguments).collect::<Vec<_>>()
    });
    let check = UnnamedFileCheck { is_bound: &is_bound };
    check.may_run_unnamed(words, 0) || renamed.is_some_and(|words| check.may_run_unnamed(&words, 0))
}

struct UnnamedFileCheck<'a> {
    /// Whether a file is bound by its content.
    is_bound: &'a dyn Fn(&str) -> bool,
}

impl UnnamedFileCheck<'_> {
    fn may_run_unnamed(&self, words: &[String], depth: usize) -> bool {
        let Some((program, arguments)) = words.split_first() else { return false };
        let name = file_name(program);
        if depth > MAX_DEPTH {
            return true;
        }
        match risk_of_program(name) {
            Some(
                ProgramRisk::BuildTool
                | ProgramRisk::VersionControl
                | ProgramRisk::Remote
                | ProgramRisk::Interactive,
            ) => true,
            Some(ProgramRisk::Interpreter) => {
                !TEXT_INTERPRETERS.contains(&name) && !self.names_script(arguments)
            }
            Some(ProgramRisk::Shell) => self.shell_runs_unnamed(arguments, depth),
            _ if DIRECTORY_LAUNCHERS.contains(&name) => true,
            // A harmless program runs a command in its arguments too, by a risky option.
            _ => self.argument_runs_unnamed(arguments, depth),
        }
    }

    /// Whether the code of an interpreter is in a file that an argument names, and that is bound.
    fn names_script(&self, arguments: &[String]) -> bool {
        let is_option = |word: &&String| word.starts_with('-');
        let options = arguments.iter().take_while(is_option);
        let script = arguments.iter().find(|word| !word.starts_with('-'));
        options.into_iter().all(|option| PLAIN_OPTIONS.contains(&option.as_str()))
            && script.is_some_and(|script| (self.is_bound)(script))
    }

    /// Whether the text or the script of a shell may. The script itself is bound.
    fn shell_runs_unnamed(&self, arguments: &[String], depth: usize) -> bool {
        let is_text =
            |word: &String| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        let Some(at) = arguments.iter().position(is_text) else {
            let script = arguments.iter().find(|word| !word.starts_with('-'));
            return script.is_some_and(|script| !(self.is_bound)(script));
        };
        let texts = arguments.iter().skip(at + 1);
        texts.into_iter().filter(|text| !text.starts_with('-')).any(|text| {
            match CommandScript::parse(text) {
                Ok(script) => script
                    .pipelines
                    .iter()
                    .flat_map(|pipeline| &pipeline.commands)
                    .any(|command| self.may_run_unnamed(&command.words, depth + 1)),
                // What only a shell understands could be anything.
                Err(_) => true,
            }
        })
    }

    /// Whether an argument is a program that may, with the arguments after it.
    fn argument_runs_unnamed(&self, arguments: &[String], depth: usize) -> bool {
        (0..arguments.len()).any(|at| {
            let rest = arguments.get(at..).unwrap_or_default();
            let name = rest.first().map(|word| file_name(word)).unwrap_or_default();
            let is_directory_launcher = DIRECTORY_LAUNCHERS.contains(&name);
            let is_program = is_directory_launcher || risk_of_program(name).is_some();
            is_program && self.may_run_unnamed(rest, depth + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::{FileIdentity, ProgramTable};
    use crate::plan::{CommandInput, CommandPlan, PlanContext};

    fn may_run_unnamed(text: &str) -> bool {
        let programs = [
            "python3",
            "node",
            "sh",
            "bash",
            "make",
            "just",
            "npm",
            "cargo",
            "pytest",
            "git",
            "perl",
            "awk",
            "xargs",
            "find",
            "run-parts",
            "docker",
            "vim",
            "cat",
            "sed",
            "ruby",
            "prove",
            "tar",
            "ls",
            "Rscript",
            "gdb",
            "sudo",
        ]
        .map(|name| format!("/usr/bin/{name}"));
        let mut table = ProgramTable::from_paths(programs.iter().map(String::as_str));
        for file in ["a.py", "a.js", "a.sh", "a.awk", "tests"] {
            let digest = (file != "tests").then_some([1; 32]);
            table.insert_file(file, FileIdentity { digest, ..FileIdentity::default() });
        }
        let plan = CommandPlan::new(
            CommandInput::Script(text.to_owned()),
            PlanContext::new("/w", "main"),
            &table,
        );
        plan.unwrap().commands().any(runs_unnamed_files)
    }

    #[test]
    fn what_finds_its_files_by_itself_is_known() {
        for text in [
            "make",
            "make -f a.sh",
            "just test",
            "npm run build",
            "cargo run",
            "pytest a.py",
            "git status",
            "python3 -m pytest",
            "python3 -m a.py",
            "python3 -c 'import a'",
            "python3",
            "python3 missing.py",
            "python3 tests",
            "python3 -X importtime a.py",
            "node -r ./x a.js",
            "node --import ./x a.js",
            "node -e 1",
            "ruby -Ilib a.py",
            "perl -Mlocal x",
            "prove",
            "sh missing.sh",
            "sh -c make",
            "bash -lc 'cd x && npm test'",
            "bash -c 'for i in a; do :; done'",
            "xargs make",
            "find . -exec make ';'",
            "find . -exec python3 -m x ';'",
            "run-parts a.sh",
            "docker build .",
            "vim a.py",
            "tar --to-command=make -xf x make",
            "Rscript -e 1",
            "gdb a.sh",
            "sudo make",
            "sudo sh -c 'cat x; git log'",
            "cat a.sh | python3 -",
        ] {
            assert!(may_run_unnamed(text), "{text}");
        }
    }

    #[test]
    fn what_names_all_its_files_is_not_among_them() {
        for text in [
            "python3 a.py",
            "python3 -u a.py --flag x",
            "node a.js",
            "sh a.sh",
            "bash -e a.sh x",
            "sh -c 'python3 a.py'",
            "sh -c 'ls | cat'",
            "cat a.sh | sh",
            "awk -f a.awk x",
            "sed -n 1p x",
            "find . -exec cat '{}' ';'",
            "xargs cat",
            "ls",
            "sudo ls",
            "find . -exec sh a.sh ';'",
        ] {
            assert!(!may_run_unnamed(text), "{text}");
        }
    }
}
