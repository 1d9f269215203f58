//! A commit as it is stored: the headers, an empty line, the message.

use super::{Object, Oid};

/// What we need of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredCommit<'a> {
    /// Its tree.
    pub tree: Oid,
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// How far the committer's clock was from UTC: `+0130`.
    pub zone: &'a str,
    message: &'a str,
}

impl Object {
    /// The commit, if it is one whose headers are as Git writes them and whose text is ASCII: what other text looks
    /// like depends on the configuration.
    pub(super) fn commit(&self) -> Option<StoredCommit<'_>> {
        let text = Some(&self.bytes)
            .filter(|bytes| self.kind == "commit" && bytes.is_ascii() && !bytes.contains(&0))?;
        let (headers, message) = std::str::from_utf8(text).ok()?.split_once("\n\n")?;
        let header = |name: &str| headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let mut words = header("committer")?.rsplit(' ');
        let (zone, time) = (words.next()?, words.next()?.parse().ok()?);
        Some(StoredCommit { tree: Oid::parse(header("tree")?)?, time, zone, message })
    }
}

/// Without what Git takes for space at the end.
fn trimmed(line: &str) -> &str {
    line.trim_end_matches([' ', '\t', '\r'])
}

impl StoredCommit<'_> {
    /// The first paragraph in one line (`%s`).
    pub(super) fn subject(&self) -> String {
        let lines = self.message.split('\n').map(trimmed).skip_while(|line| line.is_empty());
        lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// When it was made, by the committer's clock (`%ci`); `None` for a zone that is none.
    pub(super) fn local_time(&self) -> Option<String> {
        let (sign, digits) = self.zone.split_at_checked(1)?;
        let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i32>().ok();
        let seconds = (number(0..2)? * 60 + number(2..4)?) * 60;
        let offset = match sign {
            "+" => seconds,
            "-" => -seconds,
            _ => return None,
        };
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(offset).ok()?);
        let local = jiff::Timestamp::from_second(self.time).ok()?.to_zoned(zone);
        let right = digits.len() == 4 && number(2..4)? < 60;
        right.then(|| format!("{} {}", local.strftime("%Y-%m-%d %H:%M:%S"), self.zone))
    }
}
