//! `openclaw doctor`.

mod fix;
mod rendering;

use std::io;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_config::LoadError;
use openclaw_doctor::{Check, CheckStatus, Doctor, DoctorOptions, DoctorReport, Finding};
use openclaw_models::TimeLimit;
use openclaw_terminal::Printer;
use serde_json::{Value, json};

use crate::args::doctor::DoctorArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

use self::fix::FixOutcome;
use self::rendering::{checks_json, finding_lines, format_summary};

pub(crate) async fn run(context: &CommandContext, args: &DoctorArgs) -> io::Result<ExitReason> {
    let only = args.only.iter().filter_map(|id| Check::from_id(id)).collect();
    let options = doctor_options(args.model.clone(), args.provider.clone(), only, args.timeout);
    let report = run_checks(context, &options, args.json).await?;
    let fix_outcome = fix::run(context, args, &report).await?;
    if args.json {
        write_json_answer(context.printer, &report_json_with_fix(&report, &fix_outcome))?;
    }
    Ok(exit_reason(&report))
}

/// Reports a config that is too broken to examine anything. Its errors are already printed.
pub(crate) fn report_broken_config(
    printer: Printer,
    args: &DoctorArgs,
    error: &LoadError,
) -> io::Result<()> {
    let mut report = DoctorReport::default();
    report.findings.push(Finding {
        check: Check::Config,
        status: CheckStatus::Fail,
        evidence: format!("failed to {error}"),
        server_advice: None,
        config_advice: Some("mend it with `openclaw config edit`".to_owned()),
        edits: Vec::new(),
        elapsed: Duration::ZERO,
    });
    if args.json {
        return write_json_answer(printer, &report_json_with_fix(&report, &FixOutcome::default()));
    }
    printer.write_styled_answer(
        &report.findings.iter().map(|it| finding_lines(printer, it)).collect::<String>(),
    )
}

fn report_json_with_fix(report: &DoctorReport, fix_outcome: &FixOutcome) -> Value {
    let mut value = report_json(report);
    if let Some(map) = value.as_object_mut() {
        map.insert("fix".to_owned(), fix_outcome.to_json());
    }
    value
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
    let printer = context.printer;
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

/// The report as JSON: `ok`, `model`, `provider`, `baseUrl`, `serverVersion`, `checks`, `edits`,
/// `elapsedMs`.
pub(crate) fn report_json(report: &DoctorReport) -> Value {
    let edits = report.config_edits();
    let edits =
        edits.iter().map(|edit| json!({ "path": edit.path().to_string(), "value": edit.value() }));
    json!({
        "ok": report.is_ok(),
        "model": report.model.as_ref().map(ToString::to_string),
        "provider": report.model.as_ref().map(openclaw_core::ModelRef::provider_id),
        "baseUrl": report.base_url,
        "serverVersion": report.version,
        "checks": checks_json(report),
        "counts": {
            "pass": report.count_with_status(CheckStatus::Pass),
            "fail": report.count_with_status(CheckStatus::Fail),
            "unknown": report.count_with_status(CheckStatus::Unknown),
            "skipped": report.count_with_status(CheckStatus::Skipped),
        },
        "edits": edits.collect::<Vec<_>>(),
        "elapsedMs": whole_millis(report.elapsed),
    })
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

pub(crate) fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
