//! Generates the pages that are one table each.

use openclaw_cli::DropInState;
use openclaw_config::env_vars;

use super::document::Document;

/// `docs/reference/env.md`.
pub(super) fn environment() -> String {
    let mut page = Document::new("Environment variables");
    page.line("");
    page.table(["variable", "what it does"]);
    for variable in env_vars::ALL {
        page.row([&format!("`{}`", variable.name), variable.description]);
    }
    page.finish()
}

/// `docs/reference/exit-codes.md`.
pub(super) fn exit_codes() -> String {
    let mut page = Document::new("Exit codes");
    page.line("");
    page.table(["code", "meaning"]);
    for (code, meaning) in openclaw_cli::EXIT_CODES {
        page.row([&code.to_string(), meaning]);
    }
    page.finish()
}

/// `docs/reference/drop-in.md`.
pub(super) fn drop_in() -> String {
    let verdicts = openclaw_cli::drop_in_verdicts();
    let count = |state| {
        let is_so = |verdict: &&openclaw_cli::DropInVerdict| verdict.state() == Some(state);
        verdicts.iter().filter(is_so).count()
    };
    let mut page = Document::new("Commands and options of the original");
    page.line("");
    page.line(&format!(
        "Of {} commands and options of OpenClaw 2026.4.22, {} work, {} are taken with a note, and {} \
         are refused with a reason.",
        verdicts.len(),
        count(DropInState::Works),
        count(DropInState::Note),
        count(DropInState::Refused),
    ));
    page.line("");
    page.table(["command", "state", "what it does, or what to do instead"]);
    for verdict in &verdicts {
        let state = match verdict.state() {
            Some(DropInState::Works) => "works",
            Some(DropInState::Note) => "taken with a note",
            _ => "refused",
        };
        let option = verdict.option.map(|option| format!(" {option}")).unwrap_or_default();
        let command = format!("`openclaw {}{option}`", verdict.command);
        page.row([command.as_str(), state, verdict.sentence()]);
    }
    page.finish()
}
