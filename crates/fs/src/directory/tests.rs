//! Both ways to confine a directory, over the same trees.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use rustix::fs::{CWD, Mode, RenameFlags, mkfifoat, renameat_with};

use super::confined::{ConfinedDirectory, DirectoryBackend};
use super::portable::PortableDirectory;
use super::{EntryError, EntryLocation, OpenedEntry, SystemDirectory};
use crate::EntryKind;

const SECRET: &str = "canary outside";

/// A directory `inside` beside a file that must stay out of reach.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("inside/dir")).unwrap();
        fs::create_dir(home.path().join("outside")).unwrap();
        save(&home.path().join("outside/secret"), SECRET);
        save(&home.path().join("inside/dir/file"), "inside");
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("inside").join(name)
    }

    fn open<B: DirectoryBackend>(&self) -> ConfinedDirectory<B> {
        ConfinedDirectory::open(&self.path("")).unwrap()
    }

    fn assert_outside_untouched(&self) {
        let outside = self.0.path().join("outside");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), SECRET);
        assert_eq!(fs::read_dir(self.0.path()).unwrap().count(), 2);
    }
}

fn save(path: &Path, text: &str) {
    File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn read<B: DirectoryBackend>(
    directory: &ConfinedDirectory<B>,
    path: &str,
) -> Result<String, EntryError> {
    match directory.open_entry(Path::new(path), 100)? {
        OpenedEntry::File(mut file, _) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            Ok(text)
        }
        OpenedEntry::Directory(entries) => {
            Ok(entries.iter().map(|entry| entry.name.to_string_lossy() + " ").collect())
        }
    }
}

fn replace<B: DirectoryBackend>(
    directory: &ConfinedDirectory<B>,
    path: &str,
) -> Result<bool, EntryError> {
    directory
        .replace_file(Path::new(path), b"new", None, &|_| true)
        .map(|outcome| outcome.is_new_file)
}

/// Runs the cases with the backend of this system and with the portable one.
macro_rules! on_both_backends {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn on_this_system() {
                super::$name::<super::SystemDirectory>();
            }

            #[test]
            fn portably() {
                super::$name::<super::PortableDirectory>();
            }
        }
    )*};
}

on_both_backends! {
    files_are_read_listed_created_and_replaced
    ways_out_are_refused
    special_files_are_refused_without_opening_them
    links_are_read_through_inside_and_not_written_through
    permissions_are_kept_and_obeyed
    an_expected_version_must_still_be_there
    an_entry_is_located_after_links_and_before_it_exists
    a_file_is_written_only_where_it_is_admitted
    no_path_leads_outside
}

fn files_are_read_listed_created_and_replaced<B: DirectoryBackend>() {
    let tree = Tree::new();
    let directory = tree.open::<B>();
    assert!(replace(&directory, "new/deep/a").unwrap());
    assert!(!replace(&directory, "dir/file").unwrap());
    assert_eq!(read(&directory, "dir/../dir/file").unwrap(), "new");
    assert_eq!(read(&directory, ".").unwrap(), "dir new ");
    assert_eq!(directory.read_directory(Path::new("."), 1).unwrap().len(), 1);
    let metadata = directory.entry_metadata(Path::new("dir/file")).unwrap();
    assert_eq!((metadata.kind, metadata.size), (EntryKind::File, 3));
    directory.remove_file(Path::new("new/deep/a")).unwrap();
    assert_eq!(read(&directory, "new/deep").unwrap(), "");
    assert!(matches!(read(&directory, "none/x"), Err(EntryError::Missing)));
    assert!(matches!(read(&directory, "dir/file/x"), Err(EntryError::NotDirectory)));
    assert!(matches!(replace(&directory, "dir"), Err(EntryError::IsDirectory)));
    assert!(matches!(replace(&directory, "."), Err(EntryError::IsDirectory)));
}

fn ways_out_are_refused<B: DirectoryBackend>() {
    let tree = Tree::new();
    symlink("../outside", tree.path("out")).unwrap();
    symlink(tree.0.path().join("outside"), tree.path("absolute")).unwrap();
    symlink("../outside/new", tree.path("dangling")).unwrap();
    symlink("..", tree.path("dir/up")).unwrap();
    symlink("/proc/self/root", tree.path("root")).unwrap();
    let directory = tree.open::<B>();
    let secret = tree.0.path().join("outside/secret");
    for path in [
        "../outside/secret",
        "dir/../../outside/secret",
        "dir/up/../outside/secret",
        "out/secret",
        "out/new/deeper",
        "absolute/secret",
        secret.to_str().unwrap(),
        &format!("root{}", secret.display()),
    ] {
        assert!(matches!(read(&directory, path), Err(EntryError::Outside)), "{path}");
        assert!(matches!(replace(&directory, path), Err(EntryError::Outside)), "{path}");
        assert!(directory.remove_file(Path::new(path)).is_err(), "{path}");
        assert!(directory.entry_metadata(Path::new(path)).is_err(), "{path}");
    }
    assert!(replace(&directory, "dangling/x").is_err());
    assert!(directory.open_subdirectory(Path::new("out")).is_err());
    tree.assert_outside_untouched();
}

fn special_files_are_refused_without_opening_them<B: DirectoryBackend>() {
    let tree = Tree::new();
    mkfifoat(CWD, tree.path("pipe"), Mode::from_raw_mode(0o600)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.path("socket")).unwrap();
    let directory = tree.open::<B>();
    for (path, expected) in [("pipe", EntryKind::NamedPipe), ("socket", EntryKind::Socket)] {
        let is_expected = |error: EntryError| match error {
            EntryError::SpecialFile(kind) => kind == expected,
            _ => false,
        };
        assert!(is_expected(read(&directory, path).unwrap_err()));
        assert!(is_expected(replace(&directory, path).unwrap_err()));
    }
}

fn links_are_read_through_inside_and_not_written_through<B: DirectoryBackend>() {
    let tree = Tree::new();
    symlink("dir/file", tree.path("link")).unwrap();
    symlink("dir", tree.path("folder")).unwrap();
    let directory = tree.open::<B>();
    assert_eq!(read(&directory, "link").unwrap(), "inside");
    assert!(replace(&directory, "folder/new").unwrap());
    match replace(&directory, "link").unwrap_err() {
        EntryError::SymbolicLink(target) => assert_eq!(target, Path::new("dir/file")),
        other => panic!("{other}"),
    }
    assert_eq!(directory.link_target(Path::new("link")).unwrap(), Path::new("dir/file"));
    assert_eq!(directory.link_target(Path::new("dir/file")), None);
    let metadata = directory.entry_metadata(Path::new("link")).unwrap();
    assert_eq!(metadata.kind, EntryKind::SymbolicLink);
}

fn permissions_are_kept_and_obeyed<B: DirectoryBackend>() {
    let tree = Tree::new();
    let path = tree.path("dir/file");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
    let set_mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let directory = tree.open::<B>();
    set_mode(0o4751);
    fs::hard_link(&path, tree.path("other")).unwrap();
    let outcome = directory.replace_file(Path::new("dir/file"), b"new", None, &|_| true).unwrap();
    assert!(outcome.has_other_links && !outcome.is_new_file);
    assert_eq!(mode(), 0o751);
    set_mode(0o444);
    assert!(matches!(replace(&directory, "dir/file"), Err(EntryError::ReadOnly)));
    assert_eq!(read(&directory, "dir").unwrap(), "file ");
}

fn an_expected_version_must_still_be_there<B: DirectoryBackend>() {
    let tree = Tree::new();
    let directory = tree.open::<B>();
    let path = Path::new("dir/file");
    let OpenedEntry::File(_, version) = directory.open_entry(path, 1).unwrap() else {
        panic!("a file")
    };
    let outcome = directory.replace_file(path, b"one", Some(&version), &|_| true).unwrap();
    let OpenedEntry::File(_, written) = directory.open_entry(path, 1).unwrap() else {
        panic!("a file")
    };
    assert_eq!(outcome.version, written);
    let again = directory.replace_file(path, b"two", Some(&version), &|_| true);
    assert!(matches!(again, Err(EntryError::ConcurrentChange)));
    directory.remove_file(path).unwrap();
    let gone = directory.replace_file(path, b"two", Some(&version), &|_| true);
    assert!(matches!(gone, Err(EntryError::Missing)));
}

fn an_entry_is_located_after_links_and_before_it_exists<B: DirectoryBackend>() {
    let tree = Tree::new();
    symlink("dir", tree.path("link")).unwrap();
    symlink("dir/file", tree.path("file_link")).unwrap();
    let directory = tree.open::<B>();
    let root = fs::canonicalize(tree.path("")).unwrap();
    let table = [
        ("link/file", "dir/file"),
        ("link/new", "dir/new"),
        ("dir/../link/new/deep", "dir/new/deep"),
        ("new/../link/x", "dir/x"),
        ("new/deep/../../dir/x", "dir/x"),
        ("file_link", "file_link"),
        (".", ""),
        ("link/..", ""),
    ];
    for (path, expected) in table {
        let location = directory.locate_entry(Path::new(path)).unwrap();
        assert_eq!(location.relative_path(), Path::new(expected), "{path}");
        assert_eq!(location.absolute_path(), root.join(expected), "{path}");
    }
    for path in ["../outside/x", "new/../../x", "dir/file/x"] {
        directory.locate_entry(Path::new(path)).unwrap_err();
    }
    let path = Path::new("file_link");
    let OpenedEntry::File(file, _) = directory.open_entry(path, 1).unwrap() else {
        panic!("a file")
    };
    let location = directory.locate_file(&file, path).unwrap();
    assert_eq!(location.relative_path(), Path::new("dir/file"));
    fs::hard_link(tree.path("dir/file"), tree.path("dir/a~1")).unwrap();
    for (path, expected, has_other_links) in [
        ("dir/file", "dir/file", true),
        ("dir/a~1", "dir/a~1", true),
        ("dir/../link/file", "dir/file", true),
        ("dir", "dir", false),
        ("link", "dir", false),
        (".", "", false),
    ] {
        let found = directory.open_located_entry(Path::new(path), 9).unwrap();
        assert_eq!(found.location.relative_path(), Path::new(expected), "{path}");
        assert_eq!(found.location.absolute_path(), root.join(expected), "{path}");
        assert_eq!(found.has_other_links, has_other_links, "{path}");
    }
}

fn a_file_is_written_only_where_it_is_admitted<B: DirectoryBackend>() {
    let tree = Tree::new();
    symlink("dir", tree.path("link")).unwrap();
    let directory = tree.open::<B>();
    let admit = |location: &EntryLocation| !location.relative_path().starts_with("dir");
    let write = |path: &str| directory.replace_file(Path::new(path), b"new", None, &admit);
    write("other").unwrap();
    for path in ["dir/file", "link/file", "link/new", "other/../dir/file"] {
        write(path).unwrap_err();
    }
    assert_eq!(read(&directory, "dir").unwrap(), "file ");
    assert_eq!(read(&directory, "dir/file").unwrap(), "inside");
}

fn no_path_leads_outside<B: DirectoryBackend>() {
    let component = prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just("out".to_owned()),
        Just("dir".to_owned()),
        Just("up".to_owned()),
        Just("outside".to_owned()),
        Just("secret".to_owned()),
        "[a-z]{1,3}",
    ];
    proptest!(
        ProptestConfig::with_cases(200),
        |(parts in prop::collection::vec(component, 1..7), is_absolute: bool)| {
            let tree = Tree::new();
            symlink("../outside", tree.path("out")).unwrap();
            symlink("..", tree.path("dir/up")).unwrap();
            let mut path = parts.join("/");
            if is_absolute {
                path.insert_str(0, tree.path("").to_str().unwrap());
            }
            let directory = tree.open::<B>();
            prop_assert!(read(&directory, &path).map_or(true, |text| text != SECRET));
            let _ = replace(&directory, &path);
            let _ = directory.remove_file(Path::new(&path));
            tree.assert_outside_untouched();
        }
    );
}

/// The number of swaps that the race waits for.
const SWAPS: usize = 100_000;

/// One thread swaps a directory with a link that leads outside, 100,000 times. Meanwhile the other
/// reads, writes and removes through the path. No operation may reach outside.
#[test]
fn a_hundred_thousand_swaps_never_lead_outside() {
    let tree = Tree::new();
    save(&tree.path("dir/secret"), "harmless");
    symlink("../outside", tree.path("link")).unwrap();
    let directory = tree.open::<SystemDirectory>();
    let (dir, link) = (tree.path("dir"), tree.path("link"));
    let swaps = AtomicUsize::new(0);
    let (mut read_count, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..SWAPS {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        for round in 0.. {
            if swaps.load(Ordering::Relaxed) == SWAPS {
                break;
            }
            match read(&directory, "dir/secret") {
                Ok(text) => {
                    assert_eq!(text, "harmless");
                    read_count += 1;
                }
                Err(_) => refused += 1,
            }
            let _ = directory.entry_metadata(Path::new("dir/secret")).map(|found| {
                assert_eq!(found.size, "harmless".len() as u64);
            });
            // Writes wait for the disk, so do fewer of them.
            if round % 64 == 0 {
                let _ =
                    directory.replace_file(Path::new("dir/secret"), b"harmless", None, &|_| true);
                let _ =
                    directory.replace_file(Path::new("dir/new/deep"), b"harmless", None, &|_| true);
                let _ = directory.remove_file(Path::new("dir/new/deep"));
            }
        }
    });
    tree.assert_outside_untouched();
    // The race took place: the reads met both states.
    assert!(read_count > 100 && refused > 100, "{read_count} {refused}");
}

fn children_are_opened_by_name_without_links<B: DirectoryBackend>() {
    let tree = Tree::new();
    symlink("dir", tree.path("link")).unwrap();
    symlink("file", tree.path("dir/alias")).unwrap();
    mkfifoat(CWD, tree.path("dir/pipe"), Mode::from_raw_mode(0o600)).unwrap();
    let root: ConfinedDirectory<B> = tree.open();
    assert_eq!(
        root.open_directory(Path::new("link")).unwrap().real_path().unwrap(),
        fs::canonicalize(tree.path("dir")).unwrap()
    );
    let dir = root.open_child_directory("dir".as_ref()).unwrap();
    let mut text = String::new();
    dir.open_child_file("file".as_ref()).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "inside");
    assert!(dir.open_directory(Path::new("..")).is_err(), "a handle is confined to itself");
    for name in ["alias", "pipe", "none"] {
        assert!(dir.open_child_file(name.as_ref()).is_err(), "{name}");
    }
    assert!(root.open_child_file("dir".as_ref()).is_err());
}

#[test]
fn children_are_opened_by_name_in_both_ways() {
    children_are_opened_by_name_without_links::<SystemDirectory>();
    children_are_opened_by_name_without_links::<PortableDirectory>();
    // A link is not followed, even if it stays inside.
    let tree = Tree::new();
    symlink("dir", tree.path("link")).unwrap();
    let root: ConfinedDirectory<SystemDirectory> = tree.open();
    assert!(root.open_child_directory("link".as_ref()).is_err());
}
