//! `openclaw prompt explain`.

use std::io;
use std::sync::Arc;

use openclaw_core::{NoJournal, TokenCount};
use openclaw_runtime::{AgentOptions, Part};
use serde_json::{Value, json};

use crate::args::prompt::PromptExplain;
use crate::commands::Context;
use crate::exit::Exit;
use crate::report;
use crate::run::print_connect_error;

pub(crate) async fn run(context: &Context, args: PromptExplain) -> io::Result<Exit> {
    let printer = context.printer;
    let options = AgentOptions {
        agent: Some(args.agent),
        model: args.model,
        workspace: args.workspace,
        time: None,
        approver: context.approver(false),
        journal: Arc::new(NoJournal),
    };
    let run = match context.runtime.agent(options).await {
        Ok(run) => run,
        Err(error) => {
            context.print_notices();
            return Ok(print_connect_error(printer, &error));
        }
    };
    context.print_notices();
    let explained = match run.explain().await {
        Ok(explained) => explained,
        Err(error) => {
            report::print(printer, &error);
            return Ok(Exit::of_model_error(error.kind()));
        }
    };
    let info = run.model.info();
    let total = explained.total.tokens();
    if args.json {
        printer.answer_json(&json!({
            "model": info.reference.to_string(),
            "profile": run.profile.name(),
            "window": info.limits.window,
            "counted": counted(explained.total),
            "sections": parts_json(&explained.sections),
            "tools": parts_json(&explained.tools),
            "frameTokens": explained.frame,
            "totalTokens": total,
        }))?;
        return Ok(Exit::Ok);
    }
    let rows = explained.sections.iter().map(|part| ("prompt", part));
    let rows = rows.chain(explained.tools.iter().map(|part| ("tool", part)));
    printer.answer_line(format!("{:<20} {:>7} {:>7}", "", "bytes", "tokens"))?;
    for (kind, Part { name, bytes, tokens }) in rows {
        printer.answer_line(format!("{kind:<7} {name:<12} {bytes:>7} {tokens:>7}"))?;
    }
    let frame = explained.frame;
    printer.answer_line(format!("{:<20} {:>7} {frame:>7}", "frame of a message", ""))?;
    printer.answer_line(format!("{:<20} {:>7} {total:>7}", "total", ""))?;
    let window = info.limits.window;
    printer.aside(format_args!(
        "{} profile for {}, {} of a window of {window}; {}",
        run.profile.name(),
        info.reference,
        share(total, window),
        match explained.total {
            TokenCount::Exact(_) => "counted by the server",
            TokenCount::Calibrated(_) => "estimated from what the server counted before",
            TokenCount::Estimate(_) => "estimated: the server does not count",
        }
    ));
    Ok(Exit::Ok)
}

fn share(part: u32, whole: u32) -> String {
    let tenths = u64::from(part) * 1000 / u64::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn counted(count: TokenCount) -> &'static str {
    match count {
        TokenCount::Exact(_) => "exact",
        TokenCount::Calibrated(_) => "calibrated",
        TokenCount::Estimate(_) => "estimate",
    }
}

fn parts_json(parts: &[Part]) -> Vec<Value> {
    let parts = parts.iter();
    parts.map(|p| json!({"name": p.name, "bytes": p.bytes, "tokens": p.tokens})).collect()
}
