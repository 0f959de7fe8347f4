//! Versioned files change with a commit that Git checks out, and with nothing else that it does.

use super::TestRepository;

/// What runs outside of the sandbox, as Git settings name it.
const NAMED: [&str; 5] = [
    "team.gitconfig",
    ".github/gitconfig",
    "tools/hooks/pre-push",
    "tools/fsm.sh",
    ".husky/pre-commit",
];
const VERSIONED: [&str; 3] = ["AGENTS.md", ".claude/settings.json", ".mcp.json"];
/// Writes all of them.
const PLANT: &str = "for f in team.gitconfig .github/gitconfig tools/hooks/pre-push tools/fsm.sh \
                     .husky/pre-commit AGENTS.md .claude/settings.json .mcp.json
                     do echo '# evil' > $f; done";

fn team_repository() -> TestRepository {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p tools/hooks .husky .claude
         for f in team.gitconfig .github/gitconfig tools/hooks/pre-push tools/fsm.sh \
             .husky/pre-commit AGENTS.md .claude/settings.json .mcp.json
         do echo '# ours' > $f; done
         git add -A && git commit -qm team && git checkout -q -b theirs
         for f in team.gitconfig .github/gitconfig tools/hooks/pre-push tools/fsm.sh \
             .husky/pre-commit AGENTS.md .claude/settings.json .mcp.json
         do echo '# theirs' > $f; done
         git commit -qam theirs && git checkout -q main
         git config include.path ../team.gitconfig
         git config --add include.path ../.github/gitconfig
         git config core.hooksPath tools/hooks && git config core.editor tools/fsm.sh",
    );
    repository
}

impl TestRepository {
    fn assert_all_undone(&self, told: Option<String>, script: &str) {
        let told = told.unwrap_or_default();
        for path in NAMED.iter().chain(&VERSIONED) {
            assert_eq!(self.read(path), "# ours\n", "{script}: {path}");
            let line = format!("[undone: the command changed `{path}`");
            assert!(told.contains(&line), "{script}: {told}");
        }
        assert_eq!(self.run("true", false), None, "{script}");
    }
}

#[test]
fn what_a_command_brought_into_git_is_undone_when_git_takes_it_out() {
    for (prepare, take) in [
        ("git stash -q", "git stash pop -q"),
        ("git add -A && git commit -qm x", "git reset -q --hard HEAD"),
        (
            "git add -A && git commit -qm x && git branch x && git reset -q --hard HEAD~1",
            "git checkout -q x",
        ),
        (
            "git add -A && t=$(git write-tree) && git branch x $(git commit-tree $t -p HEAD -m x) \
             && git reset -q --hard",
            "git checkout -q x",
        ),
        (
            "git add -A && git commit -qm x && git branch x && git reset -q --hard HEAD~1",
            "git merge -q x",
        ),
    ] {
        let repository = team_repository();
        repository.run(&format!("{PLANT}\n{prepare}"), false);
        let told = repository.run(take, true);
        repository.assert_all_undone(told, take);
    }
}

#[test]
fn what_git_did_not_change_is_undone() {
    for script in [
        "git checkout -q HEAD",
        "git stash list",
        "git checkout -q -b new",
        "! git pull -q 2>/dev/null",
        "! git reset -q nonexistent 2>/dev/null",
    ] {
        let repository = team_repository();
        let told = repository.run(&format!("{PLANT}\n{script}"), true);
        repository.assert_all_undone(told, script);
    }
}

#[test]
fn nothing_is_kept_that_another_command_could_have_written() {
    let plant = format!("git checkout -q theirs\n{PLANT}");
    let repository = team_repository();
    let background = repository.guard.begin_run(false).unwrap();
    let told = repository.run(&plant, true);
    repository.assert_all_undone(told, "beside a command that ran before");
    assert_eq!(background.finish().told, None);

    let repository = team_repository();
    let checkout = repository.guard.begin_run(true).unwrap();
    let other = repository.guard.begin_run(false).unwrap();
    repository.shell(&plant);
    repository.assert_all_undone(other.finish().told, "beside a command that began later");
    repository.shell(PLANT);
    repository.assert_all_undone(checkout.finish().told, "beside a command that has ended");
}

#[test]
fn a_commit_of_the_user_brings_its_versioned_files() {
    let repository = team_repository();
    let told = repository.run("git checkout -q theirs", true).unwrap();
    for path in VERSIONED {
        assert!(told.contains(&format!("[changed by Git: `{path}`")), "{told}");
        assert_eq!(repository.read(path), "# theirs\n", "{path}");
    }
    // What the settings of Git name is run as it is.
    for path in NAMED {
        assert!(told.contains(&format!("[undone: the command changed `{path}`")), "{told}");
        assert_eq!(repository.read(path), "# ours\n", "{path}");
    }
    assert_eq!(repository.run("true", false), None);
    // A commit that the user makes between two commands, and then one of a command.
    repository.shell(
        "git checkout -qf main && git checkout -q -b later && echo later > AGENTS.md && git commit -qam later
         git checkout -q main",
    );
    let told = repository.run("git checkout -q later", true).unwrap();
    assert_eq!(told.matches("[changed by Git: `AGENTS.md`").count(), 1, "{told}");
    assert_eq!(repository.read("AGENTS.md"), "later\n");
    repository.run("git checkout -q -b mine && echo x > AGENTS.md && git commit -qam x", false);
    repository.shell("git checkout -qf main && git pack-refs --all");
    let told = repository.run("git checkout -q mine", true).unwrap();
    assert!(told.contains("[undone: the command changed `AGENTS.md`"), "{told}");
}

#[test]
fn a_replaced_object_is_not_the_content_of_a_commit() {
    for pack in ["true", "git pack-refs --all"] {
        let repository = team_repository();
        let replace = "git replace $(git rev-parse theirs:AGENTS.md) $(echo evil | git hash-object -w --stdin)";
        assert_eq!(repository.run(&format!("{replace} && {pack}"), false), None);
        let told = repository.run("git checkout -q theirs", true).unwrap_or_default();
        assert!(told.contains("[undone: the command changed `AGENTS.md`"), "{pack}: {told}");
        assert_eq!(repository.read("AGENTS.md"), "# ours\n");
    }
}
