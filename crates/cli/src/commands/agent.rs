//! `openclaw agent`.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{History, NoJournal};
use openclaw_runtime::{
    AgentOptions, AgentRun, ConnectError, Limit, TurnError, TurnOutcome, TurnReport, attempts_of,
    channel,
};
use serde_json::{Value, json};

use crate::args::Agent;
use crate::commands::infer::{attempts_json, usage_json};
use crate::commands::{Context, text_or_stdin};
use crate::exit::Exit;
use crate::interrupt::stopped;
use crate::progress::{Progress, time};
use crate::report;
use crate::run::print_connect_error;
use crate::{egress, waiting};

pub(crate) async fn run(context: &Context, args: Agent) -> io::Result<Exit> {
    let printer = context.printer;
    let message = text_or_stdin(args.message)?;
    if message.trim().is_empty() {
        printer.error("the message is empty");
        return Ok(Exit::Usage);
    }
    let options = AgentOptions {
        agent: Some(args.id),
        model: args.model,
        workspace: args.workspace,
        time: args.timeout.map(|seconds| Limit {
            duration: Duration::from_secs(seconds),
            source: "--timeout".into(),
        }),
        approver: context.approver(args.yes),
        journal: Arc::new(NoJournal),
    };
    // A turn that is stopped ends like any other, with its report.
    let mut stopped = pin!(stopped());
    let runtime = egress::runtime(waiting::runtime(context, args.wait), printer, args.strict);
    let run = tokio::select! {
        biased;
        () = &mut stopped => {
            printer.note("stopped");
            return Ok(Exit::Interrupted);
        }
        run = runtime.agent(options) => run,
    };
    let run = match run {
        Ok(run) => run,
        Err(error) => return fail_to_connect(context, args.json, &error),
    };
    context.print_notices();
    let streams = !args.json && printer.stdout_is_terminal;
    let mut progress = Progress::new(printer, run.attempts.clone(), streams);
    let mut history = History::new();
    let report = turn(&run, &mut history, &message, &mut progress, stopped).await?;
    let streamed = progress.finish()?;
    if printer.is_verbose() {
        printer.aside(taken(&report));
    }
    if args.json {
        printer.answer_json(&to_json(&run, &message, &report))?;
    }
    match &report.outcome {
        TurnOutcome::Reply { text, truncated } => {
            if !args.json && !streamed {
                printer.answer_line(text.trim_end())?;
            }
            if *truncated {
                printer.warning(
                    "the answer was cut off by its output limit (`maxTokens` of the model, or \
                     the room left in its window)",
                );
            }
        }
        TurnOutcome::Failed(error) => {
            if let Some(text) = error.kept_text().filter(|_| !args.json && !streamed) {
                printer.answer_line(text)?;
            }
            print_failure(context, error);
        }
        TurnOutcome::TimedOut { limit } => {
            printer.error(format_args!("failed to finish the turn within {limit}"));
        }
        TurnOutcome::NeedsInput { question } => printer.error(needs_input(question)),
        TurnOutcome::Silent => printer.note("the agent has nothing to say"),
        TurnOutcome::Cancelled => printer.note("stopped"),
        _ => printer.error("failed to finish the turn"),
    }
    Ok(Exit::of_turn(&report.outcome))
}

fn fail_to_connect(context: &Context, as_json: bool, error: &ConnectError) -> io::Result<Exit> {
    context.print_notices();
    let exit = print_connect_error(context.printer, error);
    if as_json {
        let attempts = attempts_json(&attempts_of(error));
        let meta = json!({"executionTrace": {"attempts": attempts}});
        let error = report::connect_json(error);
        let value = json!({"ok": false, "payloads": [], "meta": meta, "error": error});
        context.printer.answer_json(&value)?;
    }
    Ok(exit)
}

/// Runs the turn and shows it at the same time.
async fn turn(
    run: &AgentRun,
    history: &mut History,
    message: &str,
    progress: &mut Progress,
    stopped: impl Future<Output = ()>,
) -> io::Result<TurnReport> {
    let (sender, mut events) = channel();
    let show = async {
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => progress.event(&event)?,
                    None => return io::Result::Ok(()),
                },
                _ = clock.tick() => progress.tick(),
            }
        }
    };
    let work = async { Ok(run.agent.run_turn_until(history, message, sender, stopped).await) };
    let ((), report) = tokio::try_join!(show, work)?;
    Ok(report)
}

/// What a turn took, in a line.
fn taken(report: &TurnReport) -> String {
    let TurnReport { usage, cacheable, model_calls, duration, .. } = report;
    let cached = usage.cached.map_or(String::new(), |cached| match cacheable {
        0 => format!(" ({cached} cached)"),
        _ => format!(" ({cached} cached of the {cacheable} that were sent before)"),
    });
    let calls = if *model_calls == 1 { "call" } else { "calls" };
    let (input, output, time) = (usage.input, usage.output, time(*duration));
    format!("{model_calls} model {calls}: {input} tokens in{cached}, {output} out, {time}")
}

fn print_failure(context: &Context, error: &TurnError) {
    if let Some(error) = error.model_error() {
        report::print(context.printer, error);
        return context.hint_at_trace(Some(error.kind()));
    }
    report::print_turn(context.printer, error);
}

fn needs_input(question: &str) -> String {
    format!("failed to go on without you: {question}")
}

fn prompt_json(run: &AgentRun) -> Value {
    let chars = |text: &str| text.chars().count();
    let sections = run.prompt.sections().iter();
    let sections: Vec<Value> =
        sections.map(|s| json!({"name": s.name, "chars": chars(&s.text)})).collect();
    json!({
        "profile": run.profile.name(),
        "chars": chars(&run.prompt.text()),
        "sections": sections,
        "tools": run.agent.tools().iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(),
    })
}

fn to_json(run: &AgentRun, message: &str, report: &TurnReport) -> Value {
    let info = run.model.info();
    let (provider, model) = (info.reference.provider(), info.reference.model());
    let (text, stop, error) = match &report.outcome {
        TurnOutcome::Reply { text, truncated: false } => (Some(text), "stop", None),
        TurnOutcome::Reply { text, truncated: true } => (Some(text), "length", None),
        TurnOutcome::TimedOut { limit } => {
            let message = format!("failed to finish the turn within {limit}");
            (None, "timeout", Some(end_json("timeout", &message)))
        }
        TurnOutcome::Failed(error) => (None, "error", Some(failure_json(error))),
        TurnOutcome::Silent => (None, "silent", None),
        TurnOutcome::NeedsInput { question } => {
            (None, "input", Some(end_json("needs_input", &needs_input(question))))
        }
        _ => {
            let message = "failed to finish the turn: it was stopped";
            (None, "cancelled", Some(end_json("cancelled", message)))
        }
    };
    let payloads: Vec<Value> =
        text.iter().map(|text| json!({"text": text, "mediaUrl": null})).collect();
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let failed = run.attempts.failed();
    let mut attempts = attempts_json(&failed);
    let result = if error.is_none() { "success" } else { "error" };
    // The last of a chain that failed as a whole is the error.
    if error.is_none() || failed.last().is_none_or(|last| last.next.is_some()) {
        attempts.push(
            json!({"provider": provider, "model": model, "result": result, "stage": "assistant"}),
        );
    }
    json!({
        "ok": error.is_none(),
        "payloads": payloads,
        "meta": {
            "durationMs": millis(report.duration),
            "agentMeta": {
                "sessionId": null,
                "provider": provider,
                "model": model,
                "contextWindow": info.limits.window,
                "contextWindowSource": info.limits.window_source.label(),
                "usage": usage_json(report.usage),
                "cacheable": report.cacheable,
                "lastCallUsage": report.last_usage.map(usage_json),
                "compactionCount": report.compactions,
                "modelCalls": report.model_calls,
                "toolCalls": report.tool_calls,
            },
            "aborted": matches!(report.outcome, TurnOutcome::TimedOut { .. } | TurnOutcome::Cancelled),
            "systemPromptReport": prompt_json(run),
            "workspace": run.workspace,
            "finalPromptText": message,
            "finalAssistantVisibleText": text,
            "firstTokenMs": report.first_token_after.map(millis),
            "stopReason": stop,
            "executionTrace": {
                "winnerProvider": error.is_none().then_some(provider),
                "winnerModel": error.is_none().then_some(model),
                "fallbackUsed": attempts.len() > 1,
                "attempts": attempts,
                "runner": "embedded",
            },
            "completion": {"stopReason": stop, "finishReason": stop},
        },
        "error": error,
    })
}

fn end_json(kind: &str, message: &str) -> Value {
    json!({"kind": kind, "message": message, "causes": [], "hints": []})
}

fn failure_json(error: &TurnError) -> Value {
    match error.model_error() {
        Some(error) => report::json(error),
        None => report::turn_json(error),
    }
}
