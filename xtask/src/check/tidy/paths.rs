//! Rejects absolute paths that exist on one machine only.

use std::path::Path;

use crate::check::Fault;

/// Folders that exist on many machines, so that naming them reveals nothing.
const COMMON: &[&str] = &["/", "/tmp", "/src", "/opt", "/srv", "/usr", "/var", "/home", "/mnt"];

/// Home folders that examples may use.
const EXAMPLE_HOMES: &[&str] = &["/home/user", "/home/me", "/Users/me"];

/// The folders of this machine that no file may name: the workspace, its parent and `home`.
pub(super) fn local_folders(root: &Path, home: Option<&Path>) -> Vec<String> {
    let candidates = [Some(root), root.parent(), home];
    let texts = candidates.into_iter().flatten().map(|path| path.to_string_lossy().into_owned());
    texts.filter(|text| !text.is_empty() && !COMMON.contains(&text.as_str())).collect()
}

/// Finds absolute paths below `local` folders or any user's home folder.
pub(super) fn check(name: &str, text: &str, local: &[String]) -> Vec<Fault> {
    let homes = [concat!("/ho", "me/"), concat!("/Use", "rs/")];
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let named = local.iter().find(|folder| names_folder(line, folder));
        let home = homes.into_iter().find(|home| {
            path_starts(line, home).any(|rest| {
                let example = EXAMPLE_HOMES.iter().any(|example| continues(rest, example));
                let whose = rest.get(home.len()..).and_then(|rest| rest.chars().next());
                !example && whose.is_some_and(char::is_alphanumeric)
            })
        });
        if let Some(folder) = named.map(String::as_str).or(home) {
            faults.push(Fault::new(
                name,
                index + 1,
                format!("a path under `{folder}` is written down"),
                "make it relative, or take it from the environment",
            ));
        }
    }
    faults
}

fn names_folder(line: &str, folder: &str) -> bool {
    path_starts(line, folder).any(|rest| continues(rest, folder))
}

/// Returns true when `rest` is `folder` or a path below it.
fn continues(rest: &str, folder: &str) -> bool {
    rest.strip_prefix(folder).is_some_and(|after| {
        let next = after.chars().next();
        next.is_none_or(|char| !char.is_alphanumeric() && !matches!(char, '_' | '-' | '.'))
    })
}

/// Returns the rest of `line` after each absolute path that begins with `start`.
fn path_starts<'a>(line: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(start).filter_map(|(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        let absolute = before.is_none_or(|char| {
            !char.is_alphanumeric() && !matches!(char, '_' | '-' | '.' | '}' | ')' | '~' | '*')
        });
        absolute.then(|| line.get(at..)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check, local_folders};

    const LOCAL: [&str; 2] = ["/build/openclaw", "/build"];

    fn lines(text: &str) -> Vec<usize> {
        let local = LOCAL.map(str::to_owned);
        check("a.md", text, &local).iter().map(|fault| fault.line).collect()
    }

    #[test]
    fn a_local_path_is_a_fault_and_a_part_of_another_path_is_not() {
        assert_eq!(lines("x\ncd /build/openclaw/crates\n\"/build\""), [2, 3]);
        assert!(lines("crates/build/x\n/builder\n$ROOT/build ~/build ./build").is_empty());
        assert!(lines("target/build, {root}/build").is_empty());
    }

    #[test]
    fn a_home_folder_is_a_fault_but_for_examples() {
        let ada = concat!("/ho", "me/ada/notes");
        let bob = concat!("file:///Use", "rs/bob");
        assert_eq!(lines(&format!("{ada}\n{bob}\n")), [1, 2]);
        assert!(lines("/home/user/.openclaw\n/home/me\n/home/$USER\n").is_empty());
    }

    #[test]
    fn common_folders_are_nobodys() {
        let folders = local_folders(Path::new("/tmp/openclaw"), Some(Path::new("/")));
        assert_eq!(folders, ["/tmp/openclaw"]);
    }
}
