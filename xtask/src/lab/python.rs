//! Installs pinned Python packages in a virtual environment, and runs scripts in it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::{self, read};

/// The installer, itself installed by pip.
const UV: &str = "uv==0.13.8";

/// The description of an environment.
#[derive(Debug)]
pub(super) struct Environment {
    /// The display name of the program.
    pub(super) name: &'static str,
    /// The folder with the pinned list and the scripts.
    pub(super) recipe: PathBuf,
    /// The folder that everything is installed in.
    pub(super) folder: PathBuf,
    /// The program that the packages install.
    pub(super) program: &'static str,
    /// The size of the installation, for the user.
    pub(super) costs: &'static str,
    /// The minor versions of Python 3 for which the pinned packages exist.
    pub(super) pythons: RangeInclusive<u32>,
    /// Environment variables for compiling packages.
    pub(super) build: &'static [(&'static str, &'static str)],
    /// A package that is also found under another name: that name and its version.
    pub(super) alias: Option<(&'static str, &'static str)>,
}

impl Environment {
    /// Returns the recipe folder and the target folder of this name.
    pub(super) fn folders(name: &str) -> Result<(PathBuf, PathBuf)> {
        let recipe = workspace::root().join("xtask").join(name);
        let folder = workspace::target_directory()?.join(name);
        std::fs::create_dir_all(&folder).context("failed to make the folder")?;
        // Canonical, as `/proc` shows a process's folder.
        let folder = folder.canonicalize().context("failed to find the folder")?;
        Ok((recipe, folder))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("env")
    }

    pub(super) fn python(&self) -> PathBuf {
        self.path().join("bin/python")
    }

    /// Installs whatever is missing or out of date and prints it.
    pub(super) fn install(&self) -> Result<()> {
        let requirements = self.requirements()?;
        let stamp = self.stamp(&requirements);
        if bears(&self.stamped(), &stamp) {
            return Ok(());
        }
        if complete(&self.path(), self.program, &requirements, self.alias) {
            println!("{} is there already: every pinned package is complete", self.name);
        } else {
            self.install_packages(&requirements)?;
        }
        std::fs::write(self.stamped(), stamp).context("failed to write the stamp")
    }

    /// Returns true when everything is installed as the recipe says.
    pub(super) fn is_installed(&self) -> Result<bool> {
        Ok(bears(&self.stamped(), &self.stamp(&self.requirements()?)))
    }

    /// Runs the recipe's script `script`, which makes `result`, unless that exists and the script
    /// is unchanged.
    pub(super) fn make(&self, script: &str, result: &Path) -> Result<()> {
        let stamped = stamped(result);
        let stamp = self.script_stamp(script)?;
        if result.exists() && bears(&stamped, &stamp) {
            return Ok(());
        }
        println!("making the model");
        if result.is_dir() {
            std::fs::remove_dir_all(result).context("failed to remove the old model")?;
        }
        let script = self.recipe.join(script);
        step(self.python(), [script.as_path(), result], &[]).context("failed to make the model")?;
        std::fs::write(stamped, stamp).context("failed to write the stamp")
    }

    /// Returns true when `make` has nothing to do.
    pub(super) fn is_made(&self, script: &str, result: &Path) -> Result<bool> {
        Ok(result.exists() && bears(&stamped(result), &self.script_stamp(script)?))
    }

    fn requirements(&self) -> Result<String> {
        read(&self.recipe.join("requirements.txt"))
    }

    fn stamped(&self) -> PathBuf {
        self.path().join("installed")
    }

    fn stamp(&self, requirements: &str) -> String {
        let (alias, version) = self.alias.unwrap_or_default();
        let build = self.build.iter().flat_map(|(name, value)| [*name, *value]);
        stamp([UV, alias, version, requirements].into_iter().chain(build))
    }

    fn script_stamp(&self, script: &str) -> Result<String> {
        let script = read(&self.recipe.join(script))?;
        Ok(stamp([script.as_str(), &self.requirements()?]))
    }

    fn install_packages(&self, requirements: &str) -> Result<()> {
        let Self { name, costs, .. } = self;
        self.check_python()?;
        let env = self.path();
        std::fs::create_dir_all(&self.folder).context("failed to make the folder")?;
        println!("installing {name}: {costs}");
        if !env.join("bin/pip").exists() {
            step(
                "python3",
                ["-m", "venv", "--clear"].map(OsStr::new).into_iter().chain([env.as_ref()]),
                &[],
            )
            .context("failed to make a virtual environment")?;
        }
        let pip = ["install", "--quiet", "--disable-pip-version-check", UV];
        step(env.join("bin/pip"), pip.map(OsStr::new), &[]).context("failed to install uv")?;
        let python = self.python();
        let list = self.recipe.join("requirements.txt");
        // The list is complete, so dependencies of the packages are not resolved.
        let arguments = ["pip", "install", "--no-deps", "--compile-bytecode", "--python"]
            .map(OsStr::new)
            .into_iter()
            .chain([python.as_ref(), OsStr::new("-r"), list.as_ref()]);
        step(env.join("bin/uv"), arguments, self.build)
            .with_context(|| format!("failed to install the packages of {name}"))?;
        if let Some((package, version)) = self.alias {
            write_alias(&env, package, version)?;
        }
        if !complete(&env, self.program, requirements, self.alias) {
            bail!("packages are missing from {} after their installation", env.display());
        }
        Ok(())
    }

    /// Checks for the needed programs before anything is downloaded.
    fn check_python(&self) -> Result<()> {
        let ask = |program: &str| Command::new("python3").args(["-c", program]).output();
        let Ok(version) = ask("import sys; print(sys.version_info[1])") else {
            bail!("python3 is not found; on Debian: apt-get install python3 python3-venv");
        };
        let minor = String::from_utf8_lossy(&version.stdout).trim().parse::<u32>().unwrap_or(0);
        if !self.pythons.contains(&minor) {
            let (least, most) = (self.pythons.start(), self.pythons.end());
            bail!("python3 is 3.{minor}; the pinned packages need 3.{least} to 3.{most}");
        }
        if !ask("import venv, ensurepip")?.status.success() {
            bail!("python3 has no venv module; on Debian: apt-get install python3-venv");
        }
        Ok(())
    }
}

/// The file that says by which script `result` was made.
fn stamped(result: &Path) -> PathBuf {
    result.with_extension("made")
}

/// Runs one command and shows its output.
fn step<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
    variables: &[(&str, &str)],
) -> Result<()> {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().copied());
    // Without compiled files a server takes half a minute longer to start.
    command.env_remove("PYTHONDONTWRITEBYTECODE").env_remove("PYTHONHOME");
    let status = command
        .status()
        .with_context(|| format!("failed to start {}", program.to_string_lossy()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.to_string_lossy());
    }
    Ok(())
}

/// Writes package metadata under another name, so that Python finds the package by it.
fn write_alias(env: &Path, package: &str, version: &str) -> Result<()> {
    let site = site_packages(env).context("the environment has no site-packages")?;
    let folder = site.join(format!("{package}-{version}.dist-info"));
    let metadata = format!("Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("METADATA"), metadata))
        .with_context(|| format!("failed to name the version of {package}"))
}

fn site_packages(env: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(env.join("lib")).ok()?.flatten();
    versions.map(|version| version.path().join("site-packages")).find(|path| path.is_dir())
}

/// Returns true when the program and every pinned package are installed with all their files.
fn complete(
    env: &Path,
    program: &str,
    requirements: &str,
    alias: Option<(&'static str, &'static str)>,
) -> bool {
    let Some(site) = site_packages(env) else { return false };
    let Ok(entries) = std::fs::read_dir(&site) else { return false };
    let mut present = BTreeSet::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((package, version)) =
            name.strip_suffix(".dist-info").and_then(|name| name.split_once('-'))
        else {
            continue;
        };
        if has_its_files(&site, &entry.path()) {
            present.insert((normal(package), version.to_owned()));
        }
    }
    let pinned = requirements.lines().filter_map(|line| line.trim().split_once("=="));
    env.join("bin").join(program).exists()
        && pinned
            .chain(alias)
            .all(|(name, version)| present.contains(&(normal(name), version.to_owned())))
}

/// Returns true when the files in a package's `RECORD` exist; an alias has no such list.
fn has_its_files(site: &Path, info: &Path) -> bool {
    let Ok(record) = std::fs::read_to_string(info.join("RECORD")) else {
        return info.join("METADATA").exists();
    };
    let files = record.lines().filter_map(|line| line.split(',').next());
    files.filter(|file| !file.starts_with('"')).all(|file| site.join(file).exists())
}

/// Normalises a package name as the index does.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn bears(path: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text == stamp)
}

/// FNV-1a over all parts. It only detects changes of a recipe and is no security measure.
fn stamp<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{complete, stamp, write_alias};

    #[test]
    fn a_stamp_depends_on_every_part_and_on_where_they_are_cut() {
        assert_eq!(stamp(["a", "b"]), stamp(["a", "b"]));
        assert_ne!(stamp(["a", "b"]), stamp(["ab", ""]));
        assert_ne!(stamp(["a", "b"]), stamp(["a", "c"]));
    }

    #[test]
    fn an_environment_is_complete_with_every_pinned_package_and_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let env = folder.path();
        let site = env.join("lib/python3.11/site-packages");
        let info = site.join("typing_extensions-4.0.dist-info");
        let alias = Some(("server", "1.0+cpu"));
        let is_complete = |requirements| complete(env, "serve", requirements, alias);
        let requirements = "typing-extensions==4.0\n";
        fs::create_dir_all(&info).unwrap();
        fs::create_dir_all(env.join("bin")).unwrap();
        fs::write(env.join("bin/serve"), "").unwrap();
        fs::write(info.join("RECORD"), "module.py,sha256=x,1\n\"odd,name\",,\n").unwrap();
        assert!(!is_complete(requirements), "a file and the alias are missing");
        fs::write(site.join("module.py"), "").unwrap();
        assert!(!is_complete(requirements), "the alias is missing");
        write_alias(env, "server", "1.0+cpu").unwrap();
        assert!(site.join("server-1.0+cpu.dist-info/METADATA").exists());
        assert!(is_complete(requirements));
        assert!(!complete(env, "other", requirements, alias), "the program is missing");
        assert!(!is_complete("typing-extensions==4.1\n"), "another version is pinned");
        fs::remove_file(site.join("module.py")).unwrap();
        assert!(!is_complete(requirements), "a file was removed");
    }
}
