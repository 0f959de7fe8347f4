//! Programs that run the command in their arguments and add nothing else: which of their arguments
//! begin that command.
//!
//! Every option is read exactly. An option that isn't in the table makes the command one that can't
//! be analysed, because a wrong guess would take the command's name from the wrong place.

use serde::Serialize;

/// The most wrappers around one another that are looked through.
pub(crate) const MAX_WRAPPERS: usize = 4;

/// A change of one environment variable for a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentChange {
    /// The variable.
    pub name: String,
    /// Its new value; `None` removes it.
    pub value: Option<String>,
}

/// Where the command of a wrapper begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrappedCommand {
    /// The index of the inner program in the wrapper's words.
    pub(crate) start: usize,
    pub(crate) environment: Vec<EnvironmentChange>,
}

/// Why the command of a wrapper can't be determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WrapperProblem {
    /// An option that isn't known exactly.
    #[error("has an option that is not analysed")]
    UnknownOption,
    /// There is no command after the options.
    #[error("has no command to run")]
    MissingCommand,
    /// The wrapper's own operand, e.g. a duration, isn't one.
    #[error("has an operand that is not analysed")]
    InvalidOperand,
    /// More wrappers around one another than are looked through.
    #[error("is within too many other wrappers")]
    TooDeep,
}

/// The programs that are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrapperProgram {
    Env,
    Nice,
    Nohup,
    Stdbuf,
    Time,
    Timeout,
}

impl WrapperProgram {
    /// The wrapper with this file name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "env" => Self::Env,
            "nice" => Self::Nice,
            "nohup" => Self::Nohup,
            "stdbuf" => Self::Stdbuf,
            "time" => Self::Time,
            "timeout" => Self::Timeout,
            _ => return None,
        })
    }

    /// Finds the command in the words of a wrapper, whose first is the wrapper itself.
    pub(crate) fn find_command(self, words: &[String]) -> Result<WrappedCommand, WrapperProblem> {
        let mut reader = OptionReader { words, next: 1 };
        let mut environment = Vec::new();
        reader.read_options(self.options(), &mut environment)?;
        match self {
            Self::Timeout if !reader.take_word().is_some_and(is_duration) => {
                return Err(WrapperProblem::InvalidOperand);
            }
            Self::Stdbuf if reader.next == 1 => return Err(WrapperProblem::MissingCommand),
            Self::Env => {
                while let Some((name, value)) = reader.peek_word().and_then(|w| w.split_once('=')) {
                    let (name, value) = (name.to_owned(), Some(value.to_owned()));
                    environment.push(EnvironmentChange { name, value });
                    reader.next += 1;
                }
            }
            _ => {}
        }
        match reader.peek_word() {
            Some(program) if !program.is_empty() => {
                Ok(WrappedCommand { start: reader.next, environment })
            }
            _ => Err(WrapperProblem::MissingCommand),
        }
    }

    /// The options that are known.
    fn options(self) -> &'static [WrapperOption] {
        use OptionValue::{Duration, EnvironmentName, Mode, None as Bare, Number, Signal};
        match self {
            Self::Env => &[
                // Not `-i`: without `PATH`, `env` would find another program than the plan has.
                WrapperOption("-u", EnvironmentName),
                WrapperOption("--unset", EnvironmentName),
            ],
            Self::Nice => &[WrapperOption("-n", Number), WrapperOption("--adjustment", Number)],
            Self::Nohup => &[],
            Self::Stdbuf => &[
                WrapperOption("-i", Mode),
                WrapperOption("-o", Mode),
                WrapperOption("-e", Mode),
                WrapperOption("--input", Mode),
                WrapperOption("--output", Mode),
                WrapperOption("--error", Mode),
            ],
            Self::Time => &[WrapperOption("-p", Bare), WrapperOption("-v", Bare)],
            Self::Timeout => &[
                WrapperOption("--foreground", Bare),
                WrapperOption("--preserve-status", Bare),
                WrapperOption("-v", Bare),
                WrapperOption("--verbose", Bare),
                WrapperOption("-k", Duration),
                WrapperOption("--kill-after", Duration),
                WrapperOption("-s", Signal),
                WrapperOption("--signal", Signal),
            ],
        }
    }
}

/// An option in its exact spelling, and what its value is.
struct WrapperOption(&'static str, OptionValue);

#[derive(Clone, Copy, PartialEq, Eq)]
enum OptionValue {
    None,
    Number,
    Duration,
    Signal,
    /// How a stream is buffered: `L`, `0` or a size.
    Mode,
    EnvironmentName,
}

impl OptionValue {
    fn accepts(self, value: &str) -> bool {
        match self {
            Self::None => false,
            Self::Number => {
                let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
                has_digits_only(digits)
            }
            Self::Duration => is_duration(value),
            Self::Signal => {
                !value.is_empty() && value.chars().all(|char| char.is_ascii_alphanumeric())
            }
            Self::Mode => value == "L" || has_digits_only(value.trim_end_matches(['K', 'M'])),
            Self::EnvironmentName => {
                !value.is_empty() && !value.contains('=') && !value.starts_with('-')
            }
        }
    }
}

fn has_digits_only(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(text);
    match number.split_once('.') {
        Some((whole, fraction)) => has_digits_only(whole) && has_digits_only(fraction),
        None => has_digits_only(number),
    }
}

/// Reads the options of a wrapper.
struct OptionReader<'a> {
    words: &'a [String],
    next: usize,
}

impl<'a> OptionReader<'a> {
    fn peek_word(&self) -> Option<&'a str> {
        self.words.get(self.next).map(String::as_str)
    }

    fn take_word(&mut self) -> Option<&'a str> {
        let word = self.peek_word()?;
        self.next += 1;
        Some(word)
    }

    /// Reads up to the first word that is no option.
    fn read_options(
        &mut self,
        options: &[WrapperOption],
        environment: &mut Vec<EnvironmentChange>,
    ) -> Result<(), WrapperProblem> {
        while let Some(word) = self.peek_word().filter(|word| word.starts_with('-')) {
            self.next += 1;
            if word == "--" {
                break;
            }
            let (value, kind) = self.read_value(word, options)?;
            let Some(value) = value else { continue };
            if !kind.accepts(value) {
                return Err(WrapperProblem::InvalidOperand);
            }
            if kind == OptionValue::EnvironmentName {
                environment.push(EnvironmentChange { name: value.to_owned(), value: None });
            }
        }
        Ok(())
    }

    /// The value of an option, which is in its own word or the next one.
    fn read_value(
        &mut self,
        word: &'a str,
        options: &[WrapperOption],
    ) -> Result<(Option<&'a str>, OptionValue), WrapperProblem> {
        for WrapperOption(name, kind) in options {
            let Some(attached) = word.strip_prefix(name) else { continue };
            let is_long = name.starts_with("--");
            let value = match (attached, kind) {
                ("", OptionValue::None) => return Ok((None, *kind)),
                ("", _) => self.take_word().ok_or(WrapperProblem::MissingCommand)?,
                (_, OptionValue::None) => continue,
                (_, _) if is_long => match attached.strip_prefix('=') {
                    Some(value) => value,
                    None => continue,
                },
                _ => attached,
            };
            return Ok((Some(value), *kind));
        }
        Err(WrapperProblem::UnknownOption)
    }
}

#[cfg(test)]
mod tests;
