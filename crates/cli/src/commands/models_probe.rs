//! `openclaw models probe`.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use openclaw_runtime::{Check, Learnt, Mark};
use serde_json::{Value, json};

use crate::args::doctor::ModelsProbe;
use crate::commands::{Context, doctor};
use crate::exit::Exit;
use crate::visible;

pub(crate) async fn run(context: &Context, args: &ModelsProbe) -> io::Result<Exit> {
    let printer = context.printer;
    let only = Check::ALL.into_iter().filter(|check| check.is_ability()).collect();
    let options = doctor::options(args.model.clone(), None, only, args.timeout);
    let report = doctor::examine(context, &options, args.json).await?;
    let learnt = match context.runtime.remember_findings(&report) {
        Ok(learnt) => learnt,
        Err(error) => {
            // That the provider cannot be used is a finding already.
            printer.detail(format_args!("nothing is remembered: failed to {error}"));
            None
        }
    };
    context.print_notices();
    if args.json {
        let mut value = doctor::to_json(&report);
        if let Some(map) = value.as_object_mut() {
            map.insert("learnt".to_owned(), learnt.as_ref().map_or(Value::Null, to_json));
        }
        printer.answer_json(&value)?;
    } else if let Some(learnt) = &learnt {
        printer.answer_styled(&text(learnt))?;
    }
    // What a server lacks was asked for here: knowing it is what succeeds.
    let failed = report.first_failure().filter(|finding| finding.mark == Mark::Fail);
    Ok(match failed {
        Some(finding) if finding.check.is_ability() && finding.check != Check::Chat => Exit::Ok,
        _ => doctor::exit_of(&report),
    })
}

/// `server`, `model`, `version`, `ageSeconds`, `lacks` and `schemaKeywords` (each `name` and
/// `ageSeconds`), `window`, `tokensPerKilobyte`.
fn to_json(learnt: &Learnt) -> Value {
    let aged = |name: &str, age: &Duration| json!({ "name": name, "ageSeconds": age.as_secs() });
    let lacks = learnt.lacks.iter().map(|(lack, age)| aged(lack.name(), age));
    let keywords = learnt.schema_keywords.iter().map(|(word, age)| aged(word, age));
    json!({
        "server": learnt.server,
        "model": learnt.model,
        "version": learnt.version,
        "ageSeconds": learnt.age.as_secs(),
        "lacks": lacks.collect::<Vec<_>>(),
        "schemaKeywords": keywords.collect::<Vec<_>>(),
        "window": learnt.window,
        "tokensPerKilobyte": learnt.tokens_per_kilobyte,
    })
}

fn text(learnt: &Learnt) -> String {
    let version = learnt.version.as_ref().map(|version| format!(", version {version}"));
    let mut text = format!(
        "\nknown of `{}` at {}{}:\n",
        learnt.model,
        learnt.server,
        version.unwrap_or_default()
    );
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    let aged = |name: &str, age: Duration| format!("{name} ({})", ago(age));
    let lacks: Vec<_> = learnt.lacks.iter().map(|(lack, age)| aged(lack.name(), *age)).collect();
    row(
        "lacks",
        if lacks.is_empty() { "nothing that is known".to_owned() } else { lacks.join(", ") },
    );
    let words: Vec<_> = learnt.schema_keywords.iter().map(|(word, age)| aged(word, *age)).collect();
    if !words.is_empty() {
        row("refuses", format!("in the schemas of tools: {}", words.join(", ")));
    }
    if let Some(window) = learnt.window {
        row("window", format!("{window} tokens, as it showed by refusing or cutting a prompt"));
    }
    if let Some(ratio) = learnt.tokens_per_kilobyte {
        row("tokens", format!("{ratio} for 1,000 bytes"));
    }
    visible::line(&text)
}

/// How long ago something was, in the largest unit that fits.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        0..60 => "now".to_owned(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit_that_fits() {
        for (seconds, expected) in
            [(59, "now"), (61, "1 min ago"), (7200, "2 h ago"), (172_800, "2 days ago")]
        {
            assert_eq!(ago(Duration::from_secs(seconds)), expected);
        }
    }
}
