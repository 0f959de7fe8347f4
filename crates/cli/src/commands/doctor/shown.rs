//! How findings are shown.

use std::fmt::Write;

use openclaw_runtime::{Finding, Mark, Report};
use serde_json::{Value, json};

use super::millis;
use crate::printer::{Printer, Style};
use crate::visible;

/// A finding as a line for its evidence and one for what to do about it.
pub(super) fn lines(printer: Printer, finding: &Finding) -> String {
    let mark = format!("{:<7}", finding.mark.name());
    let style = match finding.mark {
        Mark::Pass => Style::Green,
        Mark::Fail => Style::Red,
        Mark::Unknown => Style::Yellow,
        Mark::Skipped => Style::Dim,
    };
    let mark = if printer.stdout_is_terminal { printer.paint(style, mark) } else { mark };
    let mut text =
        format!("{mark} {:<14} {}\n", finding.check.id(), visible::line(&finding.evidence));
    let advice: Vec<&str> =
        [&finding.server, &finding.config].into_iter().flatten().map(String::as_str).collect();
    if !advice.is_empty() {
        let label = if finding.mark == Mark::Fail { "mend" } else { "note" };
        let advice = visible::line(&advice.join("; or "));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "        {label}: {advice}");
    }
    text
}

/// What stands below the lines: the checks that were not made, by their reason, and the counts.
pub(super) fn summary(printer: Printer, report: &Report) -> String {
    let mut text = String::new();
    let skipped: Vec<&Finding> =
        report.findings.iter().filter(|it| it.mark == Mark::Skipped).collect();
    for same in skipped.chunk_by(|one, next| one.evidence == next.evidence) {
        let ids: Vec<&str> = same.iter().map(|finding| finding.check.id()).collect();
        let reason = same.first().map(|finding| visible::line(&finding.evidence));
        let mark = format!("{:<7}", Mark::Skipped.name());
        let mark = if printer.stdout_is_terminal { printer.paint(Style::Dim, mark) } else { mark };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {}: {}", ids.join(", "), reason.unwrap_or_default());
    }
    let counts = [
        (report.count(Mark::Pass), "passed"),
        (report.count(Mark::Fail), "failed"),
        (report.count(Mark::Unknown), "unknown"),
        (report.count(Mark::Skipped), "skipped"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let _ = writeln!(text, "\n{} in {:.1} s", parts.join(", "), report.elapsed.as_secs_f64());
    text
}

/// Each check as `id`, `title`, `status`, `evidence`, `fix`, `elapsedMs`; `fix` is `null` or has
/// what to do on the `server` and in the `config`, and is advice where nothing failed.
pub(super) fn checks_json(report: &Report) -> Value {
    let checks = report.findings.iter().map(|finding| {
        let fix = (finding.server.is_some() || finding.config.is_some())
            .then(|| json!({ "server": finding.server, "config": finding.config }));
        json!({
            "id": finding.check.id(),
            "title": finding.check.title(),
            "status": finding.mark.name(),
            "evidence": finding.evidence,
            "fix": fix,
            "elapsedMs": millis(finding.elapsed),
        })
    });
    Value::Array(checks.collect())
}
