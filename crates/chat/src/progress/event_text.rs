//! Texts for turn events, shared by every output.

use std::time::{Duration, Instant};

use openclaw_core::{ModelAttempt, ServerActivity, ToolEffect};
use openclaw_runtime::{
    CompactionReport, InvalidCallRecovery, PrefixChange, PromptCacheMiss, RepromptReason, TurnEvent,
};

use openclaw_terminal::{TextStyle, sanitize};

/// Describes an event worth a notice: a problem with the model's output and its recovery, a server
/// that disconnected or reconnected, or a compaction. `None` for other events, and for details
/// unless `verbose`.
pub(crate) fn notice_line(event: &TurnEvent, verbose: bool) -> Option<(TextStyle, String)> {
    let text = match event {
        TurnEvent::CompactionFinished(CompactionReport {
            method,
            tokens_before,
            tokens_after,
            duration,
            ..
        }) => {
            let (by, time) = (method.name(), format_duration(*duration));
            let text = format!(
                "↧ {tokens_before} tokens of conversation are {tokens_after} now ({by}, {time})"
            );
            return Some((TextStyle::Dim, text));
        }
        TurnEvent::RequestAdapted { message } | TurnEvent::Warning { message } => {
            format!("! {message}")
        }
        // The last attempt is the turn's error, which is printed at the end.
        TurnEvent::ModelAttemptFailed(attempt) => {
            return Some((TextStyle::Yellow, attempt_line(attempt)?));
        }
        TurnEvent::ServerDisconnected { reason, .. } => {
            format!("! the server is lost: failed to {reason}")
        }
        // Printed once, and for every retry with `--verbose`.
        TurnEvent::Retrying { reason, delay, elapsed, max_wait, .. }
            if elapsed.is_zero() || verbose =>
        {
            let (after, limit) = (format_duration(*delay), format_duration(*max_wait));
            let reason = reason.trim_end_matches('.');
            format!("! failed to {reason}; asking again in {after}, for {limit} at most")
        }
        TurnEvent::ServerReconnected { downtime } => {
            return Some((
                TextStyle::Green,
                format!("✓ the server is back after {}", format_duration(*downtime)),
            ));
        }
        TurnEvent::ToolCallRepaired { repairs, .. } if verbose => {
            return Some((
                TextStyle::Dim,
                format!("  a tool call was repaired: {}", repairs.join(", ")),
            ));
        }
        TurnEvent::PromptCacheMiss(miss) if verbose => {
            return Some((TextStyle::Dim, format!("  {}", cache_miss_text(miss))));
        }
        TurnEvent::ToolCallInvalid { name, problem, recovery } => {
            let next = match recovery {
                InvalidCallRecovery::Retry => "; the model is asked again",
                InvalidCallRecovery::ForceToolChoice => {
                    "; the server is asked to force a valid call"
                }
                _ => "",
            };
            format!("✗ {name}: {}{next}", problem.trim_end_matches('.'))
        }
        TurnEvent::ToolRefused { name, reason, .. } => format!("✗ {name}: {reason}"),
        TurnEvent::ToolCallRepeated { name, times, .. } => {
            format!("! {name}: the same call with the same result, {times} times in a row")
        }
        TurnEvent::ToolOutputTruncated { total_bytes, omitted_bytes, saved_to, .. } => {
            let kept = saved_to
                .as_ref()
                .map_or(String::new(), |kept| format!("; the whole output is {kept}"));
            let shown = total_bytes - omitted_bytes;
            let text = format!("  the model gets {shown} of {total_bytes} bytes{kept}");
            return Some((TextStyle::Dim, text));
        }
        TurnEvent::ModelReprompted { reason: RepromptReason::ReasoningOnly } => {
            "! the model wrote only reasoning; it is asked for the answer".to_owned()
        }
        TurnEvent::ModelReprompted { .. } => {
            "! the model wrote nothing; it is asked once more".to_owned()
        }
        TurnEvent::RepetitionDetected { .. } => {
            "! the model repeats itself and is stopped".to_owned()
        }
        _ => return None,
    };
    Some((TextStyle::Yellow, text))
}

/// Names the model that failed or was skipped and the one that is asked instead; `None` for the
/// last one.
pub(crate) fn attempt_line(attempt: &ModelAttempt) -> Option<String> {
    attempt.next.is_some().then(|| format!("! {attempt}"))
}

/// The wait for a lost or busy server.
#[derive(Debug)]
pub(crate) struct ServerWait {
    pub(crate) label: &'static str,
    pub(crate) since: Instant,
    /// The longest it may take.
    pub(crate) limit: Duration,
}

/// Returns the wait that an event of a lost or busy server begins; `None` for other events.
pub(crate) fn server_wait(event: &TurnEvent) -> Option<ServerWait> {
    let (label, waited, limit) = match event {
        TurnEvent::ServerDisconnected { max_wait, .. } => {
            ("waiting for the lost server", Duration::ZERO, *max_wait)
        }
        TurnEvent::Retrying { elapsed, max_wait, .. } => {
            ("waiting for the busy server", *elapsed, *max_wait)
        }
        _ => return None,
    };
    let now = Instant::now();
    Some(ServerWait { label, since: now.checked_sub(waited).unwrap_or(now), limit })
}

/// The notice that the part of an answer shown so far is discarded.
pub(crate) const ANSWER_RESET_NOTICE: &str = "↻ the answer starts over; discard the part above";

/// Explains a prefix cache miss.
fn cache_miss_text(
    PromptCacheMiss { cached_tokens, cacheable_tokens, change }: &PromptCacheMiss,
) -> String {
    let why = match change {
        None => "nothing changed, so the server let go of the rest".to_owned(),
        Some(PrefixChange::Tools) => "the tools changed since, for a forced call".to_owned(),
        Some(PrefixChange::Message(number)) => format!("message {number} changed since"),
        Some(_) => "it changed since".to_owned(),
    };
    format!(
        "only {cached_tokens} of the {cacheable_tokens} tokens of the request before were cached: {why}"
    )
}

/// Describes what a silent server is doing.
pub(crate) fn activity_text(activity: ServerActivity) -> &'static str {
    match activity {
        ServerActivity::Queued => "queued by the server",
        ServerActivity::Prefilling => "prefilling",
        ServerActivity::Generating => "generating, nothing to show yet",
        ServerActivity::Stalled => "the server is idle and the model silent",
        _ => "waiting for the model",
    }
}

/// Describes a tool call in a few words.
pub(crate) fn describe_call(tool: &str, effect: &ToolEffect) -> String {
    match effect {
        ToolEffect::Read { path } | ToolEffect::Write { path, .. } => {
            format!("{tool} {}", shorten_line(path))
        }
        ToolEffect::Exec { command, directory, node, .. } => {
            let node = node.iter().map(|node| format!("on {}", shorten_line(node)));
            let directory = (directory != ".").then(|| format!("in {}", shorten_line(directory)));
            let place = node.chain(directory).collect::<Vec<_>>().join(" ");
            let place = if place.is_empty() { place } else { format!(" ({place})") };
            format!("{tool} {}{place}", shorten_line(command))
        }
        ToolEffect::Inspect { subject } => format!("{tool}: {}", shorten_line(subject)),
        ToolEffect::Fetch { url } => format!("{tool} {}", shorten_line(url)),
        ToolEffect::OwnCommand { description } | ToolEffect::Other { description } => {
            format!("{tool}: {}", shorten_line(description))
        }
        _ => tool.to_owned(),
    }
}

fn shorten_line(text: &str) -> String {
    let line = sanitize::escape_line(&text.replace('\n', " "));
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", line.split_at(end).0),
        None => line,
    }
}

/// Formats a duration: `12 ms`, `1.4 s`, `3 min 20 s`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Formats an age in one unit: `now`, `5 min ago`, `3 h ago`, `2 days ago`.
#[must_use]
pub fn format_age(age: Duration) -> String {
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
        assert_eq!(format_duration(Duration::from_micros(12_400)), "12 ms");
        assert_eq!(format_duration(Duration::from_millis(1440)), "1.4 s");
        assert_eq!(format_duration(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(format_duration(Duration::from_mins(10)), "10 min");
    }

    #[test]
    fn ages_are_written_in_one_unit() {
        let ages =
            [59, 60, 3599, 3600, 172_799, 172_800].map(|s| format_age(Duration::from_secs(s)));
        let expected = ["now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago"];
        assert_eq!(ages, expected);
    }

    #[test]
    fn a_long_command_takes_one_line() {
        let text = shorten_line(&format!("a\nb{}", "x".repeat(200)));
        assert!(text.starts_with("a bx") && text.ends_with('…') && text.chars().count() == 101);
    }
}
