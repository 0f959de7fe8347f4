//! The models that a server serves.

mod server_formats;
mod windows;

use std::borrow::Cow;
use std::collections::HashSet;

use openclaw_core::ModelError;
use openclaw_provider::model_error;
use openclaw_transport::Client;
use openclaw_transport::wire::{ModelCard, ModelList};
use strsim::levenshtein;

pub use self::windows::{find_context_windows, use_trained_windows};

/// A model as its server lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServedModel {
    /// The model's id in requests.
    pub id: String,
    /// The base model that an adapter belongs to.
    pub parent: Option<String>,
    /// The context window in tokens, if the server reports it; an adapter has that of its parent.
    pub context_window: Option<u32>,
    /// Where the server reports the window, e.g. `/props of llama.cpp`; `None` without a window.
    pub context_window_source: Option<Cow<'static, str>>,
    /// The context window in tokens that the model was trained with, if the server reports it; the
    /// model may be loaded with less.
    pub trained_context_window: Option<u32>,
    /// The owner as the server names it; `vllm` for vLLM.
    pub owned_by: Option<String>,
}

/// Lists the models of a server (`GET …/models`), in the server's order, each once.
///
/// # Errors
/// When the server cannot be reached, refuses, or does not answer with a model list.
pub async fn list_models(client: &Client) -> Result<Vec<ServedModel>, ModelError> {
    let url = client.endpoint().api_url("models");
    let reply = client.get(url).await.map_err(|error| model_error(error, None))?;
    let list: ModelList = reply.parse_json().map_err(|error| model_error(error, None))?;
    let parent_window =
        |id: &str| list.data.iter().find(|card| card.id == id).and_then(card_context_window);
    let models = list.data.iter().map(|card| {
        let context_window =
            card_context_window(card).or_else(|| card.parent.as_deref().and_then(parent_window));
        ServedModel {
            id: card.id.clone(),
            parent: card.parent.clone(),
            context_window,
            context_window_source: context_window.map(|_| "/v1/models".into()),
            trained_context_window: card.meta.n_ctx_train,
            owned_by: card.owned_by.clone(),
        }
    });
    let mut seen = HashSet::new();
    Ok(models.filter(|model: &ServedModel| seen.insert(model.id.clone())).collect())
}

fn card_context_window(card: &ModelCard) -> Option<u32> {
    let gateway_window = card.context_length.or(card.context_window);
    card.max_model_len.or(card.meta.n_ctx).or(gateway_window)
}

/// Tries the API at URLs where people often omit or double a part of the path, and returns the base
/// URL that answers with a model list. Only for messages: nothing switches to it by itself.
pub async fn find_api_base_url(client: &Client) -> Option<String> {
    let endpoint = client.endpoint();
    for base in ["v1", "api/v1", "openai/v1"] {
        let mut url = endpoint.base_url().clone();
        url.set_path(&format!("/{base}/models"));
        let has_model_list = match client.get(url.clone()).await {
            Ok(reply) => reply.parse_json::<ModelList>().is_ok(),
            Err(_) => false,
        };
        if has_model_list {
            url.set_path(&format!("/{base}"));
            return Some(url.to_string());
        }
    }
    None
}

/// The served ids most similar to `requested_id`, best first, at most three.
#[must_use]
pub fn nearest_model_ids<'a>(requested_id: &str, served: &'a [ServedModel]) -> Vec<&'a str> {
    let requested_id = requested_id.to_lowercase();
    let mut ids_by_distance: Vec<(usize, &str)> = served
        .iter()
        .map(|model| (edit_distance(&requested_id, &model.id.to_lowercase()), model.id.as_str()))
        .collect();
    ids_by_distance.sort_unstable();
    ids_by_distance.into_iter().take(3).map(|(_, id)| id).collect()
}

/// The edit distance of two texts, in characters. A text that contains the other has distance 1.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.contains(b) || b.contains(a) {
        return usize::from(a != b);
    }
    levenshtein(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ids_come_first() {
        let served = ["qwen3-8b", "meta-llama/Llama-3.3-70B-Instruct", "tiny", "gemma-3"];
        let served: Vec<_> = served
            .iter()
            .map(|id| ServedModel { id: (*id).to_owned(), ..ServedModel::default() })
            .collect();
        assert_eq!(
            nearest_model_ids("llama-3.3-70b-instruct", &served)[0],
            "meta-llama/Llama-3.3-70B-Instruct"
        );
        assert_eq!(nearest_model_ids("tinny", &served)[0], "tiny");
        assert_eq!(nearest_model_ids("gema-3", &served)[0], "gemma-3");
        assert_eq!(nearest_model_ids("x", &served).len(), 3);
    }
}
