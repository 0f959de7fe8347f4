//! What a server serves.

mod server_formats;
mod windows;

use std::borrow::Cow;

use openclaw_core::ModelError;
use openclaw_transport::Client;
use openclaw_transport::wire::{ModelCard, ModelList};

pub use self::windows::find_context_windows;

use crate::model_error;

/// A model as its server lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServedModel {
    /// The id to ask for.
    pub id: String,
    /// The base model that an adapter belongs to.
    pub parent: Option<String>,
    /// The window in tokens, if the server says; an adapter's is its parent's.
    pub context_window: Option<u32>,
    /// Where the server says `window`, e.g. `/props of llama.cpp`; absent without one.
    pub context_window_source: Option<Cow<'static, str>>,
    /// The window in tokens that the model was trained with, if the server says; the model may be
    /// loaded with less.
    pub trained_context_window: Option<u32>,
    /// Who serves it, in the server's words; vLLM says `vllm`.
    pub owned_by: Option<String>,
}

/// Asks a server what it serves (`GET …/models`), in the server's order.
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
    Ok(models.collect())
}

fn card_context_window(card: &ModelCard) -> Option<u32> {
    let gateway_window = card.context_length.or(card.context_window);
    card.max_model_len.or(card.meta.n_ctx).or(gateway_window)
}

/// Looks for the API where people often forget or double a part of its path, and returns the base
/// URL under which a model list answers. For messages: nothing is switched over by itself.
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

/// The served ids most like `wanted`, best first, at most three.
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

/// How many characters must be changed, added or removed to turn one text into the other. A text
/// that contains the other is as near as one change.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.contains(b) || b.contains(a) {
        return usize::from(a != b);
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, char_a) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (next_cost, other_char) in row.iter_mut().skip(1).zip(&b) {
            let above = *next_cost;
            *next_cost = (corner + usize::from(char_a != *other_char)).min(above + 1).min(left + 1);
            (corner, left) = (above, *next_cost);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
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
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
