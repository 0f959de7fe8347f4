//! `--fix`: what a change of the config file can mend is shown, asked about, and made.

use std::io::{self, IsTerminal};

use openclaw_runtime::Report;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::args::doctor::Doctor;
use crate::commands::Context;
use crate::commands::config::writing;
use crate::report;

/// What came of `--fix`.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// The change, as `diff -u` shows it.
    diff: Option<String>,
    /// Whether it was made.
    is_made: bool,
    /// Why it could not be.
    error: Option<String>,
}

impl Fixed {
    pub(super) fn to_json(&self) -> Value {
        json!({ "applied": self.is_made, "diff": self.diff, "error": self.error })
    }
}

pub(super) async fn run(context: &Context, args: &Doctor, report: &Report) -> io::Result<Fixed> {
    let printer = context.printer;
    let edits = report.edits();
    let mut fixed = Fixed::default();
    if edits.is_empty() {
        if args.fix && !args.json {
            printer.note("the config has nothing to mend");
        }
        return Ok(fixed);
    }
    let change = match context.runtime.preview_edits(&edits) {
        Ok(change) => change,
        Err(error) => {
            if args.fix {
                printer.error(format_args!("failed to {error}"));
                for cause in report::causes(&error) {
                    printer.aside(format_args!("cause: {cause}"));
                }
            }
            fixed.error = Some(format!("failed to {error}"));
            return Ok(fixed);
        }
    };
    let diff = writing::diff(&change);
    if !args.fix {
        if !args.json {
            printer.note("`openclaw doctor --fix` shows and makes the changes of the config");
        }
        fixed.diff = Some(diff);
        return Ok(fixed);
    }
    if !args.json {
        printer.answer(&format!("\n{diff}"))?;
    }
    fixed.diff = Some(diff);
    if !args.yes && !is_wanted(context, args).await {
        return Ok(fixed);
    }
    match context.runtime.make_edits(&edits) {
        Ok(change) => {
            fixed.is_made = true;
            let path = change.path.display();
            printer.note(format_args!("{path} is changed; `openclaw doctor` looks again"));
        }
        Err(error) => {
            printer.error(format_args!("failed to {error}"));
            fixed.error = Some(format!("failed to {error}"));
        }
    }
    Ok(fixed)
}

/// Asks the person at the terminal; without one the answer is no.
async fn is_wanted(context: &Context, args: &Doctor) -> bool {
    let printer = context.printer;
    if args.json
        || args.non_interactive
        || !io::stdin().is_terminal()
        || !printer.stderr_is_terminal
    {
        printer.note("nothing is changed: there is nobody to ask (`--yes` changes it)");
        return false;
    }
    printer.question("change the config file so? [y/N]");
    let mut line = String::new();
    let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
    let is_wanted = read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes");
    if !is_wanted {
        printer.note("nothing is changed");
    }
    is_wanted
}
