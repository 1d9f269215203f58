//! Stretches of time, so few that they can be drawn beside each other.

use jiff::{Timestamp, ToSpan};

const DAY: i64 = 86_400;
/// Lengths a stretch may have, in days.
const LENGTHS: [i64; 6] = [1, 7, 30, 91, 182, 365];
/// More would be too narrow to see.
const MOST: i64 = 26;

/// Stretches of one length, side by side.
pub struct Buckets {
    first: i64,
    length: i64,
    count: usize,
}

impl Buckets {
    /// Stretches that hold all these times.
    pub fn over(times: impl Iterator<Item = Timestamp> + Clone) -> Self {
        let day = |time: Timestamp| time.as_second().div_euclid(DAY);
        let (Some(first), Some(last)) = (times.clone().min().map(day), times.max().map(day)) else {
            return Self { first: 0, length: 1, count: 0 };
        };
        let days = last - first + 1;
        let longest = days.div_euclid(MOST) + 1;
        let length = LENGTHS.into_iter().find(|length| days <= length * MOST).unwrap_or(longest);
        let count = usize::try_from((days - 1).div_euclid(length) + 1).unwrap_or(0);
        Self { first, length, count }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Which one a time is in.
    pub fn of(&self, time: Timestamp) -> usize {
        let days = time.as_second().div_euclid(DAY) - self.first;
        usize::try_from(days.div_euclid(self.length)).unwrap_or(0).min(self.count.saturating_sub(1))
    }

    /// Their first days.
    pub fn labels(&self) -> Vec<String> {
        let label = |index: usize| {
            let days = self.first + i64::try_from(index).unwrap_or(0) * self.length;
            let begin = Timestamp::UNIX_EPOCH.checked_add((days * 24).hours()).unwrap_or(Timestamp::MAX);
            begin.strftime("%Y-%m-%d").to_string()
        };
        (0..self.count).map(label).collect()
    }

    /// Where a time is between the begin of the first, 0, and the end of the last, 1.
    #[expect(clippy::cast_precision_loss, reason = "times are drawn, not counted")]
    pub fn share(&self, time: Timestamp) -> f64 {
        let whole = self.length * DAY * i64::try_from(self.count).unwrap_or(1).max(1);
        ((time.as_second() - self.first * DAY) as f64 / whole as f64).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quarter_is_shown_by_weeks() {
        let times = ["2026-01-01T10:00:00Z", "2026-03-31T10:00:00Z"].map(|text| text.parse().unwrap());
        let buckets = Buckets::over(times.into_iter());
        assert_eq!((buckets.count(), buckets.labels()[1].as_str()), (13, "2026-01-08"));
        assert_eq!((buckets.of(times[0]), buckets.of(times[1])), (0, 12));
        assert_eq!(Buckets::over(std::iter::empty()).labels(), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn every_time_has_its_place(seconds in prop::collection::vec(0_i64..10_000_000_000, 1..20)) {
            let times: Vec<Timestamp> = seconds.iter().map(|at| Timestamp::from_second(*at).unwrap()).collect();
            let buckets = Buckets::over(times.iter().copied());
            prop_assert!((1..=27).contains(&buckets.count()));
            for time in times {
                prop_assert!(buckets.of(time) < buckets.count());
                prop_assert!((0.0..=1.0).contains(&buckets.share(time)));
            }
        }
    }
}
