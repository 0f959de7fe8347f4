//! What the model thinks before it answers, and how much of it is shown.

use std::time::{Duration, Instant};

use clap::ValueEnum;

/// How thoughts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reasoning {
    /// Not at all
    Off,
    /// While they come their last line, and how long they took
    Short,
    /// As they are
    Full,
}

impl Reasoning {
    pub(crate) const ALL: [Self; 3] = [Self::Off, Self::Short, Self::Full];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Short => "short",
            Self::Full => "full",
        }
    }

    /// The one that a word means.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "on" => Some(Self::Full),
            "hidden" => Some(Self::Off),
            "dim" => Some(Self::Short),
            _ => Self::ALL.into_iter().find(|how| how.name() == word),
        }
    }
}

/// Thoughts that are coming.
#[derive(Debug)]
pub(crate) struct Thoughts {
    since: Instant,
    /// The line that is not over yet.
    line: String,
    /// The last line with anything in it.
    last: String,
}

impl Thoughts {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), line: String::new(), last: String::new() }
    }

    /// Takes a piece and returns the lines that are whole now.
    pub(crate) fn push(&mut self, text: &str) -> Vec<String> {
        self.line.push_str(text);
        let Some(end) = self.line.rfind('\n') else { return Vec::new() };
        let whole: String = self.line.drain(..=end).collect();
        let lines: Vec<String> = whole.lines().map(str::to_owned).collect();
        if let Some(last) = lines.iter().rev().find(|line| !line.trim().is_empty()) {
            self.last.clone_from(last);
        }
        lines
    }

    /// The line that is being thought, or the last one before it.
    pub(crate) fn line(&self) -> &str {
        if self.line.trim().is_empty() { &self.last } else { &self.line }
    }

    /// What is left of the line that is not over.
    pub(crate) fn rest(&self) -> &str {
        &self.line
    }

    pub(crate) fn lasted(&self) -> Duration {
        self.since.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_being_thought_is_at_hand() {
        let mut thoughts = Thoughts::new();
        assert_eq!(thoughts.push("First I"), [""; 0]);
        assert_eq!(thoughts.line(), "First I");
        assert_eq!(thoughts.push(" look.\n\nThen"), ["First I look.", ""]);
        assert_eq!((thoughts.line(), thoughts.rest()), ("Then", "Then"));
        assert_eq!(thoughts.push(".\n\n"), ["Then.", ""]);
        assert_eq!((thoughts.line(), thoughts.rest()), ("Then.", ""));
    }

    #[test]
    fn ways_have_their_names_and_those_of_others() {
        for how in Reasoning::ALL {
            assert_eq!(Reasoning::named(how.name()), Some(how));
        }
        assert_eq!(Reasoning::named("on"), Some(Reasoning::Full));
        assert_eq!(Reasoning::named("loud"), None);
    }
}
