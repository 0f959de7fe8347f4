//! What is wrong with the config, with the line it is about.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use openclaw_config::{Diagnostic, LoadError, Loaded, Severity};

use crate::printer::Printer;
use crate::report;

/// Writes the problems of a config that is used; with `--verbose` also what is only worth knowing,
/// and the keys that do nothing.
pub(crate) fn print(printer: Printer, loaded: &Loaded) {
    if !loaded.diagnostics.is_empty() {
        let told = |it: &&Diagnostic| it.severity != Severity::Note || printer.is_verbose();
        for diagnostic in loaded.diagnostics.iter().filter(told) {
            let text = loaded.text_of(diagnostic).unwrap_or_default();
            print_all(printer, std::slice::from_ref(diagnostic), &text);
        }
    }
    if printer.is_verbose() {
        match (&loaded.path, loaded.exists) {
            (Some(path), true) => printer.detail(format_args!("config: {}", path.display())),
            (Some(path), false) => {
                printer.detail(format_args!("config: none at {}", path.display()));
            }
            (None, _) => {}
        }
        for key in loaded.unused() {
            printer.detail(format_args!("config: `{key}` is known and has no effect yet"));
        }
    }
}

/// Writes problems of a text, all but errors only unless quiet.
pub(crate) fn print_all(printer: Printer, diagnostics: &[Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Error || printer.is_chatty() {
            printer.rendered(&render(printer, diagnostic, text));
        }
    }
}

/// Writes why a config cannot be used at all.
pub(crate) fn print_broken(printer: Printer, error: &LoadError) {
    if let LoadError::Broken { diagnostics, text_to_show, .. } = error {
        for diagnostic in diagnostics {
            printer.rendered(&render(printer, diagnostic, text_to_show));
        }
        return;
    }
    printer.error(format_args!("failed to {error}"));
    for cause in report::causes(error) {
        printer.aside(format_args!("cause: {cause}"));
    }
}

fn render(printer: Printer, diagnostic: &Diagnostic, text: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = if diagnostic.path.is_root() {
        diagnostic.message.clone()
    } else {
        format!("{}: {}", diagnostic.path, diagnostic.message)
    };
    let file = diagnostic.file.as_ref().map(|file| file.display().to_string());
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
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if printer.color() { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}
