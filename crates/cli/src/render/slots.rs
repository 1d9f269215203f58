//! Slots: what they are for, what became of them.

use hotfix_core::journey::slots::size;
use hotfix_model::output::{
    RefreshOutput, RefreshedSlot, RefreshedState, SlotListOutput, SlotRemovedOutput, SlotUse, WarmOutput,
};
use jiff::Timestamp;

use super::{Paint, ago, count, field, short};

/// Slots, each with what is worth knowing.
pub fn slots(paint: Paint, slots: &[SlotListOutput], now: Timestamp) -> String {
    if slots.is_empty() {
        return "no slot has been made yet".to_owned();
    }
    slots.iter().map(|slot| one(paint, slot, now)).collect::<String>().trim_end().to_owned()
}

fn one(paint: Paint, slot: &SlotListOutput, now: Timestamp) -> String {
    let mut text = format!("{}  {}\n", paint.bold(&slot.number.to_string()), slot.path);
    text += &field(paint, "state", &state(paint, slot, now));
    if let Some(commit) = &slot.commit {
        let behind = match slot.behind {
            Some(0) => "the newest known".to_owned(),
            Some(behind) => format!("{} behind", count(behind, "commit")),
            None => "how far behind is not known".to_owned(),
        };
        text += &field(paint, "commit", &format!("{}, {behind}", short(commit)));
    }
    let twin = slot.twin.as_ref().map(|twin| format!(" with its twin {twin}"));
    text += &field(paint, "disk", &format!("{}{}", size(slot.disk_bytes), twin.unwrap_or_default()));
    match slot.setup {
        Some(true) => text += &field(paint, "setup", &paint.good("done")),
        Some(false) => text += &field(paint, "setup", &paint.warning("to be done by the next start")),
        None => {}
    }
    if let Some(warm) = &slot.warm {
        text += &field(paint, "warm", &warmed(paint, warm, now));
    }
    text
}

fn state(paint: Paint, slot: &SlotListOutput, now: Timestamp) -> String {
    let busy = if slot.busy { ", a process works in it" } else { "" };
    match (slot.state, &slot.hotfix, slot.since) {
        (SlotUse::Held, Some(hotfix), Some(since)) => {
            let age = ago(now.as_second() - since.as_second());
            format!("hotfix {} for {age}{busy}", paint.bold(hotfix))
        }
        (SlotUse::Damaged, ..) => {
            paint.bad(&format!("damaged: {}", slot.trouble.as_deref().unwrap_or_default()))
        }
        (SlotUse::Moving, ..) => format!("being parked{busy}"),
        (SlotUse::Making, ..) => format!("being made{busy}"),
        (SlotUse::Removing, ..) => format!("being removed{busy}"),
        (SlotUse::Parked | SlotUse::Held, ..) => format!("parked{busy}"),
    }
}

fn warmed(paint: Paint, warm: &WarmOutput, now: Timestamp) -> String {
    let age = ago(now.as_second() - warm.at.as_second());
    let seconds = warm.elapsed_ms.div_ceil(1000);
    match &warm.how {
        None => format!("{} {age} ago, in {seconds} s", paint.good("done")),
        Some(how) => paint.warning(&format!("{how}, {age} ago, after {seconds} s")),
    }
}

/// What became of slots that were refreshed.
pub fn refreshed(paint: Paint, output: &RefreshOutput) -> String {
    let mut text = format!("{} is at {}\n", output.target, short(&output.commit));
    if let Some(note) = &output.note {
        text += &field(paint, "note", &paint.warning(&format!("the remote did not answer: {note}")));
    }
    for slot in &output.slots {
        text += &field(paint, &format!("slot {}", slot.number), &what_became(paint, slot));
    }
    if output.slots.is_empty() {
        text += &field(paint, "slot", "none has been made yet");
    }
    text
}

fn what_became(paint: Paint, slot: &RefreshedSlot) -> String {
    let path = &slot.path;
    let why = slot.why.as_deref().unwrap_or_default();
    let state = match slot.state {
        RefreshedState::Ready if slot.why.is_some() => return format!("{path}: {}", paint.warning(why)),
        RefreshedState::Ready => paint.good("ready"),
        RefreshedState::Held => "a hotfix is open in it".to_owned(),
        RefreshedState::Busy => "another process works in it".to_owned(),
        RefreshedState::Taken => "a start has taken it".to_owned(),
        RefreshedState::Unusable => paint.bad(&format!("cannot be used: {why}")),
    };
    let warm = match &slot.warm {
        Some(WarmOutput { how: Some(how), .. }) => {
            format!(", {}", paint.warning(&format!("slot.warm {how}")))
        }
        Some(_) => ", warm".to_owned(),
        None => String::new(),
    };
    format!("{path}: {state}{warm}")
}

/// Slots that were removed.
pub fn removed(paint: Paint, removed: &[SlotRemovedOutput]) -> String {
    if removed.is_empty() {
        return "there was no free slot".to_owned();
    }
    let line = |slot: &SlotRemovedOutput| {
        field(paint, "removed", &format!("{} ({} freed)", slot.path, size(slot.freed_bytes)))
    };
    removed.iter().map(line).collect()
}
