//! Asks servers for their models' windows where the list of models does not say.
//!
//! Each kind of server has a route of its own for it. All are asked at the same time; a server
//! answers its own and refuses the others, which costs it nothing.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use openclaw_transport::Client;
use serde_json::{Value, json};

use super::ServedModel;
use super::shapes::{self, Found, Trust};

/// So many models are asked for one by one.
const MOST_SHOWN: usize = 64;

/// Looks for the windows that the list of models leaves out: of all of `served`, or of the one
/// with the id `wanted`. Models for embeddings are taken out of the list where the server tells
/// them apart, but for the one that is wanted.
///
/// Asked are llama.cpp (`/props`), LM Studio (`/api/v1/models`, else `/api/v0/models`), Ollama
/// (`/api/ps`, `/api/show`), `LiteLLM` (`/model/info`, else `/v1/model/info`) and TGI (`/info`). A
/// server that says nothing of use changes nothing. Each window is kept as it comes: dropping the
/// future loses only those that are not there yet.
pub async fn find_windows(client: &Client, served: &mut Vec<ServedModel>, wanted: Option<&str>) {
    let mut search = Search::new(served, wanted);
    search.ask(client).await;
    let embeddings = search.embeddings;
    served.retain(|model| wanted == Some(&model.id) || !embeddings.contains(&model.id));
}

/// What one server's route says.
#[derive(Debug, Default)]
struct Answer {
    found: Vec<Found>,
    /// The server is Ollama, which says more of each model.
    is_ollama: bool,
}

impl From<Vec<Found>> for Answer {
    fn from(found: Vec<Found>) -> Self {
        Self { found, is_ollama: false }
    }
}

/// The models, each with how far its window is to be trusted.
struct Search<'a> {
    models: Vec<(&'a mut ServedModel, Option<Trust>)>,
    embeddings: Vec<String>,
    wanted: Option<&'a str>,
}

impl<'a> Search<'a> {
    fn new(served: &'a mut [ServedModel], wanted: Option<&'a str>) -> Self {
        let models = served.iter_mut().map(|model| {
            let trust = match (model.window, model.trained_window) {
                (Some(_), _) => Some(Trust::Certain),
                (None, None) => None,
                (None, trained) => {
                    model.window = trained;
                    model.window_from = Some(shapes::TRAINED.into());
                    Some(Trust::AtMost)
                }
            };
            (model, trust)
        });
        Self { models: models.collect(), embeddings: Vec::new(), wanted }
    }

    /// Asks until all is known or nobody is left.
    async fn ask(&mut self, client: &Client) {
        if self.is_done() {
            return;
        }
        let mut questions: FuturesUnordered<BoxFuture<'_, Answer>> = FuturesUnordered::new();
        questions.push(one_of(client, &["props"], shapes::llama_cpp).boxed());
        questions.push(lm_studio(client).boxed());
        questions.push(one_of(client, &["model/info", "v1/model/info"], shapes::litellm).boxed());
        questions.push(one_of(client, &["info"], shapes::tgi).boxed());
        questions.push(running_on_ollama(client).boxed());
        while let Some(answer) = questions.next().await {
            self.take(answer.found);
            if self.is_done() {
                return;
            }
            if answer.is_ollama {
                questions.extend(self.open_ids().map(|id| shown_by_ollama(client, id).boxed()));
            }
        }
    }

    /// The models whose window is not certain yet.
    fn open(&self) -> impl Iterator<Item = &ServedModel> {
        let open = self.models.iter().filter(|(model, trust)| {
            *trust != Some(Trust::Certain) && !self.embeddings.contains(&model.id)
        });
        let models = open.map(|(model, _)| &**model);
        models.filter(|model| self.wanted.is_none_or(|wanted| wanted == model.id))
    }

    fn open_ids(&self) -> impl Iterator<Item = String> {
        self.open().take(MOST_SHOWN).map(|model| model.id.clone())
    }

    fn is_done(&self) -> bool {
        self.open().next().is_none()
    }

    /// Keeps what is more certain than what is known, and the smaller of two that are as certain.
    fn take(&mut self, found: Vec<Found>) {
        let is_only = self.models.len() == 1;
        for found in found {
            let (id, tokens, from, trust) = match found {
                Found::Window { model, tokens, from, trust } => (model, tokens, from, trust),
                Found::Embedding(id) => {
                    self.embeddings.push(id);
                    continue;
                }
            };
            for (model, known) in &mut self.models {
                let is_meant = id.as_ref().map_or(is_only, |id| *id == model.id);
                let is_news = match known {
                    None => true,
                    Some(known) if *known == trust => model.window > Some(tokens),
                    Some(known) => trust > *known,
                };
                if is_meant && is_news {
                    model.window = Some(tokens);
                    model.window_from = Some(Cow::Borrowed(from));
                    *known = Some(trust);
                }
            }
        }
    }
}

/// Asks the routes beside the API's version in turn, until one says something.
async fn one_of(client: &Client, routes: &[&str], read: fn(&Value) -> Vec<Found>) -> Answer {
    for route in routes {
        let found = get(client, route).await;
        let found = found.as_ref().map(read).unwrap_or_default();
        if !found.is_empty() {
            return found.into();
        }
    }
    Answer::default()
}

async fn lm_studio(client: &Client) -> Answer {
    let newer = one_of(client, &["api/v1/models"], shapes::lm_studio).await;
    if newer.found.is_empty() {
        return one_of(client, &["api/v0/models"], shapes::lm_studio_v0).await;
    }
    newer
}

async fn running_on_ollama(client: &Client) -> Answer {
    let list = get(client, "api/ps").await;
    match list.as_ref().and_then(shapes::ollama_running) {
        Some(found) => Answer { found, is_ollama: true },
        None => Answer::default(),
    }
}

async fn shown_by_ollama(client: &Client, id: String) -> Answer {
    let body = Bytes::from(json!({ "model": id }).to_string());
    let reply = client.post(client.endpoint().root("api/show"), body).await;
    let shown = reply.ok().and_then(|reply| reply.json::<Value>().ok());
    shown.map(|shown| shapes::ollama_shown(id, &shown)).unwrap_or_default().into()
}

async fn get(client: &Client, route: &str) -> Option<Value> {
    client.get(client.endpoint().root(route)).await.ok()?.json().ok()
}
