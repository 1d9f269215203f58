//! What happened, one below the other, the distances those of time as far as there is room.

use jiff::Timestamp;
use serde::Serialize;

use super::duration;

/// Height of one line of text.
const LEAST: f64 = 34.0;
/// The longest distance between two neighbours.
const MOST: f64 = 90.0;
/// Room above the first mark.
const TOP: f64 = 18.0;

/// The colour of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// As hoped.
    Good,
    /// Worth a look.
    Warning,
    /// What was wrong.
    Bad,
    /// Neither.
    Accent,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What, in one or two words.
    pub what: String,
    /// More about it, in one line; may be empty.
    pub detail: String,
    /// Its colour.
    pub tone: Tone,
}

/// The drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timeline {
    height: f64,
    marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Mark {
    y: f64,
    what: String,
    detail: String,
    tone: Tone,
    /// Time of day, in UTC.
    time: String,
    /// The day, where it is another one than that of the mark before.
    day: Option<String>,
    /// Time since the first mark.
    since: String,
}

impl Timeline {
    /// Draws what happened, in the order of time.
    pub fn of(happenings: &[Happening]) -> Self {
        let mut sorted = happenings.to_vec();
        sorted.sort_by_key(|happening| happening.at);
        let first = sorted.first().map_or(Timestamp::UNIX_EPOCH, |first| first.at);
        let longest = longest_gap(&sorted);
        let (mut marks, mut y, mut before) = (Vec::new(), TOP, None);
        for Happening { at, what, detail, tone } in sorted {
            if let Some(before) = before {
                y += distance(seconds(before, at), longest);
            }
            let day = at.strftime("%Y-%m-%d").to_string();
            let same = before.is_some_and(|before: Timestamp| before.strftime("%Y-%m-%d").to_string() == day);
            marks.push(Mark {
                y,
                what,
                detail,
                tone,
                time: at.strftime("%H:%M:%S").to_string(),
                day: (!same).then_some(day),
                since: duration(seconds(first, at)),
            });
            before = Some(at);
        }
        Self { height: y + TOP + 6.0, marks }
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

fn longest_gap(sorted: &[Happening]) -> u64 {
    sorted.windows(2).map(|pair| seconds(pair[0].at, pair[1].at)).max().unwrap_or(0)
}

/// Long times are drawn longer, and no two marks over each other.
#[expect(clippy::cast_precision_loss, reason = "seconds are drawn, not counted")]
fn distance(seconds: u64, longest: u64) -> f64 {
    let share = if longest == 0 { 0.0 } else { seconds as f64 / longest as f64 };
    (LEAST + (MOST - LEAST) * share).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happening(second: i64, what: &str) -> Happening {
        let at = Timestamp::from_second(second).unwrap();
        Happening { at, what: what.to_owned(), detail: String::new(), tone: Tone::Good }
    }

    #[test]
    fn marks_are_in_the_order_of_time_and_never_over_each_other() {
        let drawn = Timeline::of(&[happening(7200, "merged"), happening(0, "alert"), happening(60, "red")]);
        let marks: Vec<_> =
            drawn.marks.iter().map(|mark| (mark.what.as_str(), mark.since.as_str())).collect();
        assert_eq!(marks, [("alert", "0 s"), ("red", "1 min"), ("merged", "2 h")]);
        assert!(drawn.marks.windows(2).all(|pair| pair[1].y - pair[0].y >= LEAST));
        assert_eq!(drawn.marks.iter().filter(|mark| mark.day.is_some()).count(), 1);
        assert!(drawn.height > drawn.marks[2].y);
    }

    #[test]
    fn one_moment_and_nothing_are_drawn_as_well() {
        assert_eq!(Timeline::of(&[happening(5, "a"), happening(5, "b")]).marks.len(), 2);
        assert_eq!(Timeline::of(&[]).marks.len(), 0);
    }
}
