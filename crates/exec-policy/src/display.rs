//! How a command is shown to the person who decides about it.

use std::fmt::Write as _;

use crate::escape::{has_mixed_scripts, is_deceptive_char, push_escaped};
use crate::hash::hex_text;
use crate::lexer::RunCondition;
use crate::plan::{CommandPlan, FileOperand, PlanBody, PlannedCommand};
use crate::quote::quote_words;

/// Stands before each line of the command's own text, so that none looks like a line of the
/// question.
const CONTENT_PREFIX: &str = "  | ";

/// Shows a plan completely, for a person to allow or deny.
///
/// Every line of the command's own text begins with `  | `. Line breaks in it are shown as `\n` and
/// begin such a line. Characters that could mislead are shown as escape sequences; nothing is
/// omitted. Each line ends with a line break, which is the only control character.
#[must_use]
pub fn render_command_for_approval(plan: &CommandPlan) -> String {
    let mut out = String::new();
    let context = plan.context();
    push_field(&mut out, "directory", &context.directory);
    if !context.node.is_empty() {
        push_field(&mut out, "node", &context.node);
    }
    let modes =
        [(context.has_terminal, "with a terminal"), (context.is_background, "in the background")];
    for (_, mode) in modes.into_iter().filter(|(is_on, _)| *is_on) {
        push_field(&mut out, "runs", mode);
    }
    for (name, value) in &context.environment {
        push_field(&mut out, "variable", &format!("{name}={value}"));
    }
    match plan.body() {
        PlanBody::ShellText { text, files, .. } => {
            push_field(&mut out, "shell command", text);
            push_files(&mut out, files);
        }
        PlanBody::Pipelines(pipelines) => {
            for pipeline in pipelines {
                for (place, command) in pipeline.commands.iter().enumerate() {
                    let label = match (place, pipeline.condition) {
                        (0, RunCondition::Always) => "command",
                        (0, RunCondition::AfterSuccess) => "if that succeeds",
                        (0, RunCondition::AfterFailure) => "if that fails",
                        _ => "its output goes to",
                    };
                    push_command(&mut out, label, command);
                }
            }
        }
    }
    push_warnings(&mut out, plan);
    out
}

/// Shows one text for a person to allow or deny, like a field of a command: the label, and the lines
/// of the text marked and escaped. `label` is the program's own.
#[must_use]
pub fn render_text_for_approval(label: &str, text: &str) -> String {
    let mut out = String::new();
    push_field(&mut out, label, text);
    out
}

/// Shows lines for a person to allow or deny: the label, and each line marked and escaped. A line
/// must not contain a line break. `label` is the program's own.
#[must_use]
pub fn render_lines_for_approval<'a>(
    label: &str,
    lines: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut out = format!("{label}:\n");
    for line in lines {
        push_content(&mut out, line);
    }
    out
}

/// The command, each argument on its own line when one of them is hard to tell apart.
fn push_command(out: &mut String, label: &str, command: &PlannedCommand) {
    let is_plain = |word: &String| word.chars().all(|char| char.is_ascii_graphic() || char == ' ');
    let mut text = quote_words(&command.argv);
    for redirection in &command.redirections {
        let _ = write!(text, " {}", redirection.as_shell_text());
    }
    if command.argv.iter().all(is_plain) {
        push_field(out, label, &text);
    } else {
        let _ = writeln!(out, "{label}:");
        for word in &command.argv {
            push_content(out, word);
        }
        for redirection in &command.redirections {
            push_content(out, redirection.as_shell_text());
        }
    }
    let programs = command
        .program
        .iter()
        .chain(&command.inner_wrappers)
        .chain(command.target.iter().filter(|_| command.target_start > 0));
    for program in programs {
        push_field(out, "program", &program.real_path);
    }
    push_files(out, &command.operands);
}

fn push_files(out: &mut String, files: &[FileOperand]) {
    for FileOperand { path, identity, .. } in files {
        let content = identity.digest.map_or_else(
            || "too large for a hash".to_owned(),
            |digest| format!("sha256 {}", hex_text(digest.get(..6).unwrap_or(&digest))),
        );
        push_field(out, "file", &format!("{path} ({content})"));
    }
}

fn push_field(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "{label}:");
    push_content(out, text);
}

fn push_content(out: &mut String, text: &str) {
    out.push_str(CONTENT_PREFIX);
    for char in text.chars() {
        push_escaped(out, char);
        if char == '\n' {
            out.push('\n');
            out.push_str(CONTENT_PREFIX);
        }
    }
    out.push('\n');
}

fn push_warnings(out: &mut String, plan: &CommandPlan) {
    let mut texts: Vec<&str> = vec![plan.context().directory.as_str()];
    texts.extend(plan.context().environment.values().map(String::as_str));
    match plan.body() {
        PlanBody::ShellText { text, .. } => texts.push(text),
        PlanBody::Pipelines(_) => {
            texts.extend(plan.commands().flat_map(|command| &command.argv).map(String::as_str));
        }
    }
    let is_hidden = |char: char| is_deceptive_char(char) && !matches!(char, '\n' | '\t');
    if texts.iter().any(|text| text.chars().any(is_hidden)) {
        out.push_str("warning: it has characters that can't be seen\n");
    }
    if texts.iter().any(|text| has_mixed_scripts(text)) {
        out.push_str("warning: it has words with letters of different scripts\n");
    }
    for command in plan.commands() {
        if let Some(concern) = &command.concern {
            out.push_str("warning: ");
            concern.to_string().chars().for_each(|char| push_escaped(out, char));
            out.push('\n');
        }
    }
    if let PlanBody::ShellText { problem, .. } = plan.body() {
        let _ = writeln!(out, "warning: only a shell can run it: it has {problem}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lookup::ProgramTable;
    use crate::plan::{CommandInput, PlanContext};

    fn render(input: CommandInput) -> String {
        let table = ProgramTable::from_paths(["/usr/bin/ls", "/usr/bin/env", "/usr/bin/sh"]);
        let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &table).unwrap();
        render_command_for_approval(&plan)
    }

    const LABELS: [&str; 12] = [
        "file:",
        "runs:",
        "directory:",
        "command:",
        "shell command:",
        "program:",
        "variable:",
        "node:",
        "if that succeeds:",
        "if that fails:",
        "its output goes to:",
        "warning: ",
    ];

    fn check_lines(text: &str) {
        for line in text.split_terminator('\n') {
            assert!(!line.chars().any(is_deceptive_char), "{line:?}");
            let is_label = LABELS
                .iter()
                .any(|label| line == *label || label.ends_with(' ') && line.starts_with(label));
            assert!(is_label || line.starts_with(CONTENT_PREFIX), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_can_forge_a_line(text in "[^\0]+") {
            prop_assume!(!text.trim().is_empty());
            check_lines(&render(CommandInput::Script(text.clone())));
            check_lines(&render(CommandInput::Argv(vec![text.clone(), text])));
        }

        #[test]
        fn all_of_a_text_is_shown(text in "[^\0]{1,60}") {
            let shown = render(CommandInput::Argv(vec!["ls".to_owned(), text.clone()]));
            let escaped = crate::escape::escape_line(&quote_words(&["ls".to_owned(), text.clone()]));
            let is_on_one_line = shown.contains(&escaped);
            let escaped_word = crate::escape::escape_line(&text);
            let joined = shown.replace(&format!("\n{CONTENT_PREFIX}"), "");
            prop_assert!(is_on_one_line || joined.contains(&escaped_word), "{shown}");
        }
    }

    #[test]
    fn a_line_of_the_question_cannot_be_forged() {
        let text = "echo a\nallow this command? [y/N] y\u{1b}[2K\u{202e}\u{3164}";
        let shown = render(CommandInput::Script(text.to_owned()));
        assert_eq!(
            shown,
            "directory:\n  | /w\nshell command:\n  | echo a\\n\n  | allow this command? [y/N] \
             y\\e[2K\\u{202e}\\u{3164}\nwarning: it has characters that can't be seen\nwarning: only \
             a shell can run it: it has a line break outside quotes at byte 6\n"
        );
    }

    #[test]
    fn a_plan_is_shown_with_what_runs() {
        let shown =
            render(CommandInput::Script("env TERM=x ls 'a b' 2>&1 | sh p\u{430}th".to_owned()));
        assert!(shown.contains("shell command:"), "a non-ASCII word outside quotes: {shown}");
        let shown =
            render(CommandInput::Script("env TERM=x ls 'a b' 2>&1 | sh 'p\u{430}th'".to_owned()));
        assert_eq!(
            shown,
            "directory:\n  | /w\ncommand:\n  | env TERM=x /usr/bin/ls 'a b' 2>&1\nprogram:\n  \
             | /usr/bin/env\nprogram:\n  | /usr/bin/ls\nits output goes to:\n  | sh\n  | p\u{430}th\n\
             program:\n  | /usr/bin/sh\nwarning: it has words with letters of different scripts\n\
             warning: `sh` is a shell\n"
        );
    }
}
