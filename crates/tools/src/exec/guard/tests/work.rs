//! Ordinary work that goes on unchanged.

use super::TestRepository;

#[test]
fn work_with_submodules_worktrees_and_rebases_goes_on() {
    let repository = TestRepository::new();
    let origin = tempfile::tempdir().unwrap();
    let origin = origin.path().to_str().unwrap();
    repository.shell(&format!(
        "git init -q -b main {origin}/lib && cd {origin}/lib && git config user.email a && git config user.name a \
         && echo a > a && git add a && git commit -qm a"
    ));
    let add =
        format!("git -c protocol.file.allow=always submodule --quiet add {origin}/lib libs/foo");
    for script in [
        add.as_str(),
        "git commit -qm sub && git -C libs/foo log --oneline",
        "git -C libs/foo checkout -q -b x && git submodule --quiet init && git submodule status",
        "git worktree add -q ../w-$$ -b w1 2>/dev/null && git worktree remove --force ../w-$$",
        "git rm -qr .vscode .github && git commit -qm less && git reset -q --hard HEAD~1",
        "git mv libs/foo libs/bar && git commit -qm moved",
        "git submodule --quiet deinit -f libs/bar && rm -rf .git/modules/libs && git rm -qf libs/bar && git commit -qm gone",
        "git checkout -q -b topic && echo a > t && git add t && git commit -qm t && git checkout -q main \
         && echo b > t && git add t && git commit -qm t2 && ! git rebase -q main topic 2>/dev/null",
        "echo c > t && git add t && GIT_EDITOR=true git rebase --continue >/dev/null",
        "git checkout -q main && git branch -m topic topic2 && git gc -q && git sparse-checkout list || true",
        "mkdir -p build && cd build && git init -q . && git config user.name x && rm -rf .git",
        "git init -q inner && mv inner moved && rm -rf moved",
        "git clone -q --bare . copy.git && mv copy.git other.git && rm -rf other.git",
    ] {
        let told = repository.run(script, false).unwrap_or_default();
        assert!(!told.contains("[undone") && !told.contains("[warning"), "{script}: {told}");
    }
}

#[test]
fn packages_bring_what_they_like() {
    let repository = TestRepository::new();
    for script in [
        "mkdir -p node_modules/a/.github/workflows node_modules/a/.vscode node_modules/.bin",
        "echo x > node_modules/a/.github/workflows/ci.yml && echo x > node_modules/a/.travis.yml \
         && echo x > node_modules/a/.npmrc && echo x > node_modules/a/.vscode/settings.json \
         && echo x > node_modules/a/CLAUDE.md",
        "echo y > node_modules/a/.travis.yml && rm -r node_modules/a/.vscode",
        "mkdir -p .venv/lib/python3/site-packages/x && echo x > .venv/lib/python3/site-packages/x/.pdbrc",
        "rm -r node_modules .venv",
        "mkdir -p target/debug .cargo && echo x > target/.rustc_info.json && echo x > Cargo.lock",
        "mkdir -p .jj/repo/op_store .yarn/cache && echo x > .jj/repo/op_store/x && echo x > .yarn/cache/x",
    ] {
        assert_eq!(repository.run(script, false), None, "{script}");
    }
    // Moved from there they act.
    repository
        .shell("mkdir -p node_modules/a/.vscode && echo x > node_modules/a/.vscode/tasks.json");
    let told = repository.run("mv node_modules/a/.vscode sub/", false).unwrap();
    assert!(told.contains("`sub/.vscode`"), "{told}");
}

#[test]
fn what_a_tool_writes_while_a_command_runs_stays() {
    let repository = TestRepository::new();
    let (root, writes) =
        (repository.directory.path().canonicalize().unwrap(), &repository.guard.writes);
    let run = repository.guard.begin_run(false).unwrap();
    repository.shell(
        "echo tool > .vscode/tasks.json && mkdir .circleci && echo tool > .circleci/config.yml
         echo evil > .circleci/other && echo evil > .envrc && echo evil > AGENTS.md",
    );
    for (path, content) in [
        (".vscode/tasks.json", "tool\n"),
        (".circleci/config.yml", "tool\n"),
        (".envrc", "tool\n"),
        ("AGENTS.md", "tool\n"),
    ] {
        writes.record_content(&root.join(path), content.as_bytes());
    }
    let told = run.finish().told.unwrap();
    assert_eq!(told.matches("[undone: ").count(), 3, "{told}");
    let text = |path| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    assert_eq!(text(".vscode/tasks.json") + &text(".circleci/config.yml"), "tool\ntool\n");
    assert_eq!(text(".circleci/other") + &text(".envrc"), "");
    assert_eq!(text("AGENTS.md"), "agents\n");
    // What was written is nothing that a later command may write.
    let told = repository.run("echo x > .vscode/tasks.json", false).unwrap();
    assert!(told.contains("`.vscode/tasks.json`"), "{told}");
}

#[test]
fn a_folder_with_guarded_files_can_be_moved_and_removed() {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p app/.vscode && echo t > app/.vscode/tasks.json && echo e > app/.envrc
         git init -q app/lib && echo h > app/lib/.git/hooks/pre-push",
    );
    for script in ["mv app app2", "mkdir x && mv app2 x/app", "rm -r x"] {
        assert_eq!(repository.run(script, false), None, "{script}");
    }
}
