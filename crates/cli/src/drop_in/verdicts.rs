//! What becomes of every command and option that the original's own help lists.

use super::{DropInRow, DropInState, find_drop_in};

/// The commands of the original, each with its options after a tab.
const ORIGINAL_COMMANDS: &str = include_str!("../../data/original-commands.txt");

/// A command of the original, or an option of one, and what becomes of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct DropInVerdict {
    /// The command, without the program's name.
    pub command: &'static str,
    /// The option; `None` for the command itself.
    pub option: Option<&'static str>,
    /// What becomes of it; `None` when nobody has decided.
    pub(super) outcome: Option<DropInOutcome>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DropInOutcome {
    /// The program has it itself.
    Own,
    /// The table has a line about it.
    Row(DropInRow),
    /// The command is done in another way, and the option goes with it.
    WithCommand(DropInRow),
}

impl DropInVerdict {
    /// Whether it works, is taken with a note or is refused; `None` when nobody has decided.
    #[must_use]
    pub fn state(&self) -> Option<DropInState> {
        Some(match self.outcome? {
            DropInOutcome::Own => DropInState::Works,
            DropInOutcome::Row(row) | DropInOutcome::WithCommand(row) => row.state,
        })
    }

    /// What it does or what to do instead; empty for what the program has itself.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self.outcome {
            Some(DropInOutcome::Row(row)) => row.sentence,
            _ => "",
        }
    }
}

/// What becomes of every command and option that the original's own help lists.
#[must_use]
pub fn drop_in_verdicts() -> Vec<DropInVerdict> {
    let mut verdicts = Vec::new();
    for line in ORIGINAL_COMMANDS.lines() {
        let Some((command, options)) = line.split_once('\t') else { continue };
        let own = find_own_command(command);
        let row = find_drop_in(command, None);
        let outcome = match (&own, row) {
            (_, Some(row)) => Some(DropInOutcome::Row(row)),
            (Some(_), None) => Some(DropInOutcome::Own),
            (None, None) => None,
        };
        verdicts.push(DropInVerdict { command, option: None, outcome });
        for option in options.split(' ').filter(|option| !option.is_empty()) {
            let option = option.trim_end_matches('=');
            let is_own =
                option == "--help" || own.as_ref().is_some_and(|own| has_option(own, option));
            let outcome = match (find_drop_in(command, Some(option)), row) {
                _ if is_own => Some(DropInOutcome::Own),
                (Some(row), _) => Some(DropInOutcome::Row(row)),
                (None, Some(row)) if own.is_none() => Some(DropInOutcome::WithCommand(row)),
                (None, _) => None,
            };
            verdicts.push(DropInVerdict { command, option: Some(option), outcome });
        }
    }
    verdicts
}

/// The command of the program with the name of one of the original; `None` when it has none.
pub(super) fn find_own_command(command: &str) -> Option<clap::Command> {
    let mut own = crate::clap_command();
    own.build();
    command.split(' ').try_fold(own, |own, word| own.find_subcommand(word).cloned())
}

fn has_option(command: &clap::Command, option: &str) -> bool {
    let Some(name) = option.strip_prefix("--") else { return false };
    command.get_arguments().any(|argument| {
        let aliases = argument.get_all_aliases();
        argument.get_long() == Some(name) || aliases.is_some_and(|all| all.contains(&name))
    })
}
