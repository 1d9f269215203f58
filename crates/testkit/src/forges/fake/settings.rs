//! How a project on a fake forge is set up.

/// How a project is set up, and how its forge behaves. Times are counted in looks: how often a client asked for the
/// merge request.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the real forge's settings page")]
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether every merge needs green checks ("Pipelines must succeed", required checks).
    pub checks_required: bool,
    /// Whether the project has checks at all.
    pub has_checks: bool,
    /// Looks until the forge has worked out whether it can be merged.
    pub looks_to_prepare: u32,
    /// Looks until the checks are seen.
    pub looks_to_checks: u32,
    /// Looks until the checks end; `None`: when the test says so.
    pub looks_to_end: Option<u32>,
    /// Whether the checks come out green.
    pub checks_pass: bool,
    /// Approvals it takes.
    pub approvals_needed: u32,
    /// Whether it can merge by itself at all (a setting of GitHub's).
    pub auto_merge_allowed: bool,
    /// Whether merges go through a queue or train.
    pub queue: bool,
    /// The status of a refusal to merge now: 405, 406 or 422.
    pub refusal: u16,
    /// Whether auto-merge by push options merges at once, before there is a pipeline.
    pub merges_early: bool,
    /// Whether auto-merge by request merges at once where no pipeline is seen.
    pub merges_unseen: bool,
    /// The server's version.
    pub version: String,
    /// Whether merging asynchronously is offered.
    pub merge_async: bool,
    /// What the token's owner is: 30 for a developer, 40 for a maintainer, who alone may merge.
    pub access: i64,
    /// Another reason why it cannot be merged, in the forge's own word: `conflict`.
    pub blocked: Option<String>,
    /// The tokens it takes; any if empty.
    pub tokens: Vec<String>,
    /// Whether pushing and fetching need one of the tokens as a password.
    pub tokens_for_git: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            checks_required: false,
            has_checks: true,
            looks_to_prepare: 1,
            looks_to_checks: 2,
            looks_to_end: None,
            checks_pass: true,
            approvals_needed: 0,
            auto_merge_allowed: true,
            queue: false,
            refusal: 405,
            merges_early: false,
            merges_unseen: false,
            version: "18.9.3".to_owned(),
            merge_async: true,
            access: 40,
            blocked: None,
            tokens: Vec::new(),
            tokens_for_git: false,
        }
    }
}
