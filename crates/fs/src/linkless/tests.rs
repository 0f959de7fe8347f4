//! What others put in the way leads nowhere else.

#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;
use crate::EntryKind;

struct Trees {
    _directory: tempfile::TempDir,
    inside: PathBuf,
    outside: PathBuf,
    handle: LinklessDirectory,
}

impl Trees {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (inside, outside) = (directory.path().join("in"), directory.path().join("out"));
        for folder in [&inside, &outside] {
            fs::create_dir(folder).unwrap();
        }
        save(outside.join("kept"), "kept");
        let handle = LinklessDirectory::open(&inside).unwrap();
        Self { _directory: directory, inside, outside, handle }
    }

    fn assert_outside_untouched(&self) {
        assert_eq!(fs::read(self.outside.join("kept")).unwrap(), b"kept");
        assert_eq!(fs::read_dir(&self.outside).unwrap().count(), 1);
    }
}

#[expect(clippy::disallowed_methods, reason = "prepares files that are then changed by others")]
fn save(path: PathBuf, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
}

const ANY: TreeRemoval<'_> = TreeRemoval { max_depth: 32, admit: &|_| true };

#[test]
fn no_operation_follows_a_link_or_takes_a_path() {
    let trees = Trees::new();
    symlink(&trees.outside, trees.inside.join("link")).unwrap();
    symlink(trees.outside.join("kept"), trees.inside.join("file")).unwrap();
    let handle = &trees.handle;
    assert!(handle.open_child("link".as_ref()).is_err());
    assert!(handle.open_beneath(Path::new("link")).is_err());
    for path in ["..", ".", "a/..", "/tmp"] {
        assert!(handle.open_beneath(Path::new(path)).is_err(), "{path}");
        assert!(handle.open_child(path.as_ref()).is_err(), "{path}");
        assert!(handle.put_file(path.as_ref(), b"x", 0o600).is_err(), "{path}");
    }
    assert!(handle.put_file("link/kept".as_ref(), b"x", 0o600).is_err());
    assert!(handle.remove_tree("link/kept".as_ref(), ANY).is_err());
    assert!(handle.read_file("file".as_ref(), 100).is_err());
    assert_eq!(handle.entry_stamp("file".as_ref()).unwrap().kind, EntryKind::SymbolicLink);
    handle.put_file("file".as_ref(), b"new", 0o640).unwrap();
    handle.put_link("other".as_ref(), Path::new("x")).unwrap();
    assert_eq!(handle.read_link("other".as_ref()).unwrap(), Path::new("x"));
    let metadata = fs::symlink_metadata(trees.inside.join("file")).unwrap();
    assert!(metadata.is_file() && metadata.permissions().mode() & 0o777 == 0o640);
    handle.remove_tree("link".as_ref(), ANY).unwrap();
    trees.assert_outside_untouched();
}

#[test]
fn a_pipe_is_not_waited_for_and_a_large_file_not_read() {
    let trees = Trees::new();
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(&trees.handle.0, "pipe", rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(trees.handle.read_file("pipe".as_ref(), 100).is_err());
    save(trees.inside.join("large"), [b'x'; 101]);
    assert_eq!(trees.handle.read_file("large".as_ref(), 100).unwrap(), None);
    assert_eq!(trees.handle.read_file("large".as_ref(), 101).unwrap().unwrap().len(), 101);
}

#[test]
fn a_tree_is_removed_with_what_hides_in_it_and_only_if_all_of_it_may_be() {
    let trees = Trees::new();
    let deep = trees.inside.join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    save(deep.join("x"), "x");
    symlink(&trees.outside, deep.join("link")).unwrap();
    fs::set_permissions(trees.inside.join("a/b"), Permissions::from_mode(0o0)).unwrap();
    let no_links = |stamp: &EntryStamp| stamp.kind != EntryKind::SymbolicLink;
    let refusing = TreeRemoval { max_depth: 32, admit: &no_links };
    assert!(!trees.handle.may_remove_tree("a".as_ref(), refusing).unwrap());
    assert!(
        !trees.handle.may_remove_tree("a".as_ref(), TreeRemoval { max_depth: 2, ..ANY }).unwrap()
    );
    assert!(trees.handle.may_remove_tree("a".as_ref(), ANY).unwrap());
    trees.handle.remove_tree("a".as_ref(), ANY).unwrap();
    assert!(!trees.inside.join("a").exists());
    trees.assert_outside_untouched();
}

#[test]
fn a_moved_entry_replaces_nothing() {
    let trees = Trees::new();
    save(trees.inside.join("a"), "a");
    save(trees.inside.join("b"), "b");
    let error = trees.handle.move_entry("a".as_ref(), &trees.handle, "b".as_ref()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    trees.handle.move_entry("a".as_ref(), &trees.handle, "c".as_ref()).unwrap();
    assert_eq!(fs::read(trees.inside.join("c")).unwrap(), b"a");
}

#[test]
fn a_birth_is_not_later_than_a_change() {
    let trees = Trees::new();
    save(trees.inside.join("a"), "a");
    let stamp = trees.handle.entry_stamp("a".as_ref()).unwrap();
    assert!(stamp.born_ns.is_none_or(|born| born <= stamp.changed_ns));
    fs::set_permissions(trees.inside.join("a"), Permissions::from_mode(0o600)).unwrap();
    let changed = trees.handle.entry_stamp("a".as_ref()).unwrap();
    assert_eq!((changed.born_ns, changed.identity), (stamp.born_ns, stamp.identity));
    assert_ne!(changed.mode, stamp.mode);
}

/// Directories are swapped with links to the outside all the time while files are written and
/// trees removed beneath them.
#[test]
fn ten_thousand_swaps_lead_nothing_outside() {
    let trees = Trees::new();
    for name in ["kept", "victim"] {
        fs::create_dir_all(trees.inside.join("real").join(name)).unwrap();
    }
    symlink(&trees.outside, trees.inside.join("evil")).unwrap();
    let (swaps, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let [real, evil, spare] = ["real", "evil", "spare"].map(|name| trees.inside.join(name));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::rename(&real, &spare).unwrap();
                fs::rename(&evil, &real).unwrap();
                fs::rename(&real, &evil).unwrap();
                fs::rename(&spare, &real).unwrap();
                swaps.fetch_add(2, Ordering::Relaxed);
            }
        });
        let mut written = 0_usize;
        while swaps.load(Ordering::Relaxed) < 10_000 || written < 100 {
            let Ok(directory) = trees.handle.open_beneath(Path::new("real")) else { continue };
            written += usize::from(directory.put_file("kept2".as_ref(), b"x", 0o600).is_ok());
            let _ = directory.remove_tree("kept".as_ref(), ANY);
            let _ = directory.create_child("kept".as_ref());
            let _ = directory.make_accessible();
            let _ = trees.handle.remove_tree("spare".as_ref(), TreeRemoval { max_depth: 1, ..ANY });
        }
        is_over.store(true, Ordering::Relaxed);
    });
    trees.assert_outside_untouched();
}
