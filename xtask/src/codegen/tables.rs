//! Generates the pages that are one table each.

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
