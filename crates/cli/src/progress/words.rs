//! The words for what happens in a turn, the same wherever it is shown.

use std::time::{Duration, Instant};

use openclaw_core::{Effect, Waiting};
use openclaw_runtime::{AskedAgain, BrokenCallStep, CacheMiss, Changed, Compaction, TurnEvent};

use crate::printer::Style;
use crate::visible;

/// Tells what went wrong with what the model wrote and what is done about it, that a server came or
/// went, or that the conversation was made smaller. `None` where there is nothing to tell, or
/// nothing without details.
pub(crate) fn mishap(event: &TurnEvent, verbose: bool) -> Option<(Style, String)> {
    let text = match event {
        TurnEvent::Compacted(Compaction { by, before, after, duration, .. }) => {
            let (by, time) = (by.name(), time(*duration));
            let text = format!("↧ {before} tokens of conversation are {after} now ({by}, {time})");
            return Some((Style::Dim, text));
        }
        TurnEvent::Adapted { how } => format!("! {how}"),
        TurnEvent::ServerLost { reason, .. } => format!("! the server is lost: failed to {reason}"),
        // Told once, and each time to who wants details.
        TurnEvent::Retrying { reason, after, waited, limit, .. } if waited.is_zero() || verbose => {
            let (after, limit) = (time(*after), time(*limit));
            let reason = reason.trim_end_matches('.');
            format!("! failed to {reason}; asking again in {after}, for {limit} at most")
        }
        TurnEvent::ServerBack { after } => {
            return Some((Style::Green, format!("✓ the server is back after {}", time(*after))));
        }
        TurnEvent::CallRescued { how, .. } if verbose => {
            return Some((Style::Dim, format!("  a call was mended: {}", how.join(", "))));
        }
        TurnEvent::CacheMissed(miss) if verbose => {
            return Some((Style::Dim, format!("  {}", missed(miss))));
        }
        TurnEvent::CallBroken { name, problem, step } => {
            let next = match step {
                BrokenCallStep::AskAgain => "; the model is asked again",
                BrokenCallStep::Force => "; the server is asked to force a valid call",
                _ => "",
            };
            format!("✗ {name}: {}{next}", problem.trim_end_matches('.'))
        }
        TurnEvent::ToolRefused { name, reason, .. } => format!("✗ {name}: {reason}"),
        TurnEvent::CallRepeated { name, times, .. } => {
            format!("! {name}: the same call with the same result, {times} times in a row")
        }
        TurnEvent::OutputCut { bytes, left_out, kept, .. } => {
            let kept = kept.as_ref().map_or(String::new(), |kept| format!("; the whole is {kept}"));
            let shown = bytes - left_out;
            let text = format!("  the model is shown {shown} of {bytes} bytes{kept}");
            return Some((Style::Dim, text));
        }
        TurnEvent::AskedAgain { why: AskedAgain::ReasoningOnly } => {
            "! the model only reasoned; it is told to answer now".to_owned()
        }
        TurnEvent::AskedAgain { .. } => {
            "! the model said nothing; it is asked once more".to_owned()
        }
        TurnEvent::Repetition { .. } => "! the model repeats itself and is stopped".to_owned(),
        _ => return None,
    };
    Some((Style::Yellow, text))
}

/// What is waited for while a server is lost or busy.
#[derive(Debug)]
pub(crate) struct Absence {
    pub(crate) what: &'static str,
    pub(crate) since: Instant,
    /// For how long at most.
    pub(crate) limit: Duration,
}

/// What is waited for after an event that tells of a lost or busy server; `None` after any other.
pub(crate) fn absence(event: &TurnEvent) -> Option<Absence> {
    let (what, waited, limit) = match event {
        TurnEvent::ServerLost { limit, .. } => {
            ("waiting for the lost server", Duration::ZERO, *limit)
        }
        TurnEvent::Retrying { waited, limit, .. } => {
            ("waiting for the busy server", *waited, *limit)
        }
        _ => return None,
    };
    let now = Instant::now();
    Some(Absence { what, since: now.checked_sub(waited).unwrap_or(now), limit })
}

/// What is told when what was shown of an answer does not hold any more.
pub(crate) const VOID: &str = "↻ the answer begins anew; what is above of it is void";

/// Says what kept a prompt from the prefix cache.
fn missed(CacheMiss { cached, cacheable, changed }: &CacheMiss) -> String {
    let why = match changed {
        None => "nothing changed, so the server let go of the rest".to_owned(),
        Some(Changed::Tools) => "the tools changed since, for a forced call".to_owned(),
        Some(Changed::Message(number)) => format!("message {number} changed since"),
        Some(_) => "it changed since".to_owned(),
    };
    format!("only {cached} of the {cacheable} tokens of the request before were cached: {why}")
}

/// Says what a silent server seems to be doing.
pub(crate) fn doing(state: Waiting) -> &'static str {
    match state {
        Waiting::Queued => "queued by the server",
        Waiting::Prefilling => "prefilling",
        Waiting::Generating => "generating, nothing to show yet",
        Waiting::Stalled => "the server is idle and the model silent",
        _ => "waiting for the model",
    }
}

/// Says what a call does in a few words.
pub(crate) fn describe(tool: &str, effect: &Effect) -> String {
    match effect {
        Effect::Read { path } | Effect::Write { path } => format!("{tool} {}", one_line(path)),
        Effect::Exec { command, directory } if directory == "." => {
            format!("{tool} {}", one_line(command))
        }
        Effect::Exec { command, directory } => {
            format!("{tool} {} (in {})", one_line(command), one_line(directory))
        }
        _ => tool.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    let line = visible::line(&text.replace('\n', " "));
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", line.split_at(end).0),
        None => line,
    }
}

/// Writes a duration in the unit a person would use: `12 ms`, `1.4 s`, `3 min 20 s`.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Writes how long ago something was, in one unit: `now`, `5 min ago`, `3 h ago`, `2 days ago`.
pub(crate) fn ago(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0 => "now".to_owned(),
        1..=59 => format!("{minutes} min ago"),
        60..=2879 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_unit_a_person_would_use() {
        assert_eq!(time(Duration::from_micros(12_400)), "12 ms");
        assert_eq!(time(Duration::from_millis(1440)), "1.4 s");
        assert_eq!(time(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(time(Duration::from_mins(10)), "10 min");
    }

    #[test]
    fn ages_are_written_in_one_unit() {
        let ages = [59, 60, 3599, 3600, 172_799, 172_800].map(|s| ago(Duration::from_secs(s)));
        let expected = ["now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago"];
        assert_eq!(ages, expected);
    }

    #[test]
    fn a_long_command_takes_one_line() {
        let text = one_line(&format!("a\nb{}", "x".repeat(200)));
        assert!(text.starts_with("a bx") && text.ends_with('…') && text.chars().count() == 101);
    }
}
