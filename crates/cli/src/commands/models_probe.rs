//! `openclaw models probe`.

use std::fmt::Write;
use std::io;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_doctor::{Check, CheckStatus, Doctor, StoredFindings};
use openclaw_models::LearnedCapabilities;
use openclaw_protocol::results::doctor::ProbeResult;
use openclaw_terminal::sanitize;

use super::learned_report::report_probed;
use crate::args::doctor::ModelsProbeArgs;
use crate::commands::doctor;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) async fn run(
    context: &CommandContext,
    args: &ModelsProbeArgs,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let only = Check::ALL.into_iter().filter(|check| check.is_capability_check()).collect();
    let options = doctor::doctor_options(args.model.clone(), None, only, args.timeout);
    let report = doctor::run_checks(context, &options, args.json).await?;
    let stored = match Doctor::new(context.models.clone()).store_findings(&report) {
        Ok(stored) => stored,
        Err(error) => {
            // The report already has the provider's failure as a finding.
            printer.print_detail(format_args!("nothing is remembered: failed to {error}"));
            StoredFindings::default()
        }
    };
    context.print_warnings(&stored.warnings);
    let capabilities = stored.capabilities;
    if args.json {
        let result = ProbeResult {
            examination: doctor::report_examination(&report),
            learned: capabilities.as_ref().map(report_probed),
        };
        write_json_answer(printer, &result)?;
    } else if let Some(learnt) = &capabilities {
        printer.write_styled_answer(&capabilities_text(learnt))?;
    }
    // Probing succeeds when it finds out what the server lacks; only a failed check is an error.
    let failed = report.first_failure().filter(|finding| finding.status == CheckStatus::Fail);
    Ok(match failed {
        Some(finding) if finding.check.is_capability_check() && finding.check != Check::Chat => {
            ExitReason::Ok
        }
        _ => doctor::exit_reason(&report),
    })
}

fn capabilities_text(capabilities: &LearnedCapabilities) -> String {
    let version = capabilities.version.as_ref().map(|version| format!(", version {version}"));
    let mut text = format!(
        "\nknown of `{}` at {}{}:\n",
        capabilities.model,
        capabilities.server,
        version.unwrap_or_default()
    );
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:<9} {value}");
    };
    let aged = |name: &str, age: Duration| format!("{name} ({})", format_age(age));
    let lacks: Vec<_> =
        capabilities.lacks.iter().map(|(lack, age)| aged(lack.name(), *age)).collect();
    row(
        "lacks",
        if lacks.is_empty() { "nothing that is known".to_owned() } else { lacks.join(", ") },
    );
    let words: Vec<_> =
        capabilities.schema_keywords.iter().map(|(word, age)| aged(word, *age)).collect();
    if !words.is_empty() {
        row("refuses", format!("in the schemas of tools: {}", words.join(", ")));
    }
    if let Some(window) = capabilities.window {
        row("window", format!("{window} tokens, as it showed by refusing or cutting a prompt"));
    }
    if let Some(ratio) = capabilities.tokens_per_kilobyte {
        row("tokens", format!("{ratio} for 1,000 bytes"));
    }
    sanitize::escape_line(&text)
}

/// Formats an age in its largest unit.
fn format_age(age: Duration) -> String {
    match age.as_secs() {
        0..60 => "now".to_owned(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_reported_in_the_largest_unit_that_fits() {
        for (seconds, expected) in
            [(59, "now"), (61, "1 min ago"), (7200, "2 h ago"), (172_800, "2 days ago")]
        {
            assert_eq!(format_age(Duration::from_secs(seconds)), expected);
        }
    }
}
