//! Which models the API has: the agents, and the models that the config names.

use hyper::StatusCode;
use openclaw_config::Config;
use openclaw_core::ModelRef;
use serde_json::{Value, json};

use super::answer::AnswerProblem;
use super::problem_response;
use crate::http::{HttpResponse, json_response};
use crate::state::GatewayState;

/// What the `model` of a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelTarget {
    /// An agent.
    Agent(String),
    /// A model without an agent.
    Model(ModelRef),
}

/// Finds what the `model` of a request means. `agent` is the agent that the request names besides.
///
/// # Errors
/// When there is no such model.
pub(crate) fn find_target(
    state: &GatewayState,
    model: &str,
    agent: Option<&str>,
) -> Result<ModelTarget, AnswerProblem> {
    let runtime = state.runtime();
    let named = match model {
        "openclaw" | "openclaw/default" => Some(agent.unwrap_or_else(|| runtime.default_agent())),
        other => other.strip_prefix("openclaw/").or(other.strip_prefix("agent:")),
    };
    if let Some(agent) = named {
        return match runtime.check_agent(agent) {
            Ok(()) if !agent.is_empty() => Ok(ModelTarget::Agent(agent.to_owned())),
            _ => Err(unknown_model(state, model)),
        };
    }
    find_model(state, model).map(ModelTarget::Model).ok_or_else(|| unknown_model(state, model))
}

/// Finds a model of a configured provider, by its reference or alias, or by its own id where only
/// one configured model has it.
pub(crate) fn find_model(state: &GatewayState, name: &str) -> Option<ModelRef> {
    let runtime = state.runtime();
    let models = runtime.models();
    if let Some(reference) = models.resolve_model(Some(name))
        && models.provider_ids().contains(&reference.provider_id())
    {
        return Some(reference);
    }
    let mut same_id =
        configured_models(state).into_iter().filter(|reference| reference.model_id() == name);
    same_id.next().filter(|_| same_id.next().is_none())
}

/// The models that the config names, without those that only servers list.
fn configured_models(state: &GatewayState) -> Vec<ModelRef> {
    let runtime = state.runtime();
    let models = runtime.models();
    let loaded = models.loaded_config();
    let config: &Config = &loaded.config;
    let listed = config.models.providers.iter().flat_map(|(provider, entry)| {
        entry.models.iter().filter_map(move |model| ModelRef::new(provider, &model.id).ok())
    });
    let primary = models.primary_model().ok().flatten();
    let fallbacks = config.fallback_models(loaded.env()).unwrap_or_default();
    let named = config.agents.defaults.models.keys().filter(|name| !name.ends_with("/*"));
    let named = fallbacks.iter().chain(named).filter_map(|name| models.resolve_model(Some(name)));
    let mut all: Vec<ModelRef> = Vec::new();
    for reference in primary.into_iter().chain(listed).chain(named) {
        if !all.contains(&reference) {
            all.push(reference);
        }
    }
    all
}

fn agent_models(state: &GatewayState) -> Vec<String> {
    let runtime = state.runtime();
    let config = &runtime.models().loaded_config().config;
    let fixed = ["openclaw".to_owned(), "openclaw/default".to_owned()];
    let agents = config.agent_ids().into_iter().map(|id| format!("openclaw/{id}"));
    fixed.into_iter().chain(agents).collect()
}

fn model_object(id: &str, owner: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": owner })
}

/// Answers with all models.
pub(crate) fn list_models(state: &GatewayState) -> HttpResponse {
    let agents = agent_models(state);
    let agents = agents.iter().map(|id| model_object(id, "openclaw"));
    let models = configured_models(state);
    let models = models.iter().map(|it| model_object(&it.to_string(), it.provider_id()));
    let models: Vec<Value> = agents.chain(models).collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": models }))
}

/// Answers with one model.
pub(crate) fn describe_model(state: &GatewayState, id: &str) -> HttpResponse {
    let id = id.replace("%2F", "/").replace("%2f", "/");
    match find_target(state, &id, None) {
        Ok(ModelTarget::Agent(_)) => json_response(StatusCode::OK, &model_object(&id, "openclaw")),
        Ok(ModelTarget::Model(model)) => {
            json_response(StatusCode::OK, &model_object(&id, model.provider_id()))
        }
        Err(problem) => problem_response(&problem),
    }
}

/// The problem of a model that there is not, with those that there are.
pub(crate) fn unknown_model(state: &GatewayState, id: &str) -> AnswerProblem {
    const MAX_LISTED: usize = 20;
    let id: String = id.chars().take(200).collect();
    let models = configured_models(state).into_iter().map(|model| model.to_string());
    let all: Vec<String> = agent_models(state).into_iter().chain(models).collect();
    let names: Vec<String> = all.iter().take(MAX_LISTED).map(|id| format!("`{id}`")).collect();
    let more = match all.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    AnswerProblem {
        status: StatusCode::NOT_FOUND,
        code: Some("model_not_found"),
        ..AnswerProblem::invalid(format!(
            "There is no model `{}`. There are {}{more}.",
            id.escape_debug(),
            names.join(", ")
        ))
    }
}
