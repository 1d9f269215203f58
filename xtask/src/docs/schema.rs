//! JSON schemas of everything that leaves the process.

use std::path::Path;

use anyhow::Result;
use hotfix_model::output::{
    CheckOutput, CleanupOutput, CommitOutput, DemoOutput, DrillOutput, ErrorOutput, ExplainOutput,
    ExportOutput, InitOutput, ListOutput, LogOutput, OwedOutput, PostmortemDoneOutput, PostmortemOutput,
    ProofShowOutput, ProveOutput, ReadyOutput, RefreshOutput, ReplayOutput, ReportOutput, ReviewOutput,
    ScheduleOutput, SettingOutput, SettleOutput, ShipOutput, SlotListOutput, SlotRemovedOutput, StartOutput,
    StatusOutput, SubmitOutput, TestOutput, TrustOutput, UndoOutput, VerifyOutput,
};
use hotfix_model::printed::{NoneOpenOutput, PageOutput, PlanOutput, ScriptOutput};
use hotfix_model::{Event, Record, config::Config};
use schemars::{Schema, schema_for};
use serde_json::Value;

use super::Page;

/// One file for the output of each command, for errors, for the record and its events, and for `hotfix.toml`.
pub fn schemas(_: &Path) -> Result<Vec<Page>> {
    all().into_iter().map(|(name, schema)| page(name, &schema.to_value())).collect()
}

fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("start", schema_for!(StartOutput)),
        ("prove", schema_for!(ProveOutput)),
        ("check", schema_for!(CheckOutput)),
        ("test", schema_for!(TestOutput)),
        ("explain", schema_for!(ExplainOutput)),
        ("commit", schema_for!(CommitOutput)),
        ("submit", schema_for!(SubmitOutput)),
        ("cleanup", schema_for!(CleanupOutput)),
        ("ship", schema_for!(ShipOutput)),
        ("status", schema_for!(StatusOutput)),
        ("list", schema_for!(Vec<ListOutput>)),
        ("log", schema_for!(LogOutput)),
        ("owed", schema_for!(Vec<OwedOutput>)),
        ("postmortem", schema_for!(PostmortemOutput)),
        ("postmortem-done", schema_for!(PostmortemDoneOutput)),
        ("report", schema_for!(ReportOutput)),
        ("owed-settle", schema_for!(SettleOutput)),
        ("review", schema_for!(ReviewOutput)),
        ("proof-show", schema_for!(ProofShowOutput)),
        ("proof-replay", schema_for!(ReplayOutput)),
        ("proof-verify", schema_for!(VerifyOutput)),
        ("proof-export", schema_for!(ExportOutput)),
        ("undo", schema_for!(UndoOutput)),
        ("init", schema_for!(InitOutput)),
        ("trust", schema_for!(TrustOutput)),
        ("demo", schema_for!(DemoOutput)),
        ("slot-list", schema_for!(Vec<SlotListOutput>)),
        ("slot-refresh", schema_for!(RefreshOutput)),
        ("slot-remove", schema_for!(Vec<SlotRemovedOutput>)),
        ("ready", schema_for!(ReadyOutput)),
        ("schedule", schema_for!(ScheduleOutput)),
        ("drill", schema_for!(DrillOutput)),
        ("settings", schema_for!(Vec<SettingOutput>)),
        ("script", schema_for!(ScriptOutput)),
        ("page", schema_for!(PageOutput)),
        ("plan", schema_for!(PlanOutput)),
        ("none-open", schema_for!(NoneOpenOutput)),
        ("error", schema_for!(ErrorOutput)),
        ("record", schema_for!(Record)),
        ("event", schema_for!(Event)),
        ("config", optional(schema_for!(Config))),
    ]
}

fn page(name: &str, schema: &Value) -> Result<Page> {
    let path = Path::new("docs/schema").join(name).with_extension("json");
    Ok(Page { path, text: serde_json::to_string_pretty(schema)? + "\n" })
}

/// The type of the configuration has every key; a file needs none.
fn optional(schema: Schema) -> Schema {
    let mut value = schema.to_value();
    forget_required(&mut value);
    Schema::try_from(value).unwrap_or_default()
}

fn forget_required(value: &mut Value) {
    let Value::Object(object) = value else {
        return;
    };
    // As a keyword it is a list; a key of the configuration called `required` is described by an object.
    if object.get("required").is_some_and(Value::is_array) {
        object.remove("required");
    }
    object.values_mut().for_each(forget_required);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_of_the_configuration_is_required_but_all_are_known() {
        let pages = schemas(Path::new("")).unwrap();
        let config = pages.iter().find(|page| page.path.ends_with("config.json")).unwrap();
        let schema: Value = serde_json::from_str(&config.text).unwrap();
        assert_eq!(schema.get("required"), None);
        assert!(schema["$defs"]["ProveConfig"]["properties"]["required"].is_object());
        assert_eq!(schema["additionalProperties"], false);
    }
}
