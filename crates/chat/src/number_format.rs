//! Formats token counts, rates and turn summaries for the chat.

use std::time::Duration;

use openclaw_runtime::ContextUse;

use crate::conversation::TurnEnd;
use crate::progress::format_duration;
use crate::usage_cost::format_dollars;

/// Formats a token count: `950`, `2.1k`, `32.8k`, `131k`, `1.0M`.
pub(crate) fn format_tokens(number: u32) -> String {
    match number {
        0..=999 => number.to_string(),
        1000..=99_949 => format_tenths(number / 100, "k"),
        99_950..=999_499 => format!("{}k", (number + 500) / 1000),
        _ => format_tenths(number / 100_000, "M"),
    }
}

fn format_tenths(tenths: u32, unit: &str) -> String {
    format!("{}.{}{unit}", tenths / 10, tenths % 10)
}

/// Formats how full the context window is: `context 2.1k of 32.8k (6 %)`.
pub(crate) fn format_context_use(context: ContextUse) -> String {
    let (used, window, percent) =
        (format_tokens(context.tokens), format_tokens(context.window), context.percent_used());
    format!("context {used} of {window} ({percent} %)")
}

/// Formats a rate in tokens per second; `None` when there are too few tokens to measure.
pub(crate) fn format_token_rate(tokens: u32, time: Duration) -> Option<String> {
    if tokens < 2 || time < Duration::from_millis(50) {
        return None;
    }
    let rate = f64::from(tokens) / time.as_secs_f64();
    Some(if rate < 10.0 { format!("{rate:.1} tok/s") } else { format!("{rate:.0} tok/s") })
}

/// Summarises a turn in one line. `generating` is how long the model generated.
pub(crate) fn format_turn_summary(
    end: &TurnEnd,
    generating: Duration,
    context_use: Option<ContextUse>,
) -> String {
    let TurnEnd { usage, model_calls, duration, cost, .. } = end;
    let cached = usage.cached_tokens.map_or(String::new(), |cached| {
        let percent = u64::from(cached) * 100 / u64::from(usage.input_tokens.max(1));
        format!(" ({percent} % cached)")
    });
    let counted = (usage.input_tokens > 0).then(|| {
        format!(
            "{} tokens in{cached} · {} out",
            format_tokens(usage.input_tokens),
            format_tokens(usage.output_tokens)
        )
    });
    let calls = (*model_calls > 1).then(|| format!("{model_calls} model calls"));
    let rate = format_token_rate(usage.output_tokens, generating);
    let parts = [
        counted,
        cost.map(format_dollars),
        rate,
        calls,
        Some(format_duration(*duration)),
        context_use.map(format_context_use),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_tokens_are_short() {
        let numbers = [0, 950, 1000, 2149, 32_768, 99_949, 99_950, 131_072, 1_048_576];
        let expected = ["0", "950", "1.0k", "2.1k", "32.7k", "99.9k", "100k", "131k", "1.0M"];
        assert_eq!(numbers.map(format_tokens), expected);
    }

    #[test]
    fn a_token_rate_is_written_when_there_is_enough_to_measure() {
        assert_eq!(format_token_rate(1, Duration::from_secs(1)), None);
        assert_eq!(format_token_rate(100, Duration::from_millis(1)), None);
        assert_eq!(format_token_rate(5, Duration::from_secs(2)).as_deref(), Some("2.5 tok/s"));
        assert_eq!(format_token_rate(90, Duration::from_secs(2)).as_deref(), Some("45 tok/s"));
    }
}
