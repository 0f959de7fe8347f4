//! The hash covers everything.

use proptest::prelude::*;

use crate::lookup::{FileIdentity, ProgramLocation, ProgramTable, ResolvedProgram};
use crate::plan::{CommandInput, CommandPlan, PlanContext};
use crate::{PlanHash, sha256_hex};

type ChangeContext = fn(&mut PlanContext);
type ChangeProgram = fn(&mut ResolvedProgram);

fn table() -> ProgramTable {
    let mut table = ProgramTable::from_paths(["/usr/bin/ls", "/usr/bin/env", "/usr/bin/python3"]);
    table.insert_file("a.py", FileIdentity { size: 1, ..FileIdentity::default() });
    table
}

fn hash_of(input: CommandInput, context: PlanContext, table: &ProgramTable) -> PlanHash {
    CommandPlan::new(input, context, table).unwrap().hash()
}

fn script(text: &str) -> CommandInput {
    CommandInput::Script(text.to_owned())
}

fn context() -> PlanContext {
    PlanContext::new("/w", "main")
}

#[test]
fn a_hash_is_shown_as_lower_case_hexadecimal() {
    assert_eq!(
        sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn the_hash_of_a_plan_is_stable() {
    let hash = hash_of(script("env TERM=x ls 'a b' | ls 2>&1 && ls"), context(), &table());
    assert_eq!(
        hash.to_string(),
        "8ce980d25bbf16e2ed7ef182fa14e1a081e75120dc2288c3310963f8ac533910"
    );
}

#[test]
fn the_hash_changes_when_anything_changes() {
    let command = || script("env TERM=x ls a");
    let mut hashes = vec![hash_of(command(), context(), &table())];
    let mut add = |hash: PlanHash, what: &str| {
        assert!(!hashes.contains(&hash), "{what}");
        hashes.push(hash);
    };
    for text in [
        "env TERM=x ls b",
        "env TERM=y ls a",
        "env TERM= xls a",
        "env TERM=x ls a ''",
        "env TERM=x ls a 2>&1",
        "env TERM=x ls a >/dev/null",
        "env TERM=x ls a 2>&1 >/dev/null",
        "env TERM=x ls a >/dev/null 2>&1",
        "env TERM=x ls a; ls",
        "env TERM=x ls a && ls",
        "env TERM=x ls a || ls",
        "env TERM=x ls a | ls",
        "env TERM=x ls 'a '",
        "env TERM=x ls a $X",
        "env TERM=x ls a $Y",
        "python3 a.py",
    ] {
        add(hash_of(script(text), context(), &table()), text);
    }
    let changes: [(&str, ChangeContext); 11] = [
        ("terminal", |context| context.has_terminal = true),
        ("background", |context| context.is_background = true),
        ("directory", |context| context.directory = "/v".to_owned()),
        ("directory identity", |context| context.directory_identity.inode = 1),
        ("agent", |context| context.agent = "other".to_owned()),
        ("session", |context| context.session = "s".to_owned()),
        ("run", |context| context.run = "s".to_owned()),
        ("node", |context| context.node = "s".to_owned()),
        ("time limit", |context| context.time_limit_ms = Some(0)),
        ("variable", |context| drop(context.environment.insert("FOO".to_owned(), String::new()))),
        ("value", |context| drop(context.environment.insert("FOO".to_owned(), "1".to_owned()))),
    ];
    for (name, change) in changes {
        let mut context = context();
        change(&mut context);
        add(hash_of(command(), context, &table()), name);
    }
    let changes: [(&str, ChangeProgram); 8] = [
        ("path", |program| program.path = "/bin/ls".to_owned()),
        ("real path", |program| program.real_path = "/bin/ls".to_owned()),
        ("location", |program| program.location = ProgramLocation::AgentWritable),
        ("device", |program| program.identity.device = 1),
        ("inode", |program| program.identity.inode = 1),
        ("size", |program| program.identity.size = 1),
        ("time", |program| program.identity.modified_ns = 1),
        ("content", |program| program.identity.digest = Some([0; 32])),
    ];
    for word in ["env", "ls"] {
        for (name, change) in changes {
            let identity = FileIdentity::default();
            let path = format!("/usr/bin/{word}");
            let mut program = ResolvedProgram::new(&path, ProgramLocation::Protected, identity);
            change(&mut program);
            let mut table = table();
            table.insert_program(word, program);
            add(hash_of(command(), context(), &table), &format!("{name} of {word}"));
        }
    }
    let mut table = table();
    table.insert_file("a.py", FileIdentity { size: 2, ..FileIdentity::default() });
    add(hash_of(script("python3 a.py"), context(), &table), "the script");
}

proptest! {
    #[test]
    fn different_arguments_have_different_hashes(
        one in proptest::collection::vec("[a ,]{0,3}", 0..4),
        other in proptest::collection::vec("[a ,]{0,3}", 0..4),
    ) {
        let hash = |words: &[String]| {
            let mut argv = vec!["ls".to_owned()];
            argv.extend_from_slice(words);
            hash_of(CommandInput::Argv(argv), context(), &table())
        };
        prop_assert_eq!(one == other, hash(&one) == hash(&other));
    }
}
