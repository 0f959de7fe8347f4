//! Free space on a disk.

use std::path::Path;

/// The bytes that a user without privileges can still write to the file system of a path; `None`
/// when the path does not exist or the system does not tell.
#[cfg(unix)]
#[must_use]
pub fn available_space(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// The bytes that can still be written: not known on this system.
#[cfg(not(unix))]
#[must_use]
pub fn available_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_space_of_a_place_that_exists_is_known() {
        assert!(available_space(Path::new("/")).is_some_and(|free| free > 0));
        assert_eq!(available_space(Path::new("/no/such/place")), None);
    }
}
