//! Real shells as the oracle: what the lexer accepts, `bash` and `dash` split into the same words
//! and run in the same order.
#![expect(clippy::disallowed_methods, reason = "only a shell knows how a shell reads")]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use openclaw_exec_policy::{CommandScript, RunCondition};

/// How many accepted commands are compared.
const ACCEPTED: usize = 10_000;

/// How many of them run real programs; each takes a process.
const WITH_PROGRAMS: usize = 150;

const SHELLS: [&str; 2] = ["bash", "dash"];

/// The programs of the generated commands, and their exit codes.
const PROGRAMS: [(&str, i32); 4] = [("ok", 0), ("no", 1), ("ls", 0), ("grep", 2)];

/// Numbers that look random and are the same in every run.
struct NumberSequence(u64);

impl NumberSequence {
    /// A number below `end`.
    fn next_below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap() % end
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.next_below(values.len())]
    }

    /// Up to `most` of the characters of `alphabet`.
    fn text(&mut self, alphabet: &[char], most: usize) -> String {
        (0..self.next_below(most + 1)).map(|_| self.pick(alphabet)).collect()
    }
}

/// Generates commands of literal pieces, with some among them that the lexer must refuse.
struct CommandGenerator {
    numbers: NumberSequence,
    plain: Vec<char>,
    ascii: Vec<char>,
    quoted: Vec<char>,
    syntax: Vec<char>,
}

impl CommandGenerator {
    fn new() -> Self {
        Self {
            numbers: NumberSequence(7),
            plain: "abcXYZ0189_./:,@%+=-".chars().collect(),
            ascii: (' '..='~').collect(),
            quoted: (' '..='~').chain("\n\tüß世界é".chars()).collect(),
            syntax: "ab'\"\\$`|&;<>()*?{}[]~#!^=% \n\t-".chars().collect(),
        }
    }

    fn word(&mut self) -> String {
        let numbers = &mut self.numbers;
        match numbers.next_below(20) {
            0..8 => numbers.text(&self.plain, 6),
            8..11 => format!("'{}'", numbers.text(&self.quoted, 8).replace('\'', "")),
            11..14 => {
                let text = numbers.text(&self.quoted, 8).replace(['"', '$', '`', '\\'], "!");
                format!("\"{text}\"")
            }
            14..16 => {
                let mut pick = || numbers.pick(&self.ascii);
                format!("\"a\\{}\\{}\\{}\"", pick(), pick(), pick())
            }
            16..18 => format!("\\{}", numbers.pick(&self.ascii)),
            18 => format!("#{}", numbers.text(&self.plain, 3)),
            _ => numbers.text(&self.syntax, 5),
        }
    }

    fn command(&mut self) -> String {
        let mut text = self.numbers.pick(&PROGRAMS).0.to_owned();
        for _ in 0..self.numbers.next_below(6) {
            text.push_str(self.numbers.pick(&[" ", " ", "  ", ""]));
            text.push_str(&self.word());
        }
        let redirections = [
            " 2>&1",
            " >/dev/null",
            " 2>/dev/null",
            " < /dev/null",
            " >&2",
            "2>&1",
            " >/dev/nullx",
            " 2>&1x",
            "3>&1",
        ];
        if self.numbers.next_below(5) == 0 {
            text.push_str(self.numbers.pick(&redirections));
        }
        text
    }

    fn script(&mut self) -> String {
        let mut text = self.command();
        for _ in 0..self.numbers.next_below(3) {
            let operators = ["|", " | ", "&&", " && ", "||", " || ", ";", " ; ", "& ", " |& "];
            text.push_str(self.numbers.pick(&operators));
            text.push_str(&self.command());
        }
        text + self.numbers.pick(&["", "", "", "\n", ";", " "])
    }
}

/// End a word, a command and a text in what the stubs write, and stand for a line break. The lexer
/// accepts none of them.
const WORD_END: char = '\u{1f}';
const COMMAND_END: char = '\u{1e}';
const TEXT_END: char = '\u{1d}';
const LINE_BREAK: char = '\u{1c}';

/// The commands that run, sorted, because those of a pipeline run in any order.
fn expected_runs(script: &CommandScript) -> Vec<Vec<String>> {
    let mut status = 0;
    let mut runs = Vec::new();
    for pipeline in &script.pipelines {
        let is_due = match pipeline.condition {
            RunCondition::Always => true,
            RunCondition::AfterSuccess => status == 0,
            RunCondition::AfterFailure => status != 0,
        };
        if is_due {
            runs.extend(pipeline.commands.iter().map(|command| command.words.clone()));
            let last = &pipeline.commands[pipeline.commands.len() - 1].words[0];
            status = PROGRAMS.iter().find(|(name, _)| name == last).unwrap().1;
        }
    }
    runs.sort_unstable();
    runs
}

fn accepted_commands(count: usize) -> Vec<(String, CommandScript)> {
    let mut generator = CommandGenerator::new();
    let mut accepted = Vec::new();
    let mut refused = 0;
    while accepted.len() < count {
        let text = generator.script();
        match CommandScript::parse(&text) {
            Ok(script) if has_known_programs(&script) => accepted.push((text, script)),
            _ => refused += 1,
        }
    }
    assert!(refused > count / 20, "the generator must leave the accepted language: {refused}");
    accepted
}

/// Only stubs run: a word that was glued to the name of a program would be another program.
fn has_known_programs(script: &CommandScript) -> bool {
    script
        .pipelines
        .iter()
        .flat_map(|pipeline| &pipeline.commands)
        .all(|command| PROGRAMS.iter().any(|(name, _)| *name == command.words[0]))
}

/// Runs a script and returns the commands that ran for each text, sorted.
fn run_shell(shell: &str, script: &str, directory: &Path) -> Vec<Vec<Vec<String>>> {
    let path = directory.join(format!("{shell}.sh"));
    fs::write(&path, script).unwrap();
    let log = directory.join(format!("{shell}.log"));
    fs::write(&log, "").unwrap();
    let status = Command::new(format!("/bin/{shell}"))
        .arg(&path)
        .current_dir(directory)
        .env_clear()
        .env("PATH", directory.join("bin"))
        .env("RUN_LOG", &log)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("{shell} must be installed for this test: {error}"));
    assert!(status.success(), "{shell}: {status}");
    let written = fs::read_to_string(&log).unwrap();
    written.split_terminator(TEXT_END).map(split_commands).collect()
}

fn split_commands(written: &str) -> Vec<Vec<String>> {
    let split_words = |command: &str| {
        let words = command.split_terminator(WORD_END);
        words.map(|word| word.replace(LINE_BREAK, "\n")).collect()
    };
    let mut commands: Vec<Vec<String>> =
        written.split_terminator(COMMAND_END).map(split_words).collect();
    commands.sort_unstable();
    commands
}

/// Runs all texts in one process of each shell, after a prelude.
fn compare_with_shells(texts: &[(String, CommandScript)], prelude: &str, directory: &Path) {
    for shell in SHELLS {
        let mut script = prelude.to_owned();
        for (text, _) in texts {
            // A line of its own even when the text ends with a line break.
            writeln!(script, "{text}\nprintf '\\035' >>\"$RUN_LOG\"").unwrap();
        }
        script.push_str("exit 0\n");
        let runs = run_shell(shell, &script, directory);
        for ((text, script), runs) in texts.iter().zip(&runs) {
            assert_eq!(*runs, expected_runs(script), "{shell}: {text:?}");
        }
        assert_eq!(runs.len(), texts.len(), "{shell}");
    }
}

/// What a stub runs to write its words. Only one text without line breaks is written in one piece,
/// so a line break is written as [`LINE_BREAK`].
const DUMP: &str = "dump() {
  record=
  for word in \"$@\"; do
    while :; do
      case $word in
        *\"$line\"*) record=$record${word%%\"$line\"*}$break; word=${word#*\"$line\"} ;;
        *) break ;;
      esac
    done
    record=$record$word$end
  done
  printf '%s\\036' \"$record\" >>\"$RUN_LOG\"
}
";

fn dump_function() -> String {
    format!("line='\n'\nbreak='{LINE_BREAK}'\nend='{WORD_END}'\n{DUMP}")
}

#[test]
fn bash_and_dash_split_accepted_commands_into_the_same_words() {
    let directory = tempfile::tempdir().unwrap();
    // Functions with the names of the programs: thousands of commands without a process each.
    let mut prelude = dump_function();
    for (name, code) in PROGRAMS {
        writeln!(prelude, "{name}() {{ dump {name} \"$@\"; return {code}; }}").unwrap();
    }
    compare_with_shells(&accepted_commands(ACCEPTED), &prelude, directory.path());
}

#[test]
fn programs_get_the_words_that_the_lexer_reads() {
    let directory = tempfile::tempdir().unwrap();
    let programs = directory.path().join("bin");
    fs::create_dir(&programs).unwrap();
    for (name, code) in PROGRAMS {
        let text = format!("#!/bin/sh\n{}dump {name} \"$@\"\nexit {code}\n", dump_function());
        let path = programs.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    compare_with_shells(&accepted_commands(WITH_PROGRAMS), "", directory.path());
}
