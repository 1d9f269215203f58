//! A report, as a table for people and as CSV for spreadsheets.

use hotfix_core::exec::sanitize_line;
use hotfix_core::flow::prove;
use hotfix_core::page::duration;
use hotfix_model::output::{DebtState, ReportLine, ReportOutput};
use hotfix_model::{Stage, SuiteVerdict};
use jiff::Timestamp;

use super::{Paint, count};

/// Most characters of an alert in the table.
const ALERT: usize = 48;
/// What a spreadsheet takes for the begin of a formula.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

/// One line for each hotfix, the sums below.
pub fn report(paint: Paint, report: &ReportOutput) -> String {
    if report.hotfixes.is_empty() {
        return "no emergency change in this period".to_owned();
    }
    let rows: Vec<[String; 7]> = report.hotfixes.iter().map(cells).collect();
    let head = ["started", "hotfix", "stage", "restored in", "proof", "review", "alert"].map(str::to_owned);
    let width =
        |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells = widths.iter().enumerate().map(|(column, width)| format!("{:<width$}  ", row[column]));
        format!("{}{}", cells.collect::<String>(), row[6])
    };
    let mut lines = vec![paint.dim(line(&head).trim_end())];
    lines.extend(rows.iter().map(|row| line(row).trim_end().to_owned()));
    lines.push(String::new());
    lines.extend(totals(paint, report));
    lines.join("\n")
}

fn cells(line: &ReportLine) -> [String; 7] {
    let skipped: Vec<String> = line.skipped.iter().map(|gate| format!("{gate} skipped")).collect();
    let proof = line.proof.map_or("none", prove::word).to_owned();
    [
        line.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
        sanitize_line(&line.id),
        stage(line.stage).to_owned(),
        line.restore_seconds.map_or_else(|| "–".to_owned(), duration),
        std::iter::once(proof).chain(skipped).collect::<Vec<_>>().join(", "),
        line.review.map_or("–", debt).to_owned(),
        sanitize_line(&line.alert).chars().take(ALERT).collect(),
    ]
}

fn totals(paint: Paint, report: &ReportOutput) -> Vec<String> {
    let totals = &report.totals;
    let restore = totals.median_restore_seconds.map_or_else(|| "unknown".to_owned(), duration);
    let mut lines = vec![
        format!(
            "{}, {} shipped, {} merged; median time to restore {restore}",
            count(totals.hotfixes, "emergency change"),
            totals.shipped,
            totals.merged,
        ),
        format!(
            "of those shipped: {} without proof, {} with a skipped gate; reviews: {} on time, {} late",
            totals.unproven, totals.skipped, totals.reviews_on_time, totals.reviews_late
        ),
    ];
    let debts = format!("{} open, {} overdue", count(totals.open_debts, "debt"), totals.overdue_debts);
    lines.push(if totals.overdue_debts == 0 { debts } else { paint.bad(&debts) });
    lines
}

/// RFC 4180, and no cell that a spreadsheet would compute.
pub fn report_csv(report: &ReportOutput) -> String {
    const HEAD: &str = "id,started_at,submitted_at,merged_at,restore_seconds,stage,alert,incident,severity,author,\
                        authorised_by,proof,test,skipped,review,reviewed_by,reviewed_at,postmortem,open_debts,files,added,removed,commit,merge_request";
    let lines = report.hotfixes.iter().map(|line| {
        let cells = values(line).into_iter().map(|value| cell(&value));
        cells.collect::<Vec<_>>().join(",")
    });
    std::iter::once(HEAD.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn values(line: &ReportLine) -> Vec<String> {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let size = |part: fn(hotfix_model::Size) -> u64| number(line.size.map(part));
    let skipped: Vec<String> = line.skipped.iter().map(ToString::to_string).collect();
    vec![
        line.id.clone(),
        line.started_at.to_string(),
        time(line.submitted_at),
        time(line.merged_at),
        number(line.restore_seconds),
        stage(line.stage).to_owned(),
        line.alert.clone(),
        text(line.incident.as_ref()),
        text(line.severity.as_ref()),
        line.author.clone(),
        text(line.authorised_by.as_ref()),
        line.proof.map_or("none", prove::word).to_owned(),
        test(line.test).to_owned(),
        skipped.join(" "),
        line.review.map_or("", debt).to_owned(),
        text(line.reviewed_by.as_ref()),
        time(line.reviewed_at),
        line.postmortem.map_or("", debt).to_owned(),
        line.open_debts.len().to_string(),
        size(|size| size.files),
        size(|size| size.added),
        size(|size| size.removed),
        text(line.commit.as_ref()),
        text(line.merge_request.as_ref()),
    ]
}

/// One cell. An apostrophe makes a spreadsheet take what follows as text.
fn cell(value: &str) -> String {
    let value = hotfix_core::exec::sanitize(value);
    let guard = if value.trim_start().starts_with(FORMULA) { "'" } else { "" };
    if guard.is_empty() && !value.contains([',', '"', '\n', ';']) {
        return value;
    }
    format!("\"{guard}{}\"", value.replace('"', "\"\""))
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Started => "being written",
        Stage::Committed => "committed",
        Stage::Submitted => "submitted",
        Stage::Merged => "merged",
        Stage::Abandoned => "given up",
    }
}

fn test(verdict: Option<SuiteVerdict>) -> &'static str {
    match verdict {
        Some(SuiteVerdict::Passed) => "passed",
        Some(SuiteVerdict::Failed) => "failed",
        Some(SuiteVerdict::Unknown) => "unknown",
        None => "none",
    }
}

fn debt(state: DebtState) -> &'static str {
    match state {
        DebtState::OnTime => "on time",
        DebtState::Late => "late",
        DebtState::Open => "open",
        DebtState::Overdue => "overdue",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for value in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\r=1", "\u{1b}[31m=1"] {
            let cell = cell(value);
            assert!(cell.starts_with("\"'"), "{value:?}: {cell}");
        }
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        assert_eq!(cell("plain text"), "plain text");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\"\nnow"), "\"say \"\"hi\"\"\nnow\"");
        assert_eq!(cell("a\u{202e}b"), "ab");
    }
}
