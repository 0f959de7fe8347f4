//! `openclaw trace replay`.

use std::fmt::Write as _;
use std::io;

use openclaw_chat::CommandContext;
use openclaw_chat::exchanges::{format_millis, outcome_text};
use openclaw_models::{ReplayTarget, TraceRecord};
use openclaw_protocol::results::trace::ReplayResult;

use super::summary::summarize_exchange;
use crate::args::trace::TraceReplayArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

pub(super) async fn run(
    context: &CommandContext,
    original: &TraceRecord,
    args: TraceReplayArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let key =
        match args.key_env.as_deref().map(|name| context.models.key_from_env(name)).transpose() {
            Ok(key) => key,
            Err(error) => {
                printer.print_error(format_args!("failed to {error}"));
                for cause in openclaw_runtime::error_causes(&error) {
                    printer.print_indented(format_args!("cause: {cause}"));
                }
                return Ok(ExitReason::Usage);
            }
        };
    let target = ReplayTarget { base_url: args.against, key };
    let replayed = match context.models.replay_exchange(original, target).await {
        Ok(again) => again,
        Err(error) => {
            printer.print_error(format_args!("failed to {error}"));
            for cause in openclaw_runtime::error_causes(&error) {
                printer.print_indented(format_args!("cause: {cause}"));
            }
            return Ok(ExitReason::Usage);
        }
    };
    if args.json {
        let record = serde_json::to_value(&replayed).map_err(io::Error::other)?;
        write_json_answer(
            printer,
            &ReplayResult {
                original: summarize_exchange(original),
                replay: summarize_exchange(&replayed),
                same_answer: is_same_answer(original, &replayed),
                record,
            },
        )?;
    } else {
        printer
            .write_answer(&context.models.redact_keys(&format_comparison(original, &replayed)))?;
    }
    let failed = outcome_text(&replayed) != "ok";
    Ok(if failed { ExitReason::Failed } else { ExitReason::Ok })
}

fn is_same_answer(one: &TraceRecord, other: &TraceRecord) -> bool {
    let (one, other) = (one.summarize_answer(), other.summarize_answer());
    (one.text, one.calls) == (other.text, other.calls)
}

fn format_comparison(original: &TraceRecord, replayed: &TraceRecord) -> String {
    let none = || "-".to_owned();
    let both = |name: &str, cell: &dyn Fn(&TraceRecord) -> String| {
        [name.to_owned(), cell(original), cell(replayed)]
    };
    let rows = [
        [String::new(), format!("exchange {}", original.number), "replay".to_owned()],
        both("server", &|record| url_origin(&record.request.url)),
        both("status", &|record| {
            record.response.as_ref().map_or_else(none, |response| response.status.to_string())
        }),
        both("outcome", &outcome_text),
        both("headers", &|record| {
            record.response.as_ref().map_or_else(none, |response| format_millis(response.ms))
        }),
        both("first token", &|record| record.first_token_ms().map_or_else(none, format_millis)),
        both("end", &|record| record.end.as_ref().map_or_else(none, |end| format_millis(end.ms))),
        both("tokens", &|record| {
            let usage = record.summarize_answer().usage;
            usage.map_or_else(none, |(input, output)| format!("{input} in, {output} out"))
        }),
        both("finish", &|record| record.summarize_answer().finish_reason.unwrap_or_else(none)),
    ];
    let mut text = format_table(&rows);
    if [original, replayed].into_iter().all(|record| outcome_text(record) == "ok") {
        text.push_str(&compare_answers(original, replayed));
    }
    for (name, record) in [("original", original), ("replay", replayed)] {
        let said = record.summarize_answer().error.map(|error| error.message);
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

fn compare_answers(original: &TraceRecord, replayed: &TraceRecord) -> String {
    let (one, other) = (original.summarize_answer(), replayed.summarize_answer());
    if is_same_answer(original, replayed) {
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

fn url_origin(url: &str) -> String {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url).to_owned()
}
