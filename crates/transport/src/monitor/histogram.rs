//! Durations in classes.

use std::time::Duration;

use super::exposition::Family;

/// Upper bounds of the classes, in milliseconds: from a commit on a good disk, or a peer next door,
/// to the longest that an attempt may take.
const CLASSES: [u16; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000];

const MILLIS_PER_SECOND: f64 = 1000.0;

/// Durations in classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many were in each class, and not in a lower one.
    classes: [u64; CLASSES.len()],
    /// How many there were, those beyond every class included.
    count: u64,
    /// How long all of them took together.
    sum: Duration,
}

impl Histogram {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.count += 1;
        self.sum = self.sum.saturating_add(took);
        let mut classes = CLASSES.iter().zip(&mut self.classes);
        let within = |bound: &u16| took <= Duration::from_millis(u64::from(*bound));
        if let Some((_, class)) = classes.find(|(bound, _)| within(bound)) {
            *class += 1;
        }
    }

    /// Puts the durations on a page.
    pub fn tell(&self, family: &mut Family<'_>, labels: &[(&str, &str)]) {
        let mut below = 0;
        let classes = CLASSES.iter().zip(self.classes).map(|(millis, count)| {
            below += count;
            (f64::from(*millis) / MILLIS_PER_SECOND, below)
        });
        family.histogram(labels, classes, self.count, self.sum.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_in_the_lowest_class_that_holds_it() {
        let mut histogram = Histogram::default();
        for micros in [0, 1000, 1001, 5_000_000, 5_000_001] {
            histogram.add(Duration::from_micros(micros));
        }
        assert_eq!(histogram.classes, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(histogram.count, 5);
        assert_eq!(histogram.sum, Duration::from_micros(10_002_002));
    }
}
