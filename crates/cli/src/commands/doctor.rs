//! `openclaw doctor`.

mod fix;
mod machine;
mod rendering;

use std::io;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_config::LoadError;
use openclaw_config::defaults::MAIN_AGENT;
use openclaw_doctor::{Check, CheckStatus, Doctor, DoctorOptions, DoctorReport, Finding};
use openclaw_models::TimeLimit;
use openclaw_protocol::parts::whole_millis;
use openclaw_protocol::results::doctor::{
    CheckCounts, CheckReport, DoctorResult, EditReport, Examination, FixAdvice,
};
use openclaw_terminal::OutputPrinter;

use crate::args::doctor::DoctorArgs;
use crate::commands::node_host;
use crate::commands::sandbox::level_lines;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

use self::fix::FixOutcome;
use self::machine::MachineFindings;
pub(crate) use self::rendering::finding_lines;
use self::rendering::format_summary;

pub(crate) async fn run(context: &CommandContext, args: &DoctorArgs) -> io::Result<ExitReason> {
    let only = args.only.iter().filter_map(|id| Check::from_id(id)).collect();
    let options = doctor_options(args.model.clone(), args.provider.clone(), only, args.timeout);
    let report = run_checks(context, &options, args.json).await?;
    let mut machine = MachineFindings::default();
    if args.only.is_empty() {
        machine = MachineFindings::find(context).await;
    }
    if !args.json && args.only.is_empty() {
        write_sandbox_levels(context).await?;
        machine.write_lines(context)?;
        super::models_status::print_former_state(context);
    }
    let fix_outcome = fix::run(context, args, &report).await?;
    if args.json {
        write_json_answer(&context.printer, &report_with_fix(&report, fix_outcome, machine))?;
    }
    Ok(exit_reason(&report))
}

/// Prints what is enforced of the sandbox of the main agent's commands, where they run.
async fn write_sandbox_levels(context: &CommandContext) -> io::Result<()> {
    let runtime = context.runtime();
    let lines = if let Some(node) = runtime.describe_node_host() {
        let lines = node_host::node_lines(context, MAIN_AGENT).await;
        std::iter::once(node).chain(lines).collect()
    } else {
        match runtime.agent_sandbox(MAIN_AGENT, &std::path::absolute(".")?) {
            Ok(sandbox) => level_lines(&sandbox),
            Err(error) => vec![format!("failed to {error}")],
        }
    };
    context.printer.write_answer_line(format_args!("sandbox of commands"))?;
    let lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}")).collect();
    node_host::write_lines(context, &lines)
}

/// Reports a config that is too broken to examine anything. Its errors are already printed.
pub(crate) fn report_broken_config(
    printer: &OutputPrinter,
    args: &DoctorArgs,
    error: &LoadError,
) -> io::Result<()> {
    let mut report = DoctorReport::default();
    report.findings.push(Finding {
        check: Check::Config,
        status: CheckStatus::Fail,
        evidence: format!("failed to {error}"),
        server_advice: None,
        config_advice: Some("fix it with `openclaw config edit`".to_owned()),
        edits: Vec::new(),
        elapsed: Duration::ZERO,
    });
    if args.json {
        let (fix, machine) = (FixOutcome::default(), MachineFindings::default());
        return write_json_answer(printer, &report_with_fix(&report, fix, machine));
    }
    printer.write_styled_answer(
        &report.findings.iter().map(|it| finding_lines(printer, it)).collect::<String>(),
    )
}

fn report_with_fix(
    report: &DoctorReport,
    fix_outcome: FixOutcome,
    machine: MachineFindings,
) -> DoctorResult {
    DoctorResult {
        examination: report_examination(report),
        fix: fix_outcome.into_report(),
        gateway: machine.gateway.map(|gateway| gateway.to_report()),
        node: machine.node.map(|node| node.report),
    }
}

/// Selects the model and provider to examine; `timeout` limits one check, in seconds.
pub(crate) fn doctor_options(
    model: Option<String>,
    provider: Option<String>,
    only: Vec<Check>,
    timeout: Option<u64>,
) -> DoctorOptions {
    let mut options = DoctorOptions { model, provider, only, ..DoctorOptions::default() };
    if let Some(seconds) = timeout {
        options.limit =
            TimeLimit { duration: Duration::from_secs(seconds), source: "--timeout".into() };
    }
    options
}

/// Runs the checks and prints each finding as it comes, unless `is_quiet`.
pub(crate) async fn run_checks(
    context: &CommandContext,
    options: &DoctorOptions,
    is_quiet: bool,
) -> io::Result<DoctorReport> {
    let printer = &context.printer;
    let mut failed = Ok(());
    let report = Doctor::new(context.models.clone())
        .run_checks(options, |_, finding| {
            // Skipped checks are printed together, below.
            if !is_quiet && finding.status != CheckStatus::Skipped && failed.is_ok() {
                failed = printer.write_styled_answer(&finding_lines(printer, finding));
            }
        })
        .await;
    failed?;
    if !is_quiet {
        printer.write_styled_answer(&format_summary(printer, &report))?;
    }
    Ok(report)
}

/// Reports an examination.
pub(crate) fn report_examination(report: &DoctorReport) -> Examination {
    let edits = report.config_edits();
    let edits = edits
        .iter()
        .map(|edit| EditReport { path: edit.path().to_string(), value: edit.value().clone() });
    Examination {
        ok: report.is_ok(),
        model: report.model.as_ref().map(ToString::to_string),
        provider: report.model.as_ref().map(|model| model.provider_id().to_owned()),
        base_url: report.base_url.clone(),
        server_version: report.version.clone(),
        checks: report.findings.iter().map(report_finding).collect(),
        counts: CheckCounts {
            pass: report.count_with_status(CheckStatus::Pass),
            fail: report.count_with_status(CheckStatus::Fail),
            unknown: report.count_with_status(CheckStatus::Unknown),
            skipped: report.count_with_status(CheckStatus::Skipped),
        },
        edits: edits.collect(),
        elapsed_ms: whole_millis(report.elapsed),
    }
}

/// Reports a check. Advice without a failure is no more than that.
fn report_finding(finding: &Finding) -> CheckReport {
    let fix = (finding.server_advice.is_some() || finding.config_advice.is_some()).then(|| {
        FixAdvice { server: finding.server_advice.clone(), config: finding.config_advice.clone() }
    });
    CheckReport {
        id: finding.check.id().to_owned(),
        title: finding.check.title().to_owned(),
        status: finding.status.name().to_owned(),
        evidence: finding.evidence.clone(),
        fix,
        elapsed_ms: whole_millis(finding.elapsed),
    }
}

/// Returns the exit reason of the first failure.
pub(crate) fn exit_reason(report: &DoctorReport) -> ExitReason {
    match report.first_failure().map(|finding| finding.check) {
        None => ExitReason::Ok,
        Some(Check::Config | Check::Model) => ExitReason::Config,
        Some(Check::Reachable) => ExitReason::Unreachable,
        Some(Check::Auth | Check::Models) => ExitReason::Refused,
        Some(_) => ExitReason::Failed,
    }
}
