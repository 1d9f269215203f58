//! Runs all sides of a comparison once per round and compares them round by round.

use std::time::Duration;

use anyhow::{Context, Result};

/// Something that is measured once per round.
pub struct Side<'a> {
    rows: Vec<Row>,
    deed: Box<dyn FnMut(usize) -> Result<Vec<Duration>> + 'a>,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is measured.
    name: String,
    /// The row it is compared with.
    against: Option<String>,
    /// What must be reached.
    goal: Option<Goal>,
}

/// What must be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// So many times what it is compared with.
    Times(f64),
    /// So many milliseconds.
    Milliseconds(f64),
}

/// A line of the table with what each round gave.
#[derive(Clone, Debug)]
pub struct Measured {
    row: Row,
    /// Milliseconds.
    rounds: Vec<f64>,
}

impl Row {
    /// A line that stands for itself.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), against: None, goal: None }
    }

    /// Compares it with another line.
    pub fn against(self, other: &str) -> Self {
        Self { against: Some(other.to_owned()), ..self }
    }

    /// What must be reached, if anything.
    pub fn goal(self, goal: Option<Goal>) -> Self {
        Self { goal, ..self }
    }
}

impl<'a> Side<'a> {
    /// A side that gives one time per row.
    pub fn new(rows: Vec<Row>, deed: impl FnMut(usize) -> Result<Vec<Duration>> + 'a) -> Self {
        Self { rows, deed: Box::new(deed) }
    }

    /// A side with one row.
    pub fn one(row: Row, mut deed: impl FnMut(usize) -> Result<Duration> + 'a) -> Self {
        Self::new(vec![row], move |round| Ok(vec![deed(round)?]))
    }
}

/// So many rounds after one that does not count, because its caches are cold. Who goes first changes with every round.
pub fn measure(mut sides: Vec<Side<'_>>, rounds: usize) -> Result<Vec<Measured>> {
    let line = |row: &Row| Measured { row: row.clone(), rounds: Vec::new() };
    let mut measured: Vec<Vec<Measured>> =
        sides.iter().map(|side| side.rows.iter().map(line).collect()).collect();
    let count = sides.len();
    for round in 0..=rounds {
        for number in (0..count).map(|number| (number + round) % count) {
            let (Some(side), Some(lines)) = (sides.get_mut(number), measured.get_mut(number)) else {
                continue;
            };
            let name = side.rows.first().map(|row| row.name.clone()).unwrap_or_default();
            let times = (side.deed)(round).with_context(|| name)?;
            if round > 0 {
                lines.iter_mut().zip(times).for_each(|(line, time)| line.add(time));
            }
        }
    }
    Ok(measured.into_iter().flatten().collect())
}

/// What `name` took beyond the slower of two that it does at the same time, as a line of its own.
pub fn beyond(measured: &[Measured], name: &str, parts: [&str; 2], goal: f64) -> Option<Measured> {
    let find = |name: &str| measured.iter().find(|line| line.row.name == name);
    let (whole, [one, other]) = (find(name)?, parts.map(find));
    let slower = one?.rounds.iter().zip(&other?.rounds).map(|(one, other)| one.max(*other));
    let rounds = whole.rounds.iter().zip(slower).map(|(whole, slower)| whole - slower).collect();
    let row = Row::new(format!("{name}: beyond the slower part")).goal(Some(Goal::Milliseconds(goal)));
    Some(Measured { row, rounds })
}

/// The table, in Markdown: median, median of the ratios and their range, and what must be reached.
pub fn table(measured: &[Measured]) -> String {
    let mut lines = vec![
        "| what | median | ratio | range of ratios | goal |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    lines.extend(measured.iter().map(|line| line.shown(measured)));
    lines.join("\n")
}

impl Measured {
    /// Adds to each round what was measured apart.
    pub fn lengthen(&mut self, more: &[Duration]) {
        self.rounds.iter_mut().zip(more).for_each(|(round, more)| *round += more.as_secs_f64() * 1000.0);
    }

    fn add(&mut self, time: Duration) {
        self.rounds.push(time.as_secs_f64() * 1000.0);
    }

    fn shown(&self, all: &[Self]) -> String {
        let Row { name, against, goal } = &self.row;
        let took = median(self.rounds.iter().copied());
        let other = against.as_ref().and_then(|name| all.iter().find(|line| line.row.name == *name));
        let ratios: Vec<f64> = other.map_or_else(Vec::new, |other| {
            self.rounds.iter().zip(&other.rounds).map(|(own, other)| own / other).collect()
        });
        let ratio = median(ratios.iter().copied());
        let (shown, range) = match ratios.is_empty() {
            true => (String::new(), String::new()),
            false => (format!("{ratio:.4}"), range(&ratios)),
        };
        let goal = goal.map(|goal| goal.shown(took, ratio)).unwrap_or_default();
        format!("| {name} | {took:.1} ms | {shown} | {range} | {goal} |")
    }
}

impl Goal {
    fn shown(self, took: f64, ratio: f64) -> String {
        let (most, unit, reached) = match self {
            Self::Times(most) => (most, "x", ratio <= most),
            Self::Milliseconds(most) => (most, " ms", took <= most),
        };
        format!("<= {most}{unit}: {}", if reached { "reached" } else { "missed" })
    }
}

fn range(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{low:.4} .. {high:.4}")
}

/// The middle value; of an even number, the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    let lower = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN);
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_first_round_does_not_count_and_sides_take_turns() {
        let order = RefCell::new(String::new());
        let one = Side::one(Row::new("one"), |round| {
            order.borrow_mut().push('a');
            Ok(Duration::from_millis(if round == 0 { 900 } else { 100 }))
        });
        let other = Row::new("other").against("one").goal(Some(Goal::Times(0.25)));
        let other = Side::one(other, |round| {
            order.borrow_mut().push('b');
            Ok(Duration::from_millis(10 * (1 + round as u64)))
        });
        let measured = measure(vec![one, other], 2).unwrap();
        assert_eq!(*order.borrow(), "abbaab");
        let table = table(&measured);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| one | 100.0 ms |  |  |  |",
                "| other | 25.0 ms | 0.2500 | 0.2000 .. 0.3000 | <= 0.25x: reached |"
            ]
        );
    }

    #[test]
    fn what_goes_beyond_the_slower_part_is_told() {
        let side = |name: &'static str, took: u64| {
            Side::one(Row::new(name), move |_| Ok(Duration::from_millis(took)))
        };
        let sides = vec![side("fetch", 30), side("start", 10), side("both", 45)];
        let measured = measure(sides, 3).unwrap();
        let beyond = beyond(&measured, "both", ["fetch", "start"], 10.0).unwrap();
        assert_eq!(
            beyond.shown(&measured),
            "| both: beyond the slower part | 15.0 ms |  |  | <= 10 ms: missed |"
        );
    }

    #[test]
    fn median_of_odd_and_even_numbers() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
    }
}
