//! What a run came to, and what many runs came to together.

use std::time::Duration;

/// One run of the load against one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Requests answered as they should be, a second.
    pub(crate) rate: f64,
    /// Half of the requests took no longer.
    pub(crate) p50: Duration,
    /// All but one in a hundred took no longer.
    pub(crate) p99: Duration,
    /// Processor time of the server a request.
    pub(crate) cpu: Duration,
    /// Resident memory of the server after it, in bytes.
    pub(crate) memory: u64,
}

/// The value that a share of `sorted` does not exceed.
///
/// # Panics
/// When there are no values.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    assert!(!sorted.is_empty(), "nothing was measured");
    let last = sorted.len() - 1;
    let place = (share * last as f64).round() as usize;
    sorted[place.min(last)]
}

/// The middle of `values`: what one disturbed run does not move.
///
/// # Panics
/// When there are no values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[half - 1], values[half])
    } else {
        values[half]
    }
}

/// The middle of what `of` says of each run.
pub(crate) fn middle(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    median(runs.iter().map(of).collect())
}

/// The middle of the ratios of runs that were made one after the other, so that what slowed the
/// machine down slowed both.
pub(crate) fn ratio(runs: &[Run], to: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    median(
        runs.iter()
            .zip(to)
            .map(|(one, other)| of(one) / of(other))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_run_does_not_move_the_middle() {
        assert!((median(vec![1.0, 100.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![1.0, 3.0]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 0.5), Duration::from_millis(51));
        assert_eq!(percentile(&sorted, 0.99), Duration::from_millis(100));
        assert_eq!(percentile(&sorted[..1], 0.99), Duration::from_millis(1));
    }
}
