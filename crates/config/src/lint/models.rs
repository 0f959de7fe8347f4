//! Lints of model servers and models: addresses, limits and names.

use std::collections::{BTreeMap, BTreeSet};

use super::{ReportWarning, new_warning, parse_key};
use crate::{
    diagnostic::{Diagnostic, Severity},
    env::Env,
    env_vars,
    path::KeyPath,
    sections::{Config, MergeMode},
    text::{Json5Node, Json5Value, ObjectEntry, has_credential},
    tree::ConfigTree,
};

/// With fewer tokens an answer is cut off after a few words.
const MIN_SENSIBLE_TOKENS: u64 = 256;
/// Providers that exist without a config entry when their variable is set.
const IMPLICIT_PROVIDERS: &[(&str, &str)] = &[
    ("vllm", env_vars::VLLM_API_KEY),
    ("openai", env_vars::OPENAI_API_KEY),
    ("openrouter", env_vars::OPENROUTER_API_KEY),
    ("anthropic", env_vars::ANTHROPIC_API_KEY),
];

pub(super) fn lint_models(root: &Json5Node, ignored: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.select_matching("models.providers.*", ignored, &mut |path, _, node| {
        lint_base_url(&path, node, &mut found);
        lint_max_tokens(&path, node, ignored, &mut found);
        lint_duplicate_ids(&path, node, &mut found);
    });
    let mut aliases = BTreeMap::new();
    root.select_matching("agents.defaults.models.*.alias", ignored, &mut |path, _, node| {
        let Some(alias) = node.as_text() else { return };
        if let Some(first) = aliases.insert(alias.to_ascii_lowercase(), path.clone()) {
            let message = format!("the alias stands for two models: also at `{first}`");
            found.push(new_warning(node.span, path, message, "give one of them another alias"));
        }
    });
    found
}

/// The API of a provider or model, as written.
fn provider_api(node: &Json5Node) -> Option<&str> {
    node.find_entry("api").and_then(|entry| entry.node.as_text())
}

fn lint_base_url(path: &KeyPath, provider: &Json5Node, found: &mut Vec<Diagnostic>) {
    let Some(entry) = provider.find_entry("baseUrl") else { return };
    let Some(url) = entry.node.as_text().filter(|url| !url.contains("${")) else { return };
    if !matches!(provider_api(provider), None | Some("openai-completions" | "openai-responses")) {
        return;
    }
    let url = url.trim_end_matches('/');
    let host_on = url.split_once("://").map_or(url, |(_, rest)| rest);
    let route = ["/chat/completions", "/completions", "/responses", "/models"]
        .into_iter()
        .find_map(|route| url.strip_suffix(route));
    let (severity, message, better) = if let Some(base) = route {
        let message = "this is the address of one route: it is cut off here, elsewhere every \
                       request would be answered with 404";
        (Severity::Note, message, base)
    } else if let Some(base) = url.strip_suffix("/v1/v1") {
        (Severity::Warning, "`/v1` stands twice: every request is answered with 404", base)
    } else if !host_on.contains('/') {
        let message = "the address has no `/v1`: it is added here, elsewhere every request would \
                       be answered with 404";
        (Severity::Note, message, url)
    } else {
        return;
    };
    let better = better.strip_suffix("/v1").unwrap_or(better);
    // The help is shown as it is, so it must not quote a credential.
    let help = if has_credential(url) {
        "let it end in one `/v1`".to_owned()
    } else {
        format!("write \"{better}/v1\"")
    };
    let problem = new_warning(entry.node.span, path.clone().with_key("baseUrl"), message, help);
    found.push(Diagnostic { severity, ..problem });
}

fn lint_max_tokens(
    path: &KeyPath,
    provider: &Json5Node,
    ignored: &BTreeSet<u32>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, model) in array_elements(provider, "models").iter().enumerate() {
        let Some(ObjectEntry { node, .. }) = model.find_entry("maxTokens") else { continue };
        let Some(tokens) = node.as_number().filter(|tokens| *tokens < MIN_SENSIBLE_TOKENS) else {
            continue;
        };
        if ignored.contains(&node.id) {
            continue;
        }
        let path = path.clone().with_key("models").with_index(index).with_key("maxTokens");
        let message = format!(
            "an answer is cut off after {tokens} tokens, a few words: it looks like gibberish"
        );
        let help = "remove it to have what the server allows, or set 1024 or more";
        found.push(new_warning(node.span, path, message, help));
    }
}

fn lint_duplicate_ids(path: &KeyPath, provider: &Json5Node, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for (index, model) in array_elements(provider, "models").iter().enumerate() {
        let Some(id) = model.find_entry("id") else { continue };
        let Some(text) = id.node.as_text() else { continue };
        if !seen.insert(text) {
            let path = path.clone().with_key("models").with_index(index).with_key("id");
            let message = "the model stands twice: only the first one counts";
            found.push(new_warning(id.node.span, path, message, "remove one of the two"));
        }
    }
}

fn array_elements<'n>(node: &'n Json5Node, key: &str) -> &'n [Json5Node] {
    match node.find_entry(key).map(|entry| &entry.node.value) {
        Some(Json5Value::Array(elements)) => elements,
        _ => &[],
    }
}

/// Finds the selected models that no provider has.
pub(super) fn lint_unserved_models(
    config: &Config,
    tree: &ConfigTree,
    env: &Env,
    report: &mut ReportWarning<'_>,
) {
    let Some(choice) = &config.agents.defaults.model else { return };
    let at = parse_key("agents.defaults.model");
    let fallbacks = choice.fallbacks.iter().enumerate();
    let fallbacks =
        fallbacks.map(|(index, name)| (at.clone().with_key("fallbacks").with_index(index), name));
    // A model written as a string has no `primary` below it.
    let has_parts = tree.find_node(&at.clone().with_key("primary")).is_some();
    let primary_at = if has_parts { at.clone().with_key("primary") } else { at.clone() };
    let primary = choice.primary.iter().map(|name| (primary_at.clone(), name));
    for (path, name) in primary.chain(fallbacks) {
        let Ok(name) = name.resolve_variables(env) else { continue };
        let Some((message, help)) = explain_unserved(config, env, &name) else { continue };
        report(path, message, help);
    }
}

fn explain_unserved(config: &Config, env: &Env, name: &str) -> Option<(String, String)> {
    let reference = config.resolve_alias(name).unwrap_or(name);
    let Some((id, model)) = reference.split_once('/') else {
        let message = format!("`{reference}` is no alias and names no provider");
        let help = "write `provider/model-id`, or an alias of `agents.defaults.models`";
        return Some((message, help.to_owned()));
    };
    let replaces = config.models.mode() == MergeMode::Replace;
    if let Some(provider) = config.find_provider(id) {
        let is_listed = provider.models.is_empty() || provider.find_model(model).is_some();
        return (replaces && !is_listed).then(|| {
            let message = format!("the provider `{id}` has no model `{model}`");
            (message, format!("add it to `models.providers.{id}.models`"))
        });
    }
    let variable =
        IMPLICIT_PROVIDERS.iter().find(|(implicit, _)| *implicit == id).map(|(_, name)| *name);
    let has_profile = config.auth.profiles.values().any(|profile| {
        profile.provider.as_deref().is_some_and(|provider| provider.eq_ignore_ascii_case(id))
    });
    let is_there = has_profile
        || variable.is_some_and(|name| env.get(name).is_some_and(|key| !key.is_empty()));
    if is_there && (variable.is_some() || has_profile) && !replaces {
        return None;
    }
    let message = format!("there is no provider `{id}`: the model cannot be reached");
    let configure = format!("configure `models.providers.{id}`");
    let help = match variable.filter(|_| !replaces) {
        Some(name) => format!("{configure}, or set the environment variable {name}"),
        None => configure,
    };
    Some((message, help))
}
