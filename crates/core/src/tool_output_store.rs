//! The seam to a place for outputs that are too large for the model's window.

use std::error::Error;
use std::fmt::Debug;

use crate::ToolCall;

/// Keeps whole outputs of which the model is shown a part.
pub trait ToolOutputStore: Send + Sync + Debug {
    /// Keeps an output and says where it is, as the end of the sentence "the whole output is …",
    /// e.g. ``in `.openclaw/outputs/1f.txt`; `read` shows any part of it``. The same output kept
    /// twice is in the same place.
    ///
    /// # Errors
    /// When the output is not kept.
    fn store_output(&self, call: &ToolCall, text: &str) -> Result<String, ToolOutputStoreError>;
}

/// An output that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("keep the whole output")]
pub struct ToolOutputStoreError(#[source] pub Box<dyn Error + Send + Sync>);
