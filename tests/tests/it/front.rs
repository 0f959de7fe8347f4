//! The front door: version, usage and what is not there.

use openclaw_tests::Home;

#[tokio::test]
async fn the_version_names_the_program_and_its_commit() {
    let ended = Home::new().run(&["--version"]).await.code(0);
    let words: Vec<&str> = ended.stdout.split_whitespace().collect();
    // Outside a checkout no commit is known.
    let [name, version, commit @ ..] = words.as_slice() else { panic!("{ended:#?}") };
    assert_eq!(*name, "openclaw");
    assert_eq!(version.split('.').count(), 3);
    let Some(commit) = commit.first() else { return };
    let commit = commit.strip_prefix('(').and_then(|commit| commit.strip_suffix(')')).unwrap();
    let is_hash = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash, "{commit}");
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn no_argument_gets_the_usage_on_stderr() {
    let ended = Home::new().run(&[]).await.code(2).says(&["Usage: openclaw"]);
    assert_eq!(ended.stdout, "");
    for args in [&["infer"][..], &["infer", "model"], &["models"], &["agent"], &["agentz"]] {
        let ended = Home::new().run(args).await.code(2).says(&["Usage: openclaw"]);
        assert_eq!(ended.stdout, "");
    }
}

#[tokio::test]
async fn who_has_no_message_is_shown_the_chat() {
    let _ = Home::new().run(&["agent"]).await.code(2).says(&["--message", "`openclaw chat`"]);
    let _ = Home::new().run(&["agent", "--nonsense"]).await.code(2).hides(&["openclaw chat"]);
}

#[tokio::test]
async fn help_lists_the_commands_on_stdout() {
    for flag in ["--help", "-h"] {
        let ended = Home::new().run(&[flag]).await.code(0);
        for command in ["agent", "infer", "models"] {
            let listed =
                ended.stdout.lines().any(|line| line.split_whitespace().next() == Some(command));
            assert!(listed, "{command}: {ended:#?}");
        }
        assert_eq!(ended.stderr, "");
    }
}

#[tokio::test]
async fn an_option_of_the_original_is_taken_with_a_note() {
    let agent = ["agent", "-m", "hi"];
    let cases = [
        (&agent[..], &["--thinking", "high"][..], "`--thinking`"),
        (&agent, &["--to", "+100"], "`--to`"),
        (&agent, &["--channel", "mail"], "`--channel`"),
        (&agent, &["--deliver"], "`--deliver`"),
        (&["infer", "model", "run", "--prompt", "hi"], &["--gateway"], "`--gateway`"),
        (&["models", "status"], &["--probe-profile", "x"], "`--probe-profile`"),
    ];
    for (command, flags, named) in cases {
        let args = [command, flags].concat();
        let ended = Home::new().run(&args).await.says(&[named, "does nothing here"]);
        assert_ne!(ended.code, Some(2), "{ended:#?}");
    }
}

#[tokio::test]
async fn an_option_that_does_not_exist_is_a_usage_error() {
    let ended = Home::new().run(&["agent", "-m", "hi", "--modle", "x"]).await.code(2);
    let _ = ended.says(&["--modle", "--model"]);
}
