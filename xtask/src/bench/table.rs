//! Prints medians as a table.

use super::Case;
use super::measure::Sample;

/// A case with the samples of each program.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) case: Case,
    pub(super) samples: Vec<Vec<Sample>>,
}

/// Prints goals beside medians; `floor` is the cost of measuring itself.
pub(super) fn print(rows: &[Measured], floor: &[Sample], runs: u16) {
    println!("medians of {runs} runs; goal / measured\n");
    println!("{:<24}{:>16}{:>12}{:>18}", "run", "wall ms", "cpu ms", "peak MiB");
    for Measured { case, samples } in rows {
        for (index, samples) in samples.iter().enumerate() {
            let name = if index == 0 { case.name.to_owned() } else { "  the other".to_owned() };
            let goal = (index == 0).then_some(case.goal);
            let wall = against(goal.map(|goal| goal.wall_ms), wall_ms(samples));
            let peak = against(goal.map(|goal| goal.peak_mib), peak_mib(samples));
            println!("{name:<24}{wall:>16}{:>12}{peak:>18}", tenths(cpu_ms(samples)));
        }
    }
    let (wall, cpu, peak) = (wall_ms(floor), cpu_ms(floor), peak_mib(floor));
    let name = "measuring alone";
    println!("{name:<24}{:>16}{:>12}{:>18}", tenths(wall), tenths(cpu), tenths(peak));
}

/// Formats `goal / measured`, with a mark when the goal is missed.
fn against(goal: Option<u32>, tenths_measured: u64) -> String {
    match goal {
        None => tenths(tenths_measured),
        Some(goal) => {
            let mark = if tenths_measured > u64::from(goal) * 10 { " !" } else { "" };
            format!("{goal} / {}{mark}", tenths(tenths_measured))
        }
    }
}

/// Formats tenths as a decimal number.
fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}

fn wall_ms(samples: &[Sample]) -> u64 {
    median(samples.iter().map(|sample| sample.wall_us)) / 100
}

fn cpu_ms(samples: &[Sample]) -> u64 {
    median(samples.iter().map(|sample| sample.cpu_us)) / 100
}

fn peak_mib(samples: &[Sample]) -> u64 {
    median(samples.iter().map(|sample| sample.peak_kib)) * 10 / 1024
}

/// The median, or the upper of the two middle numbers; zero for an empty list.
fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{against, median};

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([5, 1, 3].into_iter()), 3);
        assert_eq!(median([5, 1, 3, 4].into_iter()), 4);
        assert_eq!(median(std::iter::empty()), 0);
    }

    #[test]
    fn a_missed_goal_is_marked() {
        assert_eq!(against(Some(10), 100), "10 / 10.0");
        assert_eq!(against(Some(10), 101), "10 / 10.1 !");
        assert_eq!(against(None, 5), "0.5");
    }
}
