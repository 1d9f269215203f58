//! Lists: hotfixes, events, debts, settings.

use hotfix_core::exec::sanitize_line;
use hotfix_model::output::{ListOutput, LogOutput, OwedOutput, SettingOutput, SettleOutput};
use hotfix_model::{Event, Fact, Landing, OwedKind, Review, ReviewVerdict};
use jiff::Timestamp;

use super::places::{stage, state};
use super::{Paint, ago, count, debt, short};

/// Hotfixes, one line each.
pub fn list(paint: Paint, hotfixes: &[ListOutput]) -> String {
    if hotfixes.is_empty() {
        return "no hotfix is open".to_owned();
    }
    let line = |hotfix: &ListOutput| {
        let place = hotfix.worktree.as_deref().unwrap_or("no worktree");
        format!(
            "{}  {}  {}  {}",
            paint.bold(&hotfix.id),
            stage(hotfix.stage),
            paint.dim(place),
            sanitize_line(&hotfix.alert)
        )
    };
    hotfixes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A timeline.
pub fn log(paint: Paint, output: &LogOutput) -> String {
    let mut lines = vec![paint.bold(&output.id)];
    lines.extend(output.events.iter().map(|event| {
        let at = event.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        let elapsed = event.elapsed_ms.map(|elapsed| format!(" ({elapsed} ms)")).unwrap_or_default();
        format!(
            "{}  {}  {}{}",
            paint.dim(&at),
            sanitize_line(&what(event)),
            paint.dim(&sanitize_line(&event.actor.name)),
            paint.dim(&elapsed)
        )
    }));
    if !output.intact {
        lines.push(paint.bad("some lines are missing or were changed after they were written"));
    }
    lines.join("\n")
}

fn what(event: &Event) -> String {
    match &event.fact {
        Fact::Started(started) => format!("started from {}: {}", started.base.reference, started.alert),
        Fact::Proved(proof) => format!("{}: {}", hotfix_core::flow::prove::word(proof.verdict), proof.why),
        Fact::Checked(check) => {
            format!("checked: {} on changed lines", count(check.findings.len() as u64, "finding"))
        }
        Fact::Tested(test) => format!("tested: {}", test.why),
        Fact::Skipped { gate, reason } => format!("skipped {gate}: {reason}"),
        Fact::Committed { commit, subject, .. } => format!("committed {} {subject}", short(commit)),
        Fact::Targeted { target } => format!("to be merged into {target}"),
        Fact::Rebased { base, .. } => format!("moved onto {}", short(base)),
        Fact::Submitted { merge_request, .. } => {
            format!("submitted: {}", merge_request.url.as_deref().unwrap_or("pushed"))
        }
        Fact::Landing(landing) => landed(landing),
        Fact::BrokeGlass { reason } => format!("asked the forge to bypass its rules: {reason}"),
        Fact::Merged { commit } => format!("merged as {}", short(commit)),
        Fact::Cleaned { discarded: None } => "cleaned up".to_owned(),
        Fact::Cleaned { discarded: Some(tree) } => {
            format!("cleaned up; what was discarded is {}", short(tree))
        }
        Fact::Resumed {} => "resumed".to_owned(),
        Fact::Undone { step } => format!("undid {step}"),
        Fact::Abandoned { reason } => {
            format!("given up{}", reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default())
        }
        Fact::PostmortemWritten { path, .. } => format!("wrote the post-mortem, {path}"),
        Fact::Reviewed(review) => reviewed(review),
        Fact::Replayed { proof, .. } => {
            format!("replayed: {}: {}", hotfix_core::flow::prove::word(proof.verdict), proof.why)
        }
        Fact::Settled { owed, reason } => {
            format!("settled {owed}{}", reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default())
        }
        Fact::Unknown => "something that this version does not know".to_owned(),
    }
}

fn landed(landing: &Landing) -> String {
    let state = state(landing.state);
    format!(
        "the merge request: {state}{}",
        landing.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default()
    )
}

fn reviewed(review: &Review) -> String {
    let said = match review.verdict {
        ReviewVerdict::Approve => "approved",
        ReviewVerdict::Concern => "concerned about",
        ReviewVerdict::Request => "asked to look again at",
    };
    let by = review.found.as_ref().map(|found| format!(" by {} on the forge", found.by.name));
    let text = review.text.as_ref().map(|text| format!(": {text}"));
    format!("{said} {}{}{}", short(&review.commit), by.unwrap_or_default(), text.unwrap_or_default())
}

/// Debts, the most urgent first.
pub fn owed(paint: Paint, owed: &[OwedOutput], now: Timestamp) -> String {
    if owed.is_empty() {
        return "nothing is owed".to_owned();
    }
    let line = |owed: &OwedOutput| {
        let seconds = owed.due.as_second() - now.as_second();
        let due = match owed.overdue {
            true => paint.bad(&format!("{} overdue", ago(-seconds))),
            false => format!("due in {}", ago(seconds)),
        };
        let key = match owed.kind {
            OwedKind::Review | OwedKind::Postmortem => String::new(),
            _ => paint.dim(&format!("  [{}]", sanitize_line(&owed.key))),
        };
        format!("{}  {}  {due}{key}", paint.bold(&owed.id), debt(owed))
    };
    owed.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What was settled, and what is still owed.
pub fn settled(paint: Paint, output: &SettleOutput, now: Timestamp) -> String {
    let rest = match output.owed.is_empty() {
        true => format!("{} owes nothing any more", output.id),
        false => owed(paint, &output.owed, now),
    };
    format!("settled {}\n{rest}", paint.bold(&output.key))
}

/// Settings, one line each, with where they come from.
pub fn settings(paint: Paint, settings: &[SettingOutput]) -> String {
    let line = |setting: &SettingOutput| {
        format!("{} = {}  {}", setting.key, setting.value, paint.dim(&format!("# {}", setting.origin)))
    };
    settings.iter().map(line).collect::<Vec<_>>().join("\n")
}
