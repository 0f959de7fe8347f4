//! The project folder that a command is started in.

use std::path::{Path, PathBuf};

use openclaw_fs::{ForeignWriter, foreign_writer};

/// What marks the root of a project.
const PROJECT_MARKER: &str = ".git";

/// Finds the project folder of a directory: the nearest parent with `.git`, else the directory
/// itself.
///
/// `None` for the file system's root, for a home folder and every folder above it, and for the
/// state folder and everything in it: an agent must not work there unless told to.
pub(crate) fn find_project_folder(
    start: &Path,
    homes: &[PathBuf],
    state_dir: &Path,
) -> Option<PathBuf> {
    let start = start.canonicalize().ok()?;
    let homes: Vec<_> = homes.iter().filter_map(|home| home.canonicalize().ok()).collect();
    let is_in_state = state_dir.canonicalize().is_ok_and(|state| start.starts_with(state));
    let may_work_in = |folder: &Path| {
        folder.parent().is_some() && !homes.iter().any(|home| home.starts_with(folder))
    };
    if is_in_state || !may_work_in(&start) {
        return None;
    }
    let mut parents = start.ancestors().take_while(|folder| may_work_in(folder));
    parents.find(|folder| has_own_marker(folder)).map(Path::to_owned).or(Some(start))
}

/// Whether the folder has the marker of a project. That of another user does not count: in a shared
/// folder such as `/tmp` it would draw the agent out of the folder that it was started in.
fn has_own_marker(folder: &Path) -> bool {
    let marker = folder.join(PROJECT_MARKER);
    marker.exists() && foreign_writer(&marker, true) != Some(ForeignWriter::Owner)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_project_is_the_nearest_parent_with_git_or_the_folder_itself() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let make = |name: &str| {
            let folder = root.join(name);
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        let [home, state] = ["home", "home/.openclaw"].map(make);
        make("home/app/.git");
        make("home/app/vendor/lib/.git");
        make("home/.openclaw/workspace");
        let [app, source, lib, plain, outside] =
            ["home/app", "home/app/src/deep", "home/app/vendor/lib", "home/notes", "srv/data"]
                .map(make);
        let homes = [home.clone()];
        let find = |start: &Path| find_project_folder(start, &homes, &state);
        for (start, project) in
            [(&app, &app), (&source, &app), (&lib, &lib), (&plain, &plain), (&outside, &outside)]
        {
            assert_eq!(find(start).as_ref(), Some(project), "{}", start.display());
        }
        for start in [&home, &root, &state, &state.join("workspace"), Path::new("/")] {
            assert_eq!(find(start), None, "{}", start.display());
        }
    }

    #[test]
    fn a_repository_of_the_home_folder_does_not_make_it_a_project() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        fs::create_dir_all(home.join(".git")).unwrap();
        fs::create_dir_all(home.join("notes")).unwrap();
        let state = home.join(".openclaw");
        let homes = [home.clone()];
        let find = |start: &Path| find_project_folder(start, &homes, &state);
        assert_eq!(find(&home.join("notes")), Some(home.join("notes")));
        assert_eq!(find(&home), None);
    }
}
