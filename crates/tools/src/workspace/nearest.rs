//! What a model may have meant by a path that does not exist.

use std::path::Path;

use crate::workspace::Workspace;

/// How many names are offered.
const OFFERED: usize = 3;
/// How many names a directory may have to be told whole.
const FEW: usize = 8;
/// The longest name that is compared, in characters; comparing takes time squared.
const COMPARED: usize = 128;

impl Workspace {
    /// Says, as a sentence, what there is instead of a missing path: the nearest names in the
    /// deepest directory of it that exists.
    pub(crate) fn nearest(&self, path: &Path) -> String {
        for directory in path.ancestors().skip(1) {
            let opened = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
            let Ok(names) = self.names(opened) else { continue };
            let missing = path.strip_prefix(directory).ok().and_then(|rest| rest.iter().next());
            let missing = missing.unwrap_or_default().to_string_lossy().to_lowercase();

            let mut near: Vec<(usize, String)> = names
                .iter()
                .filter_map(|entry| {
                    let name = entry.name.to_string_lossy();
                    let distance = distance(&missing, &name.to_lowercase())?;
                    Some((distance, directory.join(name.as_ref()).to_string_lossy().into_owned()))
                })
                .collect();
            near.sort();
            near.truncate(OFFERED);
            if !near.is_empty() {
                return format!("near it: {}", quoted(near.into_iter().map(|(_, name)| name)));
            }
            let shown = opened.to_string_lossy().escape_debug().to_string();
            return match names.len() {
                0 => format!("`{shown}` is empty"),
                1..=FEW => {
                    let names = names.iter().map(|entry| entry.name.to_string_lossy().into_owned());
                    format!("`{shown}` has {}", quoted(names))
                }
                count => format!("`{shown}` has {count} other entries; read it to list them"),
            };
        }
        String::new()
    }
}

fn quoted(names: impl Iterator<Item = String>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("`{}`", name.escape_debug())).collect();
    quoted.join(", ")
}

/// How far two names are apart; `None` when they are too far to be mistaken for each other.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let (wanted, name): (Vec<char>, Vec<char>) = (wanted.chars().collect(), name.chars().collect());
    let longest = wanted.len().max(name.len());
    if longest > COMPARED {
        return None;
    }
    // Levenshtein's distance, one row at a time.
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (index, a) in wanted.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (b, cell) in name.iter().zip(row.iter_mut().skip(1)) {
            let substituted = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = substituted.min(left + 1).min(*cell + 1);
            left = *cell;
        }
    }
    let distance = row.last().copied()?;
    (distance <= (longest / 3).max(1)).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_that_are_mistaken_for_each_other() {
        assert_eq!(distance("main.rs", "main.rs"), Some(0));
        assert_eq!(distance("mian.rs", "main.rs"), Some(2));
        assert_eq!(distance("readme", "readme.md"), Some(3));
        assert_eq!(distance("main.rs", "cargo.toml"), None);
        assert_eq!(distance("", "abc"), None);
        assert_eq!(distance("a", "b"), Some(1));
    }
}
