//! Reads windows out of the answers of different servers. What does not fit is passed over.

use serde_json::Value;

/// What llama.cpp's list says besides.
pub(super) const TRAINED: &str = "/v1/models of llama.cpp, the most it was trained for";

/// How far a window is to be trusted, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// What the model could have at most; it may be loaded with less.
    AtMost,
    /// What the model has.
    Certain,
}

/// What a server says of a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Window {
        /// The model; `None` is the only one that the server has.
        model: Option<String>,
        tokens: u32,
        from: &'static str,
        trust: Trust,
    },
    /// It only turns texts into vectors: there is no conversation with it.
    Embedding(String),
}

impl Found {
    fn certain(model: Option<&str>, tokens: u32, from: &'static str) -> Self {
        Self::Window { model: model.map(str::to_owned), tokens, from, trust: Trust::Certain }
    }

    fn at_most(model: Option<&str>, tokens: u32, from: &'static str) -> Self {
        Self::Window { model: model.map(str::to_owned), tokens, from, trust: Trust::AtMost }
    }
}

/// `/props` of llama.cpp: what one of its slots takes.
pub(super) fn llama_cpp(props: &Value) -> Vec<Found> {
    let tokens = count(props.pointer("/default_generation_settings/n_ctx"));
    tokens.map(|tokens| Found::certain(None, tokens, "/props of llama.cpp")).into_iter().collect()
}

/// `/api/v1/models` of LM Studio.
pub(super) fn lm_studio(list: &Value) -> Vec<Found> {
    const FROM: &str = "/api/v1/models of LM Studio";
    let mut found = Vec::new();
    for model in elements(list, "models") {
        let key = text(model, "key");
        if text(model, "type") == Some("embedding") {
            let loaded = elements(model, "loaded_instances").map(|instance| text(instance, "id"));
            let ids = std::iter::once(key).chain(loaded).flatten();
            found.extend(ids.map(|id| Found::Embedding(id.to_owned())));
            continue;
        }
        for instance in elements(model, "loaded_instances") {
            let Some(tokens) = count(instance.pointer("/config/context_length")) else { continue };
            let ids = [key, text(instance, "id")].into_iter().flatten();
            found.extend(ids.map(|id| Found::certain(Some(id), tokens, FROM)));
        }
        if let (Some(key), Some(tokens)) = (key, count(model.get("max_context_length"))) {
            let from = "/api/v1/models of LM Studio, the most it can be loaded with";
            found.push(Found::at_most(Some(key), tokens, from));
        }
    }
    found
}

/// `/api/v0/models` of LM Studio.
pub(super) fn lm_studio_v0(list: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for model in elements(list, "data") {
        let Some(id) = text(model, "id") else { continue };
        if text(model, "type") == Some("embeddings") {
            found.push(Found::Embedding(id.to_owned()));
        } else if let Some(tokens) = count(model.get("loaded_context_length")) {
            found.push(Found::certain(Some(id), tokens, "/api/v0/models of LM Studio"));
        } else if let Some(tokens) = count(model.get("max_context_length")) {
            let from = "/api/v0/models of LM Studio, the most it can be loaded with";
            found.push(Found::at_most(Some(id), tokens, from));
        }
    }
    found
}

/// `/api/ps` of Ollama: the models that are loaded now; `None` when it is not Ollama.
pub(super) fn ollama_running(list: &Value) -> Option<Vec<Found>> {
    let models = list.get("models")?.as_array()?;
    let found = models.iter().flat_map(|model| {
        let tokens = count(model.get("context_length"));
        let ids = ["name", "model"].into_iter().filter_map(|key| text(model, key));
        ids.filter_map(move |id| Some(Found::certain(Some(id), tokens?, "/api/ps of Ollama")))
    });
    Some(found.collect())
}

/// `/api/show` of Ollama: what a model is set to, else what it could have.
pub(super) fn ollama_shown(id: String, shown: &Value) -> Vec<Found> {
    let settings = text(shown, "parameters").unwrap_or_default().lines();
    let mut set = settings.filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "num_ctx").then(|| words.next()?.parse::<u32>().ok()).flatten()
    });
    if let Some(tokens) = set.next_back().filter(|tokens| *tokens > 0) {
        return vec![Found::Window {
            model: Some(id),
            tokens,
            from: "num_ctx in /api/show of Ollama",
            trust: Trust::Certain,
        }];
    }
    let info = shown.get("model_info").and_then(Value::as_object).into_iter().flatten();
    let trained = info.filter(|(key, _)| key.ends_with(".context_length"));
    let tokens = trained.filter_map(|(_, value)| count(Some(value))).min();
    let from = "/api/show of Ollama, the most it was trained for";
    tokens.map(|tokens| Found::at_most(Some(&id), tokens, from)).into_iter().collect()
}

/// `/model/info` of `LiteLLM`: the prompt that a model takes.
pub(super) fn litellm(list: &Value) -> Vec<Found> {
    let found = elements(list, "data").filter_map(|entry| {
        let (name, info) = (text(entry, "model_name")?, entry.get("model_info")?);
        if text(info, "mode") == Some("embedding") {
            return Some(Found::Embedding(name.to_owned()));
        }
        if let Some(tokens) = count(info.get("max_input_tokens")) {
            return Some(Found::certain(Some(name), tokens, "/model/info of LiteLLM"));
        }
        // By this name it may also say how long an answer may be.
        let tokens = count(info.get("max_tokens"))?;
        Some(Found::at_most(Some(name), tokens, "max_tokens in /model/info of LiteLLM"))
    });
    found.collect()
}

/// `/info` of TGI, which has one model.
pub(super) fn tgi(info: &Value) -> Vec<Found> {
    let tokens = count(info.get("max_total_tokens"));
    tokens.map(|tokens| Found::certain(None, tokens, "/info of TGI")).into_iter().collect()
}

fn elements<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// A number of tokens, which some write as a text or with a decimal point.
fn count(value: Option<&Value>) -> Option<u32> {
    let tokens = match value? {
        Value::String(digits) => digits.parse().ok()?,
        Value::Number(number) => match number.as_u64() {
            Some(tokens) => tokens,
            None => number.to_string().strip_suffix(".0")?.parse().ok()?,
        },
        _ => return None,
    };
    u32::try_from(tokens).ok().filter(|tokens| *tokens > 0)
}
