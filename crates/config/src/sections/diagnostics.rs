//! `diagnostics`: settings for troubleshooting.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    defaults::{TRACE_BYTES, TRACE_DIR_NAME, TRACE_KEEP},
    env::Env,
    paths::{AppPaths, expand_home},
    template::{EnvString, TemplateError},
};

/// Settings for troubleshooting.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiagnosticsConfig {
    /// The trace of exchanges with the model servers.
    pub trace: TraceConfig,
}

/// The trace of exchanges with the model servers; `openclaw trace` shows it.
///
/// It contains complete prompts and answers; keys and secret headers are removed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TraceConfig {
    /// Whether exchanges are stored on disk.
    #[schemars(extend("default" = false))]
    pub enabled: Option<bool>,
    /// The most exchanges to keep.
    #[schemars(range(min = 1), extend("default" = TRACE_KEEP))]
    pub keep: Option<u32>,
    /// The most bytes to keep. A body larger than an eighth of it is truncated in the middle.
    #[schemars(range(min = 65536), extend("default" = TRACE_BYTES))]
    pub max_bytes: Option<u64>,
    /// The folder; the default is `trace` in the state folder.
    pub dir: Option<EnvString>,
}

impl TraceConfig {
    /// Whether exchanges are stored on disk.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(false)
    }

    /// The most exchanges to keep; at least one.
    #[must_use]
    pub fn retained_traces(&self) -> u32 {
        self.keep.unwrap_or(TRACE_KEEP).max(1)
    }

    /// The most bytes to keep; at least 64 KiB.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes.unwrap_or(TRACE_BYTES).max(65_536)
    }

    /// The folder; a leading `~` is replaced.
    ///
    /// # Errors
    ///
    /// When the text refers to a variable that is not set.
    pub fn resolve_dir(&self, paths: &AppPaths, env: &Env) -> Result<PathBuf, TemplateError> {
        match &self.dir {
            Some(text) => Ok(expand_home(text.resolve_variables(env)?, env)),
            None => Ok(paths.state_dir().join(TRACE_DIR_NAME)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn a_trace_is_off_and_bounded_unless_a_config_says_otherwise() {
        let env = Env::from_pairs([("HOME", "/h")]);
        let paths = AppPaths::new(&env, None).unwrap();
        let trace = |text: &str| Config::parse(text, &env).unwrap().config.diagnostics.trace;
        let plain = trace("{}");
        assert_eq!(
            (plain.is_enabled(), plain.retained_traces(), plain.max_bytes()),
            (false, 50, 64 << 20)
        );
        assert_eq!(plain.resolve_dir(&paths, &env).unwrap(), PathBuf::from("/h/.openclaw/trace"));
        let set = trace(
            "{ diagnostics: { trace: { enabled: true, keep: 0, maxBytes: 1, dir: '~/t' } } }",
        );
        assert_eq!((set.is_enabled(), set.retained_traces(), set.max_bytes()), (true, 1, 65_536));
        assert_eq!(set.resolve_dir(&paths, &env).unwrap(), PathBuf::from("/h/t"));
    }
}
