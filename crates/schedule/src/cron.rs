//! Cron expressions in a time zone.

use croner::Cron;
use croner::parser::CronParser;
use jiff::tz::TimeZone;

use crate::error::ScheduleError;
use crate::zoned::ZonedInstant;

/// The longest text of an expression.
const MAX_EXPRESSION_BYTES: usize = 200;

/// A cron expression in a time zone.
///
/// Five fields, or six with seconds first; a day matches when either day field does, and when both
/// do with `+` before the day of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct CronExpression {
    text: String,
    pattern: Cron,
    zone: TimeZone,
}

impl CronExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// When the text is no cron expression, or no time after 1970 matches it.
    pub fn parse(text: &str, zone: TimeZone) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let fail = |problem: String| ScheduleError::Expression {
            expression: text.chars().take(MAX_EXPRESSION_BYTES).collect(),
            problem,
        };
        if text.len() > MAX_EXPRESSION_BYTES {
            return Err(fail(format!("it is longer than {MAX_EXPRESSION_BYTES} bytes")));
        }
        let fields = text.split_whitespace().count();
        if !text.starts_with('@') && fields != 5 && fields != 6 {
            return Err(fail(format!("it has {fields} fields, not 5 or 6")));
        }
        let pattern = CronParser::new().parse(text).map_err(|error| fail(error.to_string()))?;
        let parsed = Self { text: text.to_owned(), pattern, zone };
        match parsed.next_slot_after(0) {
            Some(_) => Ok(parsed),
            None => Err(ScheduleError::NeverMatches { expression: text.to_owned() }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The time zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether it matches at full hours, again and again: where many jobs would begin at once.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        let fields: Vec<&str> = self.text.split_whitespace().collect();
        match fields.as_slice() {
            ["@hourly"] => true,
            [minute, hour, _, _, _] => *minute == "0" && hour.contains('*'),
            [second, minute, hour, ..] => *second == "0" && *minute == "0" && hour.contains('*'),
            _ => false,
        }
    }

    /// The first time after another, both in milliseconds since the Unix epoch.
    #[must_use]
    pub fn next_slot_after(&self, after_ms: i64) -> Option<i64> {
        let after = ZonedInstant::from_millis(after_ms, &self.zone)?;
        let found = self.pattern.find_next_occurrence(&after, false).ok()?.to_millis();
        (found > after_ms).then_some(found)
    }

    /// The last time up to another.
    pub(crate) fn last_slot_up_to(&self, until_ms: i64) -> Option<i64> {
        let until = ZonedInstant::from_millis(until_ms, &self.zone)?;
        self.pattern.find_previous_occurrence(&until, true).ok().map(|found| found.to_millis())
    }
}
