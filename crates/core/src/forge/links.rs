//! Without a token: the page on which a click makes the merge request.

use hotfix_model::{Landing, MergeRequestState};

use super::Draft;
use super::address::encoded;
use super::detect::{Kind, Site};

/// The page that makes a merge request of a branch; `None` where there is none.
pub fn create_url(site: &Site, branch: &str, target: &str) -> Option<String> {
    let base = format!("{}/{}", site.pages.printed(), site.path);
    let (from, to) = (encoded(branch), encoded(target));
    Some(match site.kind {
        Kind::GitHub => format!("{base}/compare/{to}...{from}?expand=1"),
        Kind::GitLab => format!(
            "{base}/-/merge_requests/new?merge_request%5Bsource_branch%5D={from}&merge_request%5Btarget_branch%5D={to}"
        ),
        Kind::Gitea | Kind::Forgejo => format!("{base}/compare/{to}...{from}"),
        Kind::Bitbucket => format!("{base}/pull-requests/new?source={from}&dest={to}"),
        Kind::BitbucketServer => {
            let (project, name) = site.path.rsplit_once('/')?;
            let pages = site.pages.printed();
            let from = encoded(&format!("refs/heads/{branch}"));
            format!("{pages}/projects/{project}/repos/{name}/pull-requests?create&sourceBranch={from}")
        }
        Kind::Azure => {
            let (project, name) = site.path.rsplit_once('/')?;
            let pages = site.pages.printed();
            format!("{pages}/{project}/_git/{name}/pullrequestcreate?sourceRef={from}&targetRef={to}")
        }
        Kind::Gerrit | Kind::Plain => return None,
    })
}

/// What there is to say of a branch that is pushed and has no merge request: where to make one, by the forge's own word
/// in the push's answer, else by the rules of its addresses.
pub fn pushed(site: &Site, draft: &Draft<'_>, said: &[String]) -> Landing {
    let own = said.iter().flat_map(|line| line.split_whitespace()).find(|word| {
        let same_host = word.strip_prefix(&site.pages.origin()).is_some_and(|rest| rest.starts_with('/'));
        let makes = ["/pull/new/", "/merge_requests/new", "/compare/", "pull-requests/new"];
        same_host && makes.iter().any(|part| word.contains(part))
    });
    let branch = draft.record.branch_name();
    let url = own.map(|url| (*url).to_owned()).or_else(|| create_url(site, branch, &draft.record.target));
    Landing { url, ..Landing::new(MergeRequestState::Pushed) }
}

/// The same where a token is lacking.
pub fn without_token(site: &Site, draft: &Draft<'_>, said: &[String]) -> Landing {
    let why = format!("without a token for {} it is opened by hand", site.kind);
    Landing { why: Some(why), ..pushed(site, draft, said) }
}
