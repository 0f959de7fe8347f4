//! What a command may try to make the guard destroy, forget, or work on without an end.

use std::time::{Duration, Instant};

use super::TestRepository;

#[test]
fn what_is_not_kept_is_moved_back_and_never_removed() {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p .claude && head -c 6000000 /dev/zero > .vscode/big.bin && mkfifo .vscode/pipe
         head -c 5000000 /dev/zero > .claude/log.jsonl && sleep 0.05",
    );
    let before = repository.state();
    for script in [
        "mv .vscode/big.bin .vscode/big2.bin; mkdir -p .claude/old; mv .claude/log.jsonl .claude/old/",
        "mkdir .ssh && mv .vscode/big.bin .ssh/ && mv .claude .claude2 && mv .claude2 .ssh/x",
        "mv .vscode/pipe .vscode/pipe2",
        "mv .vscode .openclaw",
    ] {
        let told = repository.run(script, false).unwrap();
        assert!(told.contains("it is back, but could not be compared"), "{script}: {told}");
        repository.shell("rm -rf ./*.undone .[a-z]*.undone*");
        assert_eq!(repository.state(), before, "{script}");
        assert!(repository.exists(".vscode/pipe"), "{script}");
        assert_eq!(repository.run("true", false), None, "{script}");
    }
    // The old place is taken: it is set aside.
    let script = "mv .vscode/big.bin .vscode/big2.bin && echo x > .vscode/big.bin";
    let told = repository.run(script, false).unwrap();
    assert!(told.contains("`big2.bin.undone` now"), "{told}");
    assert_eq!(repository.read("big2.bin.undone").len(), 6_000_000);
}

#[test]
fn a_file_that_replaced_a_guarded_one_is_set_aside() {
    let repository = TestRepository::new();
    repository.shell(
        "echo rc > .envrc && mkdir .git/rebase-merge && echo 'pick a' > .git/rebase-merge/git-rebase-todo
         mkdir -p app && echo app > app/.envrc && ln -s x .kshrc
         for i in 1 2 3 4 5; do echo notes > notes$i.txt; done && sleep 0.05",
    );
    let before = repository.state();
    for (script, name) in [
        ("mv notes1.txt .envrc", ".envrc"),
        ("mv notes1.txt .vscode/tasks.json", "tasks.json"),
        ("mv notes1.txt .kshrc", ".kshrc"),
        ("rm -r .vscode && mv notes1.txt .vscode", ".vscode"),
        (
            "echo 'exec x' >> notes1.txt && mv notes1.txt .git/rebase-merge/git-rebase-todo",
            "git-rebase-todo",
        ),
    ] {
        let told = repository.run(script, false).unwrap();
        assert!(told.contains(&format!("`{name}.undone` now")), "{script}: {told}");
        assert!(repository.read(&format!("{name}.undone")).starts_with("notes\n"), "{script}");
        repository.shell(&format!("rm {name}.undone && echo notes > notes1.txt && sleep 0.05"));
        if name == "git-rebase-todo" {
            repository.shell("echo 'pick a' > .git/rebase-merge/git-rebase-todo");
        }
        assert_eq!(repository.state(), before, "{script}");
    }
    // What goes with its folder is not put back there, so it stays where it is moved to.
    let told = repository.run("mv app/.envrc sub/.zshrc && rm -r app", false).unwrap();
    assert!(told.contains("`.zshrc.undone` now"), "{told}");
    assert_eq!(repository.read(".zshrc.undone"), "app\n");
}

#[test]
fn long_lists_and_configs_are_undone_in_linear_time() {
    let repository = TestRepository::new();
    let list = ".git/rebase-merge/git-rebase-todo";
    let start = Instant::now();
    repository.assert_undone(
        &format!("mkdir .git/rebase-merge && seq -f 'x %06g' 1 400000 > {list}"),
        list,
    );
    assert_eq!(repository.read(list), "");
    // All settings are compared with all that were there before, in another order.
    repository.shell("seq -f '[branch \"%06g\"]description=x' 1 60000 >> .git/config");
    repository.assert_undone(
        "tac .git/config > c && echo '[core]fsmonitor=x' >> c && sed -n '/^.branch/!p' .git/config >> c
         mv c .git/config",
        ".git/config",
    );
    // Quadratic, this takes many minutes.
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}
