//! Small commands of the original that list or set a few keys of the config.

mod agents;
mod auth;

use std::io;

use clap_complete::Shell;
use openclaw_config::{
    Config, ConfigDocument, ConfigFile, EditError, KeyPath, LoadedConfig, NewValue,
};
use serde_json::{Value, json};

use super::config::ConfigCommandContext;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

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
        ("agents" | "agents list", _) => agents::list_agents(context, &loaded, &args),
        ("agents add", [id]) => agents::add_agent(context, &loaded, id, &args),
        ("agents delete", [id]) => agents::delete_agent(context, &loaded, id, &args),
        ("agents set-identity", _) => agents::set_identity(context, &loaded, &args),
        ("models auth paste-token", _) => auth::paste_token(context, &loaded, &args),
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
                if fallbacks.is_empty() {
                    context.printer.print_note("there are no fallbacks");
                }
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

/// Changes the config file, and says which.
fn save(
    context: ConfigCommandContext<'_>,
    edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
) -> io::Result<ExitReason> {
    save_and_report(context, None, edit)
}

/// Changes the config file, and says which, or prints a JSON object about what was changed.
fn save_and_report(
    context: ConfigCommandContext<'_>,
    report: Option<Value>,
    edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
) -> io::Result<ExitReason> {
    match ConfigFile::from_paths(context.paths).apply_edit(context.env, edit) {
        Ok(change) => {
            match report {
                Some(report) => write_json_answer(context.printer, &report)?,
                None => context
                    .printer
                    .write_answer_line(format_args!("Changed {}", change.path.display()))?,
            }
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
        if pairs.is_empty() {
            context.printer.print_note("no model has an alias");
        }
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
        let exit = refuse(context, &format!("`{model}` is no alias, and no `provider/model-id`"));
        context.printer.print_hint("`openclaw models list` has the names.");
        return Ok(exit);
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
