//! `openclaw infer model run`.

use std::io;
use std::mem;
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, History, ModelError, ModelRef, Outcome, Usage,
};
use openclaw_runtime::{Attempt, Chain, ConnectError, attempts_of};
use serde_json::{Value, json};

use crate::args::InferRun;
use crate::commands::{Context, text_or_stdin};
use crate::exit::Exit;
use crate::progress::time;
use crate::report;
use crate::run::print_connect_error;
use crate::{egress, visible, waiting};

/// A whole answer.
struct Answer {
    text: String,
    outcome: Outcome,
    usage: Option<Usage>,
}

pub(crate) async fn run(context: &Context, args: InferRun) -> io::Result<Exit> {
    let prompt = text_or_stdin(args.prompt)?;
    let printer = context.printer;
    if prompt.trim().is_empty() {
        printer.error("the prompt is empty");
        return Ok(Exit::Usage);
    }
    let runtime = egress::runtime(waiting::runtime(context, args.wait), printer, args.strict);
    let chain = match runtime.connect(args.model.as_deref()).await {
        Ok(chain) => chain,
        Err(error) => {
            let wanted = context.runtime.resolve(args.model.as_deref());
            return fail_to_connect(context, args.json, wanted.as_ref(), &error);
        }
    };
    context.print_notices();
    let mut history = History::new();
    history.push_user(&prompt);
    let answer = ask(context, &chain, ChatRequest::new(history), !args.json).await?;
    let reference = chain.info().reference;
    match answer {
        Ok(answer) => finish(context, args.json, (&reference, &chain.attempts().failed()), &answer),
        Err(error) => {
            report::print(printer, &error);
            context.hint_at_trace(Some(error.kind()));
            if args.json {
                let error_json = report::json(&error);
                let value = failure(Some(&reference), &chain.attempts().failed(), &error_json);
                printer.answer_json(&value)?;
            }
            Ok(Exit::of_model_error(error.kind()))
        }
    }
}

/// Asks once; with `shows`, the text goes to stdout: on a terminal as it comes, else when it is
/// whole, because what was written cannot be taken back when an answer begins anew.
async fn ask(
    context: &Context,
    chain: &Chain,
    request: ChatRequest,
    shows: bool,
) -> io::Result<Result<Answer, ModelError>> {
    let streams = shows && context.printer.stdout_is_terminal;
    let mut told = 0;
    let began = chain.chat(request).await;
    tell_attempts(context, chain, &mut told);
    let mut stream = match began {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let mut open_line = false;
    let mut held = String::new();
    let mut answer = None;
    let mut failure = None;
    while let Some(event) = stream.next().await {
        match event {
            Ok(ChatEvent::TextDelta(text)) if streams => {
                open_line = !text.ends_with('\n');
                context.printer.answer(&text)?;
            }
            Ok(ChatEvent::TextDelta(text)) if shows => held.push_str(&text),
            Ok(ChatEvent::Finished { message, outcome, usage }) => {
                answer = Some(Answer { text: message.text, outcome, usage });
            }
            Ok(event) => {
                if matches!(event, ChatEvent::Restarted | ChatEvent::Resplit) {
                    held.clear();
                }
                if let Some(text) = news(&event) {
                    if mem::take(&mut open_line) {
                        context.printer.answer("\n")?;
                    }
                    context.printer.warning(visible::line(&text));
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    if !held.is_empty() {
        open_line = !held.ends_with('\n');
        context.printer.answer(&held)?;
    }
    if open_line {
        context.printer.answer("\n")?;
    }
    tell_attempts(context, chain, &mut told);
    match (answer, failure) {
        (_, Some(error)) => Ok(Err(error)),
        (Some(answer), None) => Ok(Ok(answer)),
        (None, None) => Err(io::Error::other("the answer ended without an end")),
    }
}

/// Tells who was tried in vain since it was last told, and who is asked instead.
fn tell_attempts(context: &Context, chain: &Chain, told: &mut usize) {
    let failed = chain.attempts().failed();
    for attempt in failed.iter().skip(*told).filter(|attempt| attempt.next.is_some()) {
        context.printer.warning(visible::line(&attempt.to_string()));
    }
    *told = failed.len();
}

/// What of a server's coming and going a person should know.
fn news(event: &ChatEvent) -> Option<String> {
    Some(match event {
        ChatEvent::Adapted { how } => how.clone(),
        ChatEvent::ServerLost { reason, limit } => {
            let limit = time(*limit);
            format!("the server is lost (failed to {reason}); it is waited for {limit} at most")
        }
        ChatEvent::Retrying { reason, waited, limit, .. } if waited.is_zero() => {
            let limit = time(*limit);
            format!("the server is busy (failed to {reason}); it is waited for {limit} at most")
        }
        ChatEvent::ServerBack { after } => format!("the server is back after {}", time(*after)),
        ChatEvent::Restarted => "the answer begins anew; what is above of it is void".to_owned(),
        ChatEvent::Resplit => {
            "thoughts and answer were not told apart at first; the answer begins anew, and what is \
             above of it is void"
                .to_owned()
        }
        _ => return None,
    })
}

fn finish(
    context: &Context,
    as_json: bool,
    (reference, attempts): (&ModelRef, &[Attempt]),
    answer: &Answer,
) -> io::Result<Exit> {
    let printer = context.printer;
    let problem = match answer.outcome {
        Outcome::Reply => None,
        Outcome::Truncated if answer.text.trim().is_empty() => Some(
            "the output limit was reached before anything was said (`maxTokens` of the model, or \
             the room left in its window)",
        ),
        Outcome::Truncated => {
            printer.warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the \
                 room left in its window)",
            );
            None
        }
        Outcome::ReasoningOnly => Some("the model only reasoned and then said nothing"),
        Outcome::ReasoningCut => Some(
            "the model reasoned until its output limit was reached (`maxTokens` of the model, or \
             the room left in its window)",
        ),
        Outcome::Refused => Some("the server withheld the answer"),
        Outcome::Calls => Some("the model called a tool though none was offered"),
        _ => Some("the model ended without saying anything"),
    };
    if let Some(problem) = problem {
        printer.error(format_args!("failed to get an answer: {problem}"));
        if as_json {
            let message = format!("failed to get an answer: {problem}");
            let error = json!({"kind": "no_answer", "message": message, "causes": [], "hints": []});
            printer.answer_json(&failure(Some(reference), attempts, &error))?;
        }
        return Ok(Exit::Failed);
    }
    if as_json {
        printer.answer_json(&json!({
            "ok": true,
            "capability": "model.run",
            "transport": "local",
            "provider": reference.provider(),
            "model": reference.model(),
            "attempts": attempts_json(attempts),
            "outputs": [{"text": answer.text, "mediaUrl": null}],
            "truncated": answer.outcome == Outcome::Truncated,
            "usage": answer.usage.map(usage_json),
        }))?;
    }
    Ok(Exit::Ok)
}

fn fail_to_connect(
    context: &Context,
    as_json: bool,
    wanted: Option<&ModelRef>,
    error: &ConnectError,
) -> io::Result<Exit> {
    context.print_notices();
    let exit = print_connect_error(context.printer, error);
    if as_json {
        let attempts = attempts_of(error);
        let value = failure(wanted, &attempts, &report::connect_json(error));
        context.printer.answer_json(&value)?;
    }
    Ok(exit)
}

fn failure(reference: Option<&ModelRef>, attempts: &[Attempt], error: &Value) -> Value {
    json!({
        "ok": false,
        "capability": "model.run",
        "transport": "local",
        "provider": reference.map(ModelRef::provider),
        "model": reference.map(ModelRef::model),
        "attempts": attempts_json(attempts),
        "outputs": [],
        "error": error,
    })
}

/// The models that did not answer: `provider`, `model`, `result`, `error`, `hints`, `heldSeconds`,
/// `startedMs`, `durationMs`.
pub(crate) fn attempts_json(attempts: &[Attempt]) -> Vec<Value> {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let attempts = attempts.iter().map(|attempt| {
        json!({
            "provider": attempt.reference.provider(),
            "model": attempt.reference.model(),
            "result": attempt.kind,
            "error": attempt.problem,
            "hints": attempt.hints,
            "heldSeconds": attempt.held.map(|held| held.as_secs()),
            "startedMs": millis(attempt.after),
            "durationMs": millis(attempt.duration),
        })
    });
    attempts.collect()
}

/// What the server counted: `input`, `output`, `total`, `cacheRead`.
pub(crate) fn usage_json(usage: Usage) -> Value {
    json!({
        "input": usage.input,
        "output": usage.output,
        "total": usage.input.saturating_add(usage.output),
        "cacheRead": usage.cached,
    })
}
