//! The embedding model of the search in an agent's notes: the configured one, or one that the server
//! of the agent's model lists.

use std::time::Duration;

use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_config::{Config, MemorySearchConfig, ProviderConfig};
use openclaw_core::{ModelErrorKind, ModelRef};
use openclaw_providers_openai::{find_context_windows, list_models};
use openclaw_transport::Client;
use serde_json::{Map, Value, json};

use crate::builtin;
use crate::context::ResolvedProvider;
use crate::embeddings::request_embeddings;
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::registry::ModelRegistry;

/// The id of the provider that `memorySearch.remote` describes.
const REMOTE_PROVIDER: &str = "memory-search";

/// What the names of embedding models have in them, or their last parts begin with. No list of vLLM
/// says what a model is for.
const NAME_PARTS: [&str; 2] = ["embed", "minilm"];
const NAME_BEGINNINGS: [&str; 6] =
    ["bge-", "e5-", "gte-", "multilingual-e5", "all-mpnet", "jina-e"];

/// The least characters of a text that is cut because the server refuses it.
const MIN_CUT_CHARS: usize = 200;

/// An embedding model that is connected.
#[derive(Debug, Clone)]
pub struct EmbeddingModel {
    reference: ModelRef,
    client: Client,
}

/// Where the embedding model is looked for.
struct EmbeddingSource {
    provider: ResolvedProvider,
    /// The id of the model; `None` for one that the server lists.
    model_id: Option<String>,
    /// Whether the user's own config names the server or the model for this.
    is_named: bool,
}

impl ModelRegistry {
    /// Finds the embedding model of the search in the notes of an agent, and asks its server for its
    /// list if none is named.
    ///
    /// # Errors
    /// When there is none, and when texts may not be sent to it.
    pub async fn connect_embedding_model(
        &self,
        agent: &str,
    ) -> Result<EmbeddingModel, ConnectError> {
        let config = &self.loaded_config().config;
        let search = config.memory_search(agent);
        let source = self.find_embedding_source(&search, agent).map_err(ConnectError::Setup)?;
        let EmbeddingSource { provider, model_id, is_named } = source;
        let model_id = match model_id {
            Some(id) => id,
            None => self.discover_embedding_model(&provider).await?,
        };
        let reference = ModelRef::new(&provider.id, &model_id).map_err(|error| {
            let message = format!("use `{model_id}` as the embedding model");
            let error =
                SetupError::new(SetupErrorKind::InvalidReference, message).with_source(error);
            ConnectError::Setup(error)
        })?;
        let mut named = match self.primary_model().ok().flatten() {
            Some(primary) => self.models_named_by_user(false, &primary)?,
            None => Vec::new(),
        };
        if is_named {
            named.push(reference.clone());
        }
        let client = self.connect_embedding_server(&reference, &provider, named).await?;
        Ok(EmbeddingModel { reference, client })
    }

    fn find_embedding_source(
        &self,
        search: &MemorySearchConfig,
        agent: &str,
    ) -> Result<EmbeddingSource, SetupError> {
        let own = self.loaded_config().own_config().memory_search(agent);
        let named_provider = search.provider.as_deref().filter(|id| *id != "auto");
        if search.remote.base_url.is_some() {
            let remote = &search.remote;
            let mut config = ProviderConfig::default();
            config.base_url.clone_from(&remote.base_url);
            config.api_key.clone_from(&remote.api_key);
            config.headers.clone_from(&remote.headers);
            let provider = self.connector.setup.build_provider(REMOTE_PROVIDER, &config)?;
            let is_named = own.remote.base_url == remote.base_url;
            return Ok(EmbeddingSource { provider, model_id: search.model.clone(), is_named });
        }
        let config = &self.loaded_config().config;
        let (provider_id, model_id) = match (named_provider, search.model.as_deref()) {
            (Some(id), model) => {
                let prefix = format!("{id}/");
                let model = model.map(|model| model.strip_prefix(&prefix).unwrap_or(model));
                (Some(id.to_owned()), model.map(str::to_owned))
            }
            (None, Some(model)) => split_configured(config, model),
            (None, None) => (None, None),
        };
        let provider_id = match provider_id {
            Some(id) => id,
            None => self.primary_provider()?,
        };
        let provider = self.resolve_provider(&provider_id, model_id.as_deref())?;
        let is_named = (own.provider.is_some() || own.model.is_some())
            && own.provider == search.provider
            && own.model == search.model;
        Ok(EmbeddingSource { provider, model_id, is_named })
    }

    fn primary_provider(&self) -> Result<String, SetupError> {
        let primary = self.primary_model()?;
        primary.map(|model| model.provider_id().to_owned()).ok_or_else(|| {
            let message = "find an embedding model: the config names no model";
            SetupError::new(SetupErrorKind::Unable, message)
                .with_hint("Set `agents.defaults.memorySearch.model`, as `provider/model-id`.")
        })
    }

    /// The first model of a server that is for embeddings, by what the server says or by its name.
    async fn discover_embedding_model(
        &self,
        provider: &ResolvedProvider,
    ) -> Result<String, ConnectError> {
        let id = &provider.id;
        let missing = || {
            let message = format!("find an embedding model: the server of `{id}` lists none");
            let error = SetupError::new(SetupErrorKind::Unable, message);
            ConnectError::Setup(error.with_hint(
                "Serve one, and name it in `agents.defaults.memorySearch.model`, as \
                 `provider/model-id`.",
            ))
        };
        if builtin::is_hosted_service(&provider.endpoint) || !provider.endpoint.is_private() {
            return Err(missing());
        }
        let client = self.connector.build_client(provider)?;
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let search = async {
            let mut served = list_models(&client).await.map_err(ConnectError::Model)?;
            let ids: Vec<String> = served.iter().map(|model| model.id.clone()).collect();
            if let Some(found) = ids.iter().find(|id| is_embedding_name(id)) {
                return Ok(Some(found.clone()));
            }
            if ids.len() < 2 {
                return Ok(None);
            }
            // Those that the server marks are taken from the list.
            find_context_windows(&client, &mut served, None).await;
            let found = ids.into_iter().find(|id| served.iter().all(|model| model.id != *id));
            Ok(found)
        };
        let found = tokio::time::timeout(wait, search).await;
        found.unwrap_or(Ok(None))?.ok_or_else(missing)
    }
}

/// The provider and the model of a reference, if the config has the provider.
fn split_configured(config: &Config, model: &str) -> (Option<String>, Option<String>) {
    let reference = config.resolve_alias(model).unwrap_or(model);
    match reference.split_once('/') {
        Some((provider, id))
            if config.find_provider(provider).is_some()
                || builtin::find_provider(provider).is_some() =>
        {
            (Some(provider.to_owned()), Some(id.to_owned()))
        }
        _ => (None, Some(reference.to_owned())),
    }
}

fn is_embedding_name(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    let last = id.rsplit('/').next().unwrap_or_default();
    NAME_PARTS.iter().any(|part| id.contains(part))
        || NAME_BEGINNINGS.iter().any(|beginning| last.starts_with(beginning))
}

impl EmbeddingModel {
    /// The model.
    #[must_use]
    pub fn reference(&self) -> &ModelRef {
        &self.reference
    }

    /// Computes a vector for each text. A text that is too long for the model is cut.
    ///
    /// # Errors
    /// When the server cannot be asked, refuses, or does not answer with vectors.
    pub async fn embed_texts(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ConnectError> {
        match self.request_vectors(texts).await {
            Err(error) if texts.len() > 1 && is_refused_text(&error) => {
                let mut vectors = Vec::with_capacity(texts.len());
                for text in texts {
                    vectors.push(self.embed_cut_text(text).await?);
                }
                Ok(vectors)
            }
            Err(error) if is_refused_text(&error) => match texts.first() {
                Some(text) => Ok(vec![self.embed_cut_text(text).await?]),
                None => Err(error),
            },
            answered => answered,
        }
    }

    /// Embeds a text, or as much of its beginning as the server takes.
    async fn embed_cut_text(&self, text: &str) -> Result<Vec<f32>, ConnectError> {
        let mut text = text.to_owned();
        loop {
            match self.request_vectors(std::slice::from_ref(&text)).await {
                Err(error) if is_refused_text(&error) => {
                    let chars = text.chars().count();
                    if chars < MIN_CUT_CHARS {
                        return Err(error);
                    }
                    text = text.chars().take(chars * 2 / 3).collect();
                }
                answered => return answered.map(|mut vectors| vectors.pop().unwrap_or_default()),
            }
        }
    }

    async fn request_vectors(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ConnectError> {
        let mut fields = Map::new();
        fields.insert("input".to_owned(), json!(texts));
        fields.insert("encoding_format".to_owned(), json!("float"));
        let answer = request_embeddings(&self.client, &self.reference, fields).await?;
        read_vectors(&answer, texts.len()).ok_or_else(|| {
            let message = format!(
                "use `{}` as the embedding model: its server did not answer with one vector for \
                 each text",
                self.reference
            );
            ConnectError::Setup(SetupError::new(SetupErrorKind::Unable, message))
        })
    }
}

/// Whether the server refuses what it was sent, such as a text that is too long.
fn is_refused_text(error: &ConnectError) -> bool {
    let ConnectError::Model(error) = error else { return false };
    matches!(error.kind(), ModelErrorKind::ContextOverflow { .. })
        || error.http_exchange().and_then(|exchange| exchange.status) == Some(400)
}

/// The vectors of an answer by their index; `None` when one is missing.
fn read_vectors(answer: &Value, count: usize) -> Option<Vec<Vec<f32>>> {
    let mut vectors = vec![Vec::new(); count];
    for (place, item) in answer.get("data")?.as_array()?.iter().enumerate() {
        let index = item.get("index").and_then(Value::as_u64);
        let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(place);
        #[expect(clippy::cast_possible_truncation, reason = "vectors are numbers of 32 bits")]
        let numbers: Option<Vec<f32>> = item
            .get("embedding")?
            .as_array()?
            .iter()
            .map(|number| number.as_f64().map(|number| number as f32))
            .collect();
        *vectors.get_mut(index)? = numbers?;
    }
    vectors.iter().all(|vector| !vector.is_empty()).then_some(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedding_models_are_known_by_their_names() {
        for name in [
            "BAAI/bge-m3",
            "nomic-embed-text:latest",
            "intfloat/e5-mistral-7b-instruct",
            "Qwen/Qwen3-Embedding-0.6B",
            "thenlper/gte-small",
            "sentence-transformers/all-MiniLM-L6-v2",
            "intfloat/multilingual-e5-large",
        ] {
            assert!(is_embedding_name(name), "{name}");
        }
        for name in ["Qwen/Qwen3-8B", "bigger-e5-chat", "meta-llama/Llama-3.1-8B", "tiny"] {
            assert!(!is_embedding_name(name), "{name}");
        }
    }

    #[test]
    fn vectors_are_ordered_by_their_index_and_all_there() {
        let answer = json!({"data": [
            {"index": 1, "embedding": [3, 4]},
            {"index": 0, "embedding": [1.5, 2]},
        ]});
        assert_eq!(read_vectors(&answer, 2), Some(vec![vec![1.5, 2.0], vec![3.0, 4.0]]));
        assert_eq!(read_vectors(&answer, 3), None);
        assert_eq!(read_vectors(&answer, 1), None);
        assert_eq!(read_vectors(&json!({"data": [{"embedding": "AAAA"}]}), 1), None);
    }
}
