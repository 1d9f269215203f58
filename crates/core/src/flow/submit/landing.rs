//! What became of the merge request: asked, recorded, and waited for.

use hotfix_model::{Fact, Landing, MergeRequestState, Stage, Step};

use crate::error::Result;
use crate::event::Tone;
use crate::session::{Hotfix, Project, TargetBranch};

/// Writes down what the forge said, if it is news.
pub(super) fn follow(project: &Project, hotfix: &mut Hotfix, landing: &Landing) -> Result<()> {
    let known = hotfix.record().merge_request.clone();
    let mut now = known.clone();
    if let Some(now) = &mut now {
        now.follow(landing);
    }
    if now == known {
        return Ok(());
    }
    hotfix.append(project, vec![(Fact::Landing(Box::new(landing.clone())), None)], &Vec::new())
}

/// Stays until the target holds the fix, or the user stops it.
pub fn wait(project: &Project, hotfix: &mut Hotfix) -> Result<MergeRequestState> {
    let ctx = project.ctx();
    let target = TargetBranch(hotfix.record().target.clone());
    let commit = crate::flow::commit::of(hotfix)?;
    ctx.began(Step::FollowUp, format!("waiting until {} holds the fix", target.0));
    while hotfix.record().stage != Stage::Merged {
        let newest = project.fetcher(&target)?.fetch(hotfix.loaded.config.submit.timeout.duration())?;
        if project.repository.is_ancestor(&commit, &newest)? {
            hotfix.append(project, vec![(Fact::Merged { commit: newest.to_string() }, None)], &Vec::new())?;
        } else {
            pause(project)?;
        }
    }
    ctx.ended(Step::FollowUp, Tone::Good, format!("{} holds the fix", target.0));
    Ok(MergeRequestState::Merged)
}

/// Lets some time pass, watching for the user's wish to stop.
fn pause(project: &Project) -> Result<()> {
    for _ in 0..50 {
        project.ctx().go_on()?;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(())
}
