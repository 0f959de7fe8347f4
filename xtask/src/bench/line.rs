//! Prints a measured figure beside its goal.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The goal of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

pub(super) fn number(said: &Value, path: &str) -> Result<f64> {
    said.pointer(path).and_then(Value::as_f64).with_context(|| format!("{path} is not said"))
}

/// The median, or the upper of the two middle numbers; zero for an empty list.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// Prints `goal / measured`, with a mark when the goal is missed.
pub(super) fn line(name: &str, goal: Option<Goal>, measured: f64) {
    let (goal, is_met) = match goal {
        None => (String::new(), true),
        Some(Goal::AtMost(most)) => (format!("≤ {most} /"), measured <= most),
        Some(Goal::AtLeast(least)) => (format!("≥ {least} /"), measured >= least),
    };
    println!("{name:<46}{goal:>9}{measured:>10.2}{}", if is_met { "" } else { " !" });
}

/// Prints `goal / measured` and how much of the goal that is, with a mark when the goal is missed.
pub(super) fn line_with_ratio(name: &str, goal: Goal, measured: f64) {
    let ratio = ratio(goal, measured);
    let mark = if ratio > 1.0 { " !" } else { "" };
    let goal = match goal {
        Goal::AtMost(most) => format!("≤ {most} /"),
        Goal::AtLeast(least) => format!("≥ {least} /"),
    };
    println!("{name:<46}{goal:>9}{measured:>10.2}{ratio:>9.2}×{mark}");
}

/// The measured part of a limit, or the number of times that what is wanted is missing; one at most
/// means that the goal is met.
fn ratio(goal: Goal, measured: f64) -> f64 {
    match goal {
        Goal::AtMost(most) => measured / most,
        Goal::AtLeast(least) => least / measured,
    }
}

#[cfg(test)]
mod tests {
    use super::{Goal, median, ratio};

    #[test]
    fn a_ratio_above_one_misses_the_goal() {
        assert!((ratio(Goal::AtMost(4.0), 1.0) - 0.25).abs() < 1e-9);
        assert!((ratio(Goal::AtLeast(500.0), 250.0) - 2.0).abs() < 1e-9);
        assert!(ratio(Goal::AtLeast(1.0), 0.0) > 1.0);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![5.0, 1.0, 3.0, 4.0]) - 4.0).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }
}
