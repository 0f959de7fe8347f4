//! `--fix`: shows the config change that would fix the failures, asks, and saves it.

use std::io::{self, IsTerminal};

use openclaw_chat::{CommandContext, ask_at_terminal};
use openclaw_doctor::{Doctor, DoctorReport};
use openclaw_protocol::results::doctor::FixReport;

use crate::args::doctor::DoctorArgs;
use crate::commands::config::change_report;

/// The result of `--fix`.
#[derive(Debug, Default)]
pub(super) struct FixOutcome {
    /// The change, as `diff -u` shows it.
    diff: Option<String>,
    /// Whether the change was saved.
    is_applied: bool,
    /// Why it could not be saved.
    error: Option<String>,
}

impl FixOutcome {
    pub(super) fn into_report(self) -> FixReport {
        FixReport { applied: self.is_applied, diff: self.diff, error: self.error }
    }
}

pub(super) async fn run(
    context: &CommandContext,
    args: &DoctorArgs,
    report: &DoctorReport,
) -> io::Result<FixOutcome> {
    let printer = &context.printer;
    let edits = report.config_edits();
    let mut outcome = FixOutcome::default();
    let doctor = Doctor::new(context.models.clone());
    if edits.is_empty() {
        if args.fix && !args.json {
            printer.print_note("the config has nothing to fix");
        }
        return Ok(outcome);
    }
    let change = match doctor.preview_edits(&edits) {
        Ok(change) => change,
        Err(error) => {
            if args.fix {
                printer.print_error(format_args!("failed to {error}"));
                for cause in openclaw_runtime::error_causes(&error) {
                    printer.print_indented(format_args!("cause: {cause}"));
                }
            }
            outcome.error = Some(format!("failed to {error}"));
            return Ok(outcome);
        }
    };
    let diff = change_report::redacted_diff(&change);
    if !args.fix {
        if !args.json {
            printer.print_note("`openclaw doctor --fix` shows and makes the changes of the config");
        }
        outcome.diff = Some(diff);
        return Ok(outcome);
    }
    if !args.json {
        printer.write_answer(&format!("\n{diff}"))?;
    }
    outcome.diff = Some(diff);
    if !args.yes && !confirm_fix(context, args).await {
        return Ok(outcome);
    }
    match doctor.save_edits(&edits) {
        Ok(change) => {
            outcome.is_applied = true;
            let path = change.path.display();
            printer.print_note(format_args!("{path} is changed; `openclaw doctor` looks again"));
        }
        Err(error) => {
            printer.print_error(format_args!("failed to {error}"));
            outcome.error = Some(format!("failed to {error}"));
        }
    }
    Ok(outcome)
}

/// Asks at the terminal; without one the answer is no.
async fn confirm_fix(context: &CommandContext, args: &DoctorArgs) -> bool {
    let printer = &context.printer;
    if args.json
        || args.non_interactive
        || !io::stdin().is_terminal()
        || !printer.stderr_is_terminal
    {
        printer
            .print_note("nothing is changed: there is no terminal to ask on (`--yes` changes it)");
        return false;
    }
    let question = "change the config file so? [y/N]".to_owned();
    let line = ask_at_terminal(printer, question).await.unwrap_or_default();
    let is_confirmed = matches!(line.trim(), "y" | "Y" | "yes");
    if !is_confirmed {
        printer.print_note("nothing is changed");
    }
    is_confirmed
}
