//! `openclaw config explain`.

use std::io;

use openclaw_config::Origin;
use serde_json::{Value, json};

use super::get::{find, print_missing};
use super::problems::{Key, look_up};
use super::{Place, schema};
use crate::args::config::ConfigGet;
use crate::exit::Exit;

pub(super) fn run(place: Place<'_>, args: &ConfigGet) -> io::Result<Exit> {
    let (loaded, path) = match find(place, &args.path) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let set = loaded.value_to_show(&path, place.env);
    let property = schema::property(&path);
    if set.is_none() && property.is_none() && look_up(&path) != Key::Known {
        print_missing(place.printer, &path);
        return Ok(Exit::Failed);
    }
    let default = property.as_ref().and_then(|property| property.default.clone());
    let origin = loaded.origin(&path.to_string());
    let overridden = loaded.overridden(&path);
    let is_set = set.is_some();
    let value = set.or_else(|| default.clone());
    let description = property.as_ref().and_then(|property| property.description.clone());
    let kind = property.as_ref().map(|property| property.kind.clone());
    if args.json {
        place.printer.answer_json(&json!({
            "path": path.to_string(),
            "value": value,
            "default": default,
            "type": kind,
            "description": description,
            "set": is_set,
            "origin": origin.to_string(),
            "layer": origin.layer().to_string(),
            "overrides": overridden
                .iter()
                .map(|(origin, value)| json!({ "origin": origin.to_string(), "value": value }))
                .collect::<Vec<_>>(),
        }))?;
        return Ok(Exit::Ok);
    }
    let mut lines = vec![match &value {
        Some(value) => format!("{path} = {}", short(value)),
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
    row("default", default.as_ref().map_or("none".to_owned(), short));
    row(
        "from",
        match origin {
            Origin::Default if value.is_some() => "the default".to_owned(),
            Origin::Default => "nowhere".to_owned(),
            origin => format!("the {}, {origin}", origin.layer()),
        },
    );
    for (origin, value) in overridden {
        row("over", format!("{value} from the {}, {origin}", origin.layer()));
    }
    place.printer.answer_line(lines.join("\n"))?;
    Ok(Exit::Ok)
}

/// A plain value in one line, the rest indented.
fn short(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => format!("{value:#}"),
        plain => plain.to_string(),
    }
}
