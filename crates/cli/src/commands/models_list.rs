//! `openclaw models list`.

use std::io;

use openclaw_chat::{CommandContext, format_age};
use openclaw_models::{ListedModel, ModelCatalogue};
use openclaw_protocol::results::models::{ListFailure, ModelList, ModelRow};
use openclaw_runtime::encoding::encode_connect_error;

use crate::args::ModelsListArgs;
use crate::exit::ExitReason;
use crate::failure::print_connect_error;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

pub(crate) async fn run(context: &CommandContext, args: &ModelsListArgs) -> io::Result<ExitReason> {
    let mut catalogue = context.models.model_catalogue(args.provider.as_deref()).await;
    if args.local {
        catalogue.models.retain(|model| model.local);
    }
    let printer = &context.printer;
    if args.json {
        write_json_answer(printer, &report_catalogue(&catalogue))?;
    } else if args.plain {
        for model in &catalogue.models {
            printer.write_answer_line(&model.reference)?;
        }
    } else if !catalogue.models.is_empty() {
        printer.write_answer(&format_table(&table_rows(&catalogue.models)))?;
    }
    context.print_warnings(&catalogue.warnings);
    let mut exit = ExitReason::Ok;
    for failure in &catalogue.failures {
        let end = print_connect_error(printer, &failure.error);
        if exit == ExitReason::Ok {
            exit = end;
        }
    }
    if catalogue.models.is_empty() && catalogue.failures.is_empty() {
        printer.print_note("no models: no provider is configured");
        printer.print_hint("`openclaw setup` finds your server and writes the config.");
    }
    Ok(exit)
}

fn report_catalogue(catalogue: &ModelCatalogue) -> ModelList {
    let models = catalogue.models.iter().map(|model| ModelRow {
        key: model.reference.to_string(),
        name: model.name.clone(),
        input: model.input.clone(),
        context_window: model.window.map(|(tokens, _)| tokens),
        context_window_source: model.window.map(|(_, source)| source.label().to_owned()),
        context_window_from: model.window_from.clone(),
        context_window_age_seconds: model.window_age.map(|age| age.as_secs()),
        local: model.local,
        available: model.available,
        age_seconds: model.age.map(|age| age.as_secs()),
        tags: model.tags.clone(),
        missing: model.missing,
        parent: model.parent.clone(),
    });
    let failures = catalogue.failures.iter().map(|failure| ListFailure {
        provider: failure.provider.clone(),
        error: encode_connect_error(&failure.error),
    });
    ModelList {
        count: catalogue.models.len(),
        models: models.collect(),
        failures: failures.collect(),
    }
}

fn table_rows(models: &[ListedModel]) -> Vec<[String; 6]> {
    let head = ["Model", "Input", "Ctx", "Local", "Auth", "Tags"].map(str::to_owned);
    let rows = models.iter().map(|model| {
        let window = match (model.window, model.window_age) {
            (Some((tokens, source)), Some(age)) => {
                format!("{} {source} ({})", format_tokens(tokens), format_age(age))
            }
            (Some((tokens, source)), None) => format!("{} {source}", format_tokens(tokens)),
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
            yes_or_no(model.local),
            yes_or_no(model.available),
            tags,
        ]
    });
    std::iter::once(head).chain(rows).collect()
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Formats a token count: `4096`, `16k`, `128k`, `1.0m`.
fn format_tokens(tokens: u32) -> String {
    match tokens {
        0..=9_999 => tokens.to_string(),
        10_000..=999_999 if tokens.is_multiple_of(1000) => format!("{}k", tokens / 1000),
        10_000..=999_999 => format!("{}k", tokens / 1024),
        _ => format!("{:.1}m", f64::from(tokens) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::format_tokens;

    #[test]
    fn windows_are_written_as_people_do() {
        let written: Vec<_> =
            [4096, 16_384, 32_768, 128_000, 131_072, 1_000_000].map(format_tokens).into();
        assert_eq!(written, ["4096", "16k", "32k", "128k", "128k", "1.0m"]);
    }
}
