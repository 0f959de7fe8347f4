//! Which variables a command gets.

use std::ffi::{OsStr, OsString};

/// The variable that marks every process of a tree: the ids of the calls it belongs to, joined
/// by `:`. It is set on every command; a command that runs commands through this crate itself
/// passes its own ids on, so that both calls find the whole of their trees.
pub const MARKER_VARIABLE: &str = "OPENCLAW_EXEC";

/// The variables that a command may need and that hold no secret. Names are exact: a prefix such
/// as `LC_` would let `LC_MY_TOKEN` through.
const BASE_VARIABLES: [&str; 24] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_ADDRESS",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
    "TERM",
    "TMPDIR",
    "TZ",
    MARKER_VARIABLE,
];

/// Picks the part of an environment that is safe to give to a command, in the order given.
///
/// An allow-list of names: whatever else is there (keys, tokens, `LD_PRELOAD`, `BASH_ENV`) is
/// left out.
pub fn base_environment(
    vars: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, OsString)> {
    vars.into_iter()
        .filter(|(name, _)| BASE_VARIABLES.iter().any(|base| name == OsStr::new(base)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_names_pass() {
        let given = [
            ("PATH", "/bin"),
            ("VLLM_API_KEY", "canary"),
            ("LC_ALL", "C"),
            ("LC_SECRET", "canary"),
            ("path", "canary"),
            ("LD_PRELOAD", "canary"),
            ("TZ", "UTC"),
        ];
        let picked = base_environment(given.map(|(name, value)| (name.into(), value.into())));
        let names: Vec<_> = picked.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, ["PATH", "LC_ALL", "TZ"]);
    }
}
