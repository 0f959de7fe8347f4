//! Patterns of an allowlist: for the path of a program and for its arguments.

use std::fmt::Write as _;

use regex_lite::Regex;

use crate::hash::sha256_hex;

/// A pattern for the path of a program.
///
/// `*` stands for characters within one directory, `**` for any, `?` for one character but `/`, and
/// a leading `~` for the home directory. Letters match in their own case only. A pattern without
/// `/` is for programs that are called by their bare name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern {
    glob: String,
    is_path: bool,
    /// The length of the part before the first star or question mark, in bytes.
    literal_length: usize,
}

impl PathPattern {
    /// Reads a pattern; `None` when it is empty, or begins with `~` and there is no home.
    pub(crate) fn parse(text: &str, home: Option<&str>) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let glob = match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                // The home directory is a path, not a pattern.
                let home = home?;
                if home.contains(['*', '?']) {
                    return None;
                }
                format!("{}{rest}", home.trim_end_matches('/'))
            }
            _ => text.to_owned(),
        };
        let literal_length = glob.find(['*', '?']).unwrap_or(glob.len());
        Some(Self { is_path: glob.contains('/'), literal_length, glob })
    }

    /// Whether the last part of the pattern names no program: `/usr/bin/*`, `**`, `?*`.
    pub(crate) fn is_wide(&self) -> bool {
        let last = self.glob.rsplit('/').next().unwrap_or_default();
        last.contains('*') && last.bytes().all(|byte| matches!(byte, b'*' | b'?'))
    }

    /// Whether the pattern is for paths, not for bare names.
    pub(crate) fn is_path(&self) -> bool {
        self.is_path
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let (glob, text) = (self.glob.as_bytes(), text.as_bytes());
        text.starts_with(glob.get(..self.literal_length).unwrap_or(glob))
            && matches_glob(glob, text)
    }
}

/// Where a match goes on after a mismatch.
#[derive(Clone, Copy)]
struct RetryPoint {
    /// The place in the pattern behind the star.
    glob: usize,
    /// The place in the text to try next.
    text: usize,
}

/// Matches without recursion: after a mismatch it goes on at the last `*`, then at the last `**`.
fn matches_glob(glob: &[u8], text: &[u8]) -> bool {
    let (mut g, mut t) = (0, 0);
    let (mut star, mut double_star): (Option<RetryPoint>, Option<RetryPoint>) = (None, None);
    loop {
        match (glob.get(g), text.get(t)) {
            (Some(b'*'), _) if glob.get(g + 1) == Some(&b'*') => {
                let is_at_start = g == 0 || glob.get(g - 1) == Some(&b'/');
                g += 2;
                star = None;
                if is_at_start && glob.get(g) == Some(&b'/') {
                    // Tried without a directory first, then with any.
                    double_star = Some(RetryPoint { glob: g, text: t });
                    g += 1;
                } else {
                    double_star = Some(RetryPoint { glob: g, text: t + 1 });
                }
            }
            (Some(b'*'), _) => {
                g += 1;
                star = Some(RetryPoint { glob: g, text: t });
            }
            (Some(b'?'), Some(byte)) if *byte != b'/' => (g, t) = (g + 1, t + 1),
            (Some(char), Some(byte)) if char == byte && *char != b'?' => (g, t) = (g + 1, t + 1),
            (None, None) => return true,
            _ => match (&mut star, &mut double_star) {
                (Some(retry), _) if text.get(retry.text).is_some_and(|byte| *byte != b'/') => {
                    retry.text += 1;
                    (g, t) = (retry.glob, retry.text);
                }
                (_, Some(retry)) if retry.text <= text.len() => {
                    (g, t) = (retry.glob, retry.text);
                    retry.text += 1;
                    star = None;
                }
                _ => return false,
            },
        }
    }
}

const HASHED_PREFIX: &str = "sha256:cwd-argv:v1:";

/// A pattern for the arguments of a program.
#[derive(Debug, Clone)]
pub(crate) enum ArgumentPattern {
    /// Any arguments.
    Any,
    /// Exactly these arguments in exactly this directory, as a hash.
    Exact(String),
    /// A regular expression that is found in the arguments.
    Regex {
        regex: Regex,
        /// Whether each argument ends with a NUL, instead of a space between two of them.
        is_nul_separated: bool,
    },
    /// Matches nothing.
    Never(NeverReason),
}

/// Why a pattern for arguments matches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NeverReason {
    /// It isn't a regular expression, or one of a kind that isn't supported.
    InvalidRegex,
    /// An "allow always" without the directory.
    Unbound,
}

impl ArgumentPattern {
    /// Reads the pattern of an entry; `is_generated` when the entry comes from an "allow always".
    pub(crate) fn parse(text: Option<&str>, is_generated: bool) -> Self {
        let text = text.filter(|text| !text.is_empty());
        match text {
            Some(text) if text.starts_with(HASHED_PREFIX) => Self::Exact(text.to_owned()),
            Some(text) if text.starts_with("sha256:") => Self::Never(NeverReason::Unbound),
            _ if is_generated => Self::Never(NeverReason::Unbound),
            None => Self::Any,
            Some(text) => match Regex::new(text) {
                Ok(regex) => Self::Regex { regex, is_nul_separated: text.contains('\0') },
                Err(_) => Self::Never(NeverReason::InvalidRegex),
            },
        }
    }

    /// Whether these arguments of a program are meant, in this directory.
    pub(crate) fn matches(&self, argv: &[String], directory: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(hashed) => *hashed == exact_argument_pattern(argv, directory),
            Self::Never(_) => false,
            Self::Regex { regex, is_nul_separated } => {
                let arguments = argv.get(1..).unwrap_or_default();
                let subject = match (is_nul_separated, arguments) {
                    (true, []) => "\0\0".to_owned(),
                    (true, _) => arguments.iter().flat_map(|word| [word.as_str(), "\0"]).collect(),
                    // With a space or line break in an argument, the words couldn't be told apart.
                    (false, _) if arguments.iter().any(|word| is_ambiguous(word)) => return false,
                    (false, _) => arguments.join(" "),
                };
                regex.is_match(&subject)
            }
        }
    }
}

fn is_ambiguous(argument: &str) -> bool {
    argument.is_empty() || argument.contains(char::is_whitespace)
}

/// The pattern for exactly these arguments of a program in this directory:
/// `sha256:cwd-argv:v1:` and the SHA-256 of the directory, the number of arguments and the
/// arguments, each with its length in bytes before it. The program itself is left out.
#[must_use]
pub fn exact_argument_pattern(argv: &[String], directory: &str) -> String {
    let arguments = argv.get(1..).unwrap_or_default();
    let mut subject = format!("{}\0{directory}\0{}\0", directory.len(), arguments.len());
    for argument in arguments {
        // Writing to a string can't fail.
        let _ = write!(subject, "{}\0{argument}\0", argument.len());
    }
    format!("{HASHED_PREFIX}{}", sha256_hex(subject.as_bytes()))
}

#[cfg(test)]
mod tests;
