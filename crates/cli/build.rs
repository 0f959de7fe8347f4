//! Embeds the commit in the binary and links libgcc statically.

use std::path::Path;
use std::{env, fs};

#[expect(
    clippy::disallowed_methods,
    reason = "a build script talks to cargo by variables and files"
)]
fn main() {
    println!("cargo::rustc-env=OPENCLAW_COMMIT={}", commit().unwrap_or("unknown".to_owned()));
    if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu")
        && let Ok(out) = env::var("OUT_DIR")
        // A linker script under the shared library's name: the binary then needs no
        // library but libc's, and starts without loading another.
        && fs::write(Path::new(&out).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n").is_ok()
    {
        println!("cargo::rustc-link-search=native={out}");
    }
}

/// Returns the abbreviated commit that is checked out, read from git's files so that git is not
/// needed.
fn commit() -> Option<String> {
    let git = Path::new("../../.git");
    println!("cargo::rerun-if-changed={}", git.join("HEAD").display());
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let hash = match head.trim().strip_prefix("ref: ") {
        None => head.trim().to_owned(),
        Some(name) => {
            let file = git.join(name);
            println!("cargo::rerun-if-changed={}", file.display());
            if let Ok(hash) = fs::read_to_string(file) {
                hash.trim().to_owned()
            } else {
                let packed = fs::read_to_string(git.join("packed-refs")).ok()?;
                let line = packed.lines().find(|line| line.ends_with(name))?;
                line.split(' ').next()?.to_owned()
            }
        }
    };
    hash.get(..9).map(str::to_owned)
}
