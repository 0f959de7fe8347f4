//! The models that a server serves.

use openclaw_core::ModelError;
use openclaw_provider::model_error;
use openclaw_transport::Client;
use serde::Deserialize;
use serde_json::Value;

/// The most pages that are read; further ones are ignored.
const MAX_PAGES: usize = 20;

/// A model as its server lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListedModel {
    /// The model's id in requests.
    pub id: String,
    /// The display name, if the server gives one.
    pub name: Option<String>,
    /// The context window in tokens, if the server reports it.
    pub context_window: Option<u32>,
    /// The most tokens of an answer, if the server reports it.
    pub max_output_tokens: Option<u32>,
    /// The owner as the server names it; `vllm` for vLLM.
    pub owner: Option<String>,
}

/// One page of the list. vLLM returns the list of its OpenAI API here, whose models have an `id` as
/// well.
#[derive(Debug, Deserialize)]
struct ModelListPage {
    data: Vec<ModelCard>,
    #[serde(default)]
    has_more: Option<bool>,
    #[serde(default)]
    last_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ModelCard {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    owned_by: Option<String>,
    #[serde(default)]
    max_input_tokens: Value,
    #[serde(default)]
    max_model_len: Value,
    #[serde(default)]
    max_tokens: Value,
}

/// Lists the models of a server (`GET …/models`), in the server's order.
///
/// # Errors
/// When the server cannot be reached, refuses, or does not answer with a model list.
pub async fn list_models(client: &Client) -> Result<Vec<ListedModel>, ModelError> {
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut url = client.endpoint().api_url("models");
        url.query_pairs_mut().append_pair("limit", "1000");
        if let Some(after) = &after {
            url.query_pairs_mut().append_pair("after_id", after);
        }
        let reply = client.get(url).await.map_err(|error| model_error(error, None))?;
        let page: ModelListPage = reply.parse_json().map_err(|error| model_error(error, None))?;
        listed.extend(page.data.into_iter().map(|card| {
            ListedModel {
                id: card.id,
                name: card.display_name,
                owner: card.owned_by,
                context_window: parse_token_count(&card.max_input_tokens)
                    .or_else(|| parse_token_count(&card.max_model_len)),
                max_output_tokens: parse_token_count(&card.max_tokens),
            }
        }));
        let next = page.last_id.filter(|id| page.has_more == Some(true) && !id.is_empty());
        if next.is_none() || next == after {
            break;
        }
        after = next;
    }
    Ok(listed)
}

/// Reads a number of tokens; anything else, and zero, is the same as absent.
fn parse_token_count(value: &Value) -> Option<u32> {
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.filter(|count| *count > 0)
}
