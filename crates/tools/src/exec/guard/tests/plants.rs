//! What acts only later: state of Git that goes on, and files that settings name but that are not there.

use super::races::put_file;
use super::{TestRepository, guard_tree_of};

#[test]
fn no_link_in_a_repository_hides_what_goes_on() {
    let repository = TestRepository::new();
    let todo = "mkdir evil && printf 'exec x\\npick a\\n' > evil/git-rebase-todo";
    for (script, path) in [
        (format!("{todo} && ln -s ../evil .git/rebase-merge"), ".git/rebase-merge"),
        (
            format!(
                "{todo} && mkdir .git/rebase-merge && ln -s ../../evil/git-rebase-todo .git/rebase-merge/"
            ),
            ".git/rebase-merge/git-rebase-todo",
        ),
        (format!("{todo} && ln -s ../evil .git/sequencer"), ".git/sequencer"),
        ("mkdir evil && ln -s ../../evil .git/refs/x".to_owned(), ".git/refs/x"),
        ("mkdir evil && ln -s ../evil .git/worktrees".to_owned(), ".git/worktrees"),
    ] {
        repository.assert_undone(&script, path);
        repository.shell("rm -rf evil .git/rebase-merge");
    }
    // The list of a worktree of a bare repository.
    repository.shell("git init -q --bare bare && mkdir -p bare/worktrees/x/rebase-merge");
    repository.assert_undone(
        "echo 'exec x' > bare/worktrees/x/rebase-merge/git-rebase-todo",
        "bare/worktrees/x/rebase-merge/git-rebase-todo",
    );
}

#[test]
fn an_unfinished_operation_uses_no_strategy_of_others() {
    let repository = TestRepository::new();
    let (strategy, options) = (".git/rebase-merge/strategy", ".git/sequencer/opts");
    repository.shell("mkdir .git/rebase-merge .git/sequencer");
    assert_eq!(repository.run(&format!("echo ort > {strategy}"), false), None);
    let plain = "printf '[options]\\n\\tstrategy = ort\\n\\tsignoff = true\\n'";
    assert_eq!(repository.run(&format!("{plain} > {options}"), false), None);
    let state = repository.state();
    repository.assert_undone(&format!("echo ../../evil > {strategy}"), strategy);
    repository
        .assert_undone(&format!("printf '[options]\\n\\tstrategy = evil\\n' > {options}"), options);
    assert_eq!(repository.state(), state);
    assert_eq!(repository.run("rm -r .git/rebase-merge .git/sequencer", false), None);
    repository
        .assert_undone(&format!("mkdir .git/rebase-merge && echo evil > {strategy}"), strategy);
}

#[test]
fn a_change_of_what_is_checked_out_is_left_as_a_whole() {
    let repository = TestRepository::new();
    for script in [
        "git sparse-checkout set --cone sub .github .vscode",
        "git sparse-checkout set --no-cone /sub/ /file /AGENTS.md /.github/ /.vscode/",
        "git sparse-checkout reapply",
        "git sparse-checkout disable",
    ] {
        let told = repository.run(script, true).unwrap_or_default();
        assert!(!told.contains("[undone"), "{script}: {told}");
        assert_eq!(repository.run("git status", false), None, "{script}");
    }
    // What belongs together is undone together.
    repository.shell("git sparse-checkout disable && git config extensions.worktreeConfig true");
    let state = repository.state();
    repository.assert_undone(
        "git config core.sparseCheckout true && git config --worktree core.fsmonitor x",
        ".git/config",
    );
    assert_eq!(repository.state(), state);
}

#[test]
fn a_program_that_git_runs_needs_no_path() {
    let repository = TestRepository::new();
    repository.shell(
        "echo keep > tool.py && echo keep > clean && git config alias.t '!python3 tool.py'
         git config filter.x.clean 'sh clean %f' && git config core.hooksPath .hooks
         git config include.path ../later && git config diff.x.textconv ./later.sh
         git config remote.origin.uploadpack later/up",
    );
    let state = repository.state();
    for (script, path) in [
        ("echo x > tool.py", "tool.py"),
        ("rm clean && echo x > clean", "clean"),
        // What is named, but not there yet.
        ("mkdir .hooks && echo x > .hooks/pre-commit", ".hooks"),
        ("echo '[core]' > later", "later"),
        ("echo x > later.sh", "later.sh"),
        ("mkdir later && echo x > later/up", "later"),
    ] {
        repository.assert_undone(script, path);
        assert_eq!(repository.state(), state, "{script}");
    }
}

#[test]
fn what_an_envrc_would_read_is_guarded_before_it_is_there() {
    let repository = TestRepository::new();
    repository.shell(
        "mkdir -p scripts && echo keep > scripts/run
         printf 'dotenv\\nsource_env_if_exists .envrc.local # mine\\nPATH_add bin\\nPATH_add scripts\\n' > .envrc
         printf 'source_env ../up\\n. \"$PWD/conf/env.sh\"\\nlayout python\\nPATH_add node_modules/.bin\\n' >> .envrc",
    );
    let state = repository.state();
    for (script, path) in [
        ("echo PATH=x > .env", ".env"),
        ("echo x > .envrc.local", ".envrc.local"),
        ("mkdir bin && echo x > bin/ls", "bin"),
        ("echo x > scripts/ls", "scripts/ls"),
        ("mkdir conf && echo x > conf/env.sh", "conf/env.sh"),
        ("mkdir -p .direnv/python-3/bin && echo x > .direnv/python-3/bin/ls", ".direnv"),
    ] {
        repository.assert_undone(script, path);
        repository.shell("[ ! -d conf ] || rmdir conf");
        assert_eq!(repository.state(), state, "{script}");
    }
    assert_eq!(
        repository.run("mkdir -p node_modules/.bin && echo x > node_modules/.bin/x", false),
        None
    );
    assert_eq!(repository.run("echo x > other && mkdir lib && echo x > lib/ls", false), None);
}

#[test]
fn what_the_home_directory_names_in_the_workspace_is_guarded() {
    let repository = TestRepository::new();
    let home = tempfile::tempdir().unwrap();
    let home = std::fs::canonicalize(home.path()).unwrap();
    let root = std::fs::canonicalize(repository.directory.path()).unwrap();
    std::fs::create_dir_all(home.join(".config/git")).unwrap();
    let config = format!(
        "[core]\n\thooksPath = {root}/dot/hooks\n[include]\n\tpath = {root}/dot/git\n[alias]\n\tx = !./helper.sh\n",
        root = root.display()
    );
    put_file(&home, ".gitconfig", &config);
    let more = format!("[include]\n\tpath = {}/dot/more\n", root.display());
    put_file(&home.join(".config/git"), "config", &more);
    repository.shell(&format!(
        "mkdir -p dot/hooks dot/fish && echo keep > dot/bashrc && echo keep > dot/git && echo keep > dot/hooks/pre-push
         ln -s $PWD/dot/bashrc {home}/.bashrc && ln -s $PWD/dot/fish {home}/.config/fish",
        home = home.display()
    ));
    let repository = TestRepository { guard: guard_tree_of(&root, &home), ..repository };
    let state = repository.state();
    for (script, path) in [
        ("echo x >> dot/bashrc", "dot/bashrc"),
        ("echo x > dot/fish/config.fish", "dot/fish/config.fish"),
        ("echo x > dot/git", "dot/git"),
        ("echo x > dot/more", "dot/more"),
        ("echo x > dot/hooks/post-checkout", "dot/hooks/post-checkout"),
        ("echo x > helper.sh", "helper.sh"),
    ] {
        repository.assert_undone(script, path);
        assert_eq!(repository.state(), state, "{script}");
    }
}

#[test]
fn objects_of_git_plant_no_repository_and_no_command() {
    let repository = TestRepository::new();
    // A branch whose tree has a repository with a hook in it, and a submodule with a command.
    repository.shell(
        "git checkout -q -b plant && mkdir -p fake/objects fake/refs fake/hooks && echo 'ref: refs/heads/x' > fake/HEAD
         touch fake/objects/x fake/refs/x && printf '[core]\\n\\trepositoryformatversion = 0\\n\\tbare = true\\n\\tfsmonitor = x\\n' > fake/config
         echo x > fake/hooks/post-checkout && git add -f fake
         printf '[submodule \"s\"]\\n\\tpath = s\\n\\turl = ./s\\n\\tupdate = !x\\n' > .gitmodules && git add .gitmodules
         git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),s
         git commit -qm plant && git checkout -q main 2>/dev/null",
    );
    let told = repository.run("git checkout -q plant", true).unwrap();
    assert!(told.contains("[undone: the command changed `fake/HEAD`"), "{told}");
    assert!(!repository.exists("fake/HEAD"));
    let told = repository.run("git submodule --quiet init || true", true).unwrap_or_default();
    assert!(!repository.read(".git/config").contains("!x"), "{told}");
}

#[test]
fn a_home_directory_as_workspace_has_its_settings_guarded() {
    let repository = TestRepository::new();
    let root = std::fs::canonicalize(repository.directory.path()).unwrap();
    let repository = TestRepository { guard: guard_tree_of(&root, &root), ..repository };
    repository.shell(
        "mkdir -p bin .zsh .cache .local/share/app && echo keep > bin/tool && echo keep > .fzf.bash
         echo keep > .some.rc && echo keep > .zsh/plugin.zsh && sleep 0.1",
    );
    let state = repository.state();
    for (script, path) in [
        ("echo x > .fzf.bash", ".fzf.bash"),
        ("echo x > .some.rc", ".some.rc"),
        ("echo x > .new.rc", ".new.rc"),
        ("echo x > bin/ls", "bin/ls"),
        ("echo x >> .zsh/plugin.zsh", ".zsh/plugin.zsh"),
        ("echo x >> .profile", ".profile"),
        ("mkdir -p .local/bin && echo x > .local/bin/ls", ".local/bin"),
    ] {
        repository.assert_undone(script, path);
        repository.shell("[ ! -d .local/bin ] || rmdir .local/bin");
        assert_eq!(repository.state(), state, "{script}");
    }
    // What programs write as they run, and the work.
    for script in [
        "echo x > .app_history && echo x > .lesshst && echo x > .cache/x && echo x > .local/share/app/x",
        "mkdir -p project/bin && echo x > project/bin/x && echo x > project/.rc",
    ] {
        assert_eq!(repository.run(script, false), None, "{script}");
    }
}
