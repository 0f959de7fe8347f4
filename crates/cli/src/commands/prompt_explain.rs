//! `openclaw prompt explain`.

use std::io;
use std::sync::Arc;

use openclaw_chat::{CommandContext, error_report};
use openclaw_core::{NoopJournal, TokenCount};
use openclaw_protocol::results::prompt::{PromptPartReport, PromptReport};
use openclaw_runtime::{AgentOptions, PromptPart};

use crate::args::prompt::PromptExplainArgs;
use crate::exit::ExitReason;
use crate::failure::print_agent_error;
use crate::json_answer::write_json_answer;

pub(crate) async fn run(
    context: &CommandContext,
    args: PromptExplainArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let options = AgentOptions {
        agent: Some(args.agent),
        model: args.model,
        workspace: args.workspace,
        time_limit: None,
        approver: context.terminal_approver(false),
        journal: Arc::new(NoopJournal),
    };
    let run = match context.runtime().create_agent(options).await {
        Ok(run) => run,
        Err(error) => {
            return Ok(print_agent_error(printer, &error));
        }
    };
    context.print_connect_report(&run.report);
    let breakdown = match run.prompt_breakdown().await {
        Ok(explained) => explained,
        Err(error) => {
            error_report::print_model_error(printer, &error);
            return Ok(ExitReason::from_model_error(error.kind()));
        }
    };
    let info = run.model.model_info();
    let total = breakdown.total.token_count();
    if args.json {
        write_json_answer(
            printer,
            &PromptReport {
                model: info.reference.to_string(),
                profile: run.profile.name().to_owned(),
                context_window: info.limits.context_window,
                count_method: count_method_name(breakdown.total).to_owned(),
                sections: report_parts(&breakdown.sections),
                tools_as_text: breakdown.tools_as_text,
                tools: report_parts(&breakdown.tools),
                frame_tokens: breakdown.frame,
                total_tokens: total,
            },
        )?;
        return Ok(ExitReason::Ok);
    }
    let rows = breakdown.sections.iter().map(|part| ("prompt", part));
    let rows = rows.chain(breakdown.tools.iter().map(|part| ("tool", part)));
    printer.write_answer_line(format!("{:<20} {:>7} {:>7}", "", "bytes", "tokens"))?;
    for (kind, PromptPart { name, bytes, tokens }) in rows {
        printer.write_answer_line(format!("{kind:<7} {name:<12} {bytes:>7} {tokens:>7}"))?;
    }
    let frame = breakdown.frame;
    printer.write_answer_line(format!("{:<20} {:>7} {frame:>7}", "frame of a message", ""))?;
    printer.write_answer_line(format!("{:<20} {:>7} {total:>7}", "total", ""))?;
    let window = info.limits.context_window;
    printer.print_indented(format_args!(
        "{} profile for {}, {} of a window of {window}; {}",
        run.profile.name(),
        info.reference,
        format_share(total, window),
        match breakdown.total {
            TokenCount::Exact(_) => "counted by the server",
            TokenCount::Calibrated(_) => "estimated from what the server counted before",
            TokenCount::Estimate(_) => "estimated: the server does not count",
        }
    ));
    if let Some(tokens) = run.default_profile_tokens {
        printer.print_indented(format_args!(
            "the default profile would fill {tokens} tokens of that window; set \
             `agents.defaults.localModelMode` to choose a profile yourself"
        ));
    }
    if breakdown.tools_as_text {
        printer.print_indented(format_args!(
            "the tools are described to the model as text: the server or the model's chat template \
             does not take them"
        ));
    }
    Ok(ExitReason::Ok)
}

fn format_share(part: u32, whole: u32) -> String {
    let tenths = u64::from(part) * 1000 / u64::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn count_method_name(count: TokenCount) -> &'static str {
    match count {
        TokenCount::Exact(_) => "exact",
        TokenCount::Calibrated(_) => "calibrated",
        TokenCount::Estimate(_) => "estimate",
    }
}

fn report_parts(parts: &[PromptPart]) -> Vec<PromptPartReport> {
    let parts = parts.iter();
    let parts = parts.map(|part| PromptPartReport {
        name: part.name.clone(),
        bytes: part.bytes,
        tokens: part.tokens,
    });
    parts.collect()
}
