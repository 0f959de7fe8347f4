//! The environment variables of a command.

use std::ffi::{OsStr, OsString};

/// The variable that marks every process of a tree. Its value is the ids of all enclosing calls,
/// joined by `:`. A command that itself runs commands through this crate passes its ids on, so that
/// both calls find their complete trees.
pub const MARKER_VARIABLE: &str = "OPENCLAW_EXEC";

/// The variables that commands need and that hold no secrets. Names are exact: a prefix such as
/// `LC_` would let `LC_MY_TOKEN` through.
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

/// Returns the variables that are safe to pass to a command, in the given order.
///
/// An allow-list of names: everything else (keys, tokens, `LD_PRELOAD`, `BASH_ENV`) is left out.
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
            ("BASH_ENV", "canary"),
            ("SSH_AUTH_SOCK", "canary"),
            ("TZ", "UTC"),
        ];
        let picked = base_environment(given.map(|(name, value)| (name.into(), value.into())));
        let names: Vec<_> = picked.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, ["PATH", "LC_ALL", "TZ"]);
    }
}
