//! The report as its page shows it.

use hotfix_model::output::{DebtState, ReportLine, ReportOutput};
use hotfix_model::{ProofVerdict, Stage, SuiteVerdict};
use jiff::Timestamp;
use serde::Serialize;

use super::buckets::Buckets;
use super::median;
use crate::flow::prove;
use crate::page::{Plot, Point, Series, duration};

/// More dots than this are a cloud; then only the medians are drawn.
const MOST_DOTS: usize = 400;
/// Ages of open debts: days after the due time, and how they are called.
const AGES: [(i64, &str); 5] =
    [(0, "not due"), (1, "< 1 day"), (7, "< 1 week"), (30, "< 1 month"), (i64::MAX, "older")];

/// What the page shows.
#[derive(Serialize)]
pub struct View<'a> {
    title: &'static str,
    period: String,
    at: String,
    figures: Vec<Figure>,
    plots: Vec<Plot>,
    rows: Vec<Row<'a>>,
    unreadable: &'a [String],
}

/// A number and what it is.
#[derive(Serialize)]
pub struct Figure {
    /// The number.
    pub value: String,
    /// What it is.
    pub what: String,
    /// Name of its colour; empty for that of text.
    pub tone: &'static str,
}

#[derive(Serialize)]
struct Row<'a> {
    started: String,
    id: &'a str,
    link: Option<&'a str>,
    incident: Option<&'a str>,
    alert: &'a str,
    author: &'a str,
    stage: &'static str,
    restored: String,
    proof: (&'static str, &'static str),
    test: (&'static str, &'static str),
    skipped: String,
    review: (&'static str, &'static str),
    postmortem: (&'static str, &'static str),
}

/// The view of a report.
pub fn of(report: &ReportOutput) -> View<'_> {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let period = match (report.since.map(day), report.until.map(day)) {
        (Some(since), Some(until)) => format!("{since} to {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "all that is known here".to_owned(),
    };
    View {
        title: "Emergency changes",
        period,
        at: minute(report.at),
        figures: figures(report),
        plots: plots(report),
        rows: report.hotfixes.iter().map(row).collect(),
        unreadable: &report.unreadable,
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn figures(report: &ReportOutput) -> Vec<Figure> {
    let totals = &report.totals;
    let figure = |value: String, what: &str, tone| Figure { value, what: what.to_owned(), tone };
    let tone = |bad: u64| if bad == 0 { "good" } else { "bad" };
    let warning = |count: u64| if count == 0 { "good" } else { "warning" };
    let reviews = totals.reviews_on_time + totals.reviews_late;
    vec![
        figure(totals.hotfixes.to_string(), "emergency changes", ""),
        figure(totals.merged.to_string(), "merged", ""),
        figure(
            totals.median_restore_seconds.map_or_else(|| "–".to_owned(), duration),
            "median time to restore",
            "",
        ),
        figure(
            format!("{} of {}", totals.unproven, totals.shipped),
            "shipped without proof",
            warning(totals.unproven),
        ),
        figure(
            format!("{} of {}", totals.skipped, totals.shipped),
            "with a skipped gate",
            warning(totals.skipped),
        ),
        figure(
            format!("{} of {reviews}", totals.reviews_on_time),
            "reviews on time",
            tone(totals.reviews_late),
        ),
        figure(
            format!("{} of {}", totals.overdue_debts, totals.open_debts),
            "open debts overdue",
            tone(totals.overdue_debts),
        ),
    ]
}

fn plots(report: &ReportOutput) -> Vec<Plot> {
    let lines = &report.hotfixes;
    let buckets = Buckets::over(lines.iter().map(|line| line.started_at));
    vec![restored(lines, &buckets), without(lines, &buckets), reviews(lines, &buckets), debts(report)]
}

/// How many of the lines in each stretch of time are so.
fn count(lines: &[ReportLine], buckets: &Buckets, wanted: impl Fn(&ReportLine) -> bool) -> Vec<u64> {
    let mut counts = vec![0; buckets.count()];
    for line in lines.iter().filter(|line| wanted(line)) {
        if let Some(count) = counts.get_mut(buckets.of(line.started_at)) {
            *count += 1;
        }
    }
    counts
}

fn restored(lines: &[ReportLine], buckets: &Buckets) -> Plot {
    let mut by_bucket: Vec<Vec<(Timestamp, u64)>> = vec![Vec::new(); buckets.count()];
    let mut dots = Vec::new();
    for line in lines.iter().rev() {
        let Some(seconds) = line.restore_seconds else { continue };
        let told = format!("{}: {}", line.id, duration(seconds));
        dots.push(Point { at: buckets.share(line.started_at), seconds, told });
        if let Some(bucket) = by_bucket.get_mut(buckets.of(line.started_at)) {
            bucket.push((line.started_at, seconds));
        }
    }
    let point = |bucket: Vec<(Timestamp, u64)>| {
        let middle = median(bucket.iter().map(|(_, seconds)| *seconds).collect())?;
        let (at, _) = bucket.get(bucket.len() / 2)?;
        Some(Point { at: buckets.share(*at), seconds: middle, told: String::new() })
    };
    let medians: Vec<Point> = by_bucket.into_iter().filter_map(point).collect();
    if dots.len() > MOST_DOTS {
        dots.clear();
    }
    Plot::lengths("Time to restore", &buckets.labels(), &dots, &medians)
}

fn without(lines: &[ReportLine], buckets: &Buckets) -> Plot {
    let series = |name: &str, tone, wanted: &dyn Fn(&ReportLine) -> bool| Series {
        name: name.to_owned(),
        tone,
        values: count(lines, buckets, |line| line.is_shipped() && wanted(line)),
    };
    let all = count(lines, buckets, ReportLine::is_shipped);
    let parts = [
        series("proven, with a skipped gate", "accent", &|line| line.is_proven() && !line.skipped.is_empty()),
        series("unproven", "warning", &|line| !line.is_proven() && line.skipped.is_empty()),
        series("unproven, with a skipped gate", "bad", &|line| !line.is_proven() && !line.skipped.is_empty()),
    ];
    Plot::columns("Share unproven and skipped", &buckets.labels(), &parts, Some(&all))
}

fn reviews(lines: &[ReportLine], buckets: &Buckets) -> Plot {
    let states = [
        ("on time", "good", DebtState::OnTime),
        ("not due yet", "accent", DebtState::Open),
        ("late", "warning", DebtState::Late),
        ("overdue", "bad", DebtState::Overdue),
    ];
    let series = states.map(|(name, tone, state)| Series {
        name: name.to_owned(),
        tone,
        values: count(lines, buckets, |line| line.review == Some(state)),
    });
    let all = count(lines, buckets, |line| line.review.is_some());
    Plot::columns("Reviews", &buckets.labels(), &series, Some(&all))
}

fn debts(report: &ReportOutput) -> Plot {
    let mut counts = vec![0; AGES.len()];
    for due in report.hotfixes.iter().flat_map(|line| &line.open_debts) {
        let seconds = report.at.as_second() - due.as_second();
        let days = if seconds < 0 { -1 } else { seconds / 86_400 };
        let at = AGES.iter().position(|(end, _)| days < *end).unwrap_or(AGES.len() - 1);
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    let labels: Vec<String> = AGES.iter().map(|(_, name)| (*name).to_owned()).collect();
    let series = Series { name: "open debts".to_owned(), tone: "accent", values: counts };
    Plot::columns("Open debts by time since they were due", &labels, &[series], None)
}

fn row(line: &ReportLine) -> Row<'_> {
    let skipped: Vec<String> = line.skipped.iter().map(ToString::to_string).collect();
    Row {
        started: minute(line.started_at),
        id: &line.id,
        link: line.merge_request.as_deref().filter(|url| is_address(url)),
        incident: line.incident.as_deref(),
        alert: &line.alert,
        author: &line.author,
        stage: stage(line.stage),
        restored: line.restore_seconds.map_or_else(|| "–".to_owned(), duration),
        proof: line.proof.map_or(("none", "warning"), |verdict| (prove::word(verdict), proof_tone(verdict))),
        test: match line.test {
            Some(SuiteVerdict::Passed) => ("passed", "good"),
            Some(SuiteVerdict::Failed) => ("failed", "bad"),
            Some(SuiteVerdict::Unknown) => ("unknown", "warning"),
            None => ("none", ""),
        },
        skipped: skipped.join(", "),
        review: line.review.map_or(("", ""), debt),
        postmortem: line.postmortem.map_or(("", ""), debt),
    }
}

/// Whether a page may link there: not to what a browser would run.
pub fn is_address(url: &str) -> bool {
    url.starts_with("https:") || url.starts_with("http:")
}

/// The colour of a verdict.
pub fn proof_tone(verdict: ProofVerdict) -> &'static str {
    match verdict {
        ProofVerdict::Proven => "good",
        ProofVerdict::RedOnly | ProofVerdict::Waived | ProofVerdict::Invalid => "warning",
        ProofVerdict::NotRed | ProofVerdict::NotGreen => "bad",
    }
}

/// A stage in a word or two.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Started => "being written",
        Stage::Committed => "committed",
        Stage::Submitted => "submitted",
        Stage::Merged => "merged",
        Stage::Abandoned => "given up",
    }
}

/// A debt in a word or two, and its colour.
pub fn debt(state: DebtState) -> (&'static str, &'static str) {
    match state {
        DebtState::OnTime => ("on time", "good"),
        DebtState::Late => ("late", "warning"),
        DebtState::Open => ("open", ""),
        DebtState::Overdue => ("overdue", "bad"),
    }
}
