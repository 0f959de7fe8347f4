//! What a command may try to make a search incomplete, or the tree another one.

use std::path::Path;
use std::time::Duration;

use super::TestRepository;

impl TestRepository {
    fn is_refused(&self) -> bool {
        self.guard.begin_run(false).is_err()
    }
}

#[test]
fn harmless_files_do_not_use_up_what_protected_ones_need() {
    let repository = TestRepository::new();
    // More than is kept, below names that come before those of Git and of shells.
    repository.shell(
        "mkdir -p .claude/logs .git/hooks/data && cd .claude/logs && head -c 4000000 /dev/zero > 0
         for i in $(seq 30); do cp 0 $i; done
         cd ../../.git/hooks/data && for i in $(seq 30); do cp ../../../.claude/logs/0 a$i; done
         cd ../../.. && sleep 0.1",
    );
    let before = repository.state();
    for path in [".bashrc", ".git/config", ".git/hooks/pre-push"] {
        repository.assert_undone(&format!("echo x >> {path}"), path);
    }
    assert_eq!(repository.state(), before);
    // What is not kept is never changed unseen, and stops all where it runs something.
    let told = repository.run("for i in .claude/logs/*; do echo x >> $i; done", false).unwrap();
    assert!(told.contains("too large to be kept") && !told.contains("[stopped"), "{told}");
    let told = repository.run("for i in .git/hooks/data/*; do echo x >> $i; done", false).unwrap();
    assert!(told.contains("[stopped: ") && repository.is_refused(), "{told}");
    repository.shell("rm -r .git/hooks/data");
    assert!(!repository.is_refused());
}

#[test]
fn a_flood_of_directories_hides_nothing() {
    // Disks take minutes to remove as many.
    let memory = Path::new("/dev/shm");
    let directory =
        if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let repository = TestRepository::in_directory(directory.unwrap());
    let before = repository.state();
    let script = "python3 -c \"
import os
for i in range(500):
    os.mkdir('a%03d' % i)
    for j in range(510): os.mkdir('a%03d/%d' % (i, j))
\" && echo x > .git/hooks/post-checkout && mkdir -p zz/zz && echo x > zz/zz/.envrc
     git init -q a000/x && echo x > a000/x/.git/hooks/post-checkout";
    let told = repository.run(script, false).unwrap();
    for path in [".git/hooks/post-checkout", "zz/zz/.envrc", "a000/x/.git/hooks/post-checkout"] {
        assert!(told.contains(path) && !repository.exists(path), "{told}");
    }
    assert!(!told.contains("[stopped"), "{told}");
    // All of them are known to the next command.
    assert_eq!(repository.run("true", false), None);
    repository.shell("rm -r a* zz");
    assert_eq!(repository.state(), before);
}

#[test]
fn no_command_begins_while_a_search_is_owed() {
    let mut repository = TestRepository::new();
    let run = repository.guard.begin_run(false).unwrap();
    let state = repository.state();
    repository.shell("echo x > .git/hooks/post-checkout && mkdir deep && echo x > deep/.envrc");
    let time = std::mem::replace(&mut repository.guard.search_time, Duration::ZERO);
    let mut late = run;
    late.guard = repository.guard.clone();
    let finished = late.finish();
    assert!(!finished.is_held);
    let told = finished.told.unwrap();
    assert!(told.contains("[stopped: not all of"), "{told}");
    assert!(repository.is_refused() && repository.exists("deep/.envrc"));
    assert_eq!(told.matches("[undone").count(), 1, "{told}");
    // The search is made up for, and what was left is undone then and told.
    repository.guard.search_time = time;
    let told = repository.run("true", false).unwrap();
    assert!(told.contains("`deep/.envrc`"), "{told}");
    repository.shell("rmdir deep");
    assert_eq!(repository.state(), state);
    assert_eq!(repository.run("true", false), None);
    // No command begins either where the search before it fails.
    repository.guard.search_time = Duration::ZERO;
    assert!(repository.is_refused());
}

#[test]
fn a_workspace_that_was_replaced_is_put_back() {
    let outer = tempfile::tempdir().unwrap();
    let repository = TestRepository::in_directory(tempfile::tempdir_in(outer.path()).unwrap());
    let before = repository.state();
    let (top, name) = (
        repository.directory.path().parent().unwrap().to_owned(),
        repository.directory.path().file_name().unwrap().to_str().unwrap().to_owned(),
    );
    let moved = format!("{name}-moved");
    for (script, aside) in [
        (
            format!(
                "cd .. && mv {name} {moved} && git init -q {name} && echo x > {name}/.git/hooks/post-checkout"
            ),
            true,
        ),
        (format!("cd .. && mv {name} {moved} && ln -s /tmp {name}"), true),
        (format!("cd .. && mv {name} {moved} && echo x > {moved}/.envrc"), false),
    ] {
        let told = repository.run(&script, false).unwrap();
        assert!(told.contains("[undone: the command "), "{told}");
        assert_eq!(told.contains(&format!("{name}.undone` now")), aside, "{told}");
        assert_eq!(repository.state(), before, "{script}");
        assert_eq!(repository.run("true", false), None, "{script}");
        repository.shell(&format!("rm -rf ../{name}.undone"));
    }
    // One that cannot be put back stops all.
    let told =
        repository.run(&format!("cd .. && mkdir -p {moved}/in && mv {name} {moved}/in/"), false);
    assert!(told.unwrap().contains("[undone: the command moved"), "it was not moved back");
    let run = repository.guard.begin_run(false).unwrap();
    std::fs::rename(repository.directory.path(), top.join(&moved).join("in/x")).unwrap();
    std::fs::create_dir(repository.directory.path()).unwrap();
    std::fs::remove_dir_all(top.join(&moved).join("in/x")).unwrap();
    let finished = run.finish();
    assert!(!finished.is_held && repository.is_refused());
}
