//! Reads context windows from the responses of different servers. Unexpected data is skipped.

use serde_json::Value;

/// The source of the window that llama.cpp's model list adds.
pub(super) const TRAINED_WINDOW_SOURCE: &str =
    "/v1/models of llama.cpp, the most it was trained for";

/// How reliable a window is, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WindowCertainty {
    /// The most that the model supports; it may be loaded with less.
    UpperBound,
    /// The window that the model is loaded with.
    Exact,
}

/// One piece of information of a server on a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerModelInfo {
    ContextWindow {
        /// The model; `None` means the only model of the server.
        model_id: Option<String>,
        tokens: u32,
        source: &'static str,
        certainty: WindowCertainty,
    },
    /// The model only computes embeddings, so it cannot chat.
    EmbeddingModel(String),
}

impl ServerModelInfo {
    fn exact_window(model_id: Option<&str>, tokens: u32, source: &'static str) -> Self {
        Self::ContextWindow {
            model_id: model_id.map(str::to_owned),
            tokens,
            source,
            certainty: WindowCertainty::Exact,
        }
    }

    fn upper_bound_window(model_id: Option<&str>, tokens: u32, source: &'static str) -> Self {
        Self::ContextWindow {
            model_id: model_id.map(str::to_owned),
            tokens,
            source,
            certainty: WindowCertainty::UpperBound,
        }
    }
}

/// `/props` of llama.cpp: the window of one slot.
pub(super) fn parse_llama_cpp(props: &Value) -> Vec<ServerModelInfo> {
    let tokens = token_count(props.pointer("/default_generation_settings/n_ctx"));
    tokens
        .map(|tokens| ServerModelInfo::exact_window(None, tokens, "/props of llama.cpp"))
        .into_iter()
        .collect()
}

/// `/api/v1/models` of LM Studio.
pub(super) fn parse_lm_studio(list: &Value) -> Vec<ServerModelInfo> {
    const SOURCE: &str = "/api/v1/models of LM Studio";
    let mut infos = Vec::new();
    for model in array_items(list, "models") {
        let key = string_field(model, "key");
        if string_field(model, "type") == Some("embedding") {
            let loaded =
                array_items(model, "loaded_instances").map(|instance| string_field(instance, "id"));
            let ids = std::iter::once(key).chain(loaded).flatten();
            infos.extend(ids.map(|id| ServerModelInfo::EmbeddingModel(id.to_owned())));
            continue;
        }
        for instance in array_items(model, "loaded_instances") {
            let Some(tokens) = token_count(instance.pointer("/config/context_length")) else {
                continue;
            };
            let ids = [key, string_field(instance, "id")].into_iter().flatten();
            infos.extend(ids.map(|id| ServerModelInfo::exact_window(Some(id), tokens, SOURCE)));
        }
        if let (Some(key), Some(tokens)) = (key, token_count(model.get("max_context_length"))) {
            let source = "/api/v1/models of LM Studio, the most it can be loaded with";
            infos.push(ServerModelInfo::upper_bound_window(Some(key), tokens, source));
        }
    }
    infos
}

/// `/api/v0/models` of LM Studio.
pub(super) fn parse_lm_studio_v0(list: &Value) -> Vec<ServerModelInfo> {
    let mut infos = Vec::new();
    for model in array_items(list, "data") {
        let Some(id) = string_field(model, "id") else { continue };
        if string_field(model, "type") == Some("embeddings") {
            infos.push(ServerModelInfo::EmbeddingModel(id.to_owned()));
        } else if let Some(tokens) = token_count(model.get("loaded_context_length")) {
            infos.push(ServerModelInfo::exact_window(
                Some(id),
                tokens,
                "/api/v0/models of LM Studio",
            ));
        } else if let Some(tokens) = token_count(model.get("max_context_length")) {
            let source = "/api/v0/models of LM Studio, the most it can be loaded with";
            infos.push(ServerModelInfo::upper_bound_window(Some(id), tokens, source));
        }
    }
    infos
}

/// `/api/ps` of Ollama: the loaded models; `None` when the server is not Ollama.
pub(super) fn parse_ollama_running(list: &Value) -> Option<Vec<ServerModelInfo>> {
    let models = list.get("models")?.as_array()?;
    let infos = models.iter().flat_map(|model| {
        let tokens = token_count(model.get("context_length"));
        let ids = ["name", "model"].into_iter().filter_map(|key| string_field(model, key));
        ids.filter_map(move |id| {
            Some(ServerModelInfo::exact_window(Some(id), tokens?, "/api/ps of Ollama"))
        })
    });
    Some(infos.collect())
}

/// `/api/show` of Ollama: the configured window, else the model's maximum.
pub(super) fn parse_ollama_show(id: String, model_details: &Value) -> Vec<ServerModelInfo> {
    let parameter_lines = string_field(model_details, "parameters").unwrap_or_default().lines();
    let mut configured_windows = parameter_lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "num_ctx").then(|| words.next()?.parse::<u32>().ok()).flatten()
    });
    if let Some(tokens) = configured_windows.next_back().filter(|tokens| *tokens > 0) {
        return vec![ServerModelInfo::ContextWindow {
            model_id: Some(id),
            tokens,
            source: "num_ctx in /api/show of Ollama",
            certainty: WindowCertainty::Exact,
        }];
    }
    let model_info =
        model_details.get("model_info").and_then(Value::as_object).into_iter().flatten();
    let trained_windows = model_info.filter(|(key, _)| key.ends_with(".context_length"));
    let tokens = trained_windows.filter_map(|(_, value)| token_count(Some(value))).min();
    let source = "/api/show of Ollama, the most it was trained for";
    tokens
        .map(|tokens| ServerModelInfo::upper_bound_window(Some(&id), tokens, source))
        .into_iter()
        .collect()
}

/// `/model/info` of `LiteLLM`: the longest prompt of each model.
pub(super) fn parse_litellm(list: &Value) -> Vec<ServerModelInfo> {
    let infos = array_items(list, "data").filter_map(|entry| {
        let (name, info) = (string_field(entry, "model_name")?, entry.get("model_info")?);
        if string_field(info, "mode") == Some("embedding") {
            return Some(ServerModelInfo::EmbeddingModel(name.to_owned()));
        }
        if let Some(tokens) = token_count(info.get("max_input_tokens")) {
            return Some(ServerModelInfo::exact_window(
                Some(name),
                tokens,
                "/model/info of LiteLLM",
            ));
        }
        // `max_tokens` may also be the limit of the answer.
        let tokens = token_count(info.get("max_tokens"))?;
        Some(ServerModelInfo::upper_bound_window(
            Some(name),
            tokens,
            "max_tokens in /model/info of LiteLLM",
        ))
    });
    infos.collect()
}

/// `/info` of TGI, which serves one model.
pub(super) fn parse_tgi(info: &Value) -> Vec<ServerModelInfo> {
    let tokens = token_count(info.get("max_total_tokens"));
    tokens
        .map(|tokens| ServerModelInfo::exact_window(None, tokens, "/info of TGI"))
        .into_iter()
        .collect()
}

fn array_items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn string_field<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Reads a number of tokens, which some servers write as a string or with a decimal point.
fn token_count(value: Option<&Value>) -> Option<u32> {
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
