//! config: the configuration in force, and where each value comes from.

use hotfix_model::output::SettingOutput;

use crate::error::Result;
use crate::session::Project;

/// All settings as of the newest known base.
pub fn of(project: &Project) -> Result<Vec<SettingOutput>> {
    let loaded = super::approval::loaded(project)?;
    let output = |setting: crate::config::Setting| SettingOutput {
        key: setting.key,
        value: setting.value,
        origin: setting.origin,
    };
    Ok(loaded.origins.into_iter().map(output).collect())
}
