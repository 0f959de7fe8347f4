//! Why a schedule cannot be used.

/// Why a schedule cannot be used. `Display` fits "failed to {…}".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// An interval of no length.
    #[error("use an interval of no length")]
    EmptyInterval,
    /// The text is no cron expression.
    #[error("read the cron expression `{expression}`: {problem}")]
    Expression {
        /// The text.
        expression: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No time matches the cron expression.
    #[error("find a time that the cron expression `{expression}` matches")]
    NeverMatches {
        /// The text.
        expression: String,
    },
}
