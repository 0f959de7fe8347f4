//! Embeds the commit in the binary and links libgcc statically.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(
    clippy::disallowed_methods,
    reason = "a build script talks to cargo by variables and files"
)]
fn main() {
    // Empty outside a checkout, as in a package.
    let suffix = commit().map(|hash| format!(" ({hash})")).unwrap_or_default();
    println!("cargo::rustc-env=OPENCLAW_COMMIT_SUFFIX={suffix}");
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu")
        && let Ok(out) = env::var("OUT_DIR")
        // A linker script under the shared library's name: the binary then needs no
        // library but libc's, and starts without loading another.
        && fs::write(Path::new(&out).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n").is_ok()
    {
        println!("cargo::rustc-link-search=native={out}");
    }
    if folds_identical_code() {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Whether the linker is LLD, which merges functions of the same code: 2 % of the binary. It is
/// Rust's default on this target; flags of the user may select another.
#[expect(clippy::disallowed_methods, reason = "a build script talks to cargo by variables")]
fn folds_identical_code() -> bool {
    let is_set = |name: &str| env::var(name).is_ok_and(|value| !value.is_empty());
    env::var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu")
        && env::var("PROFILE").as_deref() == Ok("release")
        && !is_set("CARGO_ENCODED_RUSTFLAGS")
        && !is_set("RUSTC_LINKER")
}

/// Returns the abbreviated commit that is checked out, read from git's files so that git is not
/// needed.
fn commit() -> Option<String> {
    let git = git_dir()?;
    println!("cargo::rerun-if-changed={}", git.join("HEAD").display());
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let hash = match head.trim().strip_prefix("ref: ") {
        None => head.trim().to_owned(),
        Some(name) => {
            let shared = fs::read_to_string(git.join("commondir"));
            let shared = shared.map_or_else(|_| git.clone(), |path| git.join(path.trim()));
            let file = shared.join(name);
            println!("cargo::rerun-if-changed={}", file.display());
            if let Ok(hash) = fs::read_to_string(file) {
                hash.trim().to_owned()
            } else {
                let packed = fs::read_to_string(shared.join("packed-refs")).ok()?;
                let line = packed.lines().find(|line| line.ends_with(name))?;
                line.split(' ').next()?.to_owned()
            }
        }
    };
    hash.get(..9).map(str::to_owned)
}

/// The folder of git's files; in a second work tree a file names it.
fn git_dir() -> Option<PathBuf> {
    let git = PathBuf::from("../../.git");
    if git.is_dir() {
        return Some(git);
    }
    let named = fs::read_to_string(&git).ok()?;
    Some(PathBuf::from(named.trim().strip_prefix("gitdir: ")?))
}
