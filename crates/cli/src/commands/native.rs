//! Small commands of the original that list or set a few keys of the config.

use std::io;

use clap_complete::Shell;
use openclaw_config::defaults::MAIN_AGENT;
use openclaw_config::{
    Config, ConfigDocument, ConfigFile, EditError, KeyPath, LoadedConfig, NewValue,
};
use serde_json::{Value, json};

use super::config::ConfigCommandContext;
use crate::exit::ExitReason;

/// The words behind a command, without its options, and the values of the options.
struct NativeArgs<'a> {
    words: Vec<&'a str>,
    options: Vec<(&'a str, &'a str)>,
    is_json: bool,
}

impl<'a> NativeArgs<'a> {
    fn parse(args: &'a [String]) -> Self {
        let (mut words, mut options, mut is_json) = (Vec::new(), Vec::new(), false);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match (arg.strip_prefix("--"), arg.split_once('=')) {
                (Some("json"), _) => is_json = true,
                (Some(_), Some((name, value))) => options.push((name, value)),
                (Some(_), None) => {
                    options.push((arg, args.next().map(String::as_str).unwrap_or_default()));
                }
                (None, _) => words.push(arg.as_str()),
            }
        }
        Self { words, options, is_json }
    }

    fn option(&self, name: &str) -> Option<&'a str> {
        self.options.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }
}

/// Runs a command of the table that is marked `native`.
pub(crate) fn run(
    context: ConfigCommandContext<'_>,
    command: &str,
    args: &[String],
) -> io::Result<ExitReason> {
    let args = NativeArgs::parse(args);
    if command == "completion" {
        return print_completion(context, &args);
    }
    let loaded = match Config::load(context.paths, context.env) {
        Ok(loaded) => loaded,
        Err(error) => {
            crate::diagnostic::print_load_error(context.printer, &error);
            return Ok(ExitReason::Config);
        }
    };
    match (command, args.words.as_slice()) {
        ("agents" | "agents list", _) => list_agents(context, &loaded, args.is_json),
        ("agents add", [id]) => add_agent(context, &loaded, id, &args),
        ("agents delete", [id]) => delete_agent(context, &loaded, id),
        ("agents set-identity", _) => name_agent(context, &loaded, &args),
        ("models set", [model]) => set_primary(context, &loaded, model),
        ("models aliases" | "models aliases list", _) => {
            let models = loaded.config.agents.defaults.models.iter();
            let lines =
                models.filter_map(|(model, entry)| Some((entry.alias.clone()?, model.clone())));
            list_pairs(context, lines.collect(), args.is_json)
        }
        ("models aliases add", [alias, model]) => {
            let path = alias_path(model);
            save(context, |document| document.set_value(&path, &NewValue::from_string(*alias)))
        }
        ("models aliases remove", [alias]) => match loaded.config.resolve_alias(alias) {
            Some(model) => {
                let path = alias_path(model);
                save(context, |document| document.unset_with_parents(&path))
            }
            None => Ok(refuse(context, &format!("no model has the alias `{alias}`"))),
        },
        ("models fallbacks" | "models fallbacks list", _) => {
            let fallbacks = fallbacks(&loaded, context);
            if args.is_json {
                context.printer.write_answer_line(json!(fallbacks))?;
            } else {
                for model in &fallbacks {
                    context.printer.write_answer_line(model)?;
                }
            }
            Ok(ExitReason::Ok)
        }
        ("models fallbacks add", [model]) => {
            let mut all = fallbacks(&loaded, context);
            if !all.iter().any(|known| known == model) {
                all.push((*model).to_owned());
            }
            set_fallbacks(context, &loaded, &all)
        }
        ("models fallbacks remove", [model]) => {
            let all = fallbacks(&loaded, context);
            let kept: Vec<String> = all.iter().filter(|known| known != model).cloned().collect();
            if kept.len() == all.len() {
                return Ok(refuse(context, &format!("`{model}` is no fallback")));
            }
            set_fallbacks(context, &loaded, &kept)
        }
        ("models fallbacks clear", _) => set_fallbacks(context, &loaded, &[]),
        (command, _) => {
            Ok(refuse(context, &format!("`openclaw {command}` needs other words behind it")))
        }
    }
}

/// Prints the completions of a shell.
fn print_completion(
    context: ConfigCommandContext<'_>,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let shell = args.option("--shell").or_else(|| args.words.first().copied());
    let shell = match shell.unwrap_or("bash") {
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        other => {
            return Ok(refuse(
                context,
                &format!("there are no completions for `{other}`: bash, zsh or fish"),
            ));
        }
    };
    context.printer.write_answer(&completion_script(shell))?;
    Ok(ExitReason::Ok)
}

/// The completions of a shell, as in the folder `completions`. They are generated on demand, because
/// the texts would be 250 kB of the program.
fn completion_script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::clap_command(), "openclaw", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn refuse(context: ConfigCommandContext<'_>, problem: &str) -> ExitReason {
    context.printer.print_error(problem);
    ExitReason::Usage
}

fn defaults_path() -> KeyPath {
    KeyPath::root().with_key("agents").with_key("defaults")
}

fn alias_path(model: &str) -> KeyPath {
    defaults_path().with_key("models").with_key(model).with_key("alias")
}

fn list_path() -> KeyPath {
    KeyPath::root().with_key("agents").with_key("list")
}

/// Changes the config file, and says which.
fn save(
    context: ConfigCommandContext<'_>,
    edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
) -> io::Result<ExitReason> {
    match ConfigFile::from_paths(context.paths).apply_edit(context.env, edit) {
        Ok(change) => {
            context.printer.write_answer_line(format_args!("Changed {}", change.path.display()))?;
            Ok(ExitReason::Ok)
        }
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            Ok(ExitReason::Config)
        }
    }
}

fn list_pairs(
    context: ConfigCommandContext<'_>,
    pairs: Vec<(String, String)>,
    is_json: bool,
) -> io::Result<ExitReason> {
    if is_json {
        let map: serde_json::Map<String, Value> =
            pairs.into_iter().map(|(name, model)| (name, json!(model))).collect();
        context.printer.write_answer_line(Value::Object(map))?;
    } else {
        for (name, model) in &pairs {
            context.printer.write_answer_line(format_args!("{name} -> {model}"))?;
        }
    }
    Ok(ExitReason::Ok)
}

/// Whether the file writes the model as an object, so that `primary` is a key of its own.
fn has_model_object(loaded: &LoadedConfig) -> bool {
    let model = defaults_path().with_key("model");
    let value = loaded.redacted_json(&model, loaded.env());
    matches!(value, None | Some(Value::Object(_)))
}

fn set_primary(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    model: &str,
) -> io::Result<ExitReason> {
    let name = loaded.config.resolve_alias(model).unwrap_or(model);
    if !name.contains('/') {
        return Ok(refuse(context, &format!("`{model}` is no alias, and no `provider/model-id`")));
    }
    let path = defaults_path().with_key("model");
    let path = if has_model_object(loaded) { path.with_key("primary") } else { path };
    save(context, |document| document.set_value(&path, &NewValue::from_string(model)))
}

fn fallbacks(loaded: &LoadedConfig, context: ConfigCommandContext<'_>) -> Vec<String> {
    loaded.config.fallback_models(context.env).unwrap_or_default()
}

fn set_fallbacks(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    fallbacks: &[String],
) -> io::Result<ExitReason> {
    let path = defaults_path().with_key("model");
    if has_model_object(loaded) {
        let path = path.with_key("fallbacks");
        return save(context, |document| document.set_value(&path, &json!(fallbacks).into()));
    }
    let primary = loaded.config.primary_model(context.env).ok().flatten();
    let model = json!({ "primary": primary, "fallbacks": fallbacks });
    save(context, |document| document.set_value(&path, &model.into()))
}

fn list_agents(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    is_json: bool,
) -> io::Result<ExitReason> {
    let config = &loaded.config;
    let default = config.default_agent();
    let rows = config.agent_ids().into_iter().map(|id| {
        let own = config.for_agent(id);
        let model = own.primary_model(context.env).ok().flatten();
        let workspace = own.resolve_workspace(context.paths, context.env).ok();
        let workspace = workspace.map(|path| path.display().to_string());
        let name = config.agent_name(id).map(str::to_owned);
        json!({ "id": id, "name": name, "isDefault": id == default, "model": model, "workspace": workspace })
    });
    if is_json {
        context.printer.write_answer_line(Value::Array(rows.collect()))?;
        return Ok(ExitReason::Ok);
    }
    let lines = rows.map(|row| {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
        let is_default = row.get("isDefault") == Some(&Value::Bool(true));
        let mark = if is_default { " (default)" } else { "" };
        [format!("{}{mark}", text("id")), text("name"), text("model"), text("workspace")]
    });
    let head = ["Agent", "Name", "Model", "Workspace"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(lines).collect();
    context.printer.write_answer(&crate::table::format_table(&rows))?;
    Ok(ExitReason::Ok)
}

/// The place of an agent in `agents.list`.
fn agent_place(loaded: &LoadedConfig, id: &str) -> Option<usize> {
    let list = loaded.config.agents.list.iter();
    let mut ids = list.map(|entry| entry.id.as_deref().unwrap_or_default());
    ids.position(|known| known.eq_ignore_ascii_case(id))
}

fn add_agent(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    id: &str,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let is_id = id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !is_id || id.is_empty() {
        return Ok(refuse(context, "the id of an agent has letters, digits, `-` and `_` only"));
    }
    if loaded.config.has_agent_entry(id) || id == MAIN_AGENT {
        return Ok(refuse(context, &format!("there is an agent `{id}` already")));
    }
    let options = [("--workspace", "workspace"), ("--model", "model")];
    let given = options.into_iter().filter_map(|(option, key)| Some((key, args.option(option)?)));
    let pairs = std::iter::once(("id", id)).chain(given);
    let entry: serde_json::Map<String, Value> =
        pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    let entry = Value::Object(entry);
    let list = &loaded.config.agents.list;
    save(context, |document| {
        let mut place = list.len();
        // The first of a list would be the default agent.
        if list.is_empty() {
            let main = json!({ "id": MAIN_AGENT, "default": true });
            document.set_value(&list_path().with_index(0), &main.into())?;
            place = 1;
        }
        document.set_value(&list_path().with_index(place), &entry.into())
    })
}

fn delete_agent(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    id: &str,
) -> io::Result<ExitReason> {
    match agent_place(loaded, id) {
        Some(place) => {
            save(context, |document| document.unset_with_parents(&list_path().with_index(place)))
        }
        None => Ok(refuse(context, &format!("`agents.list` has no agent `{id}`"))),
    }
}

fn name_agent(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let id = args.option("--agent").unwrap_or(loaded.config.default_agent());
    let Some(name) = args.option("--name") else {
        return Ok(refuse(context, "`--name NAME` is missing; the file IDENTITY.md says the rest"));
    };
    let Some(place) = agent_place(loaded, id) else {
        return Ok(refuse(context, &format!("`agents.list` has no agent `{id}`")));
    };
    let path = list_path().with_index(place).with_key("name");
    save(context, |document| document.set_value(&path, &NewValue::from_string(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_completions_are_those_of_the_package() {
        for (shell, expected) in [
            (Shell::Bash, include_str!("../../completions/openclaw.bash")),
            (Shell::Zsh, include_str!("../../completions/_openclaw")),
            (Shell::Fish, include_str!("../../completions/openclaw.fish")),
        ] {
            assert_eq!(completion_script(shell), expected, "run `cargo xtask codegen`: {shell}");
        }
    }
}
