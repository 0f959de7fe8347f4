//! The files of a workspace that a person decides about, by their place after symbolic links.
//!
//! What runs or instructs something outside the tools must not change unseen, whoever asks for it.

mod names;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::LazyLock;

use openclaw_core::FileProtection::{self, AgentInstructions, GitData};

use names::{ENDINGS, INSTRUCTIONS, NAMES, PATTERNS};

/// What the names say, each by its folded form.
struct NameTable {
    names: HashMap<&'static str, FileProtection>,
    /// The parts of patterns, and the names at the top of the workspace.
    parts: HashSet<&'static str>,
    /// The first parts of patterns.
    pattern_starts: HashMap<&'static str, FileProtection>,
}

static NAME_TABLE: LazyLock<NameTable> = LazyLock::new(|| {
    let pairs = NAMES.iter().flat_map(|(kind, names)| names.iter().map(|name| (*name, *kind)));
    let patterns =
        || PATTERNS.iter().flat_map(|(kind, patterns)| patterns.iter().map(|it| (*it, *kind)));
    let parts = patterns().flat_map(|(pattern, _)| pattern.iter().copied());
    let starts = patterns().filter_map(|(pattern, kind)| Some((*pattern.first()?, kind)));
    NameTable {
        names: pairs.collect(),
        parts: parts.chain(INSTRUCTIONS.iter().copied()).collect(),
        pattern_starts: starts.collect(),
    }
});

/// Why an entry is protected by its own name, whatever is above it; `None` for any other.
pub(crate) fn find_own_protection(path: &Path, is_in_workspace: bool) -> Option<FileProtection> {
    let names: Vec<String> = path.iter().map(|name| fold_name(&name.to_string_lossy())).collect();
    let name = names.last()?;
    if is_in_workspace && names.len() == 1 && INSTRUCTIONS.contains(&name.as_str()) {
        return Some(AgentInstructions);
    }
    let ends_with = |pattern: &[&str]| {
        let start = names.len().checked_sub(pattern.len());
        let end = start.and_then(|start| names.get(start..)).unwrap_or_default();
        !end.is_empty() && end.iter().zip(pattern).all(|(a, b)| a == b)
    };
    let by_pattern = || {
        let mut kinds = PATTERNS.iter();
        kinds.find(|(_, patterns)| patterns.iter().any(|pattern| ends_with(pattern)))
    };
    let by_name = NAME_TABLE.names.get(name.as_str()).copied();
    by_name
        .or_else(|| by_pattern().map(|(protection, _)| *protection))
        .or_else(|| find_by_ending(name))
}

/// Whether an entry with this name can be protected, depending on where it is.
pub(crate) fn may_be_protected(name: &str) -> bool {
    let name = fold_name(name);
    let table = &*NAME_TABLE;
    table.names.contains_key(name.as_str())
        || table.parts.contains(name.as_str())
        || find_by_ending(&name).is_some()
}

/// What a symbolic link with this name could lead to, if it stood for the directory of a protected
/// file, such as `.github` or `.config`.
pub(crate) fn protection_behind_link(name: &str) -> Option<FileProtection> {
    NAME_TABLE.pattern_starts.get(fold_name(name).as_str()).copied()
}

fn find_by_ending(name: &str) -> Option<FileProtection> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    ENDINGS.iter().find(|(_, endings)| ends(endings)).map(|(protection, _)| *protection)
}

/// Why a person decides about a file, by its path from the workspace without symbolic links; `None`
/// for a file that the agent may write.
pub(crate) fn find_protection(path: &Path) -> Option<FileProtection> {
    let first = path.iter().next().map(|name| fold_name(&name.to_string_lossy()));
    if first.is_some_and(|name| INSTRUCTIONS.contains(&name.as_str())) {
        return Some(AgentInstructions);
    }
    find_protection_by_name(path)
}

/// The same for a path that is not in the workspace, from `/`.
pub(crate) fn find_protection_by_name(path: &Path) -> Option<FileProtection> {
    let names: Vec<String> = path.iter().map(|name| fold_name(&name.to_string_lossy())).collect();
    // With `objects` and `refs` beside it, Git takes the directory for a repository.
    if path.file_name().is_some_and(|name| name == "HEAD") {
        return Some(GitData);
    }
    let table = &*NAME_TABLE;
    let by_name = names.iter().find_map(|name| table.names.get(name.as_str()).copied());
    let has_pattern = |pattern: &[&str]| {
        names.windows(pattern.len()).any(|part| part.iter().zip(pattern).all(|(a, b)| a == b))
    };
    let by_pattern = || {
        let mut kinds = PATTERNS.iter();
        kinds.find(|(_, patterns)| patterns.iter().any(|pattern| has_pattern(pattern)))
    };
    by_name
        .or_else(|| by_pattern().map(|(protection, _)| *protection))
        .or_else(|| names.iter().find_map(|name| find_by_ending(name)))
}

/// A name as the most lenient file system compares it: without case, without characters that some
/// ignore, and without the dots and spaces that others drop from its end.
pub(crate) fn fold_name(name: &str) -> String {
    let is_ignored = |char: char| {
        matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
    };
    let folded: String =
        name.chars().filter(|char| !is_ignored(*char)).flat_map(char::to_lowercase).collect();
    // U+212A, the Kelvin sign, is already a `k`; this one has no lower case of its own.
    let folded = folded.replace('\u{17f}', "s");
    folded.trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use openclaw_core::FileProtection::{
        BuildPipeline, BuildSettings, EditorSettings, LoginKeys, ProjectSettings, ShellStartup,
    };

    use super::*;

    const TABLE: &[(FileProtection, &[&str])] = &[
        (
            GitData,
            &[
                ".git",
                ".git/hooks/pre-commit",
                ".git/config",
                "a/b/.git/hooks/x",
                ".gitconfig",
                "sub/.git",
                ".config/git/config",
                "bare.git/hooks/update",
                ".husky/pre-push",
                "lefthook-local.yml",
                ".hg/hgrc",
                ".jj/repo/config.toml",
                "x/HEAD",
                "GIT~1/config",
            ],
        ),
        (ProjectSettings, &[".openclaw/openclaw.json5", "a/.openclaw/x", ".OpenClaw/x"]),
        (
            ShellStartup,
            &[
                ".bashrc",
                "home/.zshenv",
                ".profile",
                ".envrc",
                "a/.envrc",
                ".config/fish/x.fish",
                ".config/systemd/user/x.service",
                ".config/autostart/x.desktop",
                ".local/share/systemd/user/x.timer",
                ".tmux.conf",
                ".direnvrc",
            ],
        ),
        (LoginKeys, &[".ssh/authorized_keys", "a/.SSH/config"]),
        (
            EditorSettings,
            &[
                ".vscode/tasks.json",
                ".vscode/settings.json",
                "a/.idea/workspace.xml",
                "my.code-workspace",
                ".exrc",
                "_vimrc",
                ".vim/plugin/x.vim",
                ".emacs.d/init.el",
                ".dir-locals.el",
                ".run/x.run.xml",
                "a.sublime-project",
                ".config/Code/User/tasks.json",
            ],
        ),
        (
            BuildPipeline,
            &[
                ".github/workflows/ci.yml",
                ".gitlab-ci.yml",
                ".circleci/config.yml",
                "Jenkinsfile",
                "a/.github/workflows/x",
                ".drone.yaml",
                "azure-pipelines.yaml",
            ],
        ),
        (
            BuildSettings,
            &[
                ".npmrc",
                ".yarnrc",
                "a/.cargo/config",
                ".cargo/config.toml",
                "mise.toml",
                ".tool-versions",
                ".gdbinit",
                ".Rprofile",
                ".pdbrc",
                ".mvn/extensions.xml",
                ".yarn/releases/yarn.cjs",
            ],
        ),
        (
            AgentInstructions,
            &[
                ".claude/settings.json",
                "a/CLAUDE.md",
                ".mcp.json",
                "GEMINI.md",
                ".gemini/x",
                ".codex/config.toml",
                ".cursorrules",
                ".cursor/mcp.json",
                ".windsurfrules",
                ".github/copilot-instructions.md",
                "AGENTS.md",
                "SOUL.md",
                "TOOLS.md",
                "IDENTITY.md",
                "HEARTBEAT.md",
                "BOOTSTRAP.md",
                "skills/a/SKILL.md",
                "agents.MD",
            ],
        ),
    ];

    #[test]
    fn each_kind_of_protected_file_is_known_by_its_place() {
        for (expected, paths) in TABLE {
            for path in *paths {
                assert_eq!(find_protection(Path::new(path)), Some(*expected), "{path}");
            }
        }
    }

    #[test]
    fn names_that_a_lenient_file_system_confuses_are_the_same() {
        for path in [
            ".GIT/config",
            ".Git/x",
            ".git./config",
            ".git /x",
            ".g\u{200c}it/config",
            ".GİT",
            ".\u{212a}shrc",
            ".ba\u{17f}hrc",
        ] {
            let is_expected_difference = path == ".GİT";
            assert_eq!(
                find_protection(Path::new(path)).is_none(),
                is_expected_difference,
                "{path}"
            );
        }
    }

    #[test]
    fn the_agents_memory_and_ordinary_files_are_its_own_to_write() {
        for path in [
            "",
            "MEMORY.md",
            "USER.md",
            "memory/2026-01-01.md",
            "src/main.rs",
            "docs/AGENTS.md",
            "Makefile",
            ".gitignore",
            ".github/CODEOWNERS",
            ".env",
            "git/config",
            "src/head/x",
            "src/skills/x",
            "ssh/config",
            "workflows/ci.yml",
            ".cargo/registry/x",
            ".config/Code/User/globalStorage/x",
            ".yarn/cache/x.zip",
            ".jj/repo/op_store/x",
            ".github/ISSUE_TEMPLATE/x.md",
            "package.json",
        ] {
            assert_eq!(find_protection(Path::new(path)), None, "{path}");
        }
    }
}
