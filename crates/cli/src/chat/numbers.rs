//! How the chat writes what was counted.

use std::time::Duration;

use openclaw_runtime::{ContextUse, TurnReport};

use crate::progress::time;

/// Writes a number of tokens: `950`, `2.1k`, `32.8k`, `131k`, `1.0M`.
pub(crate) fn tokens(number: u32) -> String {
    match number {
        0..=999 => number.to_string(),
        1000..=99_949 => tenths(number / 100, "k"),
        99_950..=999_499 => format!("{}k", (number + 500) / 1000),
        _ => tenths(number / 100_000, "M"),
    }
}

fn tenths(tenths: u32, unit: &str) -> String {
    format!("{}.{}{unit}", tenths / 10, tenths % 10)
}

/// Tells how full the window is: `context 2.1k of 32.8k (6 %)`.
pub(crate) fn context(context: ContextUse) -> String {
    let (used, window, percent) =
        (tokens(context.tokens), tokens(context.window), context.percent());
    format!("context {used} of {window} ({percent} %)")
}

/// Writes a pace in tokens a second; `None` where too little was counted to tell.
pub(crate) fn pace(tokens: u32, time: Duration) -> Option<String> {
    if tokens < 2 || time < Duration::from_millis(50) {
        return None;
    }
    let rate = f64::from(tokens) / time.as_secs_f64();
    Some(if rate < 10.0 { format!("{rate:.1} tok/s") } else { format!("{rate:.0} tok/s") })
}

/// What a turn took, in a line. `generating` is how long the model wrote.
pub(crate) fn taken(
    report: &TurnReport,
    generating: Duration,
    window: Option<ContextUse>,
) -> String {
    let TurnReport { usage, model_calls, duration, .. } = report;
    let cached = usage.cached.map_or(String::new(), |cached| {
        let percent = u64::from(cached) * 100 / u64::from(usage.input.max(1));
        format!(" ({percent} % cached)")
    });
    let counted = (usage.input > 0).then(|| {
        format!("{} tokens in{cached} · {} out", tokens(usage.input), tokens(usage.output))
    });
    let calls = (*model_calls > 1).then(|| format!("{model_calls} model calls"));
    let pace = pace(usage.output, generating);
    let parts = [counted, pace, calls, Some(time(*duration)), window.map(context)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_tokens_are_short() {
        let numbers = [0, 950, 1000, 2149, 32_768, 99_949, 99_950, 131_072, 1_048_576];
        let expected = ["0", "950", "1.0k", "2.1k", "32.7k", "99.9k", "100k", "131k", "1.0M"];
        assert_eq!(numbers.map(tokens), expected);
    }

    #[test]
    fn a_pace_is_told_when_there_is_one() {
        assert_eq!(pace(1, Duration::from_secs(1)), None);
        assert_eq!(pace(100, Duration::from_millis(1)), None);
        assert_eq!(pace(5, Duration::from_secs(2)).as_deref(), Some("2.5 tok/s"));
        assert_eq!(pace(90, Duration::from_secs(2)).as_deref(), Some("45 tok/s"));
    }
}
