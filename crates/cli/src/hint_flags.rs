//! Every command line that a message or a guide names is one that the program takes.

use std::fs;
use std::path::Path;

/// The command lines in backticks of a text, `openclaw …`, with continued string literals joined.
fn command_lines(text: &str) -> Vec<String> {
    let mut joined = String::new();
    for line in text.split('\n') {
        match line.strip_suffix('\\') {
            Some(start) => joined.push_str(start.trim_start()),
            None => joined.extend([line.trim_start(), "\n"]),
        }
    }
    let parts = joined.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    parts.filter(|part| part.starts_with("openclaw ")).map(str::to_owned).collect()
}

/// The first word of a command line that no command of the program takes.
fn unknown_word(line: &str, program: &clap::Command) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let mut command = program;
    let mut words = words.into_iter().peekable();
    while let Some(below) = words.peek().and_then(|word| command.find_subcommand(word)) {
        command = below;
        words.next();
    }
    let flags = words.filter(|word| word.starts_with("--") && word.len() > 2);
    let names = flags.map(|word| {
        let end = word[2..].find(|c: char| c != '-' && !c.is_ascii_alphanumeric());
        word.get(2..end.map_or(word.len(), |end| end + 2)).unwrap_or_default().to_owned()
    });
    let is_taken = |name: &String| {
        command.get_arguments().any(|argument| {
            argument.get_long() == Some(name)
                || argument.get_all_aliases().is_some_and(|all| all.contains(&name.as_str()))
        }) || name == "help"
    };
    let names: Vec<String> = names.collect();
    names.into_iter().find(|name| !is_taken(name))
}

fn collect_files(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let is_wanted = path.extension().is_some_and(|end| end == "rs" || end == "md");
        match path.is_dir() {
            true if !path.ends_with("tests") => collect_files(&path, files),
            false if is_wanted && !path.ends_with("tests.rs") => files.push(path),
            _ => {}
        }
    }
}

#[test]
fn every_flag_of_a_hint_is_one_of_its_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("README.md")];
    for folder in ["chat", "cli", "config", "doctor", "models", "providers-vllm", "runtime"] {
        collect_files(&root.join("crates").join(folder).join("src"), &mut files);
    }
    collect_files(&root.join("docs/guide"), &mut files);
    let mut program = crate::clap_command();
    program.build();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files.iter().filter(|file| !file.ends_with("hint_flags.rs")) {
        for line in command_lines(&fs::read_to_string(file).unwrap()) {
            count += usize::from(line.contains("--"));
            if let Some(flag) = unknown_word(&line, &program) {
                wrong.push(format!("{}: `{line}` has no `--{flag}`", file.display()));
            }
        }
    }
    assert!(count > 25, "only {count} command lines with flags were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_flag_of_another_command_is_found() {
    let mut program = crate::clap_command();
    program.build();
    for (line, expected) in [
        ("openclaw agent --session-id {id} -m X", None),
        ("openclaw security audit --fix", None),
        ("openclaw infer model run --resume", Some("resume")),
        ("openclaw sessions list --wait=3", Some("wait")),
    ] {
        assert_eq!(unknown_word(line, &program).as_deref(), expected, "{line}");
    }
    assert_eq!(command_lines("\"`openclaw a \\\n   --b` and `c`"), ["openclaw a --b"]);
}
