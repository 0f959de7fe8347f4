//! `openclaw agents`: the agents of the config.

use std::io;

use openclaw_config::defaults::MAIN_AGENT;
use openclaw_config::{ConfigDocument, EditError, KeyPath, LoadedConfig, NewValue};
use serde_json::{Value, json};

use super::{NativeArgs, refuse, save_and_report};
use crate::commands::config::ConfigCommandContext;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// The keys of an agent's identity, each with its option.
const IDENTITY_OPTIONS: [(&str, &str); 4] =
    [("--name", "name"), ("--emoji", "emoji"), ("--theme", "theme"), ("--avatar", "avatar")];

fn list_path() -> KeyPath {
    KeyPath::root().with_key("agents").with_key("list")
}

pub(super) fn list_agents(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let config = &loaded.config;
    let default = config.default_agent();
    let rows = config.agent_ids().into_iter().map(|id| {
        let own = config.for_agent(id);
        let model = own.primary_model(context.env).ok().flatten();
        let workspace = own.resolve_workspace(context.paths, context.env).ok();
        let workspace = workspace.map(|path| path.display().to_string());
        let name = config.agent_name(id).map(str::to_owned);
        let agent_dir = context.paths.agent_dir(id).display().to_string();
        json!({ "id": id, "name": name, "isDefault": id == default, "model": model,
                "workspace": workspace, "agentDir": agent_dir, "bindings": 0 })
    });
    if args.is_json {
        write_json_answer(context.printer, &Value::Array(rows.collect()))?;
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

/// Appends an agent to the list. The first of a list would be the default agent, so that `main`
/// comes before it.
fn append_entry(
    document: &mut ConfigDocument,
    count: usize,
    entry: Value,
) -> Result<(), EditError> {
    let is_main = entry.get("id").and_then(Value::as_str) == Some(MAIN_AGENT);
    let mut place = count;
    if count == 0 && !is_main {
        let main = json!({ "id": MAIN_AGENT, "default": true });
        document.set_value(&list_path().with_index(0), &main.into())?;
        place = 1;
    }
    document.set_value(&list_path().with_index(place), &entry.into())
}

pub(super) fn add_agent(
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
    let options = [("--workspace", "workspace"), ("--model", "model"), ("--agent-dir", "agentDir")];
    let given = options.into_iter().filter_map(|(option, key)| Some((key, args.option(option)?)));
    let pairs = std::iter::once(("id", id)).chain(given);
    let entry: serde_json::Map<String, Value> =
        pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    let report = args.is_json.then(|| {
        json!({
            "agentId": id,
            "name": id,
            "workspace": args.option("--workspace"),
            "model": args.option("--model"),
            "agentDir": args.option("--agent-dir"),
        })
    });
    let count = loaded.config.agents.list.len();
    save_and_report(context, report, |document| append_entry(document, count, Value::Object(entry)))
}

pub(super) fn delete_agent(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    id: &str,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let Some(place) = agent_place(loaded, id) else {
        return Ok(refuse(context, &format!("`agents.list` has no agent `{id}`")));
    };
    let report = args.is_json.then(|| json!({ "agentId": id, "removed": true }));
    save_and_report(context, report, |document| {
        document.unset_with_parents(&list_path().with_index(place))
    })
}

/// Sets the name and what else an agent is like; an agent that is not in the list is added.
pub(super) fn set_identity(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let id = args.option("--agent").unwrap_or(loaded.config.default_agent());
    let given: Vec<(&str, &str)> = IDENTITY_OPTIONS
        .into_iter()
        .filter_map(|(option, key)| Some((key, args.option(option)?)))
        .collect();
    if given.is_empty() {
        let problem =
            "`--name NAME` is missing; the file IDENTITY.md of the workspace says the rest";
        return Ok(refuse(context, problem));
    }
    if !loaded.config.has_agent_entry(id) && id != MAIN_AGENT {
        return Ok(refuse(context, &format!("there is no agent `{id}`")));
    }
    let place = agent_place(loaded, id);
    let count = loaded.config.agents.list.len();
    let identity: serde_json::Map<String, Value> =
        given.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let report = args.is_json.then(|| json!({ "agentId": id, "identity": identity }));
    save_and_report(context, report, |document| {
        let Some(place) = place else {
            return append_entry(document, count, json!({ "id": id, "identity": identity }));
        };
        let path = list_path().with_index(place).with_key("identity");
        given.iter().try_for_each(|(key, value)| {
            document.set_value(&path.clone().with_key(*key), &NewValue::from_string(*value))
        })
    })
}
