//! The text of the merge request.

use hotfix_model::{CheckReport, Owed, Proof, Record, Size, Skip, TestReport};

use super::neutral::{code, one_line, without_references};
use super::sections;
use super::subject::default_subject;

/// Most bytes of a description: below GitHub's 65,536 characters with room for what forges add.
pub const LIMIT: usize = 60_000;
/// Most characters of a title, as GitLab and GitHub allow.
const TITLE_LIMIT: usize = 255;

/// What a merge request tells.
#[derive(Clone, Copy, Debug)]
pub struct RequestText<'a> {
    /// The hotfix.
    pub record: &'a Record,
    /// The proof; none when there was none of what is committed.
    pub proof: Option<&'a Proof>,
    /// The check; none when it did not run.
    pub check: Option<&'a CheckReport>,
    /// The critical tests; none when they did not run on what is committed.
    pub test: Option<&'a TestReport>,
    /// The size of the change.
    pub size: Option<Size>,
    /// Gates that were skipped.
    pub skipped: &'a [Skip],
    /// What is owed afterwards.
    pub owed: &'a [Owed],
}

impl<'a> RequestText<'a> {
    /// All of it as the record has it.
    pub fn of(record: &'a Record) -> Self {
        Self {
            record,
            proof: record.proof_of_fix(),
            check: record.check_of_fix(),
            test: record.test_of_fix(),
            size: record.size,
            skipped: &record.skipped,
            owed: &record.owed,
        }
    }
}

/// What a repository wants of the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// A template in the place of our own.
    pub template: Option<&'a str>,
    /// What is appended: the repository's own form for merge requests.
    pub appended: Option<&'a str>,
}

/// Title and description (Markdown, at most [`LIMIT`] bytes). No text from outside is Markdown in it, calls anybody,
/// closes anything or gives the forge an order.
pub fn merge_request_text(text: &RequestText<'_>) -> (String, String) {
    (title(text.record), description(text, LIMIT))
}

/// The same as the repository wants it. The third part says what is wrong with its template; then the text is our own.
pub fn merge_request_page(text: &RequestText<'_>, page: Page<'_>) -> (String, String, Option<String>) {
    let appended = page.appended.map(appended).unwrap_or_default();
    let room = LIMIT - appended.len();
    let rendered = page.template.map(|template| by_template(text, template));
    let (description, mistake) = match rendered {
        Some(Ok(rendered)) if rendered.len() <= room => (rendered, None),
        Some(Ok(_)) => (description(text, room), Some("what it gives is too long".to_owned())),
        Some(Err(mistake)) => (description(text, room), Some(mistake)),
        None => (description(text, room), None),
    };
    (title(text.record), format!("{description}{appended}"), mistake)
}

/// Most bytes of a repository's own form.
const APPENDED_LIMIT: usize = 20_000;

/// A repository's own form, as base has it. One that is too long is left out.
fn appended(form: &str) -> String {
    match form.trim() {
        "" => String::new(),
        form if form.len() > APPENDED_LIMIT => String::new(),
        form => format!("\n---\n\n{form}\n"),
    }
}

/// What a template may use: every section as it stands in our own text, and a few words.
fn by_template(text: &RequestText<'_>, template: &str) -> Result<String, String> {
    let record = text.record;
    let word = |value: Option<&str>| value.map(code).unwrap_or_default();
    let values = minijinja::context! {
        id => code(&record.id),
        alert => sections::alert(text),
        subject => word(record.subject.as_deref()),
        incident => word(record.incident.as_deref()),
        severity => word(record.severity.as_deref()),
        commit => word(record.commit.as_deref()),
        target => code(&record.target),
        facts => sections::facts(text),
        proof => sections::proof(text),
        check => sections::check(text),
        test => sections::test(text),
        skipped => sections::skipped(text),
        owed => sections::owed(text),
        rollback => sections::rollback(text),
    };
    let mut environment = minijinja::Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let rendered = environment.render_str(template, values);
    rendered.map(|text| format!("{}\n", text.trim_end())).map_err(|error| one_line(&error.to_string()))
}

fn title(record: &Record) -> String {
    let own = record.subject.clone();
    let subject =
        own.or_else(|| default_subject("fix", &record.alert).ok()).unwrap_or_else(|| record.id.clone());
    without_references(&one_line(&subject)).chars().take(TITLE_LIMIT).collect()
}

fn description(text: &RequestText<'_>, limit: usize) -> String {
    let all = [
        sections::alert(text),
        sections::facts(text),
        sections::proof(text),
        sections::check(text),
        sections::test(text),
        sections::skipped(text),
        sections::owed(text),
        sections::rollback(text),
    ];
    let mut description = String::new();
    let mut left_out = 0;
    for section in all.into_iter().filter(|section| !section.is_empty()) {
        // Room for the closing lines.
        if description.len() + section.len() + 400 > limit {
            left_out += 1;
            continue;
        }
        description.push_str(&section);
        description.push('\n');
    }
    if left_out > 0 {
        description.push_str("Some sections were too long for this page; the record has them.\n\n");
    }
    let is_with_author = text.record.merge_request.as_ref().is_some_and(|request| !request.record_pushed);
    description.push_str(match is_with_author {
        true => "Made by `git hotfix`; the record of every step is with the author: the remote does not take it.\n",
        false => "Made by `git hotfix`; the record of every step is on the remote.\n",
    });
    description
}
