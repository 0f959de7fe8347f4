//! Formats the doctor's findings.

use std::fmt::Write;

use openclaw_doctor::{CheckStatus, DoctorReport, Finding};
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};

/// Formats a finding: a line with its evidence and a line with the advice.
pub(crate) fn finding_lines(printer: &OutputPrinter, finding: &Finding) -> String {
    let mark = format!("{:<7}", finding.status.name());
    let style = match finding.status {
        CheckStatus::Pass => TextStyle::Green,
        CheckStatus::Fail => TextStyle::Red,
        CheckStatus::Unknown => TextStyle::Yellow,
        CheckStatus::Skipped => TextStyle::Dim,
    };
    let mark = if printer.stdout_is_terminal { printer.style_text(style, mark) } else { mark };
    let mut text =
        format!("{mark} {:<14} {}\n", finding.check.id(), sanitize::escape_line(&finding.evidence));
    let advice: Vec<&str> = [&finding.server_advice, &finding.config_advice]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if !advice.is_empty() {
        let label = if finding.status == CheckStatus::Fail { "fix" } else { "note" };
        let advice = sanitize::escape_line(&advice.join("; or "));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "        {label}: {advice}");
    }
    text
}

/// Formats the summary: skipped checks, grouped by reason, and the counts.
pub(super) fn format_summary(printer: &OutputPrinter, report: &DoctorReport) -> String {
    let mut text = String::new();
    let skipped: Vec<&Finding> =
        report.findings.iter().filter(|it| it.status == CheckStatus::Skipped).collect();
    for same in skipped.chunk_by(|one, next| one.evidence == next.evidence) {
        let ids: Vec<&str> = same.iter().map(|finding| finding.check.id()).collect();
        let reason = same.first().map(|finding| sanitize::escape_line(&finding.evidence));
        let mark = format!("{:<7}", CheckStatus::Skipped.name());
        let mark = if printer.stdout_is_terminal {
            printer.style_text(TextStyle::Dim, mark)
        } else {
            mark
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {}: {}", ids.join(", "), reason.unwrap_or_default());
    }
    let counts = [
        (report.count_with_status(CheckStatus::Pass), "passed"),
        (report.count_with_status(CheckStatus::Fail), "failed"),
        (report.count_with_status(CheckStatus::Unknown), "unknown"),
        (report.count_with_status(CheckStatus::Skipped), "skipped"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let _ = writeln!(text, "\n{} in {:.1} s", parts.join(", "), report.elapsed.as_secs_f64());
    text
}
