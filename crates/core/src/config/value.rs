//! What values must be, and how to say what they are instead.

use std::ops::Range;

use hotfix_model::Period;
use toml_edit::Value;

use super::shown::{quoted, shown};

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A word fit for the type of a Conventional Commit.
    Word,
    /// Text that is run.
    Command,
    /// A list of texts.
    Texts,
    /// A list of texts that are run.
    Commands,
    /// True or false.
    Switch,
    /// A whole number.
    Number {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A length of time.
    Period,
    /// A length of time after which something is stopped: not zero.
    Limit,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// A value that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What it must be.
    pub(super) expected: String,
    /// What it is.
    pub(super) found: String,
    /// Where it is, in bytes of the file.
    pub(super) span: Option<Range<usize>>,
}

/// A hundred years: more is a slip, and would overflow where it is added to a time.
const LONGEST: Period = Period::from_seconds(36_500 * 86_400);

impl Kind {
    /// Checks a value.
    pub(super) fn check(self, value: &Value) -> Result<(), Problem> {
        match self {
            Self::Texts | Self::Commands => return self.check_list(value),
            Self::Period | Self::Limit => return self.check_period(value),
            _ => {}
        }
        let right = match self {
            Self::Switch => value.is_bool(),
            Self::Number { least, most } => {
                value.as_integer().is_some_and(|number| (least..=most).contains(&number))
            }
            Self::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Self::Word => value.as_str().is_some_and(is_word),
            _ => value.is_str(),
        };
        if right { Ok(()) } else { Err(self.problem(value)) }
    }

    /// The kind in words.
    fn expected(self) -> String {
        match self {
            Self::Text | Self::Command => "text in quotes".to_owned(),
            Self::Word => "a word such as \"fix\"".to_owned(),
            Self::Texts => "a list of texts such as [\"a\", \"b\"]".to_owned(),
            Self::Commands => "a list of commands such as [\"make lint\"]".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Number { least, most: i64::MAX } => format!("a whole number from {least} up"),
            Self::Number { least, most } => format!("a whole number from {least} to {most}"),
            Self::Period => "a period such as \"5m\": a number and s, m, h or d".to_owned(),
            Self::Limit => "a period above zero such as \"5m\": a number and s, m, h or d".to_owned(),
            Self::OneOf(words) => either(words),
        }
    }

    fn problem(self, value: &Value) -> Problem {
        Problem { expected: self.expected(), found: found(value), span: value.span() }
    }

    fn check_list(self, value: &Value) -> Result<(), Problem> {
        let Some(list) = value.as_array() else {
            return Err(self.problem(value));
        };
        let blank = |text: &str| matches!(self, Self::Commands) && text.trim().is_empty();
        match list.iter().find(|member| member.as_str().is_none_or(blank)) {
            Some(member) => {
                let problem = self.problem(member);
                Err(Problem { found: format!("{} in the list", problem.found), ..problem })
            }
            None => Ok(()),
        }
    }

    fn check_period(self, value: &Value) -> Result<(), Problem> {
        let period: Option<Period> = value.as_str().and_then(|text| text.parse().ok());
        match period {
            Some(period) if period > LONGEST => {
                Err(Problem { expected: format!("a period of at most {LONGEST}"), ..self.problem(value) })
            }
            Some(period) if period.seconds() > 0 || matches!(self, Self::Period) => Ok(()),
            _ => Err(self.problem(value)),
        }
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn either(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// What a value is, in words.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{}\"", shown(text.value())),
        Value::Integer(number) => format!("the number {}", number.value()),
        Value::Float(number) => format!("the number {}", number.value()),
        Value::Boolean(switch) => switch.value().to_string(),
        Value::Datetime(_) => "a date or time".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::InlineTable(_) => "a table".to_owned(),
    }
}

/// The same value without comments, line breaks and its own way of writing.
pub(super) fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.value().as_str()),
        Value::Integer(number) => Value::from(*number.value()),
        Value::Boolean(switch) => Value::from(*switch.value()),
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        Value::Float(_) | Value::Datetime(_) | Value::InlineTable(_) => value.clone(),
    }
}

/// The value as TOML on one line.
pub(super) fn on_one_line(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text.value()),
        Value::Array(list) => {
            let members: Vec<String> = list.iter().map(on_one_line).collect();
            format!("[{}]", members.join(", "))
        }
        _ => value.to_string().trim().to_owned(),
    }
}
