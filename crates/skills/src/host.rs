//! What a machine has, and what a skill misses on it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use crate::SkillManifest;

/// What a machine and its config have.
pub struct SkillHost<'a> {
    /// The operating system: `linux`, `darwin` or `win32`.
    pub platform: &'a str,
    /// The folders in which programs are looked for, as in `PATH`.
    pub search_path: Option<&'a OsStr>,
    /// The names of the environment variables that have a value.
    pub variables: &'a BTreeSet<String>,
    /// Whether a key of the config, such as `browser.enabled`, is set and not false.
    pub has_config_value: &'a dyn Fn(&str) -> bool,
}

/// What a skill needs and a machine does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingRequirements {
    /// Programs.
    pub bins: Vec<String>,
    /// Programs of which one is needed.
    pub any_bins: Vec<String>,
    /// Environment variables.
    pub env: Vec<String>,
    /// Keys of the config.
    pub config: Vec<String>,
    /// The operating systems that it is for, when this is another.
    pub os: Vec<String>,
}

impl MissingRequirements {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { bins, any_bins, env, config, os } = self;
        [bins, any_bins, env, config, os].iter().all(|list| list.is_empty())
    }
}

/// Shown as `bins: kettle; one of: a, b; env: TEA_KEY; config: browser.enabled; os: darwin`.
impl fmt::Display for MissingRequirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bins, any_bins, env, config, os } = self;
        let parts =
            [("bins", bins), ("one of", any_bins), ("env", env), ("config", config), ("os", os)];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> =
            parts.map(|(kind, names)| format!("{kind}: {}", names.join(", "))).collect();
        f.write_str(&parts.join("; "))
    }
}

impl fmt::Debug for SkillHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("SkillHost");
        fields.field("platform", &self.platform).field("search_path", &self.search_path);
        fields.field("variables", self.variables).finish_non_exhaustive()
    }
}

impl SkillHost<'_> {
    /// What a skill misses here; nothing but the operating system for one that is always ready.
    #[must_use]
    pub fn missing_requirements(&self, manifest: &SkillManifest) -> MissingRequirements {
        let needs = &manifest.requirements;
        let is_other_system =
            !needs.os.is_empty() && !needs.os.iter().any(|os| os == self.platform);
        let os = if is_other_system { needs.os.clone() } else { Vec::new() };
        if manifest.is_always_ready {
            return MissingRequirements { os, ..MissingRequirements::default() };
        }
        let without = |names: &[String], has: &dyn Fn(&str) -> bool| -> Vec<String> {
            names.iter().filter(|name| !has(name)).cloned().collect()
        };
        let has_one = needs.any_bins.iter().any(|name| self.has_program(name));
        MissingRequirements {
            bins: without(&needs.bins, &|name| self.has_program(name)),
            any_bins: if has_one { Vec::new() } else { needs.any_bins.clone() },
            env: without(&needs.env, &|name| self.variables.contains(name)),
            config: without(&needs.config, self.has_config_value),
            os,
        }
    }

    fn has_program(&self, name: &str) -> bool {
        if name.is_empty() || name.contains('\0') {
            return false;
        }
        if name.contains('/') {
            return is_executable(Path::new(name));
        }
        let folders = self.search_path.map(std::env::split_paths);
        folders.into_iter().flatten().any(|folder| is_executable(&folder.join(name)))
    }
}

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    metadata.is_file() && may_run
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::SkillRequirements;

    #[test]
    fn what_is_missing_is_named_by_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/bin/sh", folder.path().join("kettle")).unwrap();
        std::fs::create_dir(folder.path().join("directory")).unwrap();
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let mut manifest = SkillManifest {
            requirements: SkillRequirements {
                bins: names("kettle directory missing /bin/sh ../x"),
                any_bins: names("a b"),
                env: names("TEA_KEY OTHER_KEY"),
                config: names("tea.on tea.off"),
                os: names("darwin win32"),
            },
            ..SkillManifest::default()
        };
        let variables = BTreeSet::from(["TEA_KEY".to_owned()]);
        let host = SkillHost {
            platform: "linux",
            search_path: Some(folder.path().as_os_str()),
            variables: &variables,
            has_config_value: &|key| key == "tea.on",
        };
        let missing = host.missing_requirements(&manifest);
        assert_eq!(
            missing.to_string(),
            "bins: directory, missing, ../x; one of: a, b; env: OTHER_KEY; config: tea.off; os: \
             darwin, win32"
        );
        manifest.is_always_ready = true;
        assert_eq!(host.missing_requirements(&manifest).to_string(), "os: darwin, win32");
        manifest.is_always_ready = false;
        manifest.requirements = SkillRequirements {
            any_bins: names("a kettle"),
            os: names("linux"),
            ..SkillRequirements::default()
        };
        assert!(host.missing_requirements(&manifest).is_empty());
    }
}
