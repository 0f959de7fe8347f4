//! The binary under test, built if need be.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;
use std::{env, fs};

/// The path of an `openclaw` that is as new as its sources.
///
/// Cargo builds a package's binaries for its own integration tests only, and a dependency on a
/// binary is not stable. So the binary is looked for beside the running test, in the folder of the
/// same profile, and built once, by the same cargo, when it is missing or older than a source.
///
/// # Panics
/// When it cannot be built.
pub(crate) fn openclaw() -> &'static Path {
    // What failed once is not tried again by every test that follows.
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(path) => path,
        Err(problem) => panic!("{problem}"),
    }
}

fn find() -> Result<PathBuf, String> {
    let test = env::current_exe().unwrap();
    // target/PROFILE/deps/TEST
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join(format!("openclaw{}", env::consts::EXE_SUFFIX));
    if !is_fresh(&binary) {
        build(profile)?;
    }
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("there is no binary to test at {}", binary.display()))
    }
}

fn is_fresh(binary: &Path) -> bool {
    let Ok(built) = binary.metadata().and_then(|data| data.modified()) else { return false };
    let root = workspace();
    let newest = newest(&root.join("crates")).max(modified(&root.join("Cargo.lock")));
    newest.is_some_and(|newest| newest < built)
}

/// When the newest source or manifest below `folder` was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let paths = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let times = paths.filter_map(|path| {
        let is_source = path.extension().is_some_and(|end| end == "rs" || end == "toml");
        match path.file_name().and_then(OsStr::to_str) {
            Some("tests" | "examples") => None,
            _ if path.is_dir() => newest(&path),
            _ => is_source.then(|| modified(&path)).flatten(),
        }
    });
    times.max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|data| data.modified()).ok()
}

fn build(profile: &Path) -> Result<(), String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let output = Command::new(&cargo)
        .args(["build", "--package", "openclaw-cli", "--profile", profile])
        .current_dir(workspace())
        .output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "the binary under test does not build; `cargo build --package openclaw-cli` says:\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Err(format!(
            "the binary under test is not built and {} cannot be started: {error}; run `cargo \
             build --package openclaw-cli` first",
            cargo.display()
        )),
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
