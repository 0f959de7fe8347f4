//! Suggests similar names for a path that does not exist.

use std::path::Path;

use strsim::levenshtein;

use crate::workspace::RelativePath;
use crate::workspace::files::MAX_NAMES;

/// The most names that are suggested.
const MAX_SUGGESTIONS: usize = 3;
/// Directories with at most this many names are listed completely.
const MAX_LISTED_NAMES: usize = 8;
/// The longest name that is compared, in characters; comparing takes quadratic time.
const MAX_COMPARED_CHARS: usize = 128;

impl RelativePath {
    /// Describes what exists instead of a missing path, as a sentence: the most similar names in
    /// its deepest existing directory.
    pub(crate) fn describe_nearest(&self) -> String {
        let path = self.as_path();
        for directory in path.ancestors().skip(1) {
            let existing_directory =
                if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
            let entries = self.directory().read_directory(existing_directory, MAX_NAMES);
            let Ok(names) = entries else { continue };
            let missing_component =
                path.strip_prefix(directory).ok().and_then(|rest| rest.iter().next());
            let missing_name =
                missing_component.unwrap_or_default().to_string_lossy().to_lowercase();

            let mut suggestions: Vec<(usize, String)> = names
                .iter()
                .filter_map(|entry| {
                    let name = entry.name.to_string_lossy();
                    let distance = edit_distance(&missing_name, &name.to_lowercase())?;
                    Some((distance, self.text_of(&directory.join(name.as_ref()))))
                })
                .collect();
            suggestions.sort();
            suggestions.truncate(MAX_SUGGESTIONS);
            if !suggestions.is_empty() {
                return format!(
                    "near it: {}",
                    quote_names(suggestions.into_iter().map(|(_, name)| name))
                );
            }
            let shown_path = self.text_of(existing_directory).escape_debug().to_string();
            return match names.len() {
                0 => format!("`{shown_path}` is empty"),
                1..=MAX_LISTED_NAMES => {
                    let names = names.iter().map(|entry| entry.name.to_string_lossy().into_owned());
                    format!("`{shown_path}` has {}", quote_names(names))
                }
                count => format!("`{shown_path}` has {count} other entries; read it to list them"),
            };
        }
        String::new()
    }
}

fn quote_names(names: impl Iterator<Item = String>) -> String {
    let quoted_names: Vec<_> = names.map(|name| format!("`{}`", name.escape_debug())).collect();
    quoted_names.join(", ")
}

/// The edit distance of two names; `None` when they are too different to be confused.
fn edit_distance(missing: &str, name: &str) -> Option<usize> {
    let longest = missing.chars().count().max(name.chars().count());
    if longest > MAX_COMPARED_CHARS {
        return None;
    }
    let distance = levenshtein(missing, name);
    (distance <= (longest / 3).max(1)).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_that_are_mistaken_for_each_other() {
        assert_eq!(edit_distance("main.rs", "main.rs"), Some(0));
        assert_eq!(edit_distance("mian.rs", "main.rs"), Some(2));
        assert_eq!(edit_distance("readme", "readme.md"), Some(3));
        assert_eq!(edit_distance("main.rs", "cargo.toml"), None);
        assert_eq!(edit_distance("", "abc"), None);
        assert_eq!(edit_distance("a", "b"), Some(1));
    }
}
