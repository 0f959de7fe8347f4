//! `openclaw models list`.

use std::io;

use openclaw_runtime::{Catalogue, ListedModel};
use serde_json::{Value, json};

use crate::args::ModelsList;
use crate::commands::Context;
use crate::exit::Exit;
use crate::progress::ago;
use crate::report;
use crate::run::print_connect_error;
use crate::table::table;

pub(crate) async fn run(context: &Context, args: &ModelsList) -> io::Result<Exit> {
    let mut catalogue = context.runtime.catalogue(args.provider.as_deref()).await;
    if args.local {
        catalogue.models.retain(|model| model.local);
    }
    let printer = context.printer;
    if args.json {
        printer.answer_json(&to_json(&catalogue))?;
    } else if args.plain {
        for model in &catalogue.models {
            printer.answer_line(&model.reference)?;
        }
    } else if !catalogue.models.is_empty() {
        printer.answer(&table(&rows(&catalogue.models)))?;
    }
    context.print_notices();
    let mut exit = Exit::Ok;
    for failure in &catalogue.failures {
        let end = print_connect_error(printer, &failure.error);
        if exit == Exit::Ok {
            exit = end;
        }
    }
    if catalogue.models.is_empty() && catalogue.failures.is_empty() {
        printer.note("no models: no provider is configured");
        printer.hint(
            "Set `VLLM_API_KEY` to any value to find the models of a vLLM server on \
             http://127.0.0.1:8000/v1, or configure `models.providers`.",
        );
    }
    Ok(exit)
}

fn to_json(catalogue: &Catalogue) -> Value {
    let models = catalogue.models.iter().map(|model| {
        json!({
            "key": model.reference.to_string(),
            "name": model.name,
            "input": model.input,
            "contextWindow": model.window.map(|(tokens, _)| tokens),
            "contextWindowSource": model.window.map(|(_, source)| source.label()),
            "contextWindowFrom": model.window_from,
            "contextWindowAgeSeconds": model.window_age.map(|age| age.as_secs()),
            "local": model.local,
            "available": model.available,
            "ageSeconds": model.age.map(|age| age.as_secs()),
            "tags": model.tags,
            "missing": model.missing,
            "parent": model.parent,
        })
    });
    let failures = catalogue.failures.iter().map(|failure| {
        json!({"provider": failure.provider, "error": report::connect_json(&failure.error)})
    });
    json!({
        "count": catalogue.models.len(),
        "models": models.collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
    })
}

fn rows(models: &[ListedModel]) -> Vec<[String; 6]> {
    let head = ["Model", "Input", "Ctx", "Local", "Auth", "Tags"].map(str::to_owned);
    let rows = models.iter().map(|model| {
        let window = match (model.window, model.window_age) {
            (Some((tokens, source)), Some(age)) => {
                format!("{} {source} ({})", short(tokens), ago(age))
            }
            (Some((tokens, source)), None) => format!("{} {source}", short(tokens)),
            (None, _) => "-".to_owned(),
        };
        let mut tags = model.tags.join(",");
        if let Some(parent) = &model.parent {
            tags.push_str(if tags.is_empty() { "" } else { "," });
            tags.push_str("adapter:");
            tags.push_str(parent);
        }
        if model.missing {
            tags.push_str(",missing");
        }
        [
            model.reference.to_string(),
            model.input.clone(),
            window,
            yes(model.local),
            yes(model.available),
            tags,
        ]
    });
    std::iter::once(head).chain(rows).collect()
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Writes a number of tokens as people do: `4096`, `16k`, `128k`, `1.0m`.
fn short(tokens: u32) -> String {
    match tokens {
        0..=9_999 => tokens.to_string(),
        10_000..=999_999 if tokens.is_multiple_of(1000) => format!("{}k", tokens / 1000),
        10_000..=999_999 => format!("{}k", tokens / 1024),
        _ => format!("{:.1}m", f64::from(tokens) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn windows_are_written_as_people_do() {
        let written: Vec<_> = [4096, 16_384, 32_768, 128_000, 131_072, 1_000_000].map(short).into();
        assert_eq!(written, ["4096", "16k", "32k", "128k", "128k", "1.0m"]);
    }
}
