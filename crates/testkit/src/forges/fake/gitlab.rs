//! GitLab's API, version 4: as much of it as fixes are delivered by. What it answers, and when it refuses, follows
//! `lib/api/merge_requests.rb` of GitLab and the reports of people who met its races.

use serde_json::{Value, json};

use super::http::{Answer, Request, decoded};
use super::ledger::Checks;
use super::world::{OWNER, Request as MergeRequest, State, World};

/// Answers a request below `/api/v4`.
pub fn answer(world: &mut World, request: &Request) -> Answer {
    let path = request.path.split_once("/api/v4/").map_or("", |(_, path)| path).to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["version" | "metadata"]) => Answer::json(200, &json!({ "version": world.settings.version })),
        ("GET", ["user"]) => Answer::json(200, &user(OWNER)),
        ("GET", ["users"]) => users(request),
        (_, ["projects", project, ..]) if decoded(project) != world.path && *project != "1" => {
            Answer::refusal(404, "404 Project Not Found")
        }
        ("GET", ["projects", _]) => Answer::json(200, &project(world)),
        (_, ["projects", _, "merge_requests", rest @ ..]) => merge_requests(world, request, rest),
        (_, ["projects", _, rest @ ..]) => around(world, request, rest),
        _ => Answer::refusal(404, "404 Not Found"),
    }
}

fn user(name: &str) -> Value {
    json!({ "id": id_of(name), "username": name, "name": name })
}

/// A number for a name, always the same.
fn id_of(name: &str) -> i64 {
    name.bytes().fold(7, |sum, byte| (sum * 31 + i64::from(byte)) % 1_000_003)
}

fn users(request: &Request) -> Answer {
    let found = request.asked("username").map(user);
    Answer::json(200, &json!(found.into_iter().collect::<Vec<_>>()))
}

fn project(world: &World) -> Value {
    let settings = &world.settings;
    json!({
        "id": 1,
        "path_with_namespace": world.path,
        "default_branch": world.default_branch(),
        "web_url": format!("{}/{}", world.url, world.path),
        "only_allow_merge_if_pipeline_succeeds": settings.checks_required,
        "merge_trains_enabled": settings.queue,
        "merge_pipelines_enabled": settings.queue,
        "merge_method": "merge",
        "squash_option": "default_off",
        "ci_config_path": if settings.has_checks { json!("") } else { Value::Null },
        "jobs_enabled": settings.has_checks,
        "builds_access_level": if settings.has_checks { "enabled" } else { "disabled" },
        "merge_requests_enabled": true,
        "archived": false,
        "permissions": { "project_access": { "access_level": settings.access }, "group_access": null },
    })
}

fn merge_requests(world: &mut World, request: &Request, rest: &[&str]) -> Answer {
    match (request.method.as_str(), rest) {
        ("GET", []) => list(world, request),
        ("POST", []) => create(world, &request.json()),
        (_, [number, rest @ ..]) => {
            let number = number.parse().unwrap_or(0);
            if world.request(number).is_none() {
                return Answer::refusal(404, "404 Not found");
            }
            one(world, request, number, rest)
        }
        _ => Answer::refusal(404, "404 Not Found"),
    }
}

fn one(world: &mut World, request: &Request, number: i64, rest: &[&str]) -> Answer {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            world.look(number);
            shown(world, number, 200)
        }
        ("PUT", []) => change(world, number, &request.json()),
        ("PUT", ["merge"]) => merge(world, number, &request.json()),
        ("POST", ["cancel_merge_when_pipeline_succeeds"]) => {
            world.disarm(number);
            shown(world, number, 201)
        }
        ("GET", ["notes"]) => notes(world, number),
        ("POST", ["notes"]) => note(world, number, &request.json()),
        ("GET", ["approvals"]) => approvals(world, number),
        ("POST", ["approve"]) => match world.request(number).map(|found| found.state) {
            Some(State::Open) => {
                world.approve(number, OWNER);
                approvals(world, number)
            }
            _ => Answer::refusal(401, "401 Unauthorized"),
        },
        _ => Answer::refusal(404, "404 Not Found"),
    }
}

/// What lies around merge requests.
fn around(world: &mut World, request: &Request, rest: &[&str]) -> Answer {
    let body = request.json();
    match (request.method.as_str(), rest) {
        ("GET", ["pipelines", _, "jobs"]) => {
            Answer::json(200, &json!([{ "id": 1, "name": "rspec", "stage": "test", "status": "running" }]))
        }
        ("POST", ["merge_trains", "merge_requests", number]) => {
            let number = number.parse().unwrap_or(0);
            if !world.settings.queue {
                return Answer::refusal(400, "Bad Request");
            }
            world.enqueue(number);
            Answer::json(201, &json!([]))
        }
        ("GET", ["merge_trains", "merge_requests", number]) => {
            let queued =
                number.parse().ok().and_then(|number| world.request(number)).is_some_and(|one| one.queued);
            match queued {
                true => Answer::json(200, &json!({ "id": 1, "status": "fresh" })),
                false => Answer::refusal(404, "404 Not Found"),
            }
        }
        ("POST", ["issues"]) => {
            let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
            let number = world.open_issue(&text("title"), &text("description"));
            let url = format!("{}/{}/-/issues/{number}", world.url, world.path);
            Answer::json(
                201,
                &json!({ "id": 900 + number, "iid": number, "web_url": url, "state": "opened" }),
            )
        }
        ("PUT", ["issues", number]) => {
            Answer::json(200, &json!({ "iid": number.parse::<i64>().unwrap_or(0), "state": "closed" }))
        }
        ("GET", ["issues"]) => Answer::json(200, &json!([])),
        ("POST", ["labels"]) => create_label(world, &body),
        ("POST", ["releases"]) => {
            let tag = body["tag_name"].as_str().unwrap_or_default();
            let page = format!("{}/{}/-/releases/{tag}", world.url, world.path);
            match world.releases.insert(tag.to_owned()) {
                true => Answer::json(201, &json!({ "tag_name": tag, "_links": { "self": page } })),
                false => Answer::refusal(409, "Release already exists"),
            }
        }
        ("GET", ["releases", tag]) if world.releases.contains(&decoded(tag)) => {
            let page = format!("{}/{}/-/releases/{}", world.url, world.path, decoded(tag));
            Answer::json(200, &json!({ "tag_name": decoded(tag), "_links": { "self": page } }))
        }
        ("GET", ["repository", "branches", branch]) => match world.bare.head(&decoded(branch)) {
            Some(commit) => {
                let protected = decoded(branch) == world.default_branch();
                Answer::json(
                    200,
                    &json!({ "name": decoded(branch), "commit": { "id": commit },
                    "protected": protected, "developers_can_push": !protected,
                    "developers_can_merge": world.settings.access >= 40 || !protected }),
                )
            }
            None => Answer::refusal(404, "404 Branch Not Found"),
        },
        ("GET", ["repository", "merge_base"]) => {
            let refs: Vec<&str> = request.query.iter().map(|(_, value)| value.as_str()).collect();
            match world.bare.merge_base(&refs) {
                Some(commit) => Answer::json(200, &json!({ "id": commit })),
                None => Answer::refusal(400, "Could not find ref"),
            }
        }
        ("DELETE", ["repository", "branches", branch]) => {
            world.bare.delete(&decoded(branch));
            Answer::empty(204)
        }
        _ => Answer::refusal(404, "404 Not Found"),
    }
}

fn create_label(world: &mut World, body: &Value) -> Answer {
    let name = body["name"].as_str().unwrap_or_default();
    match world.labels.insert(name.to_owned()) {
        true => Answer::json(201, &json!({ "id": id_of(name), "name": name })),
        false => Answer::refusal(409, "Label already exists"),
    }
}

fn list(world: &World, request: &Request) -> Answer {
    let labels: Vec<&str> =
        request.asked("labels").map(|labels| labels.split(',').collect()).unwrap_or_default();
    let wanted = |found: &&MergeRequest| {
        let same = |name: &str, value: &str| request.asked(name).is_none_or(|asked| asked == value);
        same("source_branch", &found.source)
            && same("target_branch", &found.target)
            && request.asked("state").is_none_or(|state| state == "all" || state == state_word(found.state))
            && labels.iter().all(|label| found.labels.contains(*label))
    };
    let found: Vec<Value> =
        world.requests.iter().rev().filter(wanted).map(|found| json(world, found)).collect();
    Answer::json(200, &Value::Array(found))
}

fn create(world: &mut World, body: &Value) -> Answer {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (source, target) = (text("source_branch"), text("target_branch"));
    if source.is_empty() || target.is_empty() || text("title").is_empty() {
        return Answer::json(400, &json!({ "error": "source_branch, target_branch, title are missing" }));
    }
    if let Some(number) = world.open_of(&source) {
        let message = format!("Another open merge request already exists for this source branch: !{number}");
        return Answer::json(409, &json!({ "message": [message] }));
    }
    let Some(number) = world.open(&source, &target, (&text("title"), &text("description"))) else {
        return Answer::json(400, &json!({ "message": { "source_branch": ["does not exist"] } }));
    };
    change(world, number, body);
    shown(world, number, 201)
}

fn change(world: &mut World, number: i64, body: &Value) -> Answer {
    let names = |key: &str| -> Vec<String> {
        let words = body[key].as_str().unwrap_or_default().split(',');
        words.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    for label in names("labels").iter().chain(&names("add_labels")) {
        world.label(number, label);
    }
    for label in names("remove_labels") {
        world.unlabel(number, &label);
    }
    if body["state_event"] == "close" {
        world.close(number);
    }
    let Some(request) = world.request_mut(number) else { return Answer::refusal(404, "404 Not found") };
    if let Some(title) = body["title"].as_str() {
        title.clone_into(&mut request.title);
    }
    if let Some(text) = body["description"].as_str() {
        text.clone_into(&mut request.description);
    }
    for reviewer in body["reviewer_ids"].as_array().into_iter().flatten() {
        request.reviewers.insert(reviewer.to_string());
    }
    request.removes_branch |= body["remove_source_branch"] == true;
    request.squash |= body["squash"] == true;
    shown(world, number, 200)
}

/// Merges, or has it merged, or refuses: in GitLab's order of questions.
fn merge(world: &mut World, number: i64, body: &Value) -> Answer {
    let by_itself = body["auto_merge"] == true || body["merge_when_pipeline_succeeds"] == true;
    let Some(found) = world.request(number).cloned() else { return Answer::refusal(404, "404 Not found") };
    if world.settings.access < 40 {
        return Answer::refusal(401, "401 Unauthorized");
    }
    let refusal = || Answer::refusal(world.settings.refusal, refusal_words(world.settings.refusal));
    if found.state != State::Open {
        return Answer::refusal(405, "405 Method Not Allowed");
    }
    if body["sha"].as_str().is_some_and(|sha| sha != found.head) {
        let message = format!("SHA does not match HEAD of source branch: {}", found.head);
        return Answer::refusal(409, &message);
    }
    if world.prepares(number) || world.conflicts(number) || world.settings.blocked.is_some() {
        return refusal();
    }
    let checks = world.checks(number);
    let deed = Deed::of(world, number, (by_itself, checks));
    if let Some(request) = world.request_mut(number)
        && deed != Deed::Refuse
    {
        request.removes_branch |= body["should_remove_source_branch"] == true;
        request.squash |= body["squash"] == true;
    }
    match deed {
        Deed::Merge => {
            world.merge(number);
        }
        Deed::Arm => world.arm(number, &found.head),
        Deed::Queue => world.enqueue(number),
        Deed::Refuse => {
            return Answer::refusal(world.settings.refusal, refusal_words(world.settings.refusal));
        }
    }
    shown(world, number, 200)
}

/// What becomes of a request to merge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Merge,
    Arm,
    Queue,
    Refuse,
}

impl Deed {
    fn of(world: &World, number: i64, (by_itself, checks): (bool, Checks)) -> Self {
        let settings = &world.settings;
        let free = world.is_free(number);
        match (by_itself, checks) {
            (true, Checks::Running) => Self::Arm,
            (true, Checks::Passed) if !free => Self::Arm,
            (_, Checks::Passed | Checks::None) if !free => Self::Refuse,
            (_, Checks::Passed) if settings.queue => Self::Queue,
            (true, Checks::Unseen) if settings.merges_unseen && settings.checks_required => Self::Arm,
            (_, Checks::Passed) | (false, Checks::None) => Self::Merge,
            (true, Checks::None | Checks::Unseen) if settings.merges_unseen && free => Self::Merge,
            (false, _) if !settings.checks_required && free => Self::Merge,
            _ => Self::Refuse,
        }
    }
}

fn refusal_words(status: u16) -> &'static str {
    match status {
        405 => "405 Method Not Allowed",
        _ => "Branch cannot be merged",
    }
}

fn notes(world: &World, number: i64) -> Answer {
    let comments = world.request(number).map(|request| request.comments.as_slice()).unwrap_or_default();
    let note = |(index, (who, text)): (usize, &(String, String))| {
        json!({
            "id": index + 1, "body": text, "author": user(who), "system": false,
            "created_at": "2026-03-01T03:04:05.000Z",
        })
    };
    Answer::json(200, &json!(comments.iter().enumerate().map(note).collect::<Vec<_>>()))
}

fn note(world: &mut World, number: i64, body: &Value) -> Answer {
    let text = body["body"].as_str().unwrap_or_default();
    world.comment(number, OWNER, text);
    Answer::json(201, &json!({ "id": 1, "body": text, "author": user(OWNER) }))
}

fn approvals(world: &World, number: i64) -> Answer {
    let Some(request) = world.request(number) else { return Answer::refusal(404, "404 Not found") };
    let needed = world.settings.approvals_needed;
    let has = u32::try_from(request.approvals.len()).unwrap_or(u32::MAX);
    let by: Vec<Value> = request.approvals.iter().map(|who| json!({ "user": user(who) })).collect();
    Answer::json(
        200,
        &json!({
            "approved": has >= needed, "approvals_required": needed,
            "approvals_left": needed.saturating_sub(has), "approved_by": by,
        }),
    )
}

fn shown(world: &World, number: i64, status: u16) -> Answer {
    match world.request(number) {
        Some(request) => Answer::json(status, &json(world, request)),
        None => Answer::refusal(404, "404 Not found"),
    }
}

fn state_word(state: State) -> &'static str {
    match state {
        State::Open => "opened",
        State::Merged => "merged",
        State::Closed => "closed",
    }
}

/// A merge request as GitLab shows it.
fn json(world: &World, request: &MergeRequest) -> Value {
    let merged = request.state == State::Merged;
    let reviewers: Vec<Value> = request.reviewers.iter().map(|name| user(name)).collect();
    json!({
        "id": 100 + request.number,
        "iid": request.number,
        "project_id": 1,
        "title": request.title,
        "description": request.description,
        "state": state_word(request.state),
        "source_branch": request.source,
        "target_branch": request.target,
        "source_project_id": if request.of_fork { 2 } else { 1 },
        "target_project_id": 1,
        "author": user(&request.author),
        "reviewers": reviewers,
        "labels": request.labels,
        "draft": request.draft,
        "sha": request.head,
        "merge_commit_sha": if request.squash { None } else { request.merged_as.clone() },
        "squash_commit_sha": if request.squash { request.merged_as.clone() } else { None },
        "merged_at": merged.then_some("2026-03-01T03:04:05.000Z"),
        "merge_user": merged.then(|| user(OWNER)),
        "web_url": format!("{}/{}/-/merge_requests/{}", world.url, world.path, request.number),
        "merge_when_pipeline_succeeds": request.armed.is_some() && !merged,
        "detailed_merge_status": detailed(world, request),
        "merge_status": if world.prepares(request.number) { "checking" } else { "can_be_merged" },
        "merge_error": null,
        "has_conflicts": world.conflicts(request.number),
        "head_pipeline": pipeline(world, request),
        "user_notes_count": request.comments.len(),
    })
}

fn pipeline(world: &World, request: &MergeRequest) -> Value {
    let status = match world.checks(request.number) {
        Checks::None | Checks::Unseen => return Value::Null,
        Checks::Running => "running",
        Checks::Passed => "success",
        Checks::Failed => "failed",
    };
    let url = format!("{}/{}/-/pipelines/{}", world.url, world.path, 40 + request.number);
    json!({ "id": 40 + request.number, "sha": request.head, "status": status, "source": "push", "web_url": url })
}

fn detailed(world: &World, request: &MergeRequest) -> String {
    let settings = &world.settings;
    let number = request.number;
    let word = match request.state {
        State::Merged | State::Closed => "not_open",
        State::Open if request.looks == 0 => "preparing",
        State::Open if world.prepares(number) => "checking",
        State::Open if world.conflicts(number) => "conflict",
        State::Open if request.draft => "draft_status",
        State::Open if world.lacks_approval(number) => "not_approved",
        State::Open => match (&settings.blocked, settings.checks_required, world.checks(number)) {
            (Some(word), ..) => word,
            (None, true, Checks::Unseen | Checks::Failed) => "ci_must_pass",
            (None, true, Checks::Running) => "ci_still_running",
            _ => "mergeable",
        },
    };
    word.to_owned()
}
