//! The model that computes vectors, as the index sees it.

use std::fmt::Debug;

use async_trait::async_trait;

/// Computes vectors of texts. Implementations ask a server.
#[async_trait]
pub trait TextEmbedder: Send + Sync + Debug {
    /// Finds the model. Asked before each search, so that it answers from what it knows.
    async fn find_model(&self) -> EmbedderState;

    /// Computes one vector for each text, in their order.
    ///
    /// # Errors
    /// Why it cannot, for a person.
    async fn embed_texts(&self, model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String>;
}

/// Whether there is an embedding model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbedderState {
    /// There is one. Vectors of differently named models are not compared.
    Model(String),
    /// There is none.
    Missing {
        /// Why, for a person.
        reason: String,
    },
}
