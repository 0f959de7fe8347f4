//! A snapshot of the environment: the one place where the process environment is read.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// The environment variables at one point in time.
///
/// `Debug` shows the names only, because values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// Captures the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    #[must_use]
    pub fn from_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Creates an environment from pairs; of two with one name the last counts.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// Returns the value of a variable; `None` when it is not set or not valid Unicode.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name)?.to_str()
    }

    /// Returns the value of a variable as raw bytes.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Returns the value of a variable that is set and not empty.
    pub(crate) fn get_non_empty(&self, name: &str) -> Option<&OsStr> {
        self.get_os(name).filter(|value| !value.is_empty())
    }

    /// Iterates over all variables, sorted by name, e.g. to build a child's environment.
    pub fn iter_pairs(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
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
}
