//! A snapshot of the environment: the one place where the process environment is read.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// The environment variables at one point in time, and those that files add to them.
///
/// A variable of the process wins over one of a file. `Debug` shows the names only, because values
/// may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env {
    process: BTreeMap<OsString, OsString>,
    added: BTreeMap<String, AddedVariable>,
}

/// A variable that is not one of the process.
#[derive(Clone, PartialEq, Eq)]
struct AddedVariable {
    value: OsString,
    /// Where it was set, a phrase that follows "from".
    origin: String,
}

impl Env {
    /// Captures the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    #[must_use]
    pub fn from_process() -> Self {
        Self { process: std::env::vars_os().collect(), added: BTreeMap::new() }
    }

    /// Creates an environment from pairs; of two with one name the last counts.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let process = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { process: process.collect(), added: BTreeMap::new() }
    }

    /// Adds a variable from a file, unless the process has it with a value. It is used for
    /// values of the config and never given to a child. `origin` is a phrase that follows "from".
    pub(crate) fn add_variable(&mut self, name: &str, value: &str, origin: &str) {
        if self.process.get(OsStr::new(name)).is_some_and(|value| !value.is_empty()) {
            return;
        }
        let variable = AddedVariable { value: value.into(), origin: origin.to_owned() };
        self.added.insert(name.to_owned(), variable);
    }

    /// Where a variable was set that is not one of the process, a phrase that follows "from".
    #[must_use]
    pub fn added_origin(&self, name: &str) -> Option<&str> {
        self.added.get(name).map(|variable| variable.origin.as_str())
    }

    /// Returns the value of a variable; `None` when it is not set or not valid Unicode.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name)?.to_str()
    }

    /// Returns the value of a variable as raw bytes.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        let added = self.added.get(name).map(|variable| &variable.value);
        added.or_else(|| self.process.get(OsStr::new(name))).map(OsString::as_os_str)
    }

    /// Returns the value of a variable that is set and not empty.
    pub(crate) fn get_non_empty(&self, name: &str) -> Option<&OsStr> {
        self.get_os(name).filter(|value| !value.is_empty())
    }

    /// Iterates over the variables of the process, sorted by name, e.g. to build a child's
    /// environment. Those that files add are left out: most are keys.
    pub fn iter_pairs(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.process.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.process.keys()).entries(self.added.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_and_no_value() {
        let env = Env::from_pairs([("VLLM_API_KEY", "canary-value"), ("A", "1"), ("A", "2")]);
        assert_eq!(format!("{env:?}"), r#"{"A", "VLLM_API_KEY"}"#);
        assert_eq!((env.get("A"), env.get("B")), (Some("2"), None));
        assert_eq!(env.iter_pairs().count(), 2);
    }

    #[test]
    fn a_variable_of_a_file_is_used_unless_the_process_has_it_and_not_passed_on() {
        let mut env = Env::from_pairs([("A", "process"), ("EMPTY", "")]);
        for name in ["A", "B", "EMPTY"] {
            env.add_variable(name, "file", "~/.openclaw/.env");
        }
        assert_eq!(
            ["A", "B", "EMPTY"].map(|name| env.get(name)),
            [Some("process"), Some("file"), Some("file")]
        );
        assert_eq!(
            (env.added_origin("A"), env.added_origin("B")),
            (None, Some("~/.openclaw/.env"))
        );
        assert_eq!(env.iter_pairs().count(), 2);
        assert!(!format!("{env:?}").contains("file"));
    }
}
