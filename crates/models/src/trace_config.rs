//! The trace of exchanges as the config sets it up.

use std::path::PathBuf;

use openclaw_config::TraceConfig;
use openclaw_transport::{Trace, TraceLimits};

use crate::context::SetupContext;
use crate::error::{SetupError, SetupErrorKind};

impl SetupContext {
    /// Opens the configured trace. A folder that cannot be determined is reported when the trace is
    /// read.
    pub(crate) fn open_trace(&self) -> Option<Trace> {
        let config = &self.loaded.config.diagnostics.trace;
        if !config.is_enabled() {
            return None;
        }
        Some(Trace::on_disk(trace_limits(config), self.trace_dir().ok()?))
    }

    /// The folder of the trace on disk.
    pub(crate) fn trace_dir(&self) -> Result<PathBuf, SetupError> {
        self.loaded.config.diagnostics.trace.resolve_dir(&self.paths, &self.env).map_err(|error| {
            SetupError::new(SetupErrorKind::Trace, "use diagnostics.trace.dir").with_source(error)
        })
    }
}

pub(crate) fn trace_limits(config: &TraceConfig) -> TraceLimits {
    let keep = usize::try_from(config.retained_traces()).unwrap_or(usize::MAX);
    TraceLimits { max_exchanges: keep, max_bytes: config.max_bytes() }
}
