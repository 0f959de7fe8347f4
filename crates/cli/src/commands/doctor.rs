//! `openclaw doctor`.

mod fix;
mod shown;

use std::io;
use std::time::Duration;

use openclaw_config::LoadError;
use openclaw_runtime::{Check, DoctorOptions, Finding, Limit, Mark, Report};
use serde_json::{Value, json};

use crate::args::doctor::Doctor;
use crate::commands::Context;
use crate::exit::Exit;
use crate::printer::Printer;

use self::fix::Fixed;
use self::shown::{checks_json, lines, summary};

pub(crate) async fn run(context: &Context, args: &Doctor) -> io::Result<Exit> {
    let only = args.only.iter().filter_map(|id| Check::from_id(id)).collect();
    let options = options(args.model.clone(), args.provider.clone(), only, args.timeout);
    let report = examine(context, &options, args.json).await?;
    let fixed = fix::run(context, args, &report).await?;
    if args.json {
        context.printer.answer_json(&with_fix(&report, &fixed))?;
    }
    Ok(exit_of(&report))
}

/// Tells of a config that is so broken that nothing can be examined; why is told already.
pub(crate) fn broken(printer: Printer, args: &Doctor, error: &LoadError) -> io::Result<()> {
    let mut report = Report::default();
    report.findings.push(Finding {
        check: Check::Config,
        mark: Mark::Fail,
        evidence: format!("failed to {error}"),
        server: None,
        config: Some("mend it with `openclaw config edit`".to_owned()),
        edits: Vec::new(),
        elapsed: Duration::ZERO,
    });
    if args.json {
        return printer.answer_json(&with_fix(&report, &Fixed::default()));
    }
    printer.answer_styled(&report.findings.iter().map(|it| lines(printer, it)).collect::<String>())
}

fn with_fix(report: &Report, fixed: &Fixed) -> Value {
    let mut value = to_json(report);
    if let Some(map) = value.as_object_mut() {
        map.insert("fix".to_owned(), fixed.to_json());
    }
    value
}

/// What to examine; `timeout` is the longest that one check may take, in seconds.
pub(crate) fn options(
    model: Option<String>,
    provider: Option<String>,
    only: Vec<Check>,
    timeout: Option<u64>,
) -> DoctorOptions {
    let mut options = DoctorOptions { model, provider, only, ..DoctorOptions::default() };
    if let Some(seconds) = timeout {
        options.limit =
            Limit { duration: Duration::from_secs(seconds), source: "--timeout".into() };
    }
    options
}

/// Makes the checks and, unless `is_quiet`, writes each as soon as it is made.
pub(crate) async fn examine(
    context: &Context,
    options: &DoctorOptions,
    is_quiet: bool,
) -> io::Result<Report> {
    let printer = context.printer;
    let mut failed = Ok(());
    let report = context
        .runtime
        .examine(options, |_, finding| {
            // What was not made is told together, below.
            if !is_quiet && finding.mark != Mark::Skipped && failed.is_ok() {
                failed = printer.answer_styled(&lines(printer, finding));
            }
        })
        .await;
    failed?;
    context.print_notices();
    if !is_quiet {
        printer.answer_styled(&summary(printer, &report))?;
    }
    Ok(report)
}

/// The report as JSON: `ok`, `model`, `provider`, `baseUrl`, `serverVersion`, `checks`, `edits`,
/// `elapsedMs`.
pub(crate) fn to_json(report: &Report) -> Value {
    let edits = report.edits();
    let edits =
        edits.iter().map(|edit| json!({ "path": edit.path().to_string(), "value": edit.value() }));
    json!({
        "ok": report.is_ok(),
        "model": report.model.as_ref().map(ToString::to_string),
        "provider": report.model.as_ref().map(openclaw_core::ModelRef::provider),
        "baseUrl": report.base_url,
        "serverVersion": report.version,
        "checks": checks_json(report),
        "counts": {
            "pass": report.count(Mark::Pass),
            "fail": report.count(Mark::Fail),
            "unknown": report.count(Mark::Unknown),
            "skipped": report.count(Mark::Skipped),
        },
        "edits": edits.collect::<Vec<_>>(),
        "elapsedMs": millis(report.elapsed),
    })
}

/// The end that the first failure leads to.
pub(crate) fn exit_of(report: &Report) -> Exit {
    match report.first_failure().map(|finding| finding.check) {
        None => Exit::Ok,
        Some(Check::Config | Check::Model) => Exit::Config,
        Some(Check::Reachable) => Exit::Unreachable,
        Some(Check::Auth | Check::Models) => Exit::Refused,
        Some(_) => Exit::Failed,
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
