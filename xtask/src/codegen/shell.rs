//! Generates completions and man pages.

use anyhow::{Context as _, Result};
use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::Page;

const PROGRAM: &str = "openclaw";

/// Returns one file for each shell, under the name that the shell expects.
pub(super) fn completions(mut command: Command) -> Vec<Page> {
    let shells =
        [(Shell::Bash, "openclaw.bash"), (Shell::Zsh, "_openclaw"), (Shell::Fish, "openclaw.fish")];
    let page = |(shell, name): (Shell, &str)| {
        let mut text = Vec::new();
        generate(shell, &mut command, PROGRAM, &mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        Page::new(format!("crates/cli/completions/{name}"), text)
    };
    shells.into_iter().map(page).collect()
}

/// Returns one page for each command that is not hidden.
pub(super) fn man_pages(mut command: Command) -> Result<Vec<Page>> {
    command.build();
    let mut pages = Vec::new();
    add_man_pages(&command, PROGRAM, &mut pages)?;
    Ok(pages)
}

fn add_man_pages(command: &Command, name: &str, pages: &mut Vec<Page>) -> Result<()> {
    let mut text = Vec::new();
    let source = format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone().display_name(name)).title(name).source(source);
    man.render(&mut text).with_context(|| format!("failed to render {name}.1"))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    pages.push(Page::new(format!("crates/cli/man/{name}.1"), text));
    let listed = |below: &&Command| !below.is_hide_set() && below.get_name() != "help";
    for below in command.get_subcommands().filter(listed) {
        add_man_pages(below, &format!("{name}-{}", below.get_name()), pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::{completions, man_pages};

    fn command() -> Command {
        let hidden = Command::new("secret").hide(true);
        let below = Command::new("agent").about("Runs one turn");
        Command::new("openclaw").version("1.2.3").subcommand(below).subcommand(hidden)
    }

    #[test]
    fn each_shell_gets_a_file_with_the_commands() {
        let pages = completions(command());
        let paths: Vec<_> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(
            paths.iter().filter_map(|path| path.rsplit('/').next()).collect::<Vec<_>>(),
            ["openclaw.bash", "_openclaw", "openclaw.fish"]
        );
        assert!(pages.iter().all(|page| page.text.contains("agent")));
    }

    #[test]
    fn each_command_that_is_not_hidden_gets_a_man_page() {
        let pages = man_pages(command()).unwrap();
        let paths: Vec<_> = pages.iter().map(|page| page.path.as_str()).collect();
        assert_eq!(paths, ["crates/cli/man/openclaw.1", "crates/cli/man/openclaw-agent.1"]);
        assert!(pages[1].text.contains("Runs one turn"), "{}", pages[1].text);
        assert!(pages[0].text.contains("1.2.3"), "{}", pages[0].text);
    }
}
