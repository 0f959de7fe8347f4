//! What the gateway counts and measures, in the text format of Prometheus.
//!
//! No label has the id of a session or a run: their number has no bound.

mod call_observer;
mod families;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

pub(crate) use call_observer::{CallLabels, CallObserver, EndedCall};
pub(crate) use families::{MetricKind, MetricName};

/// The most combinations of labels of one metric; further ones are counted together.
const MAX_SERIES: usize = 500;

/// The value of each label of the combinations beyond them.
const OTHER: &str = "other";

/// The labels of a value.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a str)];

/// All counters and histograms.
#[derive(Debug, Default)]
pub(crate) struct GatewayMetrics {
    series: Mutex<BTreeMap<MetricName, BTreeMap<String, MetricSeries>>>,
}

#[derive(Debug, Clone)]
enum MetricSeries {
    Counter(u64),
    Histogram { buckets: Vec<u64>, sum: f64, count: u64 },
}

impl GatewayMetrics {
    /// Adds to a counter.
    pub(crate) fn add(&self, metric: MetricName, labels: Labels<'_>, amount: u64) {
        self.change(metric, labels, |series| {
            if let MetricSeries::Counter(count) = series {
                *count = count.saturating_add(amount);
            }
        });
    }

    /// Records a value in a histogram.
    pub(crate) fn observe(&self, metric: MetricName, labels: Labels<'_>, value: f64) {
        let MetricKind::Histogram(bounds) = metric.kind() else { return };
        self.change(metric, labels, |series| {
            let MetricSeries::Histogram { buckets, sum, count } = series else { return };
            for (bound, bucket) in bounds.iter().zip(buckets) {
                *bucket += u64::from(value <= *bound);
            }
            *sum += value;
            *count += 1;
        });
    }

    fn change(
        &self,
        metric: MetricName,
        labels: Labels<'_>,
        change: impl FnOnce(&mut MetricSeries),
    ) {
        let mut all = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(metric).or_default();
        let mut key = write_labels(labels);
        if !known.contains_key(&key) && known.len() >= MAX_SERIES {
            let others: Vec<_> = labels.iter().map(|(name, _)| (*name, OTHER)).collect();
            key = write_labels(&others);
        }
        change(known.entry(key).or_insert_with(|| MetricSeries::new(metric.kind())));
    }

    /// Everything in the text format of Prometheus, with some values that are read now.
    pub(crate) fn render(&self, now: &[(MetricName, u64)]) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        for (metric, value) in now {
            let _ = writeln!(text, "{}{} {value}", metric.header(), metric.name());
        }
        let all = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        for (metric, series) in all.iter() {
            text.push_str(&metric.header());
            for (labels, series) in series {
                series.write_to(&mut text, *metric, labels);
            }
        }
        text
    }
}

impl MetricSeries {
    fn new(kind: MetricKind) -> Self {
        match kind {
            MetricKind::Counter | MetricKind::Gauge => Self::Counter(0),
            MetricKind::Histogram(bounds) => {
                Self::Histogram { buckets: vec![0; bounds.len()], sum: 0.0, count: 0 }
            }
        }
    }

    fn write_to(&self, text: &mut String, metric: MetricName, labels: &str) {
        let name = metric.name();
        let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let comma = if labels.is_empty() { "" } else { "," };
        match self {
            Self::Counter(count) => {
                let _ = writeln!(text, "{name}{braced} {count}");
            }
            Self::Histogram { buckets, sum, count } => {
                let MetricKind::Histogram(bounds) = metric.kind() else { return };
                for (bound, bucket) in bounds.iter().zip(buckets) {
                    let _ =
                        writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {bucket}");
                }
                let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
                let _ = writeln!(text, "{name}_sum{braced} {sum}");
                let _ = writeln!(text, "{name}_count{braced} {count}");
            }
        }
    }
}

/// The labels between the braces.
fn write_labels(labels: Labels<'_>) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        for char in value.chars().take(200) {
            match char {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                char => text.push(char),
            }
        }
        text.push('"');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_histograms_are_written_in_the_text_format() {
        let metrics = GatewayMetrics::default();
        metrics.add(MetricName::ModelFailovers, &[("model", "a\"b\n")], 2);
        metrics.observe(MetricName::FirstTokenSeconds, &[("model", "m")], 0.3);
        metrics.observe(MetricName::FirstTokenSeconds, &[("model", "m")], 1e9);
        let text = metrics.render(&[(MetricName::QueuedRuns, 3)]);
        for line in [
            "# TYPE openclaw_queue_lane_size gauge",
            "openclaw_queue_lane_size 3",
            "# TYPE openclaw_model_failover_total counter",
            r#"openclaw_model_failover_total{model="a\"b\n"} 2"#,
            "# TYPE openclaw_model_time_to_first_token_seconds histogram",
            r#"openclaw_model_time_to_first_token_seconds_bucket{model="m",le="0.25"} 0"#,
            r#"openclaw_model_time_to_first_token_seconds_bucket{model="m",le="0.5"} 1"#,
            r#"openclaw_model_time_to_first_token_seconds_bucket{model="m",le="+Inf"} 2"#,
            r#"openclaw_model_time_to_first_token_seconds_count{model="m"} 2"#,
        ] {
            assert!(text.lines().any(|written| written == line), "{line}\n{text}");
        }
    }

    #[test]
    fn labels_without_bound_need_bounded_memory() {
        let metrics = GatewayMetrics::default();
        for number in 0..MAX_SERIES + 100 {
            metrics.add(MetricName::ModelFailovers, &[("model", &number.to_string())], 1);
        }
        let text = metrics.render(&[]);
        assert!(text.contains(r#"{model="other"} 100"#), "{text}");
    }
}
