//! Which changes of a Git config a command may make: those after which Git runs nothing new and talks
//! to nobody new.

use std::collections::BTreeSet;

use super::git_rules::{count_items, take_item};

/// One setting, with its section and key in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct ConfigEntry {
    section: String,
    subsection: String,
    key: String,
    value: String,
}

/// A file that a config makes Git use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigTarget {
    /// A config, relative to the folder of this one.
    Included(String),
    /// A folder of hooks, relative to the work tree.
    Hooks(String),
    /// Perhaps a program, relative to the work tree.
    Program(String),
}

impl ConfigTarget {
    /// The same target with another value.
    pub(crate) fn map_value(self, map: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Included(value) => Self::Included(map(&value)),
            Self::Hooks(value) => Self::Hooks(map(&value)),
            Self::Program(value) => Self::Program(map(&value)),
        }
    }
}

/// Finds the files that a config names: included configs, the folder of hooks, and each word in the
/// values of settings that could name programs.
pub(crate) fn find_config_targets(text: &[u8]) -> Vec<ConfigTarget> {
    let text = String::from_utf8_lossy(text).replace("\\\n", "");
    let mut targets = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        let mut line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let Some((header, after)) = rest.rsplit_once(']') else { continue };
            let name = header.split(['.', ' ', '\t', '"']).next().unwrap_or_default();
            section = name.to_ascii_lowercase();
            line = after.trim();
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        let plain = || value.trim_matches('"').to_owned();
        match (section.as_str(), key.as_str()) {
            ("include" | "includeif", "path") => targets.push(ConfigTarget::Included(plain())),
            ("core", "hookspath") => targets.push(ConfigTarget::Hooks(plain())),
            ("user" | "branch" | "extensions" | "color", _)
            | ("core", "worktree" | "excludesfile" | "attributesfile") => {}
            ("remote" | "submodule", key)
                if !["uploadpack", "receivepack", "update"].contains(&key)
                    && !plain().starts_with("ext::") => {}
            _ => {
                let words = value.split(|c: char| c.is_whitespace() || "\"'!;&|()`$=".contains(c));
                let words = words.filter(|word| !word.is_empty() && !word.contains("://"));
                targets.extend(words.map(|word| ConfigTarget::Program(word.to_owned())));
            }
        }
    }
    targets
}

/// Whether a config may change from one text to another; `None` for a repository that is new.
pub(crate) fn is_harmless_change(before: Option<&[u8]>, after: &[u8]) -> bool {
    let is_new = before.is_none();
    let (Some(before), Some(after)) =
        (parse_entries(before.unwrap_or_default()), parse_entries(after))
    else {
        return false;
    };
    let remotes: BTreeSet<&str> = before
        .iter()
        .chain(after.iter().filter(|_| is_new))
        .filter(|entry| entry.section == "remote")
        .map(|entry| entry.subsection.as_str())
        .collect();
    let is_allowed = |entry: &ConfigEntry| {
        entry.is_about_a_branch(&remotes)
            || entry.is_a_name()
            || entry.is_about_a_submodule()
            || entry.is_about_layout()
            || (is_new && entry.is_initial())
    };
    let mut left = count_items(before.iter());
    let mut added = after.iter().filter(|entry| !take_item(&mut left, entry));
    added.all(is_allowed)
        && left.iter().filter(|(_, count)| **count > 0).all(|(entry, _)| {
            matches!(entry.section.as_str(), "branch" | "user" | "submodule")
                || entry.is_about_layout()
        })
}

impl ConfigEntry {
    /// What a branch follows: a remote that was known before.
    fn is_about_a_branch(&self, remotes: &BTreeSet<&str>) -> bool {
        let value = self.value.as_str();
        self.section == "branch"
            && match self.key.as_str() {
                "remote" => value == "." || remotes.contains(value),
                "merge" => value.starts_with("refs/heads/"),
                "rebase" => matches!(value, "true" | "false" | "merges"),
                "description" | "vscode-merge-base" | "gh-merge-base" => true,
                _ => false,
            }
    }

    /// The name of the author of commits.
    fn is_a_name(&self) -> bool {
        self.section == "user"
            && self.subsection.is_empty()
            && matches!(self.key.as_str(), "name" | "email")
    }

    /// Where a submodule comes from, and whether it is used. Its `update` could be a command.
    fn is_about_a_submodule(&self) -> bool {
        self.section == "submodule"
            && match self.key.as_str() {
                "url" => !self.subsection.is_empty() && is_plain_address(&self.value),
                "active" => true,
                _ => false,
            }
    }

    /// Which files of a tree are checked out, as `git sparse-checkout` writes it.
    fn is_about_layout(&self) -> bool {
        let is_switch = matches!(self.value.as_str(), "true" | "false");
        self.subsection.is_empty()
            && match (self.section.as_str(), self.key.as_str()) {
                ("core", "sparsecheckout" | "sparsecheckoutcone")
                | ("index", "sparse")
                | ("extensions", "worktreeconfig") => is_switch,
                ("core", "repositoryformatversion") => matches!(self.value.as_str(), "0" | "1"),
                _ => false,
            }
    }

    /// What `git init` and `git clone` write.
    fn is_initial(&self) -> bool {
        let is_core = matches!(
            self.key.as_str(),
            "repositoryformatversion"
                | "filemode"
                | "bare"
                | "logallrefupdates"
                | "ignorecase"
                | "precomposeunicode"
                | "symlinks"
        );
        match (self.section.as_str(), self.key.as_str()) {
            ("core", _) => is_core && self.subsection.is_empty(),
            ("extensions", key) => matches!(key, "objectformat" | "refstorage" | "worktreeconfig"),
            ("remote", "url") => is_plain_address(&self.value),
            ("remote", "fetch") => true,
            _ => false,
        }
    }
}

/// Whether the strategy of an unfinished operation is one of Git's own.
pub(crate) fn is_own_strategy(name: &[u8]) -> bool {
    const STRATEGIES: [&str; 6] = ["ort", "recursive", "resolve", "octopus", "ours", "subtree"];

    let name = String::from_utf8_lossy(name);
    let name = name.trim();
    name.is_empty() || STRATEGIES.contains(&name)
}

/// Whether the options of an unfinished series of picks name only strategies of Git's own.
pub(crate) fn are_plain_options(text: &[u8]) -> bool {
    parse_entries(text).is_some_and(|entries| {
        let mut strategies = entries.iter().filter(|entry| entry.key == "strategy");
        strategies.all(|entry| is_own_strategy(entry.value.as_bytes()))
    })
}

/// Whether Git neither runs a program for an address nor takes it for an option.
fn is_plain_address(address: &str) -> bool {
    !address.contains("::") && !address.starts_with('-')
}

/// The work tree that a config names, if it names one.
pub(crate) fn find_work_tree(text: &[u8]) -> Option<String> {
    let entries = parse_entries(text)?;
    let mut found = entries.into_iter().filter(|it| it.section == "core" && it.key == "worktree");
    found.next_back().map(|entry| entry.value)
}

/// The text of a config without the work tree that it names.
pub(crate) fn without_work_tree(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let is_other = |line: &&[u8]| {
        let line = String::from_utf8_lossy(line);
        let key = line.split('=').next().unwrap_or_default();
        !key.trim().eq_ignore_ascii_case("worktree")
    };
    lines.filter(is_other).flatten().copied().collect()
}

/// Reads the settings of a config; `None` when it has anything but plain sections and settings, which
/// Git could read in another way.
fn parse_entries(text: &[u8]) -> Option<Vec<ConfigEntry>> {
    let text = std::str::from_utf8(text).ok()?;
    let (mut section, mut subsection) = (String::new(), String::new());
    let mut entries = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.contains('\\') && !line.starts_with('[') || line.contains('\0') {
            return None;
        }
        if let Some(header) = line.strip_prefix('[') {
            // Nothing may follow the header on its line.
            let header = header.strip_suffix(']')?;
            if header.contains(['[', ']', '\\']) {
                return None;
            }
            (section, subsection) = match header.split_once(char::is_whitespace) {
                Some((name, quoted)) => {
                    let quoted = quoted.trim().strip_prefix('"')?.strip_suffix('"')?;
                    (name.to_ascii_lowercase(), quoted.to_owned())
                }
                // The old way to write a subsection.
                None if header.contains('.') => return None,
                None => (header.to_ascii_lowercase(), String::new()),
            };
            continue;
        }
        let (key, value) = line.split_once('=').map_or((line, "true"), |(key, value)| (key, value));
        let value = value.trim();
        // Quotes and comments make a value that is not its text.
        if section.is_empty() || value.contains(['"', '#', ';']) {
            return None;
        }
        entries.push(ConfigEntry {
            section: section.clone(),
            subsection: subsection.clone(),
            key: key.trim().to_ascii_lowercase(),
            value: value.to_owned(),
        });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
                        [remote \"origin\"]\n\turl = https://example.com/x.git\n\
                        \tfetch = +refs/heads/*:refs/remotes/origin/*\n";

    fn after(added: &str) -> bool {
        is_harmless_change(Some(BASE.as_bytes()), format!("{BASE}{added}").as_bytes())
    }

    #[test]
    fn branches_and_names_are_the_commands_own() {
        for added in [
            "",
            "# a comment\n",
            "[submodule \"libs/x\"]\n\turl = https://example.com/y.git\n\tactive = true\n",
            "[branch \"x\"]\n\tremote = origin\n\tmerge = refs/heads/x\n",
            "[branch \"x\"]\n\tremote = .\n\tmerge = refs/heads/main\n\trebase = true\n",
            "[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n",
        ] {
            assert!(after(added), "{added}");
        }
        let sparse = "[core]\n\tsparseCheckout = true\n[extensions]\n\tworktreeConfig = true\n";
        assert!(after(sparse));
        let with_branch = format!("{BASE}[branch \"x\"]\n\tremote = origin\n");
        assert!(is_harmless_change(Some(with_branch.as_bytes()), BASE.as_bytes()));
    }

    #[test]
    fn what_makes_git_run_or_reach_something_is_not() {
        for added in [
            "[core]\n\thooksPath = /w/hooks\n",
            "[core] hooksPath = x\n",
            "[submodule \"x\"]\n\tupdate = !x\n",
            "[submodule \"x\"]\n\turl = ext::sh -c x\n",
            "[submodule \"x\"]\n\turl = --upload-pack=x\n",
            "[CORE]\n\tHOOKSPATH = x\n",
            "[core]\n\tfsmonitor = ./x\n",
            "[core]\n\tsshCommand = x\n",
            "[core]\n\teditor = x\n[branch \"x\"]\n\tremote = origin\n",
            "[alias]\n\tst = !x\n",
            "[include]\n\tpath = ../x\n",
            "[includeIf \"gitdir:/\"]\n\tpath = ../x\n",
            "[filter \"x\"]\n\tclean = x\n",
            "[diff \"x\"]\n\ttextconv = x\n",
            "[branch \"x\"]\n\tremote = ext::sh -c x\n",
            "[branch \"x\"]\n\tremote = /tmp/x\n",
            "[branch \"x\"]\n\tpushRemote = /tmp/x\n",
            "[remote \"origin\"]\n\turl = https://evil.example/x.git\n",
            "[remote \"evil\"]\n\turl = https://evil.example/x.git\n[branch \"x\"]\n\tremote = evil\n",
            "[remote \"origin\"]\n\tproxy = http://evil.example\n",
            "[url \"https://evil.example/\"]\n\tinsteadOf = https://example.com/\n",
            "[credential]\n\thelper = x\n",
            "[user]\n\tname = a\\\n[core]\n\tfsmonitor = x\n",
            "[user]\n\tname = \"a\n",
            "[user \"x\"]\n\tname = a\n",
            "[user]\n\tsigningKey = x\n",
            "[gpg]\n\tprogram = x\n",
            "[branch.x]\n\tremote = origin\n",
            "[branch \"x\"]\n\tdescription = a\n[core]fsmonitor = x\n",
        ] {
            assert!(!after(added), "{added}");
        }
        assert!(!is_harmless_change(Some(BASE.as_bytes()), b"[core]\n\tbare = false\n"));
        assert!(!is_harmless_change(Some(BASE.as_bytes()), b""));
        assert!(!after("\u{0}"));
    }

    #[test]
    fn each_file_that_a_config_names_is_found() {
        let text = "[core]\n\thooksPath = .githooks\n\tpager = less\n[include]\n\tpath=\"../shared\"\n\
                    [includeIf \"gitdir:/w/[x]/\"] path = extra\n[alias]\n\tst = !tools/st.sh -x\n\
                    [filter \"a\"]\n\tclean = python3 \\\n tools/clean.py %f\n\
                    [remote \"o\"]\n\turl = ../other\n\tuploadpack = up.sh\n[user]\n\tname = a/b\n";
        let used = |value: &str| ConfigTarget::Program(value.to_owned());
        let included = |value: &str| ConfigTarget::Included(value.to_owned());
        let expected = [
            ConfigTarget::Hooks(".githooks".to_owned()),
            included("../shared"),
            included("extra"),
            used("tools/st.sh"),
            used("tools/clean.py"),
            used("up.sh"),
        ];
        let mut found = find_config_targets(text.as_bytes());
        // A word without a path matters where a file has its name.
        found.retain(|it| !matches!(it, ConfigTarget::Program(word) if !word.contains(['/', '.'])));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_new_repository_has_what_git_writes_at_first() {
        assert!(is_harmless_change(None, BASE.as_bytes()));
        let clone = "[remote \"origin\"]\n\turl = /w/a\n[branch \"main\"]\n\tremote = origin\n\
                     \tmerge = refs/heads/main\n[core]\n\tbare = true\n";
        assert!(is_harmless_change(None, clone.as_bytes()));
        for text in [
            "[core]\n\tfsmonitor = ./x\n",
            "[core]\n\tworktree = /\n",
            "[core]\n\thooksPath = x\n",
            "[remote \"x\"]\n\turl = ext::sh -c x\n",
            "[remote \"x\"]\n\turl = --upload-pack=x\n",
            "[remote \"x\"]\n\tuploadpack = x\n",
            "[include]\n\tpath = x\n",
        ] {
            assert!(!is_harmless_change(None, text.as_bytes()), "{text}");
        }
    }
}
