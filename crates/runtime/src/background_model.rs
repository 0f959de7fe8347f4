//! A model whose requests let those of a person go first.

use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, ModelError, ModelInfo, ServerLiveness, TokenCount,
};

/// A model whose requests wait behind all others in the queue of its server.
#[derive(Debug)]
pub(crate) struct BackgroundModel {
    pub(crate) model: Arc<dyn ChatModel>,
}

#[async_trait]
impl ChatModel for BackgroundModel {
    fn model_info(&self) -> ModelInfo {
        self.model.model_info()
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        self.model.stream_chat(ChatRequest { is_background: true, ..request }).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.model.count_tokens(request).await
    }

    async fn check_liveness(&self) -> ServerLiveness {
        self.model.check_liveness().await
    }
}
