//! Packs: files with many objects, some of them written as the difference to another one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::{GitObject, MAX_OBJECT_BYTES, ObjectKind, inflate, invalid};

/// The smallest part of a pack that is read for one object.
const MIN_READ_BYTES: usize = 1024;

/// A file with many objects, and its index.
pub(super) struct ObjectPack {
    pub(super) index: File,
    pub(super) data: File,
}

impl ObjectPack {
    /// Where the object with an id is in the pack.
    pub(super) fn find_offset(&self, wanted: &[u8]) -> io::Result<Option<u64>> {
        const FAN_OUT: u64 = 8;
        const NAMES: u64 = FAN_OUT + 4 * 256;

        // The magic number and the version of an index of version 2.
        if self.read_index::<8>(0)? != *b"\xfftOc\0\0\0\x02" {
            return Err(invalid());
        }
        let first = u64::from(wanted.first().copied().unwrap_or_default());
        let count_to = |byte: u64| {
            self.read_index::<4>(FAN_OUT + 4 * byte)
                .map(|bytes| u64::from(u32::from_be_bytes(bytes)))
        };
        let total = count_to(255)?;
        let id_len = u64::try_from(wanted.len()).unwrap_or_default();
        let mut low = if first == 0 { 0 } else { count_to(first - 1)? };
        let mut high = count_to(first)?;
        while low < high {
            let middle = low + (high - low) / 2;
            let mut name = vec![0; wanted.len()];
            self.index.read_exact_at(&mut name, NAMES + middle * id_len)?;
            match name.as_slice().cmp(wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    return self.offset_of(middle, total, id_len).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The offset of the object with a number in the order of the index.
    fn offset_of(&self, number: u64, total: u64, id_len: u64) -> io::Result<u64> {
        const NAMES: u64 = 8 + 4 * 256;
        const LARGE: u32 = 1 << 31;

        // The checksums, of 4 bytes each, are between the names and the offsets.
        let offsets = NAMES + total * (id_len + 4);
        let offset = u32::from_be_bytes(self.read_index(offsets + 4 * number)?);
        if offset & LARGE == 0 {
            return Ok(u64::from(offset));
        }
        let large = offsets + 4 * total + 8 * u64::from(offset & !LARGE);
        Ok(u64::from_be_bytes(self.read_index(large)?))
    }

    fn read_index<const N: usize>(&self, offset: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.index.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Reads the object at an offset, which may be written as the difference to another one.
    pub(super) fn read_at(
        &self,
        offset: u64,
        id_len: usize,
        deltas: usize,
    ) -> io::Result<GitObject> {
        let bytes = self.read_data(offset, MIN_READ_BYTES)?;
        let mut header = ByteReader(&bytes);
        let (kind, size) = header.take_object_header()?;
        if size > MAX_OBJECT_BYTES {
            return Err(invalid());
        }
        let kind = match kind {
            1 => ObjectKind::Commit,
            2 => ObjectKind::Tree,
            3 => ObjectKind::Blob,
            4 => ObjectKind::Tag,
            6 | 7 => {
                let base = match kind {
                    6 => offset.checked_sub(header.take_distance()?).ok_or_else(invalid)?,
                    _ => self.find_offset(header.take(id_len)?)?.ok_or_else(invalid)?,
                };
                let left = deltas.checked_sub(1).ok_or_else(invalid)?;
                let delta = self.inflate_at(offset, &bytes, header, size)?;
                let base = self.read_at(base, id_len, left)?;
                let content = apply_delta(&base.content, &delta)?;
                return Ok(GitObject { kind: base.kind, content });
            }
            _ => return Err(invalid()),
        };
        Ok(GitObject { kind, content: self.inflate_at(offset, &bytes, header, size)? })
    }

    /// Decompresses what is behind the header of the object at an offset.
    fn inflate_at(
        &self,
        offset: u64,
        bytes: &[u8],
        rest: ByteReader<'_>,
        size: usize,
    ) -> io::Result<Vec<u8>> {
        let header_len = bytes.len() - rest.0.len();
        let content = match inflate(rest.0, size) {
            Ok(content) if content.len() == size => content,
            // Nothing is much longer when it is compressed.
            _ => {
                let bytes = self.read_data(offset, header_len + size + size / 100 + 64)?;
                inflate(bytes.get(header_len..).unwrap_or_default(), size)?
            }
        };
        if content.len() == size { Ok(content) } else { Err(invalid()) }
    }

    fn read_data(&self, offset: u64, max_len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; max_len];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset + u64::try_from(filled).unwrap_or_default();
            match self.data.read_at(rest, at)? {
                0 => break,
                count => filled += count,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

/// Takes bytes from the beginning of what is left.
#[derive(Clone, Copy)]
pub(super) struct ByteReader<'a>(pub(super) &'a [u8]);

impl<'a> ByteReader<'a> {
    pub(super) fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(invalid)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_byte(&mut self) -> io::Result<u8> {
        self.take(1).map(|bytes| bytes.first().copied().unwrap_or_default())
    }

    /// The number of the kind, and the size of the content.
    fn take_object_header(&mut self) -> io::Result<(u8, usize)> {
        let first = self.take_byte()?;
        let low = usize::from(first & 15);
        let high = if first & 0x80 == 0 { 0 } else { self.take_size()? };
        let size = high.checked_shl(4).filter(|size| size >> 4 == high).ok_or_else(invalid)? | low;
        Ok(((first >> 4) & 7, size))
    }

    /// A number in groups of seven bits, the lowest first.
    fn take_size(&mut self) -> io::Result<usize> {
        let mut size = 0;
        for shift in (0..=28).step_by(7) {
            let byte = self.take_byte()?;
            size |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(size);
            }
        }
        Err(invalid())
    }

    /// How far before an object its base begins.
    fn take_distance(&mut self) -> io::Result<u64> {
        let mut byte = self.take_byte()?;
        let mut distance = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.take_byte()?;
            let next = distance.checked_add(1).filter(|it| it >> 57 == 0).ok_or_else(invalid)?;
            distance = (next << 7) | u64::from(byte & 0x7f);
        }
        Ok(distance)
    }

    /// A number whose bytes are there where `mask` has a bit, the lowest first.
    fn take_sparse(&mut self, mask: u8, count: u8) -> io::Result<usize> {
        let mut number = 0;
        for index in 0..count {
            if mask & (1 << index) != 0 {
                number |= usize::from(self.take_byte()?) << (8 * index);
            }
        }
        Ok(number)
    }
}

/// The content that a difference makes of its base.
fn apply_delta(base: &[u8], delta: &[u8]) -> io::Result<Vec<u8>> {
    let mut reader = ByteReader(delta);
    let base_size = reader.take_size()?;
    let size = reader.take_size()?;
    if base_size != base.len() || size > MAX_OBJECT_BYTES {
        return Err(invalid());
    }
    let mut content = Vec::with_capacity(size);
    while !reader.0.is_empty() {
        let instruction = reader.take_byte()?;
        if instruction & 0x80 == 0 {
            content.extend_from_slice(reader.take(usize::from(instruction))?);
        } else {
            let start = reader.take_sparse(instruction & 0x0f, 4)?;
            let length = match reader.take_sparse((instruction >> 4) & 7, 3)? {
                0 => 0x1_0000,
                length => length,
            };
            let end = start.checked_add(length).ok_or_else(invalid)?;
            content.extend_from_slice(base.get(start..end).ok_or_else(invalid)?);
        }
        if content.len() > size {
            return Err(invalid());
        }
    }
    if content.len() == size { Ok(content) } else { Err(invalid()) }
}
