//! Asks servers for context windows that their list of models lacks.
//!
//! Each kind of server has a route of its own for it. All are requested at the same time: a server
//! answers its own and refuses the others cheaply.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use openclaw_transport::Client;
use serde_json::{Value, json};

use super::ServedModel;
use super::server_formats::{self, ServerModelInfo, WindowCertainty};

/// The most models that are asked for one by one.
const MAX_DETAILED_MODELS: usize = 64;

/// Looks for the windows that the list of models leaves out: of all of `served`, or of the
/// requested model. Embedding models are removed from the list where the server marks them, except
/// a requested one.
///
/// It queries llama.cpp (`/props`), LM Studio (`/api/v1/models`, else `/api/v0/models`), Ollama
/// (`/api/ps`, `/api/show`), `LiteLLM` (`/model/info`, else `/v1/model/info`) and TGI (`/info`). A
/// server without useful information changes nothing. Each window is stored as it arrives: dropping
/// the future loses only those still missing. Returns whether a route had an answer, or none had to
/// be asked.
pub async fn find_context_windows(
    client: &Client,
    served: &mut Vec<ServedModel>,
    requested_id: Option<&str>,
) -> bool {
    let mut search = WindowSearch::new(served, requested_id);
    let has_answer = search.query_server(client).await;
    let embedding_ids = search.embedding_ids;
    served.retain(|model| requested_id == Some(&model.id) || !embedding_ids.contains(&model.id));
    has_answer
}

/// Takes the window that a model was trained with where the list has no other, without asking the
/// server's other routes.
pub fn use_trained_windows(served: &mut [ServedModel]) {
    WindowSearch::new(served, None);
}

/// The response of one server's route.
#[derive(Debug, Default)]
struct RouteReply {
    infos: Vec<ServerModelInfo>,
    /// Whether the server is Ollama, which has details on each model.
    is_ollama: bool,
}

impl From<Vec<ServerModelInfo>> for RouteReply {
    fn from(infos: Vec<ServerModelInfo>) -> Self {
        Self { infos, is_ollama: false }
    }
}

/// The models, each with the certainty of its window.
struct WindowSearch<'a> {
    models: Vec<(&'a mut ServedModel, Option<WindowCertainty>)>,
    embedding_ids: Vec<String>,
    requested_id: Option<&'a str>,
}

impl<'a> WindowSearch<'a> {
    fn new(served: &'a mut [ServedModel], requested_id: Option<&'a str>) -> Self {
        let models = served.iter_mut().map(|model| {
            let certainty = match (model.context_window, model.trained_context_window) {
                (Some(_), _) => Some(WindowCertainty::Exact),
                (None, None) => None,
                (None, trained_window) => {
                    model.context_window = trained_window;
                    model.context_window_source =
                        Some(server_formats::TRAINED_WINDOW_SOURCE.into());
                    Some(WindowCertainty::UpperBound)
                }
            };
            (model, certainty)
        });
        Self { models: models.collect(), embedding_ids: Vec::new(), requested_id }
    }

    /// Queries the routes until all windows are known or no route is left. Returns whether one had
    /// an answer.
    async fn query_server(&mut self, client: &Client) -> bool {
        if self.is_done() {
            return true;
        }
        let mut has_answer = false;
        let mut queries: FuturesUnordered<BoxFuture<'_, RouteReply>> = FuturesUnordered::new();
        queries
            .push(query_first_route(client, &["props"], server_formats::parse_llama_cpp).boxed());
        queries.push(query_lm_studio(client).boxed());
        queries.push(
            query_first_route(
                client,
                &["model/info", "v1/model/info"],
                server_formats::parse_litellm,
            )
            .boxed(),
        );
        queries.push(query_first_route(client, &["info"], server_formats::parse_tgi).boxed());
        queries.push(query_ollama_running(client).boxed());
        while let Some(answer) = queries.next().await {
            has_answer |= answer.is_ollama || !answer.infos.is_empty();
            self.apply_infos(answer.infos);
            if self.is_done() {
                return true;
            }
            if answer.is_ollama {
                queries
                    .extend(self.unresolved_ids().map(|id| query_ollama_model(client, id).boxed()));
            }
        }
        has_answer
    }

    /// The models without an exact window.
    fn unresolved_models(&self) -> impl Iterator<Item = &ServedModel> {
        let unresolved = self.models.iter().filter(|(model, certainty)| {
            *certainty != Some(WindowCertainty::Exact) && !self.embedding_ids.contains(&model.id)
        });
        let models = unresolved.map(|(model, _)| &**model);
        models.filter(|model| self.requested_id.is_none_or(|wanted| wanted == model.id))
    }

    fn unresolved_ids(&self) -> impl Iterator<Item = String> {
        self.unresolved_models().take(MAX_DETAILED_MODELS).map(|model| model.id.clone())
    }

    fn is_done(&self) -> bool {
        self.unresolved_models().next().is_none()
    }

    /// Applies windows that are more certain than the known ones; of two equally certain ones the
    /// smaller wins.
    fn apply_infos(&mut self, infos: Vec<ServerModelInfo>) {
        let is_only = self.models.len() == 1;
        for info in infos {
            let (id, tokens, source, certainty) = match info {
                ServerModelInfo::ContextWindow { model_id, tokens, source, certainty } => {
                    (model_id, tokens, source, certainty)
                }
                ServerModelInfo::EmbeddingModel(id) => {
                    self.embedding_ids.push(id);
                    continue;
                }
            };
            for (model, known_certainty) in &mut self.models {
                let is_meant = id.as_ref().map_or(is_only, |id| *id == model.id);
                let is_news = match known_certainty {
                    None => true,
                    Some(known) if *known == certainty => model.context_window > Some(tokens),
                    Some(known) => certainty > *known,
                };
                if is_meant && is_news {
                    model.context_window = Some(tokens);
                    model.context_window_source = Some(Cow::Borrowed(source));
                    *known_certainty = Some(certainty);
                }
            }
        }
    }
}

/// Requests the routes in turn, outside the API's version, until one returns information.
async fn query_first_route(
    client: &Client,
    routes: &[&str],
    read: fn(&Value) -> Vec<ServerModelInfo>,
) -> RouteReply {
    for route in routes {
        let reply = get_json(client, route).await;
        let infos = reply.as_ref().map(read).unwrap_or_default();
        if !infos.is_empty() {
            return infos.into();
        }
    }
    RouteReply::default()
}

async fn query_lm_studio(client: &Client) -> RouteReply {
    let current_reply =
        query_first_route(client, &["api/v1/models"], server_formats::parse_lm_studio).await;
    if current_reply.infos.is_empty() {
        return query_first_route(client, &["api/v0/models"], server_formats::parse_lm_studio_v0)
            .await;
    }
    current_reply
}

async fn query_ollama_running(client: &Client) -> RouteReply {
    let list = get_json(client, "api/ps").await;
    match list.as_ref().and_then(server_formats::parse_ollama_running) {
        Some(infos) => RouteReply { infos, is_ollama: true },
        None => RouteReply::default(),
    }
}

async fn query_ollama_model(client: &Client, id: String) -> RouteReply {
    let body = Bytes::from(json!({ "model": id }).to_string());
    let reply = client.post(client.endpoint().root_url("api/show"), body).await;
    let model_details = reply.ok().and_then(|reply| reply.parse_json::<Value>().ok());
    model_details
        .map(|shown| server_formats::parse_ollama_show(id, &shown))
        .unwrap_or_default()
        .into()
}

async fn get_json(client: &Client, route: &str) -> Option<Value> {
    client.get(client.endpoint().root_url(route)).await.ok()?.parse_json().ok()
}
