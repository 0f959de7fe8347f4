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

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(vec![5.0, 1.0, 3.0, 4.0]) - 4.0).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }
}
