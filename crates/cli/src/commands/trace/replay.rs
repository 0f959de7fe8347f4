//! `openclaw trace replay`.

use std::fmt::Write as _;
use std::io;

use openclaw_runtime::{Record, ReplayTarget};
use serde_json::json;

use super::facts::{duration, facts_json, outcome};
use crate::args::trace::TraceReplay;
use crate::commands::Context;
use crate::exit::Exit;
use crate::report;
use crate::table::table;

pub(super) async fn run(context: &Context, kept: &Record, args: TraceReplay) -> io::Result<Exit> {
    let printer = context.printer;
    let key = match args.key_env.as_deref().map(|name| context.runtime.key_from(name)).transpose() {
        Ok(key) => key,
        Err(error) => {
            printer.error(format_args!("failed to {error}"));
            for cause in report::causes(&error) {
                printer.aside(format_args!("cause: {cause}"));
            }
            return Ok(Exit::Usage);
        }
    };
    let target = ReplayTarget { against: args.against, key };
    let again = match context.runtime.replay(kept, target).await {
        Ok(again) => again,
        Err(error) => {
            printer.error(format_args!("failed to {error}"));
            for cause in report::causes(&error) {
                printer.aside(format_args!("cause: {cause}"));
            }
            return Ok(Exit::Usage);
        }
    };
    if args.json {
        let record = serde_json::to_value(&again).map_err(io::Error::other)?;
        printer.answer_json(&json!({
            "original": facts_json(kept),
            "replay": facts_json(&again),
            "sameAnswer": is_same(kept, &again),
            "record": record,
        }))?;
    } else {
        printer.answer(&context.runtime.without_keys(&comparison(kept, &again)))?;
    }
    let failed = outcome(&again) != "ok";
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}

fn is_same(one: &Record, other: &Record) -> bool {
    let (one, other) = (one.answer(), other.answer());
    (one.text, one.calls) == (other.text, other.calls)
}

fn comparison(kept: &Record, again: &Record) -> String {
    let none = || "-".to_owned();
    let both = |name: &str, of: &dyn Fn(&Record) -> String| [name.to_owned(), of(kept), of(again)];
    let rows = [
        [String::new(), format!("exchange {}", kept.number), "replay".to_owned()],
        both("server", &|record| origin(&record.request.url)),
        both("status", &|record| {
            record.response.as_ref().map_or_else(none, |response| response.status.to_string())
        }),
        both("outcome", &outcome),
        both("headers", &|record| {
            record.response.as_ref().map_or_else(none, |response| duration(response.ms))
        }),
        both("first token", &|record| record.first_token_ms().map_or_else(none, duration)),
        both("end", &|record| record.end.as_ref().map_or_else(none, |end| duration(end.ms))),
        both("tokens", &|record| {
            let usage = record.answer().usage;
            usage.map_or_else(none, |(input, output)| format!("{input} in, {output} out"))
        }),
        both("finish", &|record| record.answer().finish.unwrap_or_else(none)),
    ];
    let mut text = table(&rows);
    if [kept, again].into_iter().all(|record| outcome(record) == "ok") {
        text.push_str(&answers(kept, again));
    }
    for (name, record) in [("original", kept), ("replay", again)] {
        let said = record.answer().error.map(|error| error.message);
        let failed = record.end.as_ref().and_then(|end| end.error.as_ref());
        let failed = failed.map(|error| match &error.cause {
            Some(cause) => format!("failed to {}: {cause}", error.message),
            None => format!("failed to {}", error.message),
        });
        if let Some(problem) = failed.or(said) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name}: {problem}");
        }
    }
    text
}

fn answers(kept: &Record, again: &Record) -> String {
    let (one, other) = (kept.answer(), again.answer());
    if is_same(kept, again) {
        return "The answers are the same.\n".to_owned();
    }
    if one.text == other.text {
        return "The calls differ.\n".to_owned();
    }
    let same = one.text.chars().zip(other.text.chars()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| -> String { text.chars().skip(same).take(60).collect() };
    format!(
        "The answers differ from character {} on:\n- {}\n+ {}\n",
        same + 1,
        from(&one.text),
        from(&other.text)
    )
}

fn origin(url: &str) -> String {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url).to_owned()
}
