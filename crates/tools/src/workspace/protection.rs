//! The files of a workspace that a person decides about, by their place after symbolic links.
//!
//! What runs or instructs something outside the tools must not change unseen, whoever asks for it.

use std::path::Path;

use openclaw_core::FileProtection::{
    self, AgentInstructions, BuildPipeline, EditorSettings, GitData, LoginKeys, ProjectSettings,
    ShellStartup,
};

/// Names that protect an entry and everything beneath it, wherever they are.
const NAMES: &[(&str, FileProtection)] = &[
    (".git", GitData),
    ("git~1", GitData),
    (".gitconfig", GitData),
    (".husky", GitData),
    (".pre-commit-config.yaml", GitData),
    (".pre-commit-config.yml", GitData),
    ("lefthook.yml", GitData),
    (".openclaw", ProjectSettings),
    (".envrc", ShellStartup),
    (".profile", ShellStartup),
    (".login", ShellStartup),
    (".logout", ShellStartup),
    (".bashrc", ShellStartup),
    (".bash_profile", ShellStartup),
    (".bash_login", ShellStartup),
    (".bash_logout", ShellStartup),
    (".bash_aliases", ShellStartup),
    (".zshrc", ShellStartup),
    (".zshenv", ShellStartup),
    (".zprofile", ShellStartup),
    (".zlogin", ShellStartup),
    (".zlogout", ShellStartup),
    (".kshrc", ShellStartup),
    (".cshrc", ShellStartup),
    (".tcshrc", ShellStartup),
    (".inputrc", ShellStartup),
    (".xprofile", ShellStartup),
    (".xinitrc", ShellStartup),
    (".xsession", ShellStartup),
    (".xsessionrc", ShellStartup),
    (".pam_environment", ShellStartup),
    (".ssh", LoginKeys),
    (".vscode", EditorSettings),
    (".idea", EditorSettings),
    (".vs", EditorSettings),
    (".zed", EditorSettings),
    (".fleet", EditorSettings),
    (".cursor", EditorSettings),
    (".devcontainer", EditorSettings),
    (".devcontainer.json", EditorSettings),
    (".vimrc", EditorSettings),
    (".exrc", EditorSettings),
    (".nvimrc", EditorSettings),
    (".nvim.lua", EditorSettings),
    (".emacs", EditorSettings),
    (".dir-locals.el", EditorSettings),
    (".gitlab-ci.yml", BuildPipeline),
    (".gitlab-ci.yaml", BuildPipeline),
    (".circleci", BuildPipeline),
    (".buildkite", BuildPipeline),
    (".teamcity", BuildPipeline),
    (".semaphore", BuildPipeline),
    (".woodpecker", BuildPipeline),
    (".woodpecker.yml", BuildPipeline),
    (".travis.yml", BuildPipeline),
    (".drone.yml", BuildPipeline),
    (".cirrus.yml", BuildPipeline),
    (".appveyor.yml", BuildPipeline),
    ("appveyor.yml", BuildPipeline),
    ("azure-pipelines.yml", BuildPipeline),
    ("bitbucket-pipelines.yml", BuildPipeline),
    ("jenkinsfile", BuildPipeline),
];

/// Pairs of a directory and a name in it that protect what is beneath them.
const PAIRS: &[(&str, &str, FileProtection)] = &[
    (".config", "git", GitData),
    (".config", "fish", ShellStartup),
    (".config", "autostart", ShellStartup),
    (".config", "environment.d", ShellStartup),
    (".config", "systemd", ShellStartup),
    (".config", "nvim", EditorSettings),
    (".github", "workflows", BuildPipeline),
    (".github", "actions", BuildPipeline),
    (".gitea", "workflows", BuildPipeline),
    (".forgejo", "workflows", BuildPipeline),
];

/// Endings of names that protect an entry and everything beneath it.
const ENDINGS: &[(&str, FileProtection)] =
    &[(".git", GitData), (".code-workspace", EditorSettings)];

/// Names at the top of the workspace that are part of the system prompt.
const INSTRUCTIONS: &[&str] =
    &["agents.md", "soul.md", "tools.md", "identity.md", "heartbeat.md", "bootstrap.md", "skills"];

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
    let is_pair = |parent: &str, name: &str| {
        names.windows(2).any(|pair| matches!(pair, [a, b] if a == parent && b == name))
    };
    let by_name = NAMES.iter().find(|(known, _)| names.iter().any(|name| name == known));
    let by_pair = || PAIRS.iter().find(|(parent, name, _)| is_pair(parent, name));
    let by_ending =
        || ENDINGS.iter().find(|(ending, _)| names.iter().any(|name| name.ends_with(ending)));
    by_name
        .map(|(_, protection)| *protection)
        .or_else(|| by_pair().map(|(_, _, protection)| *protection))
        .or_else(|| by_ending().map(|(_, protection)| *protection))
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
    use super::*;

    #[test]
    fn each_kind_of_protected_file_is_known_by_its_place() {
        let table: &[(FileProtection, &[&str])] = &[
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
                ],
            ),
            (
                AgentInstructions,
                &[
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
        for (expected, paths) in table {
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
        ] {
            assert_eq!(find_protection(Path::new(path)), None, "{path}");
        }
    }
}
