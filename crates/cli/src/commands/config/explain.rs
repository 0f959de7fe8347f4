//! `openclaw config explain`.

use std::io;

use openclaw_config::{KeyEffect, ValueOrigin};
use openclaw_protocol::results::config::{KeyReport, OverriddenReport};
use serde_json::Value;

use super::get::{load_and_parse_path, print_missing};
use super::problems::{ConfigKeyLookup, look_up_key};
use super::{ConfigCommandContext, schema};
use crate::args::config::ConfigGetArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(super) fn run(
    context: ConfigCommandContext<'_>,
    args: &ConfigGetArgs,
) -> io::Result<ExitReason> {
    let (loaded, path) = match load_and_parse_path(context, &args.path) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let set = loaded.redacted_json(&path, context.env);
    let property = schema::find_property(&path);
    if set.is_none() && property.is_none() && look_up_key(&path) != ConfigKeyLookup::Known {
        print_missing(context.printer, &path);
        return Ok(ExitReason::Failed);
    }
    let default = property.as_ref().and_then(|property| property.default.clone());
    let origin = loaded.find_origin(&path.to_string());
    let overridden = loaded.overridden_values(&path);
    let is_set = set.is_some();
    let value = set.or_else(|| default.clone());
    let description = property.as_ref().and_then(|property| property.description.clone());
    let kind = property.as_ref().map(|property| property.kind.clone());
    let effect = KeyEffect::for_path(&path);
    if args.json {
        write_json_answer(
            context.printer,
            &KeyReport {
                path: path.to_string(),
                value,
                default,
                kind,
                description,
                effect: effect_name(effect).to_owned(),
                effect_reason: match effect {
                    KeyEffect::None { reason } => Some(reason.to_owned()),
                    _ => None,
                },
                set: is_set,
                origin: origin.to_string(),
                layer: origin.layer().to_string(),
                overrides: overridden
                    .iter()
                    .map(|(origin, value)| OverriddenReport {
                        origin: origin.to_string(),
                        value: value.clone(),
                    })
                    .collect(),
            },
        )?;
        return Ok(ExitReason::Ok);
    }
    let mut lines = vec![match &value {
        Some(value) => format!("{path} = {}", format_value(value)),
        None => format!("{path} is not set"),
    }];
    lines.extend(description);
    let mut row = |name: &str, text: String| lines.push(format!("  {name:<9}{text}"));
    if let Some(kind) = kind {
        row("type", kind);
    }
    for (word, meaning) in property.iter().flat_map(|property| &property.choices) {
        row("", format!("\"{word}\": {meaning}"));
    }
    row(
        "acts",
        match effect {
            KeyEffect::Full => "yes".to_owned(),
            KeyEffect::None { reason } => format!("no: {reason}"),
            _ => "in part: some of the keys below it do".to_owned(),
        },
    );
    row("default", default.as_ref().map_or("none".to_owned(), format_value));
    row(
        "from",
        match origin {
            ValueOrigin::Default if value.is_some() => "the default".to_owned(),
            ValueOrigin::Default => "nowhere".to_owned(),
            origin => format!("the {}, {origin}", origin.layer()),
        },
    );
    for (origin, value) in overridden {
        row("over", format!("{value} from the {}, {origin}", origin.layer()));
    }
    context.printer.write_answer_line(lines.join("\n"))?;
    Ok(ExitReason::Ok)
}

fn effect_name(effect: KeyEffect) -> &'static str {
    match effect {
        KeyEffect::Full => "full",
        KeyEffect::None { .. } => "none",
        _ => "partial",
    }
}

/// A plain value in one line, the rest indented.
fn format_value(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => format!("{value:#}"),
        plain => plain.to_string(),
    }
}
