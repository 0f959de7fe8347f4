//! `openclaw models import`: takes over the providers that the original generated for an agent.

use std::io;
use std::path::{Path, PathBuf};

use openclaw_chat::CommandContext;
use openclaw_config::{ConfigFile, KeyPath};
use openclaw_terminal::sanitize;
use serde_json::{Map, Value};

use crate::args::ModelsImportArgs;
use crate::exit::ExitReason;

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The keys of a provider that are taken over, besides its key.
const PROVIDER_KEYS: [&str; 4] = ["baseUrl", "api", "authHeader", "models"];

/// The headers that cannot hold a key; others stay behind with it.
const PLAIN_HEADERS: [&str; 4] = ["accept", "content-type", "user-agent", "x-title"];

/// A provider to take over.
struct FoundProvider {
    id: String,
    value: Value,
    /// Whether its key, or a header that may hold one, stays behind.
    leaves_key: bool,
}

pub(crate) fn run(context: &CommandContext, args: &ModelsImportArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let mut found: Vec<FoundProvider> = Vec::new();
    let files = args.file.clone().map_or_else(|| agent_files(context), |file| vec![file]);
    for file in &files {
        match read_providers(file) {
            Ok(providers) => {
                for provider in providers {
                    if !found.iter().any(|known| known.id == provider.id) {
                        found.push(provider);
                    }
                }
            }
            Err(problem) => {
                let path = file.display();
                printer.print_error(format_args!("failed to read {path}: {problem}"));
                return Ok(ExitReason::Failed);
            }
        }
    }
    let config = &context.models.loaded_config().config;
    found.retain(|provider| config.find_provider(&provider.id).is_none());
    if files.is_empty() {
        printer
            .print_note("there is no `models.json` in the folder of an agent; `openclaw models import FILE` reads \
             another");
        return Ok(ExitReason::Ok);
    }
    if found.is_empty() {
        printer.print_note("there is no provider that the config does not have");
        return Ok(ExitReason::Ok);
    }
    let providers = KeyPath::root().with_key("models").with_key("providers");
    let paths = context.models.app_paths();
    let change = ConfigFile::from_paths(paths).apply_edit(context.models.env(), |document| {
        found.iter().try_for_each(|provider| {
            let path = providers.clone().with_key(provider.id.as_str());
            document.set_value(&path, &provider.value.clone().into())
        })
    });
    match change {
        Ok(change) => {
            for provider in &found {
                let id = sanitize::escape_line(&provider.id);
                printer.write_answer_line(format_args!("added {id}"))?;
                if provider.leaves_key {
                    printer.print_note(format_args!(
                        "the key of {id}, or a header that may hold one, is not copied; `openclaw models \
                         auth paste-token` keeps a key, with `--provider {id}`"
                    ));
                }
            }
            printer.write_answer_line(format_args!("Changed {}", change.path.display()))?;
            Ok(ExitReason::Ok)
        }
        Err(error) => {
            printer.print_error(format_args!("failed to {error}"));
            Ok(ExitReason::Config)
        }
    }
}

/// The files that the original generated for the agents of the config.
fn agent_files(context: &CommandContext) -> Vec<PathBuf> {
    let (config, paths) = (&context.models.loaded_config().config, context.models.app_paths());
    let agents = config.agent_ids().into_iter();
    let files = agents.map(|agent| paths.agent_dir(agent).join("models.json"));
    files.filter(|file| file.exists()).collect()
}

fn read_providers(file: &Path) -> Result<Vec<FoundProvider>, String> {
    let text = openclaw_fs::read_text(file, MAX_FILE_BYTES).map_err(|error| error.to_string())?;
    // The parser's own message could quote a key.
    let models: Value = serde_json::from_str(&text).map_err(|error| {
        format!("it is no JSON at line {}, column {}", error.line(), error.column())
    })?;
    let providers = models.get("providers").and_then(Value::as_object);
    let providers = providers.ok_or("it has no `providers`")?;
    Ok(providers.iter().map(|(id, provider)| take_over(id, provider)).collect())
}

/// What the config gets of a provider. A key is written only when it is the name of a variable.
fn take_over(id: &str, provider: &Value) -> FoundProvider {
    let of = |key: &str| Some((key.to_owned(), provider.get(key)?.clone()));
    let mut fields: Map<String, Value> = PROVIDER_KEYS.iter().filter_map(|key| of(key)).collect();
    let key = provider.get("apiKey").and_then(Value::as_str).filter(|key| !key.is_empty());
    let variable = key.filter(|key| is_variable_name(key));
    if let Some(variable) = variable {
        fields.insert("apiKey".to_owned(), format!("${{{variable}}}").into());
    }
    let headers = provider.get("headers").and_then(Value::as_object).into_iter().flatten();
    let (plain, others): (Vec<_>, Vec<_>) = headers.partition(|(name, value)| {
        PLAIN_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)) || is_reference(value)
    });
    if !plain.is_empty() {
        let plain = plain.into_iter().map(|(name, value)| (name.clone(), value.clone()));
        fields.insert("headers".to_owned(), Value::Object(plain.collect()));
    }
    let leaves_key = (key.is_some() && variable.is_none()) || !others.is_empty();
    FoundProvider { id: id.to_owned(), value: Value::Object(fields), leaves_key }
}

/// Whether a value is nothing but a reference to a variable: `${NAME}`.
fn is_reference(value: &Value) -> bool {
    let name = value.as_str().and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
    name.is_some_and(is_variable_name)
}

fn is_variable_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_provider_is_taken_over_without_its_key_unless_that_is_a_variable() {
        let provider = json!({ "baseUrl": "http://x/v1", "api": "openai-completions",
            "apiKey": "VLLM_API_KEY", "models": [{ "id": "m" }], "somethingElse": 1 });
        let found = take_over("vllm", &provider);
        assert_eq!(
            found.value,
            json!({ "baseUrl": "http://x/v1", "api": "openai-completions",
            "apiKey": "${VLLM_API_KEY}", "models": [{ "id": "m" }] })
        );
        assert!(!found.leaves_key);
        let found = take_over("vllm", &json!({ "apiKey": "sk-a-literal-key" }));
        assert_eq!((found.value, found.leaves_key), (json!({}), true));
    }

    #[test]
    fn a_header_that_may_hold_a_key_stays_behind() {
        let found = take_over(
            "vllm",
            &json!({ "headers": { "Authorization": "Bearer sk-a", "User-Agent": "me", "X-Key": "${MY_KEY}" } }),
        );
        assert_eq!(found.value, json!({ "headers": { "User-Agent": "me", "X-Key": "${MY_KEY}" } }));
        assert!(found.leaves_key);
    }
}
