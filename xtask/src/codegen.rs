//! Generates the checked-in files: the schemas of the config and the events, the reference pages,
//! shell completions and man pages.
//!
//! The generators return texts; only this module writes and compares files.

mod cli_page;
mod config_page;
mod document;
mod shell;
mod tables;

use std::path::Path;

use anyhow::{Context as _, Result};

/// The command that renews the generated files.
const COMMAND: &str = "cargo xtask codegen";

/// Folders that hold generated files only, so that a stale extra file is detected.
const OWN_FOLDERS: &[&str] = &["crates/cli/completions", "crates/cli/man"];

/// A generated file.
#[derive(Debug)]
struct Page {
    /// The path from the workspace root.
    path: String,
    text: String,
}

impl Page {
    fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Writes every stale file and returns their paths.
pub(crate) fn write(root: &Path) -> Result<Vec<String>> {
    let pages = pages()?;
    let stale = stale(root, &pages)?;
    for path in &stale {
        let file = root.join(path);
        match pages.iter().find(|page| page.path == *path) {
            Some(page) => {
                let folder = file.parent().unwrap_or(root);
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&file, &page.text))
                    .with_context(|| format!("failed to write {path}"))?;
            }
            None => {
                std::fs::remove_file(&file).with_context(|| format!("failed to remove {path}"))?;
            }
        }
    }
    Ok(stale)
}

/// Returns a sentence for every stale file.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let stale = stale(root, &pages()?)?;
    Ok(stale.iter().map(|path| format!("{path}:1: not as generated; run `{COMMAND}`")).collect())
}

fn pages() -> Result<Vec<Page>> {
    let schema = openclaw_config::Config::json_schema();
    let events = openclaw_protocol::events::json_schema();
    let mut pages = vec![
        Page::new("schemas/config.schema.json", format!("{schema:#}\n")),
        Page::new("schemas/events.schema.json", format!("{events:#}\n")),
        Page::new("docs/reference/config.md", config_page::render(&schema)),
        Page::new("docs/reference/cli.md", cli_page::render(command())),
        Page::new("docs/reference/env.md", tables::environment()),
        Page::new("docs/reference/exit-codes.md", tables::exit_codes()),
        Page::new("docs/reference/drop-in.md", tables::drop_in()),
    ];
    pages.extend(shell::completions(command()));
    pages.extend(shell::man_pages(command())?);
    Ok(pages)
}

/// Returns the command line with a version that does not change with each commit.
fn command() -> clap::Command {
    openclaw_cli::clap_command().version(env!("CARGO_PKG_VERSION"))
}

/// Returns the paths of files that differ, are missing, or are no longer generated.
fn stale(root: &Path, pages: &[Page]) -> Result<Vec<String>> {
    let differs = |page: &&Page| {
        let present = std::fs::read_to_string(root.join(&page.path)).unwrap_or_default();
        present != page.text
    };
    let mut stale: Vec<String> =
        pages.iter().filter(differs).map(|page| page.path.clone()).collect();
    for folder in OWN_FOLDERS {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = format!("{folder}/{}", entry?.file_name().to_string_lossy());
            if !pages.iter().any(|page| page.path == path) {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Page, check, stale};

    #[test]
    fn what_is_checked_in_is_as_generated() {
        let stale = check(&crate::workspace::root()).unwrap();
        assert!(stale.is_empty(), "{}", stale.join("\n"));
    }

    #[test]
    fn changed_missing_and_superfluous_files_are_stale() {
        let root = tempfile::tempdir().unwrap();
        let man = root.path().join("crates/cli/man");
        fs::create_dir_all(&man).unwrap();
        for (name, text) in [("same.1", "a"), ("changed.1", "b"), ("superfluous.1", "c")] {
            fs::write(man.join(name), text).unwrap();
        }
        let page = |name: &str| Page::new(format!("crates/cli/man/{name}.1"), "a");
        let pages = [page("same"), page("changed"), page("missing")];
        let stale = stale(root.path(), &pages).unwrap();
        let names = ["changed", "missing", "superfluous"];
        assert_eq!(stale, names.map(|name| format!("crates/cli/man/{name}.1")));
    }
}
