//! Others that change the tree while the guard works in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use openclaw_fs::LinklessDirectory;

use super::TestRepository;

/// A home directory with what an attacker would like to be written and removed.
fn fill_home(home: &Path) {
    for file in [
        "hooks/pre-push",
        ".git/config",
        ".git/hooks/pre-push",
        ".ssh/authorized_keys",
        ".openclaw/openclaw.json",
        ".vscode/tasks.json",
        ".bashrc",
        "tasks.json",
    ] {
        let path = home.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        put_file(path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap(), file);
    }
}

fn list_tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let content = metadata.is_file().then(|| fs::read(&path).unwrap());
        found.push(format!("{path:?} {:?} {content:?}", metadata.permissions()));
    }
    found.sort();
    found
}

/// Writes to a file as a command in the sandbox could: never outside.
pub(super) fn put_file(directory: &Path, name: &str, content: &str) {
    if let Ok(handle) = LinklessDirectory::open(directory.parent().unwrap())
        && let Ok(directory) = handle.open_child(directory.file_name().unwrap())
    {
        let _ = directory.put_file(name.as_ref(), content.as_bytes(), 0o600);
    }
}

#[test]
fn no_swap_of_directories_leads_the_undo_outside() {
    let home = tempfile::tempdir().unwrap();
    fill_home(home.path());
    let before = list_tree(home.path());
    let repository = TestRepository::new();
    let root = repository.directory.path();
    repository.shell(
        "for d in sub/.ssh sub/.openclaw sub/.vscode sub/.git/hooks; do mkdir -p $d; done
         echo keep > sub/.ssh/config; echo keep > sub/.vscode/x; echo keep > sub/.bashrc",
    );
    for name in ["sub", ".vscode", ".git"] {
        symlink(home.path(), root.join(format!("{name}-link"))).unwrap();
    }
    let (swaps, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for name in ["sub", ".vscode", ".git"] {
                    let [real, link, spare] =
                        [name.to_owned(), format!("{name}-link"), format!("{name}-real")]
                            .map(|name| root.join(name));
                    // The guard undoes some of it meanwhile.
                    let _ = fs::rename(&real, &spare);
                    let _ = symlink(home.path(), &real);
                    put_file(&spare, ".bashrc", "evil");
                    put_file(&spare.join("hooks"), "evil", "evil");
                    let _ = fs::remove_file(&real);
                    let _ = fs::rename(&spare, &real);
                    let _ = fs::remove_file(&link);
                    if let Ok(directory) = LinklessDirectory::open(&real) {
                        let _ = directory.create_child(".ssh".as_ref());
                    }
                    put_file(&real.join(".ssh"), "authorized_keys", "evil");
                    swaps.fetch_add(2, Ordering::Relaxed);
                }
            }
        });
        let mut runs = 0;
        while swaps.load(Ordering::Relaxed) < 10_000 || runs < 50 {
            runs += 1;
            // What is moved while it is searched may be refused.
            let Ok(run) = repository.guard.begin_run(false) else { continue };
            put_file(&root.join("sub"), ".bashrc", "evil");
            put_file(root, ".envrc", "evil");
            let _ = run.finish();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(list_tree(home.path()), before);
}
