//! What comes after the fix, and beside it: post-mortem, report, two people on one incident.

use std::path::Path;

use anyhow::Result;
use hotfix_testkit::auth::{FIXED_SOURCE, TESTS_WITH_NEW};

use super::stage::{Shots, Stage};

const ALERT: &str = "git hotfix start \"Production down! Auth failing\" --incident INC-77";
const SHIP: &str = "git hotfix ship \"auth token validation\"";

/// A post-mortem, written and not answered yet, and the report.
pub fn postmortem(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("after", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.quietly(SHIP, 0)?;
    stage.enter_project();
    stage.shot(shots, "git hotfix postmortem 1.2.3", 0)?;
    stage.shot(shots, "sed -n '/^## Impact/,$p' docs/postmortems/*-1.2.3.md", 0)?;
    stage.shot(shots, "git hotfix postmortem done 1.2.3", 1)?;
    stage.shot(shots, "git hotfix report", 0)?;
    Ok(())
}

/// Two responders, one incident.
pub fn incident(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("incident", program);
    stage.quietly(ALERT, 0)?;
    stage.quietly("git clone --quiet ../origin.git ../second", 0)?;
    stage.shot(shots, "cd ../second; git hotfix start \"Nobody can log in\" --incident INC-77", 4)?;
    stage.shot(shots, "cd ../second; git hotfix join INC-77", 0)?;
    Ok(())
}
