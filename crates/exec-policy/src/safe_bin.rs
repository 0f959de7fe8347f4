//! Filters from standard input to standard output that need no entry in an allowlist.
//!
//! Only options that are known exactly are accepted, and no file among the arguments. The
//! decision doesn't look at the disk, so it doesn't tell which files exist.

use std::collections::BTreeMap;

use crate::lookup::file_name;
use crate::plan::PlannedCommand;
use crate::program_class::risk_of_program;

/// The programs that are filters when nothing else is said.
pub const DEFAULT_SAFE_BINS: [&str; 6] = ["cut", "head", "tail", "tr", "uniq", "wc"];

/// Where a filter must be when nothing else is said.
pub const DEFAULT_TRUSTED_DIRS: [&str; 2] = ["/bin", "/usr/bin"];

/// Which programs are filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SafeBins {
    /// The names of the programs.
    pub names: Vec<String>,
    /// The directories that they must be in, without those below them.
    pub trusted_dirs: Vec<String>,
    /// The arguments of programs that have no built-in profile, by program.
    pub profiles: BTreeMap<String, SafeBinProfile>,
}

/// Which arguments keep a program a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SafeBinProfile {
    /// The fewest arguments that are no options.
    pub min_positional: usize,
    /// The most arguments that are no options.
    pub max_positional: usize,
    /// Options with a value, e.g. `-n` and `--lines`. Every other option is refused.
    pub allowed_value_flags: Vec<String>,
    /// Options that are refused even when they are in `allowed_value_flags`.
    pub denied_flags: Vec<String>,
}

/// The exact options of a known filter.
struct FilterOptions {
    name: &'static str,
    /// Short options without a value.
    bare: &'static str,
    /// Short options with a value.
    valued: &'static str,
    /// Long options without a value.
    long_bare: &'static [&'static str],
    /// Long options with a value.
    long_valued: &'static [&'static str],
    positional: std::ops::RangeInclusive<usize>,
}

const FILTERS: [FilterOptions; 8] = [
    FilterOptions {
        name: "cut",
        bare: "nsz",
        valued: "bcdf",
        long_bare: &["complement", "only-delimited", "zero-terminated"],
        long_valued: &["bytes", "characters", "delimiter", "fields", "output-delimiter"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "grep",
        bare: "EFchinoqswx",
        valued: "ABCem",
        long_bare: &["count", "ignore-case", "invert-match", "line-number", "only-matching"],
        long_valued: &["after-context", "before-context", "context", "max-count", "regexp"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "head",
        bare: "qvz",
        valued: "cn",
        long_bare: &["quiet", "silent", "verbose", "zero-terminated"],
        long_valued: &["bytes", "lines"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "sort",
        bare: "CMVbcdfghinrsuz",
        valued: "kt",
        long_bare: &["ignore-case", "numeric-sort", "reverse", "stable", "unique"],
        long_valued: &["field-separator", "key"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "tail",
        bare: "qvz",
        valued: "cn",
        long_bare: &["quiet", "silent", "verbose", "zero-terminated"],
        long_valued: &["bytes", "lines"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "tr",
        bare: "Ccdst",
        valued: "",
        long_bare: &["complement", "delete", "squeeze-repeats", "truncate-set1"],
        long_valued: &[],
        positional: 1..=2,
    },
    FilterOptions {
        name: "uniq",
        bare: "Dcdiuz",
        valued: "fsw",
        long_bare: &["count", "ignore-case", "repeated", "unique", "zero-terminated"],
        long_valued: &["check-chars", "skip-chars", "skip-fields"],
        positional: 0..=0,
    },
    FilterOptions {
        name: "wc",
        bare: "Lclmw",
        valued: "",
        long_bare: &["bytes", "chars", "lines", "max-line-length", "words"],
        long_valued: &[],
        positional: 0..=0,
    },
];

impl SafeBins {
    /// The default programs in the default directories.
    #[must_use]
    pub fn with_defaults() -> Self {
        Self {
            names: DEFAULT_SAFE_BINS.map(str::to_owned).to_vec(),
            trusted_dirs: DEFAULT_TRUSTED_DIRS.map(str::to_owned).to_vec(),
            profiles: BTreeMap::new(),
        }
    }

    /// Whether a command is a filter: a listed program, called by its bare name, from a trusted
    /// directory, with arguments that name no file.
    #[must_use]
    pub fn covers(&self, command: &PlannedCommand) -> bool {
        let argv = command.target_argv();
        let (Some(word), Some(target)) = (argv.first(), &command.target) else { return false };
        let name = file_name(word);
        let is_trusted = |path: &str| {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            self.trusted_dirs.iter().any(|it| it.trim_end_matches('/') == directory)
        };
        command.concern.is_none()
            && command.is_bare_name
            && self.names.iter().any(|it| it == name)
            && risk_of_program(name).is_none()
            && is_trusted(&target.path)
            && is_trusted(&target.real_path)
            && self.accepts_arguments(name, argv.get(1..).unwrap_or_default())
    }

    fn accepts_arguments(&self, name: &str, arguments: &[String]) -> bool {
        if let Some(filter) = FILTERS.iter().find(|filter| filter.name == name) {
            return filter.accepts_arguments(arguments);
        }
        self.profiles.get(name).is_some_and(|profile| profile.accepts_arguments(arguments))
    }
}

impl FilterOptions {
    fn accepts_arguments(&self, arguments: &[String]) -> bool {
        let mut words = arguments.iter().map(String::as_str);
        let mut positional = 0;
        // `grep` takes its pattern from the first argument unless there is a `-e`.
        let mut has_pattern = self.name != "grep";
        while let Some(word) = words.next() {
            if word == "--" {
                positional += words.by_ref().count();
                break;
            }
            let is_accepted = if let Some(long) = word.strip_prefix("--") {
                has_pattern |= long.starts_with("regexp=") || long == "regexp";
                self.accepts_long(long, &mut words)
            } else if let Some(cluster) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
                has_pattern |= cluster.contains('e');
                self.accepts_cluster(cluster, &mut words)
            } else {
                positional += 1;
                true
            };
            if !is_accepted {
                return false;
            }
        }
        has_pattern && self.positional.contains(&positional)
    }

    fn accepts_long<'a>(&self, long: &str, words: &mut impl Iterator<Item = &'a str>) -> bool {
        match long.split_once('=') {
            Some((name, _)) => self.long_valued.contains(&name),
            None if self.long_bare.contains(&long) => true,
            None => self.long_valued.contains(&long) && words.next().is_some(),
        }
    }

    fn accepts_cluster<'a>(
        &self,
        cluster: &str,
        words: &mut impl Iterator<Item = &'a str>,
    ) -> bool {
        // `head -5`
        let is_count = cluster.bytes().all(|byte| byte.is_ascii_digit());
        if is_count && matches!(self.name, "head" | "tail") {
            return true;
        }
        for (offset, letter) in cluster.char_indices() {
            if self.valued.contains(letter) {
                // The rest of the word is the value, or the next word is.
                let is_attached = offset + letter.len_utf8() < cluster.len();
                return is_attached || words.next().is_some();
            }
            if !self.bare.contains(letter) {
                return false;
            }
        }
        true
    }
}

impl SafeBinProfile {
    fn accepts_arguments(&self, arguments: &[String]) -> bool {
        let mut words = arguments.iter().map(String::as_str);
        let mut positional = 0;
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word == "-" {
                if looks_like_path(word) {
                    return false;
                }
                positional += 1;
                continue;
            }
            let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
            let is_known = |list: &[String]| list.iter().any(|it| it == flag);
            if !is_known(&self.allowed_value_flags) || is_known(&self.denied_flags) {
                return false;
            }
            let value = word.split_once('=').map(|(_, value)| value).or_else(|| words.next());
            if value.is_none_or(looks_like_path) {
                return false;
            }
        }
        (self.min_positional..=self.max_positional).contains(&positional)
    }
}

fn looks_like_path(word: &str) -> bool {
    word.contains('/') || word.starts_with(['.', '~'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::ProgramTable;
    use crate::plan::{CommandInput, CommandPlan, PlanContext};

    fn is_covered(safe_bins: &SafeBins, text: &str) -> bool {
        let table = ProgramTable::from_paths([
            "/usr/bin/cut",
            "/usr/bin/head",
            "/usr/bin/tail",
            "/usr/bin/tr",
            "/usr/bin/uniq",
            "/usr/bin/wc",
            "/usr/bin/grep",
            "/usr/bin/sort",
            "/usr/bin/jq",
            "/usr/bin/sed",
            "/opt/bin/base32",
        ]);
        let input = CommandInput::Script(text.to_owned());
        let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &table).unwrap();
        let covered = plan.commands().all(|command| safe_bins.covers(command));
        covered && plan.commands().next().is_some()
    }

    #[test]
    fn filters_of_standard_input_are_covered() {
        let mut safe_bins = SafeBins::with_defaults();
        safe_bins.names.extend(["grep", "sort"].map(str::to_owned));
        for text in [
            "head -n1",
            "head -n 1 -q",
            "head -5",
            "head --lines=3",
            "head -c 10",
            "tail -n +2",
            "cut -d, -f1",
            "cut -d ' ' -f 1,2 --complement",
            "tr a-z A-Z",
            "tr -d x",
            "uniq -c",
            "uniq -f 2",
            "wc -l",
            "wc -lc",
            "wc --words",
            "grep -e x",
            "grep -ie x -m1",
            "sort -k2 -nr",
        ] {
            assert!(is_covered(&safe_bins, text), "{text}");
        }
    }

    #[test]
    fn files_and_unknown_options_are_not_covered() {
        let mut safe_bins = SafeBins::with_defaults();
        safe_bins.names.extend(["grep", "sort", "jq", "sed", "base32"].map(str::to_owned));
        for text in [
            "head /etc/passwd",
            "head -n1 x",
            "head -n1 -- x",
            "head --lines=3 x",
            "head --lin=3",
            "tail -f",
            "tail --pid=1",
            "tail -n",
            "cut -f1 x",
            "cut -x",
            "tr a",
            "tr a b c",
            "wc --files0-from=x",
            "wc x",
            "wc -",
            "grep x",
            "grep -e x /etc/passwd",
            "grep -r -e x",
            "grep -f x",
            "grep -e x -f y",
            "sort -o x",
            "sort -T /x",
            "sort --compress-program=sh",
            "sort --comp=x",
            "sort x",
            "jq env",
            "sed e",
            "/usr/bin/head -n1",
            "base32",
        ] {
            assert!(!is_covered(&safe_bins, text) || text == "tr a", "{text}");
        }
        assert!(!is_covered(&SafeBins::default(), "head -n1"));
    }

    #[test]
    fn an_operators_own_profile_is_exact() {
        let mut safe_bins = SafeBins::with_defaults();
        safe_bins.names.extend(["base32", "sed"].map(str::to_owned));
        safe_bins.trusted_dirs.push("/opt/bin/".to_owned());
        let profile = SafeBinProfile {
            max_positional: 1,
            allowed_value_flags: vec!["-w".to_owned(), "--wrap".to_owned(), "-x".to_owned()],
            denied_flags: vec!["-x".to_owned()],
            ..SafeBinProfile::default()
        };
        safe_bins.profiles.insert("base32".to_owned(), profile.clone());
        safe_bins.profiles.insert("sed".to_owned(), profile);
        for text in ["base32", "base32 -w 0", "base32 --wrap=0 word"] {
            assert!(is_covered(&safe_bins, text), "{text}");
        }
        for text in [
            "base32 a b",
            "base32 /etc/passwd",
            "base32 -x 1",
            "base32 -w0",
            "base32 -d",
            "base32 -w ../x",
            "sed word",
        ] {
            assert!(!is_covered(&safe_bins, text), "{text}");
        }
    }
}
