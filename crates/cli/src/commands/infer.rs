//! `openclaw infer model run`.

use std::io;
use std::mem;

use futures_util::StreamExt;
use openclaw_chat::{CommandContext, error_report, format_duration};
use openclaw_core::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, History, ModelAttempt, ModelError, ModelRef,
    TokenUsage,
};
use openclaw_models::{ConnectError, FallbackChain, ModelConnection, attempts_in_error};
use openclaw_protocol::parts::AttemptReport;
use openclaw_protocol::results::agent::AnswerPayload;
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_protocol::results::infer::{InferFailure, InferResult};
use openclaw_runtime::encoding::{encode_connect_error, encode_model_error};
use openclaw_terminal::sanitize;

use crate::args::InferRunArgs;
use crate::exit::ExitReason;
use crate::failure::print_connect_error;
use crate::json_answer::write_json_answer;
use crate::stdin_text::read_text_or_stdin;
use crate::{egress, wait};

mod repetition;

use self::repetition::{RepetitionGuard, RepetitiveAnswer};

/// What helps against an answer that repeats itself.
const REPETITION_HINT: &str = "a larger temperature or a `repetition_penalty` on the server helps; if that much of the same is \
     wanted, raise `agents.defaults.llm.maxRepeatedLines` (0 is no limit)";

/// A whole answer.
struct InferAnswer {
    text: String,
    outcome: AnswerOutcome,
    usage: Option<TokenUsage>,
}

/// How an answer ended.
enum InferEnd {
    Complete(InferAnswer),
    Repetitive(RepetitiveAnswer),
}

pub(crate) async fn run(context: &CommandContext, args: InferRunArgs) -> io::Result<ExitReason> {
    let prompt = match read_text_or_stdin(args.prompt) {
        Ok(prompt) => prompt,
        Err(error) => {
            context.printer.print_error(format_args!("failed to {error}"));
            return Ok(ExitReason::Usage);
        }
    };
    let printer = &context.printer;
    if prompt.trim().is_empty() {
        printer.print_error("the prompt is empty");
        return Ok(ExitReason::Usage);
    }
    let models =
        egress::restrict_models(wait::apply_wait_option(context, args.wait), printer, args.strict);
    let ModelConnection { model: chain, report } =
        match models.connect_model(args.model.as_deref()).await {
            Ok(connection) => connection,
            Err(error) => {
                let requested_model = context.models.resolve_model(args.model.as_deref());
                return fail_to_connect(context, args.json, requested_model.as_ref(), &error);
            }
        };
    context.print_connect_report(&report);
    let mut attempts = report.attempts;
    let mut history = History::new();
    history.push_user_message(&prompt);
    let request = ChatRequest::new(history);
    let answer = ask_model(context, &chain, request, !args.json, &mut attempts).await?;
    let reference = chain.model_info().reference;
    match answer {
        Ok(InferEnd::Complete(answer)) => {
            finish_answer(context, args.json, &reference, &attempts, &answer)
        }
        Ok(InferEnd::Repetitive(answer)) => {
            finish_repetitive(context, args.json, &reference, &attempts, &answer)
        }
        Err(error) => {
            error_report::print_model_error(printer, &error);
            context.suggest_trace(Some(error.kind()));
            if args.json {
                let report = encode_model_error(&error);
                let value = failure_result(Some(&reference), &attempts, report);
                write_json_answer(printer, &value)?;
            }
            Ok(ExitReason::from_model_error(error.kind()))
        }
    }
}

/// Asks once; with `shows`, the text goes to stdout: on a terminal as it comes, else when it is
/// whole, because written text cannot be removed when an answer starts over. Adds the models
/// that failed to `attempts`.
async fn ask_model(
    context: &CommandContext,
    chain: &FallbackChain,
    request: ChatRequest,
    prints_text: bool,
    attempts: &mut Vec<ModelAttempt>,
) -> io::Result<Result<InferEnd, ModelError>> {
    let streams = prints_text && context.printer.stdout_is_terminal;
    let mut stream = match chain.stream_chat(request).await {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let mut open_line = false;
    let mut buffered_text = String::new();
    let mut answer = None;
    let mut failure = None;
    let llm = &context.models.loaded_config().config.agents.defaults.llm;
    let mut guard = RepetitionGuard::new(llm.repeated_lines());
    let mut repetition = None;
    while repetition.is_none()
        && let Some(event) = stream.next().await
    {
        repetition = event.as_ref().ok().and_then(|event| guard.observe_event(event));
        match event {
            Ok(ChatEvent::TextDelta(text)) if streams => {
                open_line = !text.ends_with('\n');
                context.printer.write_answer(&text)?;
            }
            Ok(ChatEvent::TextDelta(text)) if prints_text => buffered_text.push_str(&text),
            Ok(ChatEvent::Finished { message, outcome, usage }) => {
                answer = Some(InferAnswer { text: message.text, outcome, usage });
            }
            Ok(event) => {
                if let ChatEvent::ModelAttemptFailed(attempt) = &event {
                    attempts.push(attempt.as_ref().clone());
                }
                if matches!(event, ChatEvent::AnswerReset | ChatEvent::ReasoningReclassified) {
                    buffered_text.clear();
                }
                if let Some(text) = server_notice(&event) {
                    if mem::take(&mut open_line) {
                        context.printer.write_answer("\n")?;
                    }
                    context.printer.print_warning(sanitize::escape_line(&text));
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    if !buffered_text.is_empty() {
        open_line = !buffered_text.ends_with('\n');
        context.printer.write_answer(&buffered_text)?;
    }
    if open_line {
        context.printer.write_answer("\n")?;
    }
    // Closes the connection, so that the server stops generating.
    drop(stream);
    if let Some(repetition) = repetition {
        return Ok(Ok(InferEnd::Repetitive(repetition)));
    }
    match (answer, failure) {
        (_, Some(error)) => Ok(Err(error)),
        (Some(answer), None) => Ok(Ok(InferEnd::Complete(answer))),
        (None, None) => Err(io::Error::other("the answer ended without an end")),
    }
}

/// What of a server's coming and going a person should know.
fn server_notice(event: &ChatEvent) -> Option<String> {
    Some(match event {
        ChatEvent::RequestAdapted { message } | ChatEvent::Warning { message } => message.clone(),
        // The last attempt is the error, which is printed at the end.
        ChatEvent::ModelAttemptFailed(attempt) if attempt.next.is_some() => attempt.to_string(),
        ChatEvent::ServerDisconnected { reason, max_wait } => {
            let limit = format_duration(*max_wait);
            format!("the server is lost (failed to {reason}); it is waited for {limit} at most")
        }
        ChatEvent::Retrying { reason, elapsed, max_wait, .. } if elapsed.is_zero() => {
            let limit = format_duration(*max_wait);
            format!("the server is busy (failed to {reason}); it is waited for {limit} at most")
        }
        ChatEvent::ServerReconnected { downtime: after } => {
            format!("the server is back after {}", format_duration(*after))
        }
        ChatEvent::AnswerReset => "the answer starts over; discard the part above".to_owned(),
        ChatEvent::ReasoningReclassified => {
            "reasoning and answer are separated again; the answer starts over; discard the part above"
                .to_owned()
        }
        _ => return None,
    })
}

fn finish_answer(
    context: &CommandContext,
    as_json: bool,
    reference: &ModelRef,
    attempts: &[ModelAttempt],
    answer: &InferAnswer,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let problem = match answer.outcome {
        AnswerOutcome::Reply => None,
        AnswerOutcome::Truncated if answer.text.trim().is_empty() => Some(
            "the output limit was reached before anything was said (`maxTokens` of the model, or \
             the room left in its window)",
        ),
        AnswerOutcome::Truncated => {
            printer.print_warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the \
                 room left in its window)",
            );
            None
        }
        AnswerOutcome::ReasoningOnly => Some("the model only reasoned and then said nothing"),
        AnswerOutcome::ReasoningTruncated => Some(
            "the model reasoned until its output limit was reached (`maxTokens` of the model, or \
             the room left in its window)",
        ),
        AnswerOutcome::Refused => Some("the server withheld the answer"),
        AnswerOutcome::ToolCalls => Some("the model called a tool though none was offered"),
        _ => Some("the model ended without saying anything"),
    };
    if let Some(problem) = problem {
        printer.print_error(format_args!("failed to get an answer: {problem}"));
        if as_json {
            let message = format!("failed to get an answer: {problem}");
            let error = ErrorReport::from_message("no_answer", message);
            write_json_answer(printer, &failure_result(Some(reference), attempts, error))?;
        }
        return Ok(ExitReason::Failed);
    }
    if as_json {
        write_json_answer(
            printer,
            &InferResult {
                ok: true,
                capability: "model.run".to_owned(),
                transport: "local".to_owned(),
                provider: reference.provider_id().to_owned(),
                model: reference.model_id().to_owned(),
                attempts: attempts.iter().map(AttemptReport::from).collect(),
                outputs: vec![AnswerPayload { text: answer.text.clone(), media_url: None }],
                truncated: answer.outcome == AnswerOutcome::Truncated,
                usage: answer.usage.map(Into::into),
            },
        )?;
    }
    Ok(ExitReason::Ok)
}

/// Tells why an answer was stopped. What was said until then stays in the result.
fn finish_repetitive(
    context: &CommandContext,
    as_json: bool,
    reference: &ModelRef,
    attempts: &[ModelAttempt],
    answer: &RepetitiveAnswer,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let message = format!(
        "failed to get a whole answer: the model repeated itself without end in its {} and was \
         stopped",
        answer.part.name()
    );
    printer.print_error(format_args!("{message}"));
    printer.print_detail(sanitize::escape_line(&format!("it repeated: {}", answer.sample)));
    printer.print_hint(REPETITION_HINT);
    if as_json {
        let error = ErrorReport {
            causes: vec![format!("it repeated: {}", answer.sample)],
            hints: vec![REPETITION_HINT.to_owned()],
            ..ErrorReport::from_message("repetition", message)
        };
        let mut value = failure_result(Some(reference), attempts, error);
        if !answer.text.is_empty() {
            value.outputs.push(AnswerPayload { text: answer.text.clone(), media_url: None });
        }
        write_json_answer(printer, &value)?;
    }
    Ok(ExitReason::Failed)
}

fn fail_to_connect(
    context: &CommandContext,
    as_json: bool,
    requested_model: Option<&ModelRef>,
    error: &ConnectError,
) -> io::Result<ExitReason> {
    let exit = print_connect_error(&context.printer, error);
    if as_json {
        let attempts = attempts_in_error(error);
        let value = failure_result(requested_model, &attempts, encode_connect_error(error));
        write_json_answer(&context.printer, &value)?;
    }
    Ok(exit)
}

fn failure_result(
    reference: Option<&ModelRef>,
    attempts: &[ModelAttempt],
    error: ErrorReport,
) -> InferFailure {
    InferFailure {
        ok: false,
        capability: "model.run".to_owned(),
        transport: "local".to_owned(),
        provider: reference.map(|reference| reference.provider_id().to_owned()),
        model: reference.map(|reference| reference.model_id().to_owned()),
        attempts: attempts.iter().map(AttemptReport::from).collect(),
        outputs: Vec::new(),
        error,
    }
}
