//! Model servers and models: addresses, limits and names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Say, key, warning};
use crate::{
    diagnostic::{Diagnostic, Severity},
    env::Env,
    env_vars,
    path::KeyPath,
    sections::{Config, MergeMode},
    text::{Entry, Node, Value, has_credential},
    tree::Tree,
};

/// An answer with fewer tokens is cut off after a few words.
const FEW_TOKENS: u64 = 256;
/// Providers that are there without being configured, when their variable is set.
const IMPLICIT: &[(&str, &str)] = &[
    ("vllm", env_vars::VLLM_API_KEY),
    ("openai", env_vars::OPENAI_API_KEY),
    ("openrouter", env_vars::OPENROUTER_API_KEY),
    ("anthropic", env_vars::ANTHROPIC_API_KEY),
];

pub(super) fn find(root: &Node, left_out: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.select("models.providers.*", left_out, &mut |path, _, node| {
        address(&path, node, &mut found);
        few_tokens(&path, node, left_out, &mut found);
        duplicate_ids(&path, node, &mut found);
    });
    let mut aliases = BTreeMap::new();
    root.select("agents.defaults.models.*.alias", left_out, &mut |path, _, node| {
        let Some(alias) = node.text() else { return };
        if let Some(first) = aliases.insert(alias.to_ascii_lowercase(), path.clone()) {
            let message = format!("the alias stands for two models: also at `{first}`");
            found.push(warning(node.span, path, message, "give one of them another alias"));
        }
    });
    found
}

/// The language that a provider or its model speaks, as it is written.
fn api(node: &Node) -> Option<&str> {
    node.entry("api").and_then(|entry| entry.node.text())
}

fn address(path: &KeyPath, provider: &Node, found: &mut Vec<Diagnostic>) {
    let Some(entry) = provider.entry("baseUrl") else { return };
    let Some(url) = entry.node.text().filter(|url| !url.contains("${")) else { return };
    if !matches!(api(provider), None | Some("openai-completions" | "openai-responses")) {
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
    // What is quoted is shown to everyone.
    let help = if has_credential(url) {
        "let it end in one `/v1`".to_owned()
    } else {
        format!("write \"{better}/v1\"")
    };
    let problem = warning(entry.node.span, path.clone().key("baseUrl"), message, help);
    found.push(Diagnostic { severity, ..problem });
}

fn few_tokens(
    path: &KeyPath,
    provider: &Node,
    left_out: &BTreeSet<u32>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, model) in elements(provider, "models").iter().enumerate() {
        let Some(Entry { node, .. }) = model.entry("maxTokens") else { continue };
        let Some(tokens) = node.number().filter(|tokens| *tokens < FEW_TOKENS) else { continue };
        if left_out.contains(&node.id) {
            continue;
        }
        let path = path.clone().key("models").index(index).key("maxTokens");
        let message = format!(
            "an answer is cut off after {tokens} tokens, a few words: it looks like gibberish"
        );
        let help = "remove it to have what the server allows, or set 1024 or more";
        found.push(warning(node.span, path, message, help));
    }
}

fn duplicate_ids(path: &KeyPath, provider: &Node, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for (index, model) in elements(provider, "models").iter().enumerate() {
        let Some(id) = model.entry("id") else { continue };
        let Some(text) = id.node.text() else { continue };
        if !seen.insert(text) {
            let path = path.clone().key("models").index(index).key("id");
            let message = "the model stands twice: only the first one counts";
            found.push(warning(id.node.span, path, message, "remove one of the two"));
        }
    }
}

fn elements<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.entry(key).map(|entry| &entry.node.value) {
        Some(Value::Array(elements)) => elements,
        _ => &[],
    }
}

/// Finds the chosen models that no provider has.
pub(super) fn find_unserved(config: &Config, tree: &Tree, env: &Env, say: &mut Say<'_>) {
    let Some(choice) = &config.agents.defaults.model else { return };
    let at = key("agents.defaults.model");
    let fallbacks = choice.fallbacks.iter().enumerate();
    let fallbacks = fallbacks.map(|(index, name)| (at.clone().key("fallbacks").index(index), name));
    // A model that is a plain string has no `primary` below it.
    let has_parts = tree.find(&at.clone().key("primary")).is_some();
    let primary_at = if has_parts { at.clone().key("primary") } else { at.clone() };
    let primary = choice.primary.iter().map(|name| (primary_at.clone(), name));
    for (path, name) in primary.chain(fallbacks) {
        let Ok(name) = name.resolve(env) else { continue };
        let Some((message, help)) = unserved(config, env, &name) else { continue };
        say(path, message, help);
    }
}

fn unserved(config: &Config, env: &Env, name: &str) -> Option<(String, String)> {
    let reference = config.model_of_alias(name).unwrap_or(name);
    let Some((id, model)) = reference.split_once('/') else {
        let message = format!("`{reference}` is no alias and names no provider");
        let help = "write `provider/model-id`, or an alias of `agents.defaults.models`";
        return Some((message, help.to_owned()));
    };
    let replaces = config.models.mode() == MergeMode::Replace;
    if let Some(provider) = config.provider(id) {
        let is_listed = provider.models.is_empty() || provider.model(model).is_some();
        return (replaces && !is_listed).then(|| {
            let message = format!("the provider `{id}` has no model `{model}`");
            (message, format!("add it to `models.providers.{id}.models`"))
        });
    }
    let variable = IMPLICIT.iter().find(|(implicit, _)| *implicit == id).map(|(_, name)| *name);
    let is_there = variable.is_some_and(|name| env.get(name).is_some_and(|key| !key.is_empty()));
    if is_there && !replaces {
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
