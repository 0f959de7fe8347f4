//! The `ToolOutputStore` trait: saves outputs that are too large for the context window.

use std::error::Error;
use std::fmt::Debug;

use crate::ToolCall;

/// Saves complete tool outputs of which the model sees only a part.
pub trait ToolOutputStore: Send + Sync + Debug {
    /// Saves an output and returns where it is, as the end of the sentence "the whole output is …",
    /// e.g. ``in `.openclaw/outputs/1f.txt`; `read` shows any part of it``. Equal outputs are saved
    /// in the same place.
    ///
    /// # Errors
    /// When the output could not be saved.
    fn store_output(&self, call: &ToolCall, text: &str) -> Result<String, ToolOutputStoreError>;
}

/// A tool output could not be saved.
#[derive(Debug, thiserror::Error)]
#[error("save the whole output of the tool call")]
pub struct ToolOutputStoreError(#[source] pub Box<dyn Error + Send + Sync>);
