//! Push options as GitLab reads them: unknown ones are dropped without a word, some may be given several times, mistakes
//! are warnings of a push that succeeds. After `lib/gitlab/push_options.rb` and
//! `push_options_handler_service.rb` of GitLab.

use std::collections::BTreeMap;

use super::world::World;

/// Options of merge requests, by name. Newer ones are known since the version beside them.
const KNOWN: &[(&str, (u32, u32))] = &[
    ("assign", (13, 10)),
    ("auto_merge", (17, 11)),
    ("create", (11, 10)),
    ("description", (12, 2)),
    ("draft", (15, 0)),
    ("label", (12, 3)),
    ("merge_when_pipeline_succeeds", (11, 10)),
    ("milestone", (14, 1)),
    ("remove_source_branch", (12, 2)),
    ("squash", (17, 2)),
    ("target", (11, 10)),
    ("target_project", (16, 6)),
    ("title", (12, 2)),
    ("unassign", (13, 10)),
    ("unlabel", (12, 3)),
];

/// Branches with options in one push, at most.
const MOST_BRANCHES: usize = 10;

/// Options as given, the last value of each, and all labels.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    single: BTreeMap<String, String>,
    labels: Vec<String>,
    unlabels: Vec<String>,
}

impl Options {
    /// What a server of this version understands.
    pub fn read(raw: &[String], version: &str) -> Self {
        let version = version_of(version);
        let mut options = Self::default();
        for (key, value) in raw.iter().filter_map(|option| split(option)) {
            let known = KNOWN.iter().any(|(name, since)| *name == key && *since <= version);
            match key {
                _ if !known => {}
                "label" => options.labels.push(value.to_owned()),
                "unlabel" => options.unlabels.push(value.to_owned()),
                _ => {
                    options.single.insert(key.to_owned(), value.to_owned());
                }
            }
        }
        options
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn has(&self, key: &str) -> bool {
        self.single.contains_key(key)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.single.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn merges_itself(&self) -> bool {
        self.has("auto_merge") || self.has("merge_when_pipeline_succeeds")
    }
}

/// Key and value of an option of merge requests.
fn split(option: &str) -> Option<(&str, &str)> {
    let (namespace, rest) = option.split_once('.')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    matches!(namespace.trim(), "merge_request" | "mr").then_some((key.trim(), value.trim()))
}

fn version_of(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map_while(|part| part.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Acts on what was pushed. Gives what the client is told, line by line.
pub fn act(world: &mut World, raw: &[String], pushed: &[String]) -> Vec<String> {
    let options = Options::read(raw, &world.settings.version);
    let main = world.default_branch();
    let branches: Vec<&String> = pushed.iter().filter(|branch| **branch != main).collect();
    let mut lines = Vec::new();
    if !options.is_empty() {
        let errors = errors(world, &options, &branches);
        if !errors.is_empty() {
            lines.extend(alert(&warning(raw, &errors)));
        }
    }
    for branch in branches {
        lines.extend(invitation(world, branch));
    }
    lines
}

fn errors(world: &mut World, options: &Options, branches: &[&String]) -> Vec<String> {
    if branches.len() > MOST_BRANCHES {
        return vec![format!(
            "Too many branches pushed ({} were pushed, limit is {MOST_BRANCHES})",
            branches.len()
        )];
    }
    if let Some(target) = options.get("target")
        && world.bare.head(target).is_none()
    {
        return vec![format!("Target branch {}:{target} does not exist", world.path)];
    }
    branches.iter().filter_map(|branch| act_on(world, options, branch).err()).collect()
}

/// Makes the merge request of a branch, or changes the one there is.
fn act_on(world: &mut World, options: &Options, branch: &str) -> Result<(), String> {
    let number = match world.open_of(branch) {
        Some(number) => number,
        None if options.has("create") => create(world, options, branch),
        None => {
            return Err(format!(
                "A merge_request.create push option is required to create a merge request for branch {branch}"
            ));
        }
    };
    change(world, options, number);
    if options.merges_itself() {
        arm(world, number);
    }
    Ok(())
}

fn create(world: &mut World, options: &Options, branch: &str) -> i64 {
    let head = world.bare.head(branch).unwrap_or_default();
    let (subject, _) = world.bare.message(&head);
    let main = world.default_branch();
    let target = options.get("target").unwrap_or(&main);
    world.open(branch, target, (&subject, "")).expect("a branch that was just pushed")
}

fn change(world: &mut World, options: &Options, number: i64) {
    for label in &options.labels {
        world.label(number, label);
    }
    for label in &options.unlabels {
        world.unlabel(number, label);
    }
    let description = options.get("description").map(|text| text.replace("\\n", "\n"));
    if let Some(text) = &description {
        quick_actions(world, number, text);
    }
    let Some(request) = world.request_mut(number) else { return };
    if let Some(text) = description {
        request.description = without_quick_actions(&text);
    }
    if let Some(title) = options.get("title") {
        title.clone_into(&mut request.title);
    }
    if let Some(target) = options.get("target") {
        target.clone_into(&mut request.target);
    }
    request.draft |= options.has("draft");
    request.removes_branch |= options.has("remove_source_branch");
    request.squash |= options.has("squash");
}

/// Lines of a description that start with a slash are orders, those that this stands in for at least.
fn quick_actions(world: &mut World, number: i64, text: &str) {
    for line in text.lines() {
        if let Some(labels) = line.strip_prefix("/label ") {
            for label in labels.split('~').map(|label| label.trim().trim_matches('"')) {
                if !label.is_empty() {
                    world.label(number, label);
                }
            }
        }
        if let Some(names) = line.strip_prefix("/assign_reviewer ").or(line.strip_prefix("/reviewer "))
            && let Some(request) = world.request_mut(number)
        {
            let names = names.split(' ').filter_map(|name| name.strip_prefix('@'));
            request.reviewers.extend(names.map(str::to_owned));
        }
    }
}

fn without_quick_actions(text: &str) -> String {
    let orders = ["/label ", "/assign_reviewer ", "/reviewer "];
    let kept = text.lines().filter(|line| !orders.iter().any(|order| line.starts_with(order)));
    kept.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// Merges by itself from now on; on some servers at once, before there is a pipeline.
fn arm(world: &mut World, number: i64) {
    let Some(head) = world.request(number).map(|request| request.head.clone()) else { return };
    if world.settings.merges_early && !world.settings.checks_required && world.is_free(number) {
        world.merge(number);
    } else {
        world.arm(number, &head);
    }
}

fn warning(raw: &[String], errors: &[String]) -> String {
    let options: Vec<String> = raw.iter().map(|option| format!("'{option}'")).collect();
    format!("WARNINGS: Error encountered with push options {}: {}", options.join(" "), errors.join(" "))
}

/// Where the merge request is, or where one can be made.
fn invitation(world: &World, branch: &str) -> Vec<String> {
    let project = format!("{}/{}", world.url, world.path);
    let (what, url) = match world.open_of(branch) {
        Some(number) => {
            (format!("View merge request for {branch}:"), format!("{project}/-/merge_requests/{number}"))
        }
        None if world.bare.head(branch).is_none() => return Vec::new(),
        None => {
            let name = branch.replace('/', "%2F");
            let query = format!("merge_request%5Bsource_branch%5D={name}");
            (
                format!("To create a merge request for {branch}, visit:"),
                format!("{project}/-/merge_requests/new?{query}"),
            )
        }
    };
    vec![String::new(), what, format!("  {url}"), String::new()]
}

/// A message as GitLab frames it: its words broken into lines that are centred between rules.
fn alert(message: &str) -> Vec<String> {
    const WIDTH: usize = 72;
    const TEXT: usize = WIDTH - 4;
    let mut lines: Vec<String> = vec![String::new()];
    for word in message.split_whitespace() {
        let last = lines.last_mut().expect("a line");
        match last.chars().count() + 1 + word.chars().count() {
            _ if last.is_empty() => last.push_str(word),
            length if length <= TEXT => *last = format!("{last} {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    let rule = "=".repeat(WIDTH);
    let centred = lines.iter().map(|line| format!("{line:^WIDTH$}").trim_end().to_owned());
    let framed = [String::new(), rule.clone(), String::new()].into_iter().chain(centred);
    framed.chain([String::new(), rule, String::new()]).collect()
}
