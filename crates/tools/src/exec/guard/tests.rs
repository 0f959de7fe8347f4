//! Real changes of guarded files, by real commands.

mod attacks;
mod checkouts;
mod elsewhere;
mod limits;
mod losses;
mod plants;
mod races;
mod work;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use openclaw_fs::LinklessDirectory;
use tempfile::TempDir;

use super::{CommitRecord, FileGuard, GuardedTree};

/// A repository with one commit, a hook, and other guarded files.
struct TestRepository {
    directory: TempDir,
    /// The state folder of the program.
    state: TempDir,
    guard: FileGuard,
}

fn guard_tree(root: &Path) -> FileGuard {
    guard_tree_of(root, &root.join("home"))
}

fn guard_tree_of(root: &Path, home: &Path) -> FileGuard {
    let trees = vec![GuardedTree {
        directory: LinklessDirectory::open(root).unwrap(),
        path: root.to_owned(),
        is_workspace: true,
        homes: vec![home.to_owned()],
        skipped: BTreeSet::new(),
    }];
    FileGuard::new(trees, &Arc::default(), CommitRecord::default())
}

const INITIAL: &str = "git init -q -b main . && git config user.name a && git config user.email a@b
    echo one > file && mkdir -p .github/workflows .vscode sub && echo ci > .github/workflows/ci.yml
    echo tasks > .vscode/tasks.json && echo agents > AGENTS.md
    git add -A && git commit -qm one && echo rc > .bashrc && git remote add origin https://example.com/x.git
    printf '#!/bin/sh\\n' > .git/hooks/pre-push && chmod 755 .git/hooks/pre-push";

impl TestRepository {
    fn new() -> Self {
        Self::in_directory(tempfile::tempdir().unwrap())
    }

    fn in_directory(directory: TempDir) -> Self {
        Self::made_by(directory, INITIAL)
    }

    /// One that is made with an option of `git init`.
    fn with_initial(option: &str) -> Self {
        let script = INITIAL.replacen("git init -q", &format!("git init -q {option}"), 1);
        Self::made_by(tempfile::tempdir().unwrap(), &script)
    }

    fn made_by(directory: TempDir, script: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        let guard = Self::guard_of(&directory, &state);
        let this = Self { directory, state, guard };
        this.shell(script);
        this
    }

    fn guard_of(directory: &TempDir, state: &TempDir) -> FileGuard {
        let mut guard = guard_tree(&fs::canonicalize(directory.path()).unwrap());
        guard.commits = CommitRecord::new(Some(state.path().join("commits")));
        guard
    }

    /// The same files, guarded as they are now.
    fn restart(self) -> Self {
        Self { guard: Self::guard_of(&self.directory, &self.state), ..self }
    }

    fn shell(&self, script: &str) {
        #[expect(clippy::disallowed_methods, reason = "makes the changes that are found")]
        let output = Command::new("/bin/sh")
            .args(["-ec", script])
            .current_dir(self.directory.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// All guarded files with their contents and modes, and those of the work.
    fn state(&self) -> String {
        #[expect(clippy::disallowed_methods, reason = "looks at the result")]
        let output = Command::new("/bin/sh")
            .args([
                "-ec",
                "find . -path ./.git/objects -prune -o \\( -type f -o -type l -o -type d \\) \
                 ! -path './.git/logs*' ! -name '*.sample' ! -name index ! -name COMMIT_EDITMSG -printf '%p %y %m %l\\n' \
                 | sort; find . -path ./.git/objects -prune -o -type f ! -name '*.sample' ! -name index \
                 ! -path './.git/logs*' ! -name COMMIT_EDITMSG -exec cksum {} + | sort -k3",
            ])
            .current_dir(self.directory.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is told after a command.
    fn run(&self, script: &str, keeps_versioned: bool) -> Option<String> {
        let run = self.guard.begin_run(keeps_versioned).unwrap();
        self.shell(script);
        run.finish().told
    }
}

#[test]
fn each_change_of_what_runs_something_is_undone_and_told() {
    let repository = TestRepository::new();
    let before = repository.state();
    for script in [
        "echo x > .git/hooks/pre-commit",
        "printf '#!/bin/sh\\nx\\n' > .git/hooks/pre-push",
        "rm .git/hooks/pre-push",
        "chmod 644 .git/hooks/pre-push",
        "mv .git/hooks/pre-push .git/hooks/post-commit",
        "rm -r .git/hooks && mkdir ../x-$$ && ln -s ../../x-$$ .git/hooks && rmdir ../x-$$",
        "mkdir .git/hooks/sub && echo x > .git/hooks/sub/pre-commit",
        "git config core.hooksPath /tmp/x",
        "git config core.fsmonitor ./x",
        "git config alias.st '!x'",
        "git config remote.origin.url https://evil.example/",
        "echo '[include]\npath=x' >> .git/config",
        "rm .git/config",
        "ln -sf ../file .git/config",
        "echo '[core]\nfsmonitor = x' > .git/config.worktree",
        "echo /tmp/x > .git/commondir",
        "echo x >> .bashrc",
        "rm .bashrc",
        "echo x > .envrc",
        "echo x > sub/.envrc",
        "mkdir -p sub/deep/er && echo x > sub/deep/er/.zshrc && rm -r sub/deep || true",
        "mkdir .openclaw && echo '{}' > .openclaw/openclaw.json5",
        "echo x > .vscode/tasks.json",
        "echo x > .github/workflows/evil.yml",
        "echo x >> AGENTS.md",
        "mkdir -p .ssh && echo x > .ssh/authorized_keys",
        "echo x > .gitconfig",
        "mkfifo .git/hooks/pre-commit",
        "ln .git/hooks/pre-push alias && echo x > alias && rm alias",
    ] {
        let told = repository.run(script, false);
        let is_undone_by_itself = script.contains("|| true");
        assert_eq!(
            told.is_some_and(|told| told.contains("[undone: ")),
            !is_undone_by_itself,
            "{script}"
        );
        let after = repository.state();
        assert_eq!(after, before, "{script}");
    }
}

#[test]
fn a_repository_that_is_moved_away_is_reported() {
    let repository = TestRepository::new();
    let told = repository.run("mv .git git-data && ln -s git-data .git", false).unwrap();
    assert!(told.contains("[undone: the command changed `.git`"), "{told}");
    assert!(fs::symlink_metadata(repository.directory.path().join(".git")).unwrap().is_dir());
    let told =
        repository.run("mkdir other && echo 'gitdir: ../git-data' > other/.git", false).unwrap();
    assert!(told.contains("`other/.git`"), "{told}");
    assert!(!repository.directory.path().join("other/.git").exists());
}

#[test]
fn ordinary_work_with_git_goes_on() {
    let repository = TestRepository::new();
    for script in [
        "echo two > file && git add file && git commit -qm two",
        "git checkout -q -b feature && echo x > new && git add new && git commit -qm three",
        "git checkout -q main && git branch other && git branch -d -q other",
        "git branch --set-upstream-to=feature main && git merge -q feature",
        "git stash list && echo x > file && git stash -q && git stash pop -q && git checkout -q file",
        "git tag v1 && git log --oneline && git diff && git status",
        "git config user.name Ada",
        "git init -q inner && cd inner && git config user.name x && git config user.email a@b \
         && echo a > a && git add a && git commit -qm a",
        "git clone -q inner copy",
        "git worktree add -q tree feature && git worktree remove tree",
        "git init -q --bare bare.git",
        "echo readme > README.md && echo x > .gitignore && mkdir -p src && echo x > src/main.rs",
    ] {
        assert_eq!(repository.run(script, false), None, "{script}");
    }
}

#[test]
fn another_worktree_has_the_versioned_files() {
    let repository = TestRepository::new();
    let told = repository.run("git worktree add -q tree -b fresh", true).unwrap();
    assert!(told.contains("[changed by Git: `tree/.vscode/tasks.json`"), "{told}");
    assert!(!told.contains("[undone"), "{told}");
    assert_eq!(repository.run("git -C tree status", false), None);
    assert_eq!(repository.run("git worktree remove tree", true), None);
}

#[test]
fn a_new_repository_gets_no_hook_and_no_program() {
    let repository = TestRepository::new();
    for script in [
        "git init -q one && echo x > one/.git/hooks/pre-commit",
        "git init -q two && git -C two config core.fsmonitor ./x",
        "git init -q --bare three && git -C three config core.fsmonitor ./x",
        "git init -q --bare four && mkdir five && mv four/* five/ && rmdir four && echo x > five/hooks/update",
        "mkdir -p a/b/c/d && git init -q a/b/c/d && echo x > a/b/c/d/.git/hooks/post-checkout",
    ] {
        let told = repository.run(script, false).unwrap_or_default();
        assert!(told.contains("[undone: "), "{script}");
        assert_eq!(repository.run("true", false), None, "{script}");
    }
}

#[test]
fn git_may_change_versioned_files_with_the_branch() {
    let repository = TestRepository::new();
    let make_branch = "git checkout -q -b other && echo new > .github/workflows/ci.yml \
                       && git commit -qam ci && git checkout -q main";
    repository.shell(make_branch);
    let told = repository.run("git checkout -q other", true).unwrap();
    assert_eq!(told, "[changed by Git: `.github/workflows/ci.yml`: a build server runs it]");
    let text = fs::read_to_string(repository.directory.path().join(".github/workflows/ci.yml"));
    assert_eq!(text.unwrap(), "new\n");
    // Not so what Git never changes with a branch.
    let told = repository.run("git checkout -q main; echo x > .git/hooks/update", true).unwrap();
    assert!(told.contains("[undone: the command changed `.git/hooks/update`"), "{told}");
}

#[test]
fn what_a_cancelled_command_changed_is_undone_and_told_later() {
    let repository = TestRepository::new();
    let run = repository.guard.begin_run(false).unwrap();
    repository.shell("echo x > .git/hooks/pre-commit");
    drop(run);
    assert!(!repository.directory.path().join(".git/hooks/pre-commit").exists());
    let told = repository.run("true", false).unwrap();
    assert!(told.contains("`.git/hooks/pre-commit`"), "{told}");
    assert_eq!(repository.run("true", false), None);
}

#[test]
fn commands_that_run_at_once_have_the_state_before_the_first_of_them() {
    let repository = TestRepository::new();
    let first = repository.guard.begin_run(false).unwrap();
    repository.shell("echo x > .git/hooks/pre-commit");
    let second = repository.guard.begin_run(false).unwrap();
    assert!(second.finish().told.is_some());
    assert!(!repository.directory.path().join(".git/hooks/pre-commit").exists());
    assert_eq!(first.finish().told, None);
}
