//! Plots as shapes and labels; the template draws them.

use serde::Serialize;

/// Size of the drawing, in its own units: a small screen shows it as it is.
const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;
/// Room that one letter of a label takes, and the room between two labels.
const LETTER: f64 = 6.2;
const APART: f64 = 8.0;
/// Room that a label beside a plot takes.
const LINE: f64 = 13.0;
/// What an axis of lengths of time may be labelled with, in seconds.
const LENGTHS: &[u64] = &[
    1,
    10,
    60,
    300,
    900,
    3_600,
    4 * 3_600,
    12 * 3_600,
    86_400,
    3 * 86_400,
    7 * 86_400,
    30 * 86_400,
    90 * 86_400,
    365 * 86_400,
];

/// A plot, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plot {
    title: String,
    /// What it shows, for people who do not see it.
    told: String,
    empty: bool,
    legend: Vec<Legend>,
    rows: Vec<Label>,
    columns: Vec<Label>,
    bars: Vec<Bar>,
    dots: Vec<Dot>,
    /// Corners of a line, as SVG has them.
    line: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Legend {
    tone: &'static str,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Label {
    at: f64,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    tone: &'static str,
    told: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Dot {
    x: f64,
    y: f64,
    told: String,
}

/// Numbers of one kind, one for each column.
#[derive(Clone, Debug)]
pub struct Series {
    /// What is counted.
    pub name: String,
    /// The name of its colour: `good`, `warning`, `bad`, `accent`.
    pub tone: &'static str,
    /// The numbers.
    pub values: Vec<u64>,
}

/// A length of time at a moment.
#[derive(Clone, Debug)]
pub struct Point {
    /// Where between the first moment, 0, and the last, 1.
    pub at: f64,
    /// The length.
    pub seconds: u64,
    /// What it is, in one line.
    pub told: String,
}

/// Seconds in a word: `42 s`, `3 min`, `2 h`, `2 h 5 min`, `4 d`.
pub fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 if minutes % 60 == 0 => format!("{hours} h"),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} d"),
        _ => format!("{days} d {} h", hours % 24),
    }
}

impl Plot {
    fn new(title: &str, told: String) -> Self {
        Self {
            title: title.to_owned(),
            told,
            empty: false,
            legend: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
            bars: Vec::new(),
            dots: Vec::new(),
            line: String::new(),
        }
    }

    /// Columns of numbers, one on top of the other. With `of`, shares of these numbers in percent.
    pub fn columns(title: &str, labels: &[String], series: &[Series], of: Option<&[u64]>) -> Self {
        let sum = |series: &Series| series.values.iter().sum::<u64>();
        let told = series.iter().map(|series| format!("{}: {}", series.name, sum(series)));
        let mut plot = Self::new(title, told.collect::<Vec<_>>().join(", "));
        plot.legend =
            series.iter().map(|series| Legend { tone: series.tone, text: series.name.clone() }).collect();
        let whole = of.map_or_else(|| series.iter().map(sum).sum(), |of| of.iter().sum::<u64>());
        plot.empty = whole == 0;
        let top = if of.is_some() { 100.0 } else { nice(highest(series)) };
        let unit = if of.is_some() { " %" } else { "" };
        plot.rows = [0.0, 0.5, 1.0]
            .map(|share| Label { at: row(share), text: format!("{}{unit}", (top * share).round()) })
            .to_vec();
        plot.columns = sparse(labels);
        let slot = (WIDTH - LEFT - RIGHT) / number(labels.len().max(1));
        for (at, label) in labels.iter().enumerate() {
            plot.stack(at, (label, slot), series, (top, of));
        }
        plot
    }

    fn stack(
        &mut self,
        at: usize,
        (label, slot): (&str, f64),
        series: &[Series],
        (top, of): (f64, Option<&[u64]>),
    ) {
        let mut below = 0.0;
        for series in series {
            let value = series.values.get(at).copied().unwrap_or(0);
            let share = match of.map(|of| of.get(at).copied().unwrap_or(0)) {
                Some(0) => 0.0,
                Some(of) => real(value) / real(of),
                None => real(value) / top,
            };
            if value > 0 {
                let (high, low) = (row((below + share).min(1.0)), row(below));
                self.bars.push(Bar {
                    x: round(LEFT + slot * number(at) + slot * 0.12),
                    y: high,
                    width: round(slot * 0.76),
                    height: round(low - high),
                    tone: series.tone,
                    told: format!("{label}: {value} {}", series.name),
                });
            }
            below += share;
        }
    }

    /// Lengths of time over time, the higher the longer, each mark of the axis many times the one before. `line` are the
    /// medians; without `dots` only these are drawn.
    pub fn lengths(title: &str, labels: &[String], dots: &[Point], line: &[Point]) -> Self {
        let told = format!("{} lengths of time", dots.len().max(line.len()));
        let mut plot = Self::new(title, told);
        let all = || dots.iter().chain(line).map(|point| point.seconds.max(1));
        let (Some(low), Some(high)) = (all().min(), all().max()) else {
            plot.empty = true;
            return plot;
        };
        let (low, high) = around(low, high);
        let share = |seconds: u64| (real(seconds.max(1)).ln() - low.ln()) / (high.ln() - low.ln());
        let marks = LENGTHS.iter().filter(|length| (low..=high).contains(&real(**length)));
        let rows = marks.map(|length| Label { at: row(share(*length)), text: duration(*length) });
        plot.rows = rows.fold(Vec::new(), with_room);
        plot.columns = sparse(labels);
        let place = |point: &Point| (across(point.at), row(share(point.seconds)));
        plot.dots = dots
            .iter()
            .map(|point| {
                let (x, y) = place(point);
                Dot { x, y, told: point.told.clone() }
            })
            .collect();
        let corners = line.iter().map(place).map(|(x, y)| format!("{x},{y}"));
        plot.line = corners.collect::<Vec<_>>().join(" ");
        plot.legend = vec![Legend { tone: "accent", text: "median".to_owned() }];
        plot
    }
}

/// The marks of the axis between which all lengths are.
fn around(low: u64, high: u64) -> (f64, f64) {
    let below = LENGTHS.iter().rev().find(|length| **length <= low).copied().unwrap_or(1);
    let above = LENGTHS.iter().find(|length| **length > high).copied().unwrap_or(high * 2);
    (real(below), real(above))
}

fn highest(series: &[Series]) -> u64 {
    let columns = series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    let sum = |at: usize| series.iter().filter_map(|series| series.values.get(at)).sum::<u64>();
    (0..columns).map(sum).max().unwrap_or(0)
}

/// The next even number with one digit that is not zero.
fn nice(most: u64) -> f64 {
    let step = 10_u64.pow(most.max(1).ilog10());
    let top = most.max(1).div_ceil(step) * step;
    real(if top.is_multiple_of(2) { top } else { top + step.max(1) })
}

/// The labels with one more above them, if there is room for it.
fn with_room(mut rows: Vec<Label>, next: Label) -> Vec<Label> {
    if rows.last().is_none_or(|last| last.at - next.at >= LINE) {
        rows.push(next);
    }
    rows
}

/// As many labels as there is room for, at the middle of their columns.
fn sparse(labels: &[String]) -> Vec<Label> {
    let slot = (WIDTH - LEFT - RIGHT) / number(labels.len().max(1));
    let letters = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let room = number(letters) * LETTER;
    let every =
        (1..labels.len()).find(|every| number(*every) * slot >= room + APART).unwrap_or(labels.len().max(1));
    let inside = |at: f64| at.clamp(room / 2.0, WIDTH - room / 2.0);
    let label = |(at, text): (usize, &String)| Label {
        at: round(inside(LEFT + slot * (number(at) + 0.5))),
        text: text.clone(),
    };
    labels.iter().enumerate().step_by(every).map(label).collect()
}

fn row(share: f64) -> f64 {
    round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))
}

fn across(share: f64) -> f64 {
    round(LEFT + share * (WIDTH - LEFT - RIGHT))
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "numbers are drawn, not counted")]
fn real(value: u64) -> f64 {
    value as f64
}

fn number(count: usize) -> f64 {
    real(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("d{at}")).collect()
    }

    #[test]
    fn lengths_of_time_are_said_shortly() {
        let said = [0, 59, 60, 3_599, 3_600, 7_500, 86_400, 90_000].map(duration);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h", "2 h 5 min", "1 d", "1 d 1 h"]);
    }

    #[test]
    fn shares_are_drawn_to_scale() {
        let series = |values| Series { name: "unproven".to_owned(), tone: "bad", values };
        let plot = Plot::columns("shares", &labels(2), &[series(vec![1, 0])], Some(&[2, 0]));
        assert_eq!(plot.bars.len(), 1, "nothing of nothing is not drawn");
        let whole = HEIGHT - TOP - BOTTOM;
        assert!((plot.bars[0].height - whole / 2.0).abs() < 0.2);
        assert!(!plot.empty);
        assert!(Plot::columns("none", &labels(2), &[series(vec![0, 0])], Some(&[0, 0])).empty);
    }

    #[test]
    fn everything_is_inside_of_the_drawing() {
        let point = |at: f64, seconds| Point { at, seconds, told: String::new() };
        let dots = [point(0.0, 0), point(0.5, 3_600), point(1.0, 400_000_000)];
        let plot = Plot::lengths("restore", &labels(30), &dots, &dots);
        assert!(
            plot.dots.iter().all(|dot| (LEFT..=WIDTH).contains(&dot.x) && (TOP..=HEIGHT).contains(&dot.y))
        );
        assert!((3..=12).contains(&plot.columns.len()));
        assert!(plot.rows.windows(2).all(|pair| pair[0].at - pair[1].at >= LINE), "labels over each other");
        let series = [Series { name: "a".to_owned(), tone: "good", values: vec![3, 17, 99] }];
        let plot = Plot::columns("numbers", &labels(3), &series, None);
        assert!(plot.bars.iter().all(|bar| bar.y >= TOP && bar.x + bar.width <= WIDTH));
        assert_eq!(plot.rows[2].text, "100");
        assert!(Plot::lengths("none", &[], &[], &[]).empty);
    }
}
