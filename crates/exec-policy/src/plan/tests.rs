//! Programs within wrappers, and what needs a person.

use super::*;
use crate::lookup::{ProgramLocation, ProgramTable};

fn table() -> ProgramTable {
    let mut table = ProgramTable::from_paths([
        "/usr/bin/ls",
        "/usr/bin/env",
        "/usr/bin/nice",
        "/usr/bin/timeout",
        "/usr/bin/python3.11",
        "/usr/bin/busybox",
        "/usr/bin/find",
    ]);
    let mut linked = |word: &str, path: &str, real_path: &str| {
        let mut program =
            ResolvedProgram::new(path, ProgramLocation::Protected, FileIdentity::default());
        program.real_path = real_path.to_owned();
        table.insert_program(word, program);
    };
    linked("view-file", "/usr/bin/view-file", "/usr/bin/vim.basic");
    linked("cat", "/bin/cat", "/usr/bin/busybox");
    linked("sh", "/bin/sh", "/usr/bin/busybox");
    let own =
        ResolvedProgram::new("/w/ls", ProgramLocation::AgentWritable, FileIdentity::default());
    table.insert_program("./ls", own);
    table.insert_file("a.py", FileIdentity { inode: 7, ..FileIdentity::default() });
    table
}

fn plan_command(text: &str) -> PlannedCommand {
    let input = CommandInput::Script(text.to_owned());
    let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &table()).unwrap();
    plan.commands().next().unwrap_or_else(|| panic!("{text}: {:?}", plan.body())).clone()
}

#[test]
fn the_program_within_wrappers_is_found_and_pinned() {
    let command = plan_command("nice -n 5 env TERM=x timeout 5 ls -l");
    let expected =
        ["nice", "-n", "5", "/usr/bin/env", "TERM=x", "/usr/bin/timeout", "5", "/usr/bin/ls", "-l"];
    assert_eq!(command.argv, expected);
    assert_eq!(command.target_argv(), ["/usr/bin/ls", "-l"]);
    assert_eq!(command.program.unwrap().path, "/usr/bin/nice");
    assert_eq!(command.target.unwrap().path, "/usr/bin/ls");
    assert_eq!(command.inner_wrappers.len(), 2);
    assert_eq!(
        command.environment,
        [EnvironmentChange { name: "TERM".into(), value: Some("x".into()) }]
    );
    assert!(command.is_bare_name);
    assert_eq!(command.concern, None);
}

#[test]
fn the_reasons_for_approval_are_reported() {
    let risky =
        |program: &str, risk| CommandConcern::RiskyProgram { program: program.to_owned(), risk };
    let wrapper = |problem| CommandConcern::Wrapper { program: "env".to_owned(), problem };
    for (text, concern) in [
        ("nothing -x", CommandConcern::NotFound { program: "nothing".to_owned() }),
        ("env nothing", CommandConcern::NotFound { program: "nothing".to_owned() }),
        ("./ls", CommandConcern::AgentWritable { path: "/w/ls".to_owned() }),
        ("nice ./ls", CommandConcern::AgentWritable { path: "/w/ls".to_owned() }),
        ("env LD_PRELOAD=x ls", CommandConcern::Variable { name: "LD_PRELOAD".to_owned() }),
        ("env FOO=x ls", CommandConcern::Variable { name: "FOO".to_owned() }),
        ("env -u PATH ls", CommandConcern::Variable { name: "PATH".to_owned() }),
        ("env -S ls", wrapper(WrapperProblem::UnknownOption)),
        (
            "env env env env env ls",
            CommandConcern::Wrapper { program: "env".to_owned(), problem: WrapperProblem::TooDeep },
        ),
        ("python3.11 a.py", risky("python3.11", ProgramRisk::Interpreter)),
        ("env python3.11 a.py", risky("python3.11", ProgramRisk::Interpreter)),
        ("view-file x", risky("vim.basic", ProgramRisk::Interactive)),
        ("busybox sh -c id", risky("busybox", ProgramRisk::Launcher)),
        ("sh -c id", risky("sh", ProgramRisk::Shell)),
        ("find . -exec id '{}' ';'", risky("find", ProgramRisk::RiskyOption)),
    ] {
        let found = plan_command(text).concern;
        if text.starts_with("env env") {
            assert!(matches!(
                found,
                Some(CommandConcern::Wrapper { problem: WrapperProblem::TooDeep, .. })
            ));
        } else {
            assert_eq!(found, Some(concern), "{text}");
        }
    }
    assert_eq!(plan_command("env env env env ls").concern, None);
    // A command of a file with many commands is judged by its own name.
    assert_eq!(plan_command("cat x").concern, None);
}

#[test]
fn an_invisible_character_in_an_argument_needs_a_person() {
    let words = ["ls", "a\u{200b}"].map(str::to_owned).to_vec();
    let context = PlanContext::new("/w", "main");
    let plan = CommandPlan::new(CommandInput::Argv(words), context, &table()).unwrap();
    assert_eq!(plan.commands().next().unwrap().concern, Some(CommandConcern::InvisibleCharacter));
}

#[test]
fn the_script_of_an_interpreter_is_part_of_the_plan() {
    let command = plan_command("python3.11 -u a.py b.py");
    let identity = FileIdentity { inode: 7, ..FileIdentity::default() };
    assert_eq!(command.operands, [FileOperand { index: 2, path: "a.py".to_owned(), identity }]);
    assert_eq!(plan_command("ls a.py").operands, []);
}

#[test]
fn a_script_that_the_shell_reads_itself_is_part_of_the_plan() {
    let hash_with = |text: &str, inode| {
        let mut table = table();
        for path in ["s.sh", "./s.sh", "/w/s.sh", "/w/sub/s.sh"] {
            table.insert_file(path, FileIdentity { inode, ..FileIdentity::default() });
        }
        let mut context = PlanContext::new("/w", "main");
        context.environment.insert("TERM".to_owned(), "/w/sub".to_owned());
        let input = CommandInput::Script(text.to_owned());
        CommandPlan::new(input, context, &table).unwrap().hash()
    };
    for text in [
        ". ./s.sh",
        "source s.sh",
        "sh < s.sh",
        "sh <s.sh 2>&1",
        "sh \"$PWD/s.sh\"",
        "sh ${PWD}/s.sh; echo $?",
        "for x in 1; do . ./s.sh; done",
        "eval \"$(cat s.sh)\"",
        "sh $TERM/s.sh",
    ] {
        assert_ne!(hash_with(text, 1), hash_with(text, 2), "{text}");
    }
    assert_eq!(hash_with("ls $HOME > x", 1), hash_with("ls $HOME > x", 2));
}

#[test]
fn what_is_no_command_is_refused() {
    let plan = |input, change: &dyn Fn(&mut PlanContext)| {
        let mut context = PlanContext::new("/w", "main");
        change(&mut context);
        CommandPlan::new(input, context, &table()).map(|_| ()).unwrap_err()
    };
    let argv =
        |words: &[&str]| CommandInput::Argv(words.iter().map(|it| (*it).to_owned()).collect());
    let script = |text: &str| CommandInput::Script(text.to_owned());
    assert_eq!(plan(argv(&[]), &|_| ()), InvalidRequest::Empty);
    assert_eq!(plan(argv(&[""]), &|_| ()), InvalidRequest::Empty);
    assert_eq!(plan(script(" \n"), &|_| ()), InvalidRequest::Empty);
    assert_eq!(plan(argv(&["ls", "a\0b"]), &|_| ()), InvalidRequest::NulCharacter);
    assert_eq!(plan(script("ls \0"), &|_| ()), InvalidRequest::NulCharacter);
    assert_eq!(plan(script(&"x".repeat(MAX_COMMAND_BYTES + 1)), &|_| ()), InvalidRequest::TooLong);
    let refused = plan(script("ls"), &|context| context.directory = "w".to_owned());
    assert_eq!(refused, InvalidRequest::RelativeDirectory { directory: "w".to_owned() });
    let refused = plan(argv(&["sh", "-c", "id"]), &|context| {
        context.displayed_text = Some("echo hi".to_owned());
    });
    assert_eq!(refused, InvalidRequest::DisplayMismatch { canonical: "sh -c id".to_owned() });
    for name in ["LD_PRELOAD", "BASH_ENV", "PATH", "HOME"] {
        let refused = plan(script("ls"), &|context| {
            context.environment.insert(name.to_owned(), "x".to_owned());
        });
        assert_eq!(refused, InvalidRequest::ForbiddenVariable { name: name.to_owned() });
    }
}
