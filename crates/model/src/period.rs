//! Lengths of time as people write them: `90s`, `5m`, `24h`, `5d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in whole seconds; a day is 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(u64);

/// The text was not a number followed by `s`, `m`, `h` or `d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePeriodError(String);

impl Period {
    /// A period of so many seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The period in seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The period as a standard duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Period {
    type Err = ParsePeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePeriodError(text.to_owned());
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = text.strip_suffix(unit).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0;
        match seconds {
            0 => formatter.write_str("0s"),
            _ if seconds.is_multiple_of(86_400) => write!(formatter, "{}d", seconds / 86_400),
            _ if seconds.is_multiple_of(3_600) => write!(formatter, "{}h", seconds / 3_600),
            _ if seconds.is_multiple_of(60) => write!(formatter, "{}m", seconds / 60),
            _ => write!(formatter, "{seconds}s"),
        }
    }
}

impl fmt::Display for ParsePeriodError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a period; write a number and s, m, h or d, as in `5m`", self.0)
    }
}

impl std::error::Error for ParsePeriodError {}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Period {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+[smhd]$",
            "description": "A number and its unit: s, m, h or d, as in 5m"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["0s", "90s", "5m", "24h", "5d"] {
            let period: Period = text.parse().unwrap();
            let again: Period = period.to_string().parse().unwrap();
            assert_eq!(again, period);
        }
        assert_eq!("90s".parse::<Period>().unwrap().seconds(), 90);
        assert_eq!("24h".parse::<Period>().unwrap().to_string(), "1d");
    }

    #[test]
    fn refuses_what_is_no_period() {
        for text in ["", "m", "5", "5x", "-5m", "5 m", "99999999999999999999d", "18446744073709551615d", "5µ"]
        {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
