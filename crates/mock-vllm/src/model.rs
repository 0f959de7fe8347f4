//! The models a server says it serves.

/// One entry of `/v1/models`.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    pub(crate) id: String,
    pub(crate) root: String,
    pub(crate) parent: Option<String>,
    pub(crate) max_model_len: Option<u32>,
}

impl ModelSpec {
    /// Describes a base model with a context window of `max_model_len` tokens.
    #[must_use]
    pub fn new(id: impl Into<String>, max_model_len: u32) -> Self {
        let id = id.into();
        Self { root: id.clone(), id, parent: None, max_model_len: Some(max_model_len) }
    }

    /// Describes a `LoRA` adapter of `parent`: its card has a parent and no `max_model_len`.
    ///
    /// Requests to it are held to the parent's window.
    #[must_use]
    pub fn lora(id: impl Into<String>, parent: impl Into<String>) -> Self {
        let id = id.into();
        Self { root: id.clone(), id, parent: Some(parent.into()), max_model_len: None }
    }

    /// Sets the `root` field: where the weights were loaded from. The id, unless set.
    #[must_use]
    pub fn root(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }
}
