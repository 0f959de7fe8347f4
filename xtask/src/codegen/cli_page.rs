//! Generates `docs/reference/cli.md`: every command with its usage and options.

use clap::{Arg, ArgAction, Command};

use super::document::Document;

/// Renders the page for `command` and all its subcommands that are not hidden.
pub(super) fn render(mut command: Command) -> String {
    command.build();
    let mut page = Document::new("Commands");
    add(&command, "openclaw", true, &mut page);
    page.finish()
}

fn add(command: &Command, name: &str, is_top: bool, page: &mut Document) {
    page.section(name);
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        page.line(about.to_string().trim());
        page.line("");
    }
    let usage = command.clone().render_usage().to_string();
    page.line(&format!("```text\n{}\n```", usage.trim()));

    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
        .collect();
    if !below.is_empty() {
        page.line("");
        page.table(["command", "what it does"]);
    }
    for below in &below {
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        page.row([&format!("`{}`", below.get_name()), &about]);
    }

    // Options of every command are listed once, at the top.
    let own = |arg: &&Arg| !arg.is_hide_set() && (is_top || !arg.is_global_set() && !is_help(arg));
    let options: Vec<&Arg> = command.get_arguments().filter(own).collect();
    if !options.is_empty() {
        page.line("");
        page.table(["option", "what it does", "default"]);
    }
    for option in options {
        add_option(option, page);
    }
    for below in below {
        add(below, &format!("{name} {}", below.get_name()), false, page);
    }
}

fn is_help(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong)
}

fn add_option(arg: &Arg, page: &mut Document) {
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let values: Vec<String> = arg
        .get_value_names()
        .filter(|_| takes_value)
        .into_iter()
        .flatten()
        .map(|value| format!("<{value}>"))
        .collect();
    let mut names = Vec::new();
    names.extend(arg.get_short().map(|short| format!("-{short}")));
    names.extend(arg.get_long().map(|long| format!("--{long}")));
    let names = format!("`{}`", [names.join(", "), values.join(" ")].join(" ").trim());
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> = arg
        .get_default_values()
        .iter()
        .filter(|_| takes_value)
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    page.row([&names, &help, &defaults.join(", ")]);
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::render;

    #[test]
    fn commands_and_options_are_listed_with_defaults_and_without_the_hidden() {
        let verbose = Arg::new("verbose").long("verbose").short('v').action(ArgAction::SetTrue);
        let model = Arg::new("model").long("model").value_name("REF").default_value("a|b");
        let secret = Arg::new("secret").long("secret").hide(true);
        let agent = Command::new("agent").about("Runs one turn").arg(model).arg(secret);
        let command = Command::new("openclaw")
            .disable_help_subcommand(true)
            .arg(verbose.global(true).help("Says more"))
            .subcommand(agent)
            .subcommand(Command::new("hidden").hide(true));
        let page = render(command);
        assert!(page.contains("| `agent` | Runs one turn |"), "{page}");
        assert!(page.contains("\n## openclaw agent\n"), "{page}");
        assert!(page.contains("Usage: openclaw agent [OPTIONS]"), "{page}");
        assert!(page.contains("| `--model <REF>` |  | `a\\|b` |"), "{page}");
        assert_eq!(page.matches("--verbose").count(), 1, "{page}");
        assert!(!page.contains("secret") && !page.contains("hidden"), "{page}");
    }
}
