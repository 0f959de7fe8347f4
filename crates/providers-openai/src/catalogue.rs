//! What a server serves.

mod shapes;
mod windows;

use std::borrow::Cow;

use openclaw_core::ModelError;
use openclaw_transport::Client;
use openclaw_transport::wire::{ModelCard, ModelList};

pub use self::windows::find_windows;

use crate::model_error;

/// A model as its server lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServedModel {
    /// The id to ask for.
    pub id: String,
    /// The base model that an adapter belongs to.
    pub parent: Option<String>,
    /// The window in tokens, if the server says; an adapter's is its parent's.
    pub window: Option<u32>,
    /// Where the server says `window`, e.g. `/props of llama.cpp`; absent without one.
    pub window_from: Option<Cow<'static, str>>,
    /// The window in tokens that the model was trained with, if the server says; the model may be
    /// loaded with less.
    pub trained_window: Option<u32>,
    /// Who serves it, in the server's words; vLLM says `vllm`.
    pub owner: Option<String>,
}

/// Asks a server what it serves (`GET …/models`), in the server's order.
///
/// # Errors
/// When the server cannot be reached, refuses, or does not answer with a model list.
pub async fn list_models(client: &Client) -> Result<Vec<ServedModel>, ModelError> {
    let url = client.endpoint().api("models");
    let reply = client.get(url).await.map_err(|error| model_error(error, None))?;
    let list: ModelList = reply.json().map_err(|error| model_error(error, None))?;
    let of_parent = |id: &str| list.data.iter().find(|card| card.id == id).and_then(window);
    let served = list.data.iter().map(|card| {
        let window = window(card).or_else(|| card.parent.as_deref().and_then(of_parent));
        ServedModel {
            id: card.id.clone(),
            parent: card.parent.clone(),
            window,
            window_from: window.map(|_| "/v1/models".into()),
            trained_window: card.meta.n_ctx_train,
            owner: card.owned_by.clone(),
        }
    });
    Ok(served.collect())
}

fn window(card: &ModelCard) -> Option<u32> {
    let by_gateways = card.context_length.or(card.context_window);
    card.max_model_len.or(card.meta.n_ctx).or(by_gateways)
}

/// Looks for the API where people often forget or double a part of its path, and returns the base
/// URL under which a model list answers. For messages: nothing is switched over by itself.
pub async fn find_api(client: &Client) -> Option<String> {
    let endpoint = client.endpoint();
    for base in ["v1", "api/v1", "openai/v1"] {
        let mut url = endpoint.base().clone();
        url.set_path(&format!("/{base}/models"));
        let answers = match client.get(url.clone()).await {
            Ok(reply) => reply.json::<ModelList>().is_ok(),
            Err(_) => false,
        };
        if answers {
            url.set_path(&format!("/{base}"));
            return Some(url.to_string());
        }
    }
    None
}

/// The served ids most like `wanted`, best first, at most three.
#[must_use]
pub fn nearest<'a>(wanted: &str, served: &'a [ServedModel]) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut ids: Vec<(usize, &str)> = served
        .iter()
        .map(|model| (distance(&wanted, &model.id.to_lowercase()), model.id.as_str()))
        .collect();
    ids.sort_unstable();
    ids.into_iter().take(3).map(|(_, id)| id).collect()
}

/// How many characters must be changed, added or removed to turn one text into the other. A text
/// that contains the other is as near as one change.
fn distance(a: &str, b: &str) -> usize {
    if a.contains(b) || b.contains(a) {
        return usize::from(a != b);
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            *cell = (corner + usize::from(x != *y)).min(above + 1).min(left + 1);
            (corner, left) = (above, *cell);
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
            nearest("llama-3.3-70b-instruct", &served)[0],
            "meta-llama/Llama-3.3-70B-Instruct"
        );
        assert_eq!(nearest("tinny", &served)[0], "tiny");
        assert_eq!(nearest("gema-3", &served)[0], "gemma-3");
        assert_eq!(nearest("x", &served).len(), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
