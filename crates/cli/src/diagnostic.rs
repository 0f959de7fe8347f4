//! Prints config diagnostics with their lines.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use openclaw_config::{
    ConfigLayer, Diagnostic, DiagnosticKind, KeyEffect, LoadError, LoadedConfig, Severity,
};
use openclaw_terminal::{OutputPrinter, sanitize};

/// Prints the diagnostics of a usable config; with `--verbose` also informational ones and keys
/// without effect. Those that keep the command from starting, `blockers`, are printed as errors.
pub(crate) fn print_config_problems(
    printer: &OutputPrinter,
    loaded: &LoadedConfig,
    blockers: &[&Diagnostic],
) {
    for diagnostic in &loaded.diagnostics {
        let is_blocker = blockers.iter().any(|blocker| std::ptr::eq(*blocker, diagnostic));
        let severity = if is_blocker { Severity::Error } else { diagnostic.severity };
        if severity != Severity::Note || printer.is_verbose() {
            let text = loaded.diagnostic_source_text(diagnostic).unwrap_or_default();
            let diagnostic = Diagnostic { severity, ..diagnostic.clone() };
            print_diagnostics(printer, &[diagnostic], &text);
        }
    }
    if printer.is_verbose() {
        match (&loaded.path, loaded.exists) {
            (Some(path), true) => printer.print_detail(format_args!("config: {}", path.display())),
            (Some(path), false) => {
                printer.print_detail(format_args!("config: none at {}", path.display()));
            }
            (None, _) => {}
        }
        for key in loaded.unused_keys() {
            if let KeyEffect::None { reason } = KeyEffect::for_path(&key) {
                printer.print_detail(format_args!("config: `{key}` has no effect: {reason}"));
            }
        }
    }
}

/// Prints what keeps the command from starting, and whatever else is wrong in one line. A text of
/// which nothing is used is told in full, as everything with `--verbose`.
pub(crate) fn summarise_config_problems(
    printer: &OutputPrinter,
    loaded: &LoadedConfig,
    blockers: &[&Diagnostic],
) {
    if printer.is_verbose() {
        return print_config_problems(printer, loaded, blockers);
    }
    let (mut notes, mut unused) = (0_usize, 0_usize);
    for diagnostic in &loaded.diagnostics {
        let is_blocker = blockers.iter().any(|blocker| std::ptr::eq(*blocker, diagnostic));
        let is_override = diagnostic.layer > ConfigLayer::Project;
        let is_told = is_override || diagnostic.kind == DiagnosticKind::UnusedText;
        match diagnostic.severity {
            _ if is_blocker || is_told => {
                let text = loaded.diagnostic_source_text(diagnostic).unwrap_or_default();
                let severity = if is_blocker { Severity::Error } else { diagnostic.severity };
                let diagnostic = Diagnostic { severity, ..diagnostic.clone() };
                print_diagnostics(printer, &[diagnostic], &text);
            }
            Severity::Error => unused += 1,
            Severity::Warning => notes += 1,
            Severity::Note => {}
        }
    }
    let values = match unused {
        0 => None,
        1 => Some("1 value of the config is not used".to_owned()),
        count => Some(format!("{count} values of the config are not used")),
    };
    let notes = match notes {
        0 => None,
        1 => Some("1 note on the config".to_owned()),
        count => Some(format!("{count} notes on the config")),
    };
    let parts: Vec<String> = [values, notes].into_iter().flatten().collect();
    if !parts.is_empty() && blockers.is_empty() {
        printer.print_warning(format_args!("{}: openclaw config validate", parts.join(", ")));
    }
}

/// Says that a command does not start, after its blockers were printed.
pub(crate) fn print_start_refusal(printer: &OutputPrinter) {
    printer.print_error("failed to start: a restriction in the config would not hold");
    printer.print_hint("`openclaw config validate` shows every problem of the file.");
}

/// Prints diagnostics of a text; only errors when quiet.
pub(crate) fn print_diagnostics(printer: &OutputPrinter, diagnostics: &[Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Error || printer.shows_progress() {
            printer.print_rendered(&render_diagnostic(printer, diagnostic, text));
        }
    }
}

/// Prints why a config cannot be loaded.
pub(crate) fn print_load_error(printer: &OutputPrinter, error: &LoadError) {
    if let LoadError::Broken { diagnostics, redacted_text, .. } = error {
        for diagnostic in diagnostics {
            printer.print_rendered(&render_diagnostic(printer, diagnostic, redacted_text));
        }
        return;
    }
    printer.print_error(format_args!("failed to {error}"));
    for cause in openclaw_runtime::error_causes(error) {
        printer.print_indented(format_args!("cause: {cause}"));
    }
}

fn diagnostic_title(diagnostic: &Diagnostic) -> String {
    let title = if diagnostic.path.is_root() {
        diagnostic.message.clone()
    } else {
        format!("{}: {}", diagnostic.path, diagnostic.message)
    };
    sanitize::escape_line(&title)
}

fn render_diagnostic(printer: &OutputPrinter, diagnostic: &Diagnostic, text: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    // The file may be somebody else's: nothing of it reaches the terminal as it is.
    let (text, title) = (&sanitize::mask_unsafe(text), diagnostic_title(diagnostic));
    let file =
        diagnostic.file.as_ref().map(|file| sanitize::escape_line(&file.display().to_string()));
    let help = diagnostic.help.as_deref().map(sanitize::escape_line);
    let span = diagnostic.span.filter(|span| text.get(span.start..span.end).is_some());
    let mut group: Group<'_> = Group::with_title(level.primary_title(title.as_str()));
    if let Some(span) = span {
        let mut snippet =
            Snippet::source(text).annotation(AnnotationKind::Primary.span(span.start..span.end));
        if let Some(file) = &file {
            snippet = snippet.path(file.as_str());
        }
        group = group.element(snippet);
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if printer.uses_color() { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}
