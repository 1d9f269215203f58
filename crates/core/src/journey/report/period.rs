//! Moments as people type them.

use std::str::FromStr;

use hotfix_model::{ExitCode, Period};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::Explain;

/// A moment: a day (its begin, UTC), a time, or so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At this time.
    At(Timestamp),
    /// So long ago.
    Ago(Period),
}

/// The text is no moment.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{text}` is no moment")]
pub struct MomentError {
    text: String,
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
        let time = || text.parse::<Timestamp>().ok();
        if let Some(at) = time().or_else(day) {
            return Ok(Self::At(at));
        }
        text.parse().map(Self::Ago).map_err(|_| MomentError { text: text.to_owned() })
    }
}

impl Moment {
    /// The time it is, if it is `now` now; the first of all times where it is before that.
    pub fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(period) => {
                let seconds = i64::try_from(period.seconds()).unwrap_or(i64::MAX);
                now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
            }
        }
    }
}

impl Explain for MomentError {
    fn why(&self) -> String {
        "a day, a time or a period is wanted".to_owned()
    }

    fn next(&self) -> String {
        "git hotfix report --since 30d  # or --since 2026-01-31, or 2026-01-31T08:00:00Z".to_owned()
    }

    fn exit(&self) -> ExitCode {
        ExitCode::USAGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_times_and_periods_are_moments() {
        let now: Timestamp = "2026-03-01T02:14:00Z".parse().unwrap();
        let time = |text: &str| text.parse::<Moment>().map(|moment| moment.time(now).to_string()).ok();
        assert_eq!(time("2026-01-31").as_deref(), Some("2026-01-31T00:00:00Z"));
        assert_eq!(time("2026-01-31T08:00:00+01:00").as_deref(), Some("2026-01-31T07:00:00Z"));
        assert_eq!(time("30d").as_deref(), Some("2026-01-30T02:14:00Z"));
        assert_eq!(time("999999999d").map(|time| time.starts_with('-')), Some(true));
        for text in ["", "yesterday", "2026-13-01", "30"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
