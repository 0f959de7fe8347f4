//! Reads commits and folders of a repository without Git, and believes only what has the hash by
//! which it is named: a command can write any object, and Git does not look at the hashes.

mod pack;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::scan::GuardedTree;
use pack::{ByteReader, ObjectPack};

/// The largest object that is read, in bytes.
const MAX_OBJECT_BYTES: usize = 16 << 20;
/// The longest chain of differences of a packed object.
const MAX_DELTAS: usize = 64;
/// The most packs of a repository.
const MAX_PACKS: usize = 1000;

/// What Git keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectKind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl ObjectKind {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// An object with its content.
#[derive(Debug)]
struct GitObject {
    kind: ObjectKind,
    content: Vec<u8>,
}

/// What a commit has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommittedEntry {
    /// The kind and the rights, as Git writes them: `100644`, `100755`, `120000`, `40000`.
    pub(crate) mode: String,
    /// The id of its content.
    id: String,
}

impl CommittedEntry {
    /// Whether the content is this one, with the line ends of the commit or of this system.
    pub(crate) fn has_content(&self, content: &[u8]) -> bool {
        let is_same = |content: &[u8]| hash_object(&self.id, ObjectKind::Blob, content) == self.id;
        is_same(content)
            || (content.contains(&b'\r') && is_same(&without_carriage_returns(content)))
    }
}

/// The objects of one repository.
pub(crate) struct ObjectStore<'a> {
    tree: &'a GuardedTree,
    /// The folder of the objects, relative to the tree.
    folder: PathBuf,
    packs: Option<Vec<ObjectPack>>,
}

impl<'a> ObjectStore<'a> {
    /// The objects of a repository, whose directory is relative to the tree.
    pub(crate) fn new(tree: &'a GuardedTree, repository: &Path) -> Self {
        Self { tree, folder: repository.join("objects"), packs: None }
    }

    /// What a commit has at a path; `Ok(None)` when it has nothing there.
    ///
    /// # Errors
    /// When an object on the way is missing, is not what its name says, or cannot be read.
    pub(crate) fn find_entry(
        &mut self,
        commit: &str,
        path: &Path,
    ) -> io::Result<Option<CommittedEntry>> {
        let content = self.read_verified(commit, ObjectKind::Commit)?;
        let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let id = first.strip_prefix(b"tree ").map(String::from_utf8_lossy);
        let id = id.ok_or_else(invalid)?.into_owned();
        let mut entry = CommittedEntry { mode: "40000".to_owned(), id };
        for name in path {
            if entry.mode != "40000" {
                return Ok(None);
            }
            let tree = self.read_verified(&entry.id, ObjectKind::Tree)?;
            match find_in_tree(&tree, name, commit.len() / 2)? {
                Some(found) => entry = found,
                None => return Ok(None),
            }
        }
        Ok(Some(entry))
    }

    /// The content of an object that is what its id says.
    fn read_verified(&mut self, id: &str, kind: ObjectKind) -> io::Result<Vec<u8>> {
        let object = match self.read_loose(id) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.read_packed(id, MAX_DELTAS)?.ok_or(io::ErrorKind::NotFound)?
            }
            object => object?,
        };
        let is_genuine = object.kind == kind && hash_object(id, kind, &object.content) == id;
        if is_genuine { Ok(object.content) } else { Err(invalid()) }
    }

    /// An object in a file of its own.
    fn read_loose(&self, id: &str) -> io::Result<GitObject> {
        let (folder, name) = id.split_at_checked(2).ok_or_else(invalid)?;
        let directory = self.tree.directory.open_beneath(&self.folder.join(folder))?;
        let limit = u64::try_from(MAX_OBJECT_BYTES).unwrap_or(u64::MAX);
        let compressed = directory.read_file(OsStr::new(name), limit)?.ok_or_else(invalid)?;
        let bytes = inflate(&compressed, MAX_OBJECT_BYTES)?;
        let end = bytes.iter().position(|byte| *byte == 0).ok_or_else(invalid)?;
        let (header, content) = bytes.split_at(end);
        let header = std::str::from_utf8(header).map_err(|_| invalid())?;
        let kind = match header.split(' ').next() {
            Some("commit") => ObjectKind::Commit,
            Some("tree") => ObjectKind::Tree,
            Some("blob") => ObjectKind::Blob,
            Some("tag") => ObjectKind::Tag,
            _ => return Err(invalid()),
        };
        Ok(GitObject { kind, content: content.get(1..).unwrap_or_default().to_vec() })
    }

    /// An object in a pack; `None` when no pack has it.
    fn read_packed(&mut self, id: &str, deltas: usize) -> io::Result<Option<GitObject>> {
        let wanted = id_bytes(id).ok_or_else(invalid)?;
        let packs = match self.packs.take() {
            Some(packs) => packs,
            None => self.open_packs()?,
        };
        let mut found = None;
        for pack in &packs {
            if let Some(offset) = pack.find_offset(&wanted)? {
                found = Some(pack.read_at(offset, wanted.len(), deltas));
                break;
            }
        }
        self.packs = Some(packs);
        found.transpose()
    }

    fn open_packs(&self) -> io::Result<Vec<ObjectPack>> {
        let directory = self.tree.directory.open_beneath(&self.folder.join("pack"))?;
        let mut packs = Vec::new();
        for entry in directory.list(MAX_PACKS)? {
            let path = Path::new(&entry.name);
            if path.extension() != Some(OsStr::new("idx")) {
                continue;
            }
            let data = path.with_extension("pack");
            let files = (directory.open_file(&entry.name), directory.open_file(data.as_os_str()));
            if let (Ok(index), Ok(data)) = files {
                packs.push(ObjectPack { index, data });
            }
        }
        Ok(packs)
    }
}

/// Finds a name in a folder: each entry is a mode, a name, a zero and the bytes of an id.
fn find_in_tree(tree: &[u8], name: &OsStr, id_len: usize) -> io::Result<Option<CommittedEntry>> {
    let mut reader = ByteReader(tree);
    while !reader.0.is_empty() {
        let end = reader.0.iter().position(|byte| *byte == 0).ok_or_else(invalid)?;
        let entry = reader.take(end)?;
        reader.take(1)?;
        let id = reader.take(id_len)?;
        let space = entry.iter().position(|byte| *byte == b' ').ok_or_else(invalid)?;
        if entry.get(space + 1..) == Some(name.as_encoded_bytes()) {
            let mode = String::from_utf8_lossy(entry.get(..space).unwrap_or_default()).into_owned();
            return Ok(Some(CommittedEntry { mode, id: hex_text(id) }));
        }
    }
    Ok(None)
}

/// The id of an object, by the hash that ids of this length have.
fn hash_object(like: &str, kind: ObjectKind, content: &[u8]) -> String {
    let header = format!("{} {}\0", kind.name(), content.len());
    if like.len() == 64 {
        let hasher = Sha256::new().chain_update(header.as_bytes()).chain_update(content);
        hex_text(&hasher.finalize())
    } else {
        let hasher = Sha1::new().chain_update(header.as_bytes()).chain_update(content);
        hex_text(&hasher.finalize())
    }
}

fn hex_text(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

fn id_bytes(id: &str) -> Option<Vec<u8>> {
    let digits = id.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

fn inflate(compressed: &[u8], max_len: usize) -> io::Result<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(compressed, max_len).map_err(|_| invalid())
}

fn without_carriage_returns(content: &[u8]) -> Vec<u8> {
    let pairs = content.iter().zip(content.iter().skip(1).map(Some).chain([None]));
    let kept = pairs.filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
    kept.map(|(byte, _)| *byte).collect()
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
