//! The tables of the manual.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

/// The orders that are compared, as they are called in the results and on the page.
const ORDERS: &[(&str, &str)] = &[
    ("whole", "the fix with its tests"),
    ("whole_map", "the same, with an impact map"),
    ("sources", "as if no test had been changed"),
    ("sources_map", "the same, with an impact map"),
];
/// Suites longer than this many seconds are told apart.
const LONG: f64 = 10.0;

/// Both tables: by repository, and by order.
pub fn tables(results: &Path) -> Result<String> {
    let text = std::fs::read_to_string(results)?;
    let rows: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(format!("{}\n{}", by_repository(&rows)?, by_order(&rows)?))
}

fn caught(rows: &[Value]) -> impl Iterator<Item = &Value> {
    rows.iter().filter(|row| row["outcome"] == "caught")
}

fn by_repository(rows: &[Value]) -> Result<String> {
    let mut all: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        all.entry(row["repository"].as_str().unwrap_or_default()).or_default().push(row);
    }
    let mut text = "| project | runner | tests | suite | fixes | with flipped tests | regressions caught by the suite | of them within a quarter | median time to the first failure |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for (name, rows) in all {
        let of = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).copied().collect::<Vec<&Value>>();
        let fixes = of("fix");
        let first = fixes.iter().filter(|row| row["broken"].as_u64() > Some(0)).count();
        let shares: Vec<f64> = rows
            .iter()
            .filter(|row| row["outcome"] == "caught")
            .filter_map(|row| row["shares"]["whole"].as_f64())
            .collect();
        let within = shares.iter().filter(|share| **share <= 0.25).count();
        let head = rows.first().copied().unwrap_or(&Value::Null);
        let seconds = head["seconds"].as_f64().unwrap_or_default();
        writeln!(
            text,
            "| {name} | {} | {} | {seconds:.1} s | {} | {first} | {} | {within} | {} |",
            head["runner"].as_str().unwrap_or_default(),
            head["tests"],
            fixes.len(),
            shares.len(),
            percent(median(shares.clone())),
        )?;
    }
    Ok(text)
}

fn by_order(rows: &[Value]) -> Result<String> {
    let mut text = "| order from | suites | regressions | caught within a tenth | within a quarter | within half | median time to the first failure |\n| --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    for (order, name) in ORDERS {
        for (is_long, suites) in [(false, "all"), (true, "longer than 10 s")] {
            let fits = |row: &&Value| !is_long || row["seconds"].as_f64() > Some(LONG);
            let shares: Vec<f64> =
                caught(rows).filter(fits).filter_map(|row| row["shares"][*order].as_f64()).collect();
            let within = |limit: f64| {
                let count = shares.iter().filter(|share| **share <= limit).count();
                percent(Some(ratio(count, shares.len())))
            };
            writeln!(
                text,
                "| {name} | {suites} | {} | {} | {} | {} | {} |",
                shares.len(),
                within(0.1),
                within(0.25),
                within(0.5),
                percent(median(shares.clone())),
            )?;
        }
    }
    Ok(text)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a study are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { f64::NAN } else { part as f64 / whole as f64 }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn percent(value: Option<f64>) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
}
