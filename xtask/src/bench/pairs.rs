//! Runs two sides in turn and compares them pair by pair.

use std::time::Duration;

use anyhow::Result;

/// What one run of one side took, by row of the table.
pub type Sample = Vec<Duration>;

/// One side of the comparison: does round `n`, gives what it took.
pub type Side<'a> = &'a mut dyn FnMut(usize) -> Result<Sample>;

/// So many pairs after one that is kept apart, because its caches are cold. The side that goes first alternates.
pub fn interleave(pairs: usize, by_hand: Side<'_>, hotfix: Side<'_>) -> Result<Vec<(Sample, Sample)>> {
    let mut samples = Vec::new();
    for round in 0..=pairs {
        let pair = if round % 2 == 0 {
            let first = by_hand(round)?;
            (first, hotfix(round)?)
        } else {
            let first = hotfix(round)?;
            (by_hand(round)?, first)
        };
        samples.push(pair);
    }
    Ok(samples)
}

/// A table with one line per row: median of both sides, median of the ratios, and their range.
pub fn table(rows: &[&str], samples: &[(Sample, Sample)]) -> String {
    let mut lines = vec![format!(
        "{:38} {:>10} {:>11} {:>7}   range of ratios",
        "median", "by hand", "git-hotfix", "ratio"
    )];
    let (first, pairs) = samples.split_at(samples.len().min(1));
    for (number, row) in rows.iter().enumerate() {
        lines.push(line(row, number, pairs));
    }
    for (number, row) in rows.iter().enumerate() {
        lines.push(line(&format!("first run: {row}"), number, first));
    }
    lines.join("\n")
}

fn line(name: &str, row: usize, pairs: &[(Sample, Sample)]) -> String {
    let milliseconds = |sample: &Sample| sample.get(row).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    let by_hand = median(pairs.iter().map(|(by_hand, _)| milliseconds(by_hand)));
    if pairs.iter().all(|(_, hotfix)| hotfix.is_empty()) {
        return format!("{name:38} {by_hand:7.1} ms");
    }
    let hotfix = median(pairs.iter().map(|(_, hotfix)| milliseconds(hotfix)));
    let ratios = || pairs.iter().map(|(by_hand, hotfix)| milliseconds(hotfix) / milliseconds(by_hand));
    let (low, high) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    let ratio = median(ratios());
    format!("{name:38} {by_hand:7.1} ms {hotfix:8.1} ms {ratio:7.3}   {low:.3} .. {high:.3}")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
    let lower = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN);
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pair_is_kept_apart_and_sides_alternate() {
        let order = std::cell::RefCell::new(Vec::new());
        let mut one = |round: usize| {
            order.borrow_mut().push('a');
            Ok(vec![Duration::from_millis(if round == 0 { 900 } else { 100 })])
        };
        let mut other = |round: usize| {
            order.borrow_mut().push('b');
            Ok(vec![Duration::from_millis(10 * (1 + round as u64))])
        };
        let samples = interleave(2, &mut one, &mut other).unwrap();
        assert_eq!(order.borrow().iter().collect::<String>(), "abbaab");
        let table = table(&["wall"], &samples);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[1],
            "wall                                     100.0 ms     25.0 ms   0.250   0.200 .. 0.300"
        );
        assert!(lines[2].starts_with("first run: wall"), "{}", lines[2]);
    }

    #[test]
    fn median_of_odd_and_even_numbers() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
    }
}
