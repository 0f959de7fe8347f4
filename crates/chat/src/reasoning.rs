//! How much of the model's reasoning the chat shows.

use std::time::{Duration, Instant};

/// How reasoning is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningDisplay {
    /// Not at all.
    Off,
    /// Its last line while it is written, then how long it took.
    Short,
    /// As it is.
    Full,
}

impl ReasoningDisplay {
    /// Every display, the shortest first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Short, Self::Full];

    /// Returns the word that selects it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Short => "short",
            Self::Full => "full",
        }
    }

    /// Parses the argument of `/reasoning`.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "on" => Some(Self::Full),
            "hidden" => Some(Self::Off),
            "dim" => Some(Self::Short),
            _ => Self::ALL.into_iter().find(|display| display.name() == word),
        }
    }
}

/// Buffers streamed reasoning, line by line.
#[derive(Debug)]
pub(crate) struct ReasoningBuffer {
    started_at: Instant,
    /// The line that has no end yet.
    partial_line: String,
    /// The last complete line that is not blank.
    last_line: String,
}

impl ReasoningBuffer {
    pub(crate) fn new() -> Self {
        Self { started_at: Instant::now(), partial_line: String::new(), last_line: String::new() }
    }

    /// Appends a delta and returns the lines that it completes.
    pub(crate) fn push(&mut self, text: &str) -> Vec<String> {
        self.partial_line.push_str(text);
        let Some(end) = self.partial_line.rfind('\n') else { return Vec::new() };
        let complete: String = self.partial_line.drain(..=end).collect();
        let lines: Vec<String> = complete.lines().map(str::to_owned).collect();
        if let Some(last) = lines.iter().rev().find(|line| !line.trim().is_empty()) {
            self.last_line.clone_from(last);
        }
        lines
    }

    /// Returns the unfinished line, or the last complete one when that is blank.
    pub(crate) fn current_line(&self) -> &str {
        if self.partial_line.trim().is_empty() { &self.last_line } else { &self.partial_line }
    }

    /// Returns the unfinished line.
    pub(crate) fn unfinished_line(&self) -> &str {
        &self.partial_line
    }

    pub(crate) fn elapsed_time(&self) -> Duration {
        self.started_at.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_being_thought_is_at_hand() {
        let mut buffer = ReasoningBuffer::new();
        assert_eq!(buffer.push("First I"), [""; 0]);
        assert_eq!(buffer.current_line(), "First I");
        assert_eq!(buffer.push(" look.\n\nThen"), ["First I look.", ""]);
        assert_eq!((buffer.current_line(), buffer.unfinished_line()), ("Then", "Then"));
        assert_eq!(buffer.push(".\n\n"), ["Then.", ""]);
        assert_eq!((buffer.current_line(), buffer.unfinished_line()), ("Then.", ""));
    }

    #[test]
    fn ways_have_their_names_and_those_of_others() {
        for display in ReasoningDisplay::ALL {
            assert_eq!(ReasoningDisplay::from_word(display.name()), Some(display));
        }
        assert_eq!(ReasoningDisplay::from_word("on"), Some(ReasoningDisplay::Full));
        assert_eq!(ReasoningDisplay::from_word("loud"), None);
    }
}
