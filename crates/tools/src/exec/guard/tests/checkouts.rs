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

/// Waits until no time of a change can come again, so that what is kept of references is used.
fn wait_until_settled(repository: &TestRepository) {
    let changed = || {
        let folder = repository.directory.path().join(".git/refs/tags");
        std::fs::metadata(folder).and_then(|it| it.modified()).unwrap()
    };
    while changed().elapsed().is_ok_and(|age| age < std::time::Duration::from_millis(100)) {
        std::thread::yield_now();
    }
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

/// Puts a content in place of a file of the branch `theirs`, in the objects of the repository.
const FORGE: &str = "replace() { # the id of what is replaced, and of what is put in its place
    path() { echo .git/objects/$(echo $1 | cut -c1-2)/$(echo $1 | cut -c3-); }
    chmod u+w $(path $1); cp $(path $2) $(path $1)
 }";

#[test]
fn a_forged_object_is_not_the_content_of_a_commit() {
    let forged_file = format!(
        "{FORGE}
         replace $(git rev-parse theirs:AGENTS.md) $(echo evil | git hash-object -w --stdin)"
    );
    let forged_folder = format!(
        "{FORGE}
         echo evil > AGENTS.md && git add AGENTS.md
         replace $(git rev-parse theirs^{{tree}}) $(git write-tree)
         git reset -q --hard"
    );
    for script in [forged_file, forged_folder] {
        let repository = team_repository();
        repository.run(&script, false);
        let told = repository.run("git checkout -q theirs", true).unwrap_or_default();
        assert!(told.contains("[undone: the command changed `AGENTS.md`"), "{script}: {told}");
        assert_eq!(repository.read("AGENTS.md"), "# ours\n", "{script}");
    }
}

#[test]
fn what_a_hook_or_another_agent_writes_into_a_checkout_is_undone() {
    let repository = team_repository();
    let hook = "printf '#!/bin/sh\necho evil > AGENTS.md; chmod 755 .mcp.json\n' > tools/hooks/post-checkout
                chmod 755 tools/hooks/post-checkout";
    repository.shell(hook);
    let told = repository.run("git checkout -q theirs", true).unwrap();
    for path in ["AGENTS.md", ".mcp.json"] {
        assert!(told.contains(&format!("[undone: the command changed `{path}`")), "{told}");
        assert_eq!(repository.read(path), "# ours\n");
    }
    assert!(told.contains("[changed by Git: `.claude/settings.json`"), "{told}");
    // Another agent of the program, whose commands this guard does not know.
    let repository = team_repository();
    let told = repository.run("git checkout -q theirs; echo evil > .mcp.json", true).unwrap();
    assert!(told.contains("[undone: the command changed `.mcp.json`"), "{told}");
    assert!(told.contains("[changed by Git: `AGENTS.md`"), "{told}");
}

#[test]
fn a_commit_of_a_command_is_none_of_the_user_after_a_new_start() {
    let repository = team_repository();
    let make = "git checkout -q -b mine && echo evil > AGENTS.md && git commit -qam x
                git checkout -q main";
    repository.run(make, false);
    let repository = repository.restart();
    let told = repository.run("git checkout -q mine", true).unwrap_or_default();
    assert!(told.contains("[undone: the command changed `AGENTS.md`"), "{told}");
    assert_eq!(repository.read("AGENTS.md"), "# ours\n");
    let told = repository.run("git checkout -q -f theirs", true).unwrap();
    assert!(told.contains("[changed by Git: `AGENTS.md`"), "{told}");
}

#[test]
fn a_commit_of_the_user_is_found_in_packs_and_with_long_ids() {
    for format in ["sha1", "sha256"] {
        let repository = TestRepository::with_initial(&format!("--object-format={format}"));
        repository.shell(
            "mkdir -p .github/workflows/deep && seq 4000 > .github/workflows/deep/long.yml
             ln -s ../AGENTS.md .github/copilot-instructions.md && git add -A && git commit -qm long
             git checkout -q -b theirs && sed -i '2000s/.*/other/' .github/workflows/deep/long.yml
             for i in 1 2 3 4 5 6; do echo $i > .github/workflows/$i.yml; done
             echo theirs > AGENTS.md && git rm -q --cached .vscode/tasks.json
             git add -A .github AGENTS.md && git commit -qm theirs && git checkout -q -f main
             git gc -q --aggressive && git count-objects -v | grep -q '^count: 0'",
        );
        let told = repository.run("git checkout -q theirs", true).unwrap();
        assert!(!told.contains("[undone"), "{format}: {told}");
        assert!(told.contains("[changed by Git: `.github/workflows/deep/long.yml`"), "{told}");
        let told = repository.run("git checkout -q main", true).unwrap();
        assert!(!told.contains("[undone"), "{format}: {told}");
    }
}

#[test]
fn a_reference_that_a_command_writes_in_place_makes_no_commit_of_the_user() {
    let repository = team_repository();
    let many = "i=0; while [ $i -lt 300 ]; do git update-ref refs/tags/t$i HEAD; i=$((i+1)); done";
    repository.shell(many);
    assert_eq!(repository.run("true", false), None);
    wait_until_settled(&repository);
    assert_eq!(repository.run("true", false), None);
    // The folder of the reference does not change with it.
    repository.run(
        "echo evil > AGENTS.md && git add AGENTS.md && t=$(git write-tree)
         c=$(git commit-tree $t -p HEAD -m x) && git reset -q --hard && echo $c > .git/refs/tags/t7",
        false,
    );
    repository.shell("git tag later && git pack-refs --all");
    let told = repository.run("git checkout -q t7", true).unwrap_or_default();
    assert!(told.contains("[undone: the command changed `AGENTS.md`"), "{told}");
    assert_eq!(repository.read("AGENTS.md"), "# ours\n");
}
