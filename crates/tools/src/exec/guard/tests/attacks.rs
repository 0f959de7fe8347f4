//! What a command may try to get around the guard, or to make it do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::TestRepository;

impl TestRepository {
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.directory.path().join(path)).unwrap_or_default()
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.directory.path().join(path).symlink_metadata().is_ok()
    }

    /// Runs a script, and asserts that a change of this path was undone and nothing is left to undo.
    pub(super) fn assert_undone(&self, script: &str, path: &str) {
        let told = self.run(script, false).unwrap_or_default();
        let line = format!("[undone: the command changed `{path}`");
        assert!(told.contains(&line), "{script}: {told}");
        assert_eq!(self.run("true", false), None, "{script}");
    }
}

/// Takes the right to pass by modes from this thread, as if it were not root's.
fn drop_override() {
    let mut sets = capabilities(None).unwrap();
    sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    set_capabilities(None, sets).unwrap();
}

#[test]
fn a_directory_that_looks_like_a_repository_hides_nothing() {
    let repository = TestRepository::new();
    let before = repository.state();
    for fake in ["mkdir fake && cd fake", "cd sub", "mkdir x.git && cd x.git"] {
        let make = format!("{fake} && touch HEAD && mkdir objects refs");
        for (file, script) in [
            (".envrc", "echo x > .envrc"),
            (".vscode", "mkdir .vscode && echo x > .vscode/tasks.json"),
            (".git/hooks/post-checkout", "git init -q . && echo x > .git/hooks/post-checkout"),
        ] {
            let told = repository.run(&format!("{make} && {script}"), false).unwrap_or_default();
            assert!(told.contains(&format!("/{file}`")), "{fake} {script}: {told}");
            repository.shell("rm -rf fake x.git sub && mkdir sub");
        }
    }
    // The files of the user are still known when the disguise is taken off.
    assert_eq!(repository.run("touch HEAD && mkdir objects refs", false), None);
    repository.assert_undone("echo x >> AGENTS.md", "AGENTS.md");
    assert_eq!(repository.run("rm HEAD && rmdir objects refs", false), None);
    assert_eq!(repository.state(), before);
}

#[test]
fn nothing_that_was_there_before_is_removed() {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p docs/hooks docs/.vscode old/settings && echo mine > docs/config
         echo mine > docs/hooks/update && echo mine > notes && echo mine > old/settings/tasks.json
         echo '[core]\nfsmonitor = x' >> docs/config && mv AGENTS.md saved && sleep 0.05",
    );
    let state = repository.state();
    // A directory of the user becomes a repository: what made it one goes, and nothing else.
    repository.assert_undone(
        "cd docs && echo 'ref: refs/heads/main' > HEAD && mkdir objects refs",
        "docs/HEAD",
    );
    repository.shell("rmdir docs/objects docs/refs");
    assert_eq!(repository.state(), state);
    // What is moved to a guarded place is moved on.
    let told = repository.run("mv notes .envrc", false).unwrap();
    assert!(told.contains("what was moved there is `.envrc.undone` now"), "{told}");
    assert_eq!(repository.read(".envrc.undone"), "mine\n");
    let told = repository.run("mv old/settings sub/.vscode", false).unwrap();
    assert!(told.contains("`.vscode.undone` now"), "{told}");
    assert_eq!(repository.read(".vscode.undone/tasks.json"), "mine\n");
    repository.shell("for i in '' $(seq -f '-%g' 50); do touch .zshrc.undone$i; done; echo mine > z && sleep 0.05");
    let told = repository.run("mv z .zshrc", false).unwrap();
    assert!(told.contains("what was moved there is") && !repository.exists(".zshrc"), "{told}");
    let told = repository.run("mv saved AGENTS.md && mkdir .ssh && mv AGENTS.md .ssh/x", false);
    assert!(told.unwrap().contains("`.ssh.undone` now"));
    assert_eq!(repository.read(".ssh.undone/x"), "agents\n");
}

#[test]
fn a_new_repository_of_any_form_runs_nothing() {
    let repository = TestRepository::new();
    let config = "printf '[core]\\n\\trepositoryformatversion = 0\\n\\tfsmonitor = x\\n' > config";
    for (script, path) in [
        (format!("mkdir bare && cd bare && echo ref: refs/heads/x > HEAD && mkdir objects refs && {config}"), "bare/HEAD"),
        (format!("mkdir low && cd low && echo ref: refs/heads/x > head && mkdir Objects refs && {config}"), ""),
        // The rest of it is elsewhere.
        (format!("mkdir part && cd part && echo ref: refs/heads/x > HEAD && echo ../.git > commondir && {config}"), "part/HEAD"),
        ("mkdir part && cd part && echo ref: refs/heads/x > HEAD && echo ../x > commondir".to_owned(), "part/HEAD"),
        ("git init -q new && echo ../x > new/.git/commondir".to_owned(), "new/.git/commondir"),
        ("echo ../x > .git/commondir".to_owned(), ".git/commondir"),
        ("mkdir a && echo 'gitdir: /tmp/x/.git/modules/x' > a/.git".to_owned(), "a/.git"),
        ("mkdir -p a/.git/modules/x && echo 'gitdir: .git/modules/x' > a/b.git".to_owned(), "a/b.git"),
        ("mkdir -p .git/modules/a/b/c && cd .git/modules/a/b/c && git init -q --bare . && echo x > hooks/update".to_owned(), ".git/modules/a/b/c/HEAD"),
        ("mkdir a && ln -s ../sub a/.git".to_owned(), "a/.git"),
        ("git init -q n && git -C n config core.worktree ../..".to_owned(), "n/.git/config"),
    ] {
        if path.is_empty() {
            // Only on file systems without case.
            let told = repository.run(&script, false).unwrap_or_default();
            assert!(told.contains("`low/"), "{told}");
            repository.shell("rm -rf low");
            continue;
        }
        repository.assert_undone(&script, path);
        repository.shell("rm -rf bare part new a n .git/modules");
    }
}

#[test]
fn hooks_of_submodules_with_any_name_are_guarded() {
    let repository = TestRepository::new();
    repository.shell(
        "top=$PWD && git init -q ../m-$$ && cd ../m-$$ && git config user.email a && git config user.name a \
         && echo a > a && git add a && git commit -qm a && cd $top && m=$(cd ../m-$$ && pwd) \
         && git -c protocol.file.allow=always submodule --quiet add $m libs/foo && rm -rf $m \
         && echo keep > .git/modules/libs/foo/hooks/pre-push",
    );
    let hooks = ".git/modules/libs/foo/hooks";
    repository.assert_undone(
        &format!("echo x > {hooks}/post-checkout"),
        &format!("{hooks}/post-checkout"),
    );
    repository.assert_undone(&format!("rm {hooks}/pre-push"), &format!("{hooks}/pre-push"));
    repository
        .assert_undone("git -C libs/foo config core.fsmonitor ./x", ".git/modules/libs/foo/config");
    // No folder but those of Git may lose its hooks.
    repository.shell(
        "mkdir -p modules/x worktrees/x && git init -q modules/x && git init -q worktrees/x
         echo keep > modules/x/.git/hooks/pre-push && echo keep > worktrees/x/.git/hooks/pre-push",
    );
    for group in ["modules", "worktrees"] {
        let hook = format!("{group}/x/.git/hooks/pre-push");
        repository.assert_undone(&format!("rm {hook}"), &hook);
        assert_eq!(repository.read(&hook), "keep\n");
    }
}

#[test]
fn what_settings_lead_to_is_guarded_too() {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p tools/hooks shared sub/deep && echo keep > tools/hooks/pre-push && echo keep > tools/st.sh
         git config core.hooksPath tools/hooks && git config include.path ../shared/config
         git config alias.st '!sh tools/st.sh' && printf '[include]\\n\\tpath = more\\n' > shared/config
         printf '[user]\\n\\temail = a@b\\n' > shared/more && git config includeIf.gitdir:/.path ../shared/if
         printf '' > shared/if && ln -s sub/claude.md CLAUDE.md && echo keep > sub/claude.md
         ln -s ../../tools/other .git/hooks/pre-commit && echo keep > tools/other
         echo 'use flake; source_env tools/env' > .envrc && echo keep > flake.nix && echo keep > tools/env
         mkdir config && ln -s config .config && mkdir config/fish && echo keep > config/fish/config.fish",
    );
    let before = repository.state();
    for (script, path) in [
        ("echo x > tools/hooks/pre-push", "tools/hooks/pre-push"),
        ("echo x > tools/hooks/post-checkout", "tools/hooks/post-checkout"),
        ("rm -r tools/hooks", "tools/hooks/pre-push"),
        ("echo x >> shared/config", "shared/config"),
        ("echo x >> shared/more", "shared/more"),
        ("echo x >> shared/if", "shared/if"),
        ("echo x >> tools/st.sh", "tools/st.sh"),
        ("echo x >> sub/claude.md", "sub/claude.md"),
        ("echo x >> tools/other", "tools/other"),
        ("echo x > config/fish/config.fish", "config/fish/config.fish"),
        ("rm .config", ".config"),
        ("echo x > flake.nix", "flake.nix"),
        ("echo x > tools/env", "tools/env"),
        (
            "mkdir -p evil/workflows && ln -s evil .github2 && mv .github .gh && mv .github2 .github; rm -r evil",
            ".github",
        ),
    ] {
        repository.assert_undone(script, path);
        repository.shell("rm -rf .gh evil");
        assert_eq!(repository.state(), before, "{script}");
    }
}

#[test]
fn commands_in_a_list_of_a_rebase_and_old_remotes_are_undone() {
    let repository = TestRepository::new();
    let list = ".git/rebase-merge/git-rebase-todo";
    repository
        .shell(&format!("mkdir .git/rebase-merge && printf 'pick a\\nexec make\\n' > {list}"));
    assert_eq!(repository.run(&format!("printf 'exec make\\npick b\\n' > {list}"), false), None);
    for line in ["exec x", " exec\\tx", "x evil", "\\tx evil"] {
        repository.assert_undone(&format!("printf '{line}\\n' >> {list}"), list);
        assert_eq!(repository.read(list), "exec make\npick b\n", "{line}");
    }
    assert_eq!(repository.run("rm -r .git/rebase-merge", false), None);
    repository.assert_undone(
        &format!("mkdir .git/rebase-merge && printf 'exec x\\npick a\\n' > {list}"),
        list,
    );
    assert_eq!(repository.read(list), "pick a\n");
    repository.assert_undone(
        "mkdir -p .git/remotes && echo 'URL: x' > .git/remotes/origin",
        ".git/remotes/origin",
    );
    repository.assert_undone(
        "mkdir -p .git/branches && echo x > .git/branches/main",
        ".git/branches/main",
    );
}

#[test]
fn a_closed_directory_hides_nothing() {
    drop_override();
    let repository = TestRepository::new();
    repository.shell("mkdir -p own/deep && echo keep > own/deep/.envrc && chmod 000 own");
    for mode in ["000", "311", "444"] {
        let script =
            format!("mkdir -p c/d && echo x > c/d/.envrc && chmod {mode} c/d && chmod {mode} c");
        let told = repository.run(&script, false).unwrap();
        assert!(told.contains("`c/d/.envrc`"), "{mode}: {told}");
        assert!(!repository.exists("c/d/.envrc"), "{mode}");
        repository.shell("rm -r c");
    }
    let told = repository.run("echo x > .vscode/tasks.json && chmod 311 .vscode", false).unwrap();
    assert!(told.contains("`.vscode/tasks.json`"), "{told}");
    assert_eq!(repository.read(".vscode/tasks.json"), "tasks\n");
    let told = repository.run("chmod 000 .git/hooks .git", false).unwrap();
    assert!(told.contains("`.git`"), "{told}");
    assert!(repository.exists(".git/hooks/pre-push"));
    // One that the user closed stays closed.
    let mode = fs::metadata(repository.directory.path().join("own")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0);
}

#[test]
fn a_file_that_cannot_be_read_is_never_emptied() {
    drop_override();
    let mut repository = TestRepository::new();
    repository
        .shell("echo secret > .zshrc && chmod 200 .zshrc && head -c 17000000 /dev/zero > .kshrc");
    assert_eq!(repository.run("true", false), None);
    for (script, reason, name) in [
        ("echo more >> .zshrc", "it could not be read before", ".zshrc"),
        ("chmod 600 .zshrc", "it could not be read before", ".zshrc"),
        ("echo more >> .kshrc", "it is too large to be kept", ".kshrc"),
        ("rm .kshrc", "it is too large to be kept", ""),
    ] {
        let told = repository.run(script, false).unwrap();
        assert!(told.contains(reason), "{script}: {told}");
        if !name.is_empty() {
            // It stops all until it is gone, or known as it is now.
            assert!(told.contains("no command runs in the sandbox"), "{told}");
            let refused = repository.guard.begin_run(false).map(drop).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
            repository = repository.restart();
        }
    }
    assert_eq!(repository.read(".zshrc"), "secret\nmore\n");
    // One that is made unreadable has its content back.
    let told = repository.run("echo x > .bashrc && chmod 000 .bashrc", false).unwrap();
    assert!(told.contains("[undone: the command changed `.bashrc`"), "{told}");
    assert_eq!(repository.read(".bashrc"), "rc\n");
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let repository = TestRepository::new();
    let before = repository.state();
    for file in [".bashrc", ".git/config", ".git/hooks/pre-push", ".vscode/tasks.json", "AGENTS.md"]
    {
        repository.assert_undone(&format!("rm {file} && mkfifo {file}"), file);
    }
    repository.assert_undone("rm .git/HEAD && mkfifo .git/HEAD", ".git/HEAD");
    assert_eq!(repository.state(), before);
}

#[test]
fn a_flood_of_files_hides_nothing() {
    let repository = TestRepository::new();
    let before = repository.state();
    // More than can be listed or kept at once, in a guarded directory and beside it.
    let script = "cd .vscode && python3 -c \"
import os
for i in range(60000): os.close(os.open('f%d' % i, os.O_CREAT))
\" && echo x > tasks.json && echo x > ../.envrc";
    let told = repository.run(script, false).unwrap();
    for file in [".envrc", ".vscode/tasks.json"] {
        assert!(told.contains(file), "{told}");
    }
    assert_eq!(repository.state(), before);
}

#[test]
fn a_tree_is_searched_deeper_than_a_path_leads() {
    let repository = TestRepository::new();
    let script = "python3 -c \"
import os
os.mkdir('deep'); os.chdir('deep')
for i in range(40):
    os.mkdir('d' * 200); os.chdir('d' * 200)
open('.envrc', 'w').write('x')
\" && echo x > sub/.envrc";
    let told = repository.run(script, false).unwrap();
    assert!(told.contains("`sub/.envrc`") && told.contains("dd/.envrc`"), "{told}");
    assert!(!told.contains("stopped"), "{told}");
    // As a guarded directory it is set aside.
    repository.shell("mv deep ../deep-$$ && mv ../deep-$$ sub/deep");
    let told = repository.run("mv sub/deep .openclaw", false).unwrap();
    assert!(told.contains("`.openclaw.undone` now"), "{told}");
    repository.shell("rm -r .openclaw.undone");
}

#[test]
fn a_message_names_the_top_of_the_tree() {
    drop_override();
    let repository = TestRepository::new();
    let told = repository.run("chmod 311 .", false).unwrap();
    assert!(told.contains("[undone: the command changed `.`: "), "{told}");
    assert!(Path::new(&repository.directory.path()).read_dir().is_ok());
}
