//! Crates that only their owners may use, or nobody, as listed in `deny.toml`.
//!
//! The file has cargo-deny's format and meaning: a banned crate may be a direct dependency of its
//! `wrappers` only, no matter what else is in the lock file.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Fault, line_of_key, line_where};
use crate::workspace::{Metadata, read, relative};

const LOCK: &str = "Cargo.lock";

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Deserialize)]
struct Deny {
    bans: Bans,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// One banned crate and its permitted users.
#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

/// `Cargo.lock`.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    source: Option<String>,
    /// Each entry is a name, with version and source where the name is ambiguous.
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The manifest of a workspace crate, to locate a fault.
#[derive(Debug)]
struct Manifest {
    package: String,
    path: String,
    text: String,
}

/// Checks the lock file of the workspace at `root` against its `deny.toml`.
pub(super) fn run(root: &Path) -> Result<Vec<Fault>> {
    let metadata = Metadata::manifests(root)?;
    let manifest = |package: &crate::workspace::Package| {
        let text = read(&package.manifest_path)?;
        let path = relative(root, &package.manifest_path);
        Ok(Manifest { package: package.name.clone(), path, text })
    };
    let manifests = metadata.members().into_iter().map(manifest).collect::<Result<Vec<_>>>()?;
    check(&read(&root.join("deny.toml"))?, &read(&root.join(LOCK))?, &manifests)
}

fn check(deny: &str, lock_text: &str, manifests: &[Manifest]) -> Result<Vec<Fault>> {
    let deny: Deny = toml::from_str(deny).context("failed to read deny.toml")?;
    let lock: Lock = toml::from_str(lock_text).context("failed to read Cargo.lock")?;
    let mut faults = Vec::new();
    for ban in &deny.bans.deny {
        let uses = lock.package.iter().filter(|package| {
            let mut names = package.dependencies.iter().filter_map(|d| d.split(' ').next());
            names.any(|name| name == ban.name) && !ban.wrappers.contains(&package.name)
        });
        for package in uses {
            let manifest = manifests.iter().find(|manifest| manifest.package == package.name);
            let (file, line) = match manifest {
                Some(manifest) => (manifest.path.as_str(), line_of_key(&manifest.text, &ban.name)),
                None => (LOCK, lock_line(lock_text, &package.name)),
            };
            faults.push(Fault::new(
                file,
                line,
                format!("`{}` depends on `{}`: {}", package.name, ban.name, ban.reason),
                "go through its owner, or name a wrapper in deny.toml with the reason",
            ));
        }
    }
    let foreign = lock.package.iter().filter(|package| {
        package.source.as_deref().is_some_and(|source| !source.starts_with("registry+"))
    });
    faults.extend(foreign.map(|package| {
        Fault::new(
            LOCK,
            lock_line(lock_text, &package.name),
            format!("`{}` does not come from the package registry", package.name),
            "depend on a published release",
        )
    }));
    Ok(faults)
}

fn lock_line(lock: &str, package: &str) -> usize {
    let line = format!("name = \"{package}\"");
    line_where(lock, |candidate| candidate == line)
}

#[cfg(test)]
mod tests {
    use super::{Manifest, check};

    const DENY: &str = r#"
[bans]
deny = [
  { crate = "reqwest", wrappers = ["openclaw-transport"], reason = "transport owns HTTP" },
  { crate = "json-five", reason = "returns wrong values" },
]
"#;

    const REGISTRY: &str = "registry+https://example.invalid/index";

    fn lock(package: &str, source: &str, dependency: &str) -> String {
        format!(
            "[[package]]\nname = \"{package}\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n\
             dependencies = [\n \"{dependency}\",\n]\n"
        )
    }

    fn faults(lock: &str) -> Vec<String> {
        let manifest = Manifest {
            package: "openclaw-cli".to_owned(),
            path: "crates/cli/Cargo.toml".to_owned(),
            text: "[dependencies]\n\nreqwest.workspace = true\n".to_owned(),
        };
        check(DENY, lock, &[manifest]).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_owner_may_use_what_it_owns() {
        assert!(faults(&lock("openclaw-transport", REGISTRY, "reqwest 0.13.1")).is_empty());
        assert!(faults(&lock("openclaw-cli", REGISTRY, "reqwest-extras")).is_empty());
    }

    #[test]
    fn another_crate_of_the_workspace_may_not() {
        let faults = faults(&lock("openclaw-cli", REGISTRY, "reqwest"));
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("crates/cli/Cargo.toml:3: "), "{faults:?}");
        assert!(faults[0].contains("transport owns HTTP"), "{faults:?}");
    }

    #[test]
    fn a_third_party_crate_may_not_bring_one_in() {
        let faults = faults(&lock("handy", REGISTRY, "json-five 1.0.0"));
        assert!(
            faults[0].starts_with("Cargo.lock:2: `handy` depends on `json-five`"),
            "{faults:?}"
        );
    }

    #[test]
    fn a_package_from_a_repository_is_a_fault() {
        let faults = faults(&lock("handy", "git+https://example.invalid/handy", "serde"));
        assert!(faults[0].contains("does not come from the package registry"), "{faults:?}");
    }
}
