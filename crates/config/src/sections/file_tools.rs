//! `tools.fs`: the folders that the file tools work in.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    env::Env,
    paths::expand_home,
    template::{EnvString, TemplateError},
};

/// The longest name of a root, in characters.
const MAX_NAME_CHARS: usize = 32;

/// The folders that the file tools work in: the workspace, and those that are named here.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileToolsConfig {
    /// Whether the file tools work in the workspace only, so that `roots` are not used.
    pub workspace_only: Option<bool>,
    /// More folders for the file tools. A path in one is written `NAME:/path`, or absolute.
    pub roots: Vec<FileRootConfig>,
}

/// A folder besides the workspace.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileRootConfig {
    /// The name in paths: 2 to 32 letters, digits, `-` and `_`, the first one a letter.
    pub name: String,
    /// The folder, absolute; a leading `~` and `${VAR}` are replaced.
    pub path: Option<EnvString>,
    /// What the tools may do there.
    pub mode: FileRootAccess,
}

/// Where the file tools of one agent work. It only makes `tools.fs` stricter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentFileToolsConfig {
    /// Whether the agent's file tools work in its workspace only.
    pub workspace_only: Option<bool>,
}

/// What the tools may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum FileRootAccess {
    /// Read, list and search.
    #[default]
    #[serde(rename = "ro")]
    ReadOnly,
    /// Change files too.
    #[serde(rename = "rw")]
    ReadWrite,
}

/// A folder besides the workspace, with its path resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileRoot {
    /// The name in paths: `NAME:/path`.
    pub name: String,
    /// The absolute path of the folder, which need not exist.
    pub path: PathBuf,
    /// What the tools may do there.
    pub access: FileRootAccess,
}

/// A root cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("use `tools.fs.roots[{index}]`: {problem}")]
pub struct FileRootError {
    /// Its place in the list, from 0.
    pub index: usize,
    /// What is wrong with it, and what was expected.
    pub problem: String,
}

impl FileToolsConfig {
    /// The roots, in the order of the config.
    pub(crate) fn resolve_roots(&self, env: &Env) -> Result<Vec<FileRoot>, FileRootError> {
        let mut roots: Vec<FileRoot> = Vec::new();
        for (index, root) in self.roots.iter().enumerate() {
            let resolved = root.resolve(env, &roots);
            roots.push(resolved.map_err(|problem| FileRootError { index, problem })?);
        }
        Ok(roots)
    }
}

impl FileRootConfig {
    /// Resolves the root; `others` are those before it.
    pub(crate) fn resolve(&self, env: &Env, others: &[FileRoot]) -> Result<FileRoot, String> {
        let Self { name, path, mode } = self;
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        let begins_well = name.starts_with(|char: char| char.is_ascii_alphabetic());
        if name.is_empty() {
            return Err("it has no `name`, which paths in it begin with".to_owned());
        }
        if !begins_well || !name.chars().all(is_part) || !(2..=MAX_NAME_CHARS).contains(&name.len())
        {
            return Err(format!(
                "the name is not 2 to {MAX_NAME_CHARS} letters, digits, `-` and `_` that begin \
                 with a letter"
            ));
        }
        if others.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(format!("the name `{name}` is used twice"));
        }
        let Some(path) = path.as_ref().filter(|path| !path.raw_text().trim().is_empty()) else {
            return Err("it has no `path`".to_owned());
        };
        let text = path.resolve_variables(env).map_err(|error| match error {
            TemplateError::UnsetVariable { variable } => {
                format!("the path names the variable {variable}, which is not set")
            }
            error => format!("failed to {error}"),
        })?;
        let path = expand_home(text, env);
        if !path.is_absolute() {
            return Err("the path is relative; write it from `/` or `~/`".to_owned());
        }
        Ok(FileRoot { name: name.clone(), path, access: *mode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn roots_have_a_name_an_absolute_path_and_a_mode() {
        let env = Env::from_pairs([("HOME", "/h"), ("DATA", "/data")]);
        let text = "{ tools: { fs: { roots: [
            { name: 'notes', path: '~/notes', mode: 'rw' }, { name: 'data', path: '${DATA}/x' },
        ] } }, agents: { entries: { guest: { tools: { fs: { workspaceOnly: true } } } } } }";
        let config = Config::parse(text, &env).unwrap().config;
        let roots = config.file_roots("main", &env).unwrap();
        let shown: Vec<_> =
            roots.iter().map(|root| (&*root.name, &*root.path, root.access)).collect();
        assert_eq!(
            shown,
            [
                ("notes", "/h/notes".as_ref(), FileRootAccess::ReadWrite),
                ("data", "/data/x".as_ref(), FileRootAccess::ReadOnly),
            ]
        );
        assert_eq!(config.file_roots("guest", &env).unwrap(), []);
    }

    #[test]
    fn a_root_that_cannot_be_meant_is_an_error_that_names_it() {
        let env = Env::from_pairs([("HOME", "/h")]);
        for (root, part) in [
            ("{ path: '/a' }", "no `name`"),
            ("{ name: 'c', path: '/a' }", "2 to 32 letters"),
            ("{ name: 'a/b', path: '/a' }", "2 to 32 letters"),
            ("{ name: '-ab', path: '/a' }", "2 to 32 letters"),
            ("{ name: 'aa' }", "no `path`"),
            ("{ name: 'aa', path: 'a' }", "relative"),
            ("{ name: 'aa', path: '${NOPE}' }", "NOPE"),
            ("{ name: 'SAME', path: '/b' }", "used twice"),
        ] {
            let text = format!(
                "{{ tools: {{ fs: {{ roots: [{{ name: 'same', path: '/a' }}, {root}] }} }} }}"
            );
            let parsed = Config::parse(&text, &env).unwrap();
            let error = parsed.config.file_roots("main", &env).unwrap_err();
            assert_eq!(error.index, 1);
            assert!(error.problem.contains(part), "{root}: {error}");
            let told = parsed.diagnostics.iter().find(|found| found.message == error.problem);
            assert_eq!(told.unwrap().path.to_string(), "tools.fs.roots[1]");
        }
    }
}
