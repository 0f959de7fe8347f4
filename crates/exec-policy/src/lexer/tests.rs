//! What is literal, and what is refused with which reason.

use proptest::prelude::*;

use super::*;

fn parse_words(text: &str) -> Vec<Vec<String>> {
    let script = CommandScript::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    script.pipelines.into_iter().flat_map(|line| line.commands).map(|it| it.words).collect()
}

#[test]
fn literal_words_are_read_as_a_shell_reads_them() {
    for (text, words) in [
        ("ls -la", &["ls", "-la"][..]),
        ("  ls   a  ", &["ls", "a"]),
        ("ls\n", &["ls"]),
        (r#"echo 'a b' "c d" e\ f"#, &["echo", "a b", "c d", "e f"]),
        (r#"echo a'b'"c"d"#, &["echo", "abcd"]),
        (r#"echo '' "" x"#, &["echo", "", "", "x"]),
        (r#"echo "\"\\\$\`\n\a""#, &["echo", "\"\\$`\\n\\a"]),
        (r"echo '\n' '$HOME' '*' '`'", &["echo", r"\n", "$HOME", "*", "`"]),
        (r"echo \$HOME \* \; \| \& \'", &["echo", "$HOME", "*", ";", "|", "&", "'"]),
        ("echo 'a\nb' \"c\td\"", &["echo", "a\nb", "c\td"]),
        ("ls --color=auto a#b 50% x@y,z+1", &["ls", "--color=auto", "a#b", "50%", "x@y,z+1"]),
        ("echo 'Grüße' \"世界\"", &["echo", "Grüße", "世界"]),
        ("echo \"wow!\"", &["echo", "wow!"]),
    ] {
        assert_eq!(parse_words(text), [words], "{text}");
    }
}

#[test]
fn operators_and_harmless_redirections_are_read() {
    use ShellRedirection::{
        StderrToNull, StderrToStdout, StdinFromNull, StdoutToNull, StdoutToStderr,
    };

    let script =
        CommandScript::parse("a|b 2>&1&&c >/dev/null||d < /dev/null;e 2> /dev/null >&2;").unwrap();
    let shown: Vec<_> = script
        .pipelines
        .iter()
        .map(|line| {
            let commands =
                line.commands.iter().map(|it| (it.words.join(" "), it.redirections.clone()));
            (line.condition, commands.collect::<Vec<_>>())
        })
        .collect();
    let command =
        |word: &str, redirections: &[ShellRedirection]| (word.to_owned(), redirections.to_vec());
    let expected = [
        (RunCondition::Always, vec![command("a", &[]), command("b", &[StderrToStdout])]),
        (RunCondition::AfterSuccess, vec![command("c", &[StdoutToNull])]),
        (RunCondition::AfterFailure, vec![command("d", &[StdinFromNull])]),
        (RunCondition::Always, vec![command("e", &[StderrToNull, StdoutToStderr])]),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn what_a_shell_would_expand_is_refused_with_its_reason() {
    use SyntaxReason as Reason;
    for (text, reason) in [
        ("echo $HOME", Reason::ParameterExpansion),
        ("echo \"$HOME\"", Reason::ParameterExpansion),
        ("echo ${IFS}X", Reason::ParameterExpansion),
        ("echo $(id)", Reason::CommandSubstitution),
        ("echo \"$(id)\"", Reason::CommandSubstitution),
        ("echo `id`", Reason::CommandSubstitution),
        ("echo $((1))", Reason::Arithmetic),
        (r"echo $'\'' ; echo X ' x'", Reason::DollarQuote),
        ("echo $\"x\"", Reason::DollarQuote),
        ("cat <(id)", Reason::ProcessSubstitution),
        ("cat >(id)", Reason::ProcessSubstitution),
        ("cat <<E", Reason::HereDocument),
        ("cat <<< x", Reason::HereDocument),
        ("cat < f", Reason::Redirection),
        ("ls > f", Reason::Redirection),
        ("ls >/dev/nullx", Reason::Redirection),
        ("ls >/dev/null>f", Reason::Redirection),
        ("ls >>/dev/null", Reason::Redirection),
        ("ls 2>f", Reason::Redirection),
        ("ls a2>&1", Reason::Redirection),
        ("ls &>f", Reason::Redirection),
        ("ls |& sh", Reason::Redirection),
        ("ls &", Reason::Background),
        ("ls & id", Reason::Background),
        ("ls 2>&1& id", Reason::Background),
        ("ls *", Reason::GlobPattern),
        ("ls a?", Reason::GlobPattern),
        ("ls [a]", Reason::GlobPattern),
        ("{echo,X}", Reason::BraceExpansion),
        ("{ ls; }", Reason::BraceExpansion),
        ("(ls)", Reason::Subshell),
        ("ls(){ echo X; }; ls", Reason::Subshell),
        ("cat ~/x", Reason::Tilde),
        ("echo a=~", Reason::Tilde),
        ("echo !!", Reason::History),
        ("echo a^b", Reason::History),
        ("ls # c", Reason::Comment),
        ("ls\nid", Reason::LineBreak),
        ("ls\rid", Reason::LineBreak),
        ("ls\tid", Reason::ControlCharacter),
        ("ls 'a\u{1b}[2J'", Reason::ControlCharacter),
        ("ls \"a\0\"", Reason::ControlCharacter),
        ("l\\\ns; id", Reason::LineContinuation),
        ("echo \"$\\\n(id)\"", Reason::ParameterExpansion),
        ("echo \"a\\\nb\"", Reason::LineContinuation),
        ("ls 'a", Reason::UnbalancedQuote),
        ("ls \"a", Reason::UnbalancedQuote),
        ("ls \\", Reason::UnbalancedQuote),
        ("ls ü", Reason::NonAscii),
        ("ls；id", Reason::NonAscii),
        ("ls '\u{202e}'", Reason::InvisibleCharacter),
        ("ls '\u{200b}'", Reason::InvisibleCharacter),
        ("A=1 ls", Reason::Assignment),
        ("A+=1 ls", Reason::Assignment),
        ("if ls; then id; fi", Reason::ControlFlow),
        ("ls; done", Reason::ControlFlow),
        ("time ls", Reason::ControlFlow),
        ("ls;;", Reason::ControlFlow),
        ("", Reason::MissingCommand),
        ("  \n", Reason::MissingCommand),
        ("ls |", Reason::MissingCommand),
        ("ls &&", Reason::MissingCommand),
        ("| ls", Reason::MissingCommand),
        ("ls | | ls", Reason::MissingCommand),
        ("ls && ; id", Reason::MissingCommand),
        (";", Reason::MissingCommand),
        (">/dev/null", Reason::MissingCommand),
        ("'' x", Reason::MissingCommand),
        ("%1", Reason::MissingCommand),
    ] {
        let refused = CommandScript::parse(text).map_err(|error| error.reason);
        assert_eq!(refused, Err(reason), "{text:?}");
    }
    let long = "x".repeat(MAX_COMMAND_BYTES + 1);
    assert_eq!(CommandScript::parse(&long).unwrap_err().reason, SyntaxReason::TooLong);
}

#[test]
fn the_place_of_the_problem_is_reported() {
    let error = CommandScript::parse("ls a; cat $X").unwrap_err();
    assert_eq!(error.to_string(), "a variable expansion at byte 10");
}

proptest! {
    #[test]
    fn no_text_makes_the_lexer_panic(text: String) {
        let _ = CommandScript::parse(&text);
    }

    #[test]
    fn no_text_of_syntax_characters_makes_the_lexer_panic(
        text in r#"[ab '"\\$`|&;<>()*?\[\]{}~#!^=%\n\t\x00/2devnul1-]{0,40}"#
    ) {
        let _ = CommandScript::parse(&text);
    }

    #[test]
    fn a_quoted_word_is_read_back(word in "[^'\\p{C}\u{2028}\u{2029}]*") {
        prop_assume!(!word.chars().any(crate::escape::is_deceptive_char));
        let script = CommandScript::parse(&format!("ls '{word}'")).unwrap();
        prop_assert_eq!(&script.pipelines[0].commands[0].words[1], &word);
    }
}
