//! Where the command of a wrapper begins.

use super::*;

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn find_command(text: &str) -> Result<Vec<String>, WrapperProblem> {
    let words = words(text);
    let wrapper = WrapperProgram::from_name(&words[0]).expect("a wrapper");
    wrapper.find_command(&words).map(|found| words[found.start..].to_vec())
}

#[test]
fn the_command_begins_after_the_known_options() {
    for (text, command) in [
        ("env ls -l", "ls -l"),
        ("env -u HOME -uTERM --unset=TZ -- A=1 B= ls", "ls"),
        ("nice ls", "ls"),
        ("nice -n 5 ls -n 3", "ls -n 3"),
        ("nice -n-5 ls", "ls"),
        ("nice --adjustment=5 -- ls", "ls"),
        ("nohup ls -l", "ls -l"),
        ("nohup -- ls", "ls"),
        ("timeout 5 ls", "ls"),
        ("timeout -k 3s -s KILL --foreground 1.5m ls -k", "ls -k"),
        ("timeout --kill-after=3 --signal=TERM --preserve-status -v 5d ls", "ls"),
        ("stdbuf -oL ls", "ls"),
        ("stdbuf -o 0 --error=64K -i1M ls -o", "ls -o"),
        ("time -p ls", "ls"),
        ("time ls", "ls"),
    ] {
        assert_eq!(find_command(text), Ok(words(command)), "{text}");
    }
}

#[test]
fn anything_else_is_not_analysed() {
    use WrapperProblem::{InvalidOperand, MissingCommand, UnknownOption};
    for (text, problem) in [
        ("env -S id", UnknownOption),
        ("env -Ssh", UnknownOption),
        ("env --split-string=id", UnknownOption),
        ("env -vS id", UnknownOption),
        ("env -C /tmp ls", UnknownOption),
        ("env --ignore ls", UnknownOption),
        ("env --uns=HOME ls", UnknownOption),
        ("env - ls", UnknownOption),
        ("env -i ls", UnknownOption),
        ("env", MissingCommand),
        ("env A=1", MissingCommand),
        ("env -u", MissingCommand),
        ("env -u A=b ls", InvalidOperand),
        ("nice -n x ls", InvalidOperand),
        ("nice -5 ls", UnknownOption),
        ("nice", MissingCommand),
        ("nohup --help", UnknownOption),
        ("timeout ls", InvalidOperand),
        ("timeout 5", MissingCommand),
        ("timeout --kill=3 5 ls", UnknownOption),
        ("timeout inf ls", InvalidOperand),
        ("timeout 1e3 ls", InvalidOperand),
        ("stdbuf ls", MissingCommand),
        ("stdbuf -oX ls", InvalidOperand),
        ("time -o out ls", UnknownOption),
        ("time -f %e ls", UnknownOption),
    ] {
        assert_eq!(find_command(text), Err(problem), "{text}");
    }
}

#[test]
fn changes_of_the_environment_are_reported() {
    let words = words("env -u HOME A=1 B=x=y ls C=2");
    let found = WrapperProgram::Env.find_command(&words).unwrap();
    let change = |name: &str, value: Option<&str>| EnvironmentChange {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let expected = [change("HOME", None), change("A", Some("1")), change("B", Some("x=y"))];
    assert_eq!(found.environment, expected);
}
