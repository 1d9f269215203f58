//! GitHub's REST API, and what its GraphQL API works on: pull requests, labels, auto-merge with its traps, merging
//! asynchronously, the merge queue.

use serde_json::{Value, json};

use super::graphql;
use super::http::{Answer, Request, decoded};
use super::ledger::Checks;
use super::world::{OWNER, Request as PullRequest, State, World};

/// Answers a request below `/api/v3`, or to `/api/graphql`.
pub fn answer(world: &mut World, request: &Request) -> Answer {
    if request.path.ends_with("/graphql") {
        return graphql::answer(world, &request.json());
    }
    let path = request
        .path
        .split_once("/api/v3/")
        .map_or_else(|| request.path.trim_start_matches('/'), |(_, path)| path);
    let path = path.to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["user"]) => Answer::json(200, &user(OWNER)),
        ("GET", ["meta"]) => Answer::json(200, &json!({})).with("x-github-enterprise-version", "3.19.0"),
        (_, ["repos", owner, name, ..]) if format!("{owner}/{name}") != world.path => {
            Answer::refusal(404, "Not Found")
        }
        ("GET", ["repos", _, _]) => Answer::json(200, &repository(world)),
        (_, ["repos", _, _, "pulls", rest @ ..]) => pulls(world, request, rest),
        (_, ["repos", _, _, "issues", rest @ ..]) => issues(world, request, rest),
        (_, ["repos", _, _, rest @ ..]) => around(world, request, rest),
        _ => Answer::refusal(404, "Not Found"),
    }
}

pub(super) fn user(name: &str) -> Value {
    json!({ "login": name, "id": 7, "node_id": format!("U_{name}"), "type": "User" })
}

/// The repository, as REST and GraphQL show it.
pub(super) fn repository(world: &World) -> Value {
    let permissions =
        json!({ "admin": false, "maintain": false, "push": true, "triage": true, "pull": true });
    json!({
        "id": 1, "node_id": "R_1", "full_name": world.path,
        "default_branch": world.default_branch(),
        "allow_auto_merge": world.settings.auto_merge_allowed,
        "allow_squash_merge": true, "allow_merge_commit": true, "allow_rebase_merge": true,
        "permissions": permissions, "archived": false,
        "html_url": format!("{}/{}", world.url, world.path),
    })
}

fn pulls(world: &mut World, request: &Request, rest: &[&str]) -> Answer {
    match (request.method.as_str(), rest) {
        ("GET", []) => list(world, request),
        ("POST", []) => create(world, &request.json()),
        (_, [number, rest @ ..]) => {
            match number.parse().ok().filter(|number| world.request(*number).is_some()) {
                Some(number) => pull(world, request, number, rest),
                None => Answer::refusal(404, "Not Found"),
            }
        }
        _ => Answer::refusal(404, "Not Found"),
    }
}

fn pull(world: &mut World, request: &Request, number: i64, rest: &[&str]) -> Answer {
    let body = request.json();
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            world.look(number);
            shown(world, number, 200)
        }
        ("PATCH", []) => {
            change(world, number, &body);
            shown(world, number, 200)
        }
        ("GET", ["merge"]) => match world.request(number).map(|found| found.state) {
            Some(State::Merged) => Answer::empty(204),
            _ => Answer::refusal(404, "Not Found"),
        },
        ("PUT", ["merge"]) => merge(world, number, &body),
        ("PUT", ["merge-async"]) if world.settings.merge_async => merge_async(world, number, &body),
        ("GET", ["merge-async", uuid]) if world.settings.merge_async => merging(world, uuid),
        ("POST", ["requested_reviewers"]) => {
            let names = body["reviewers"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let names: Vec<String> = names.map(str::to_owned).collect();
            if let Some(found) = world.request_mut(number) {
                found.reviewers.extend(names);
            }
            shown(world, number, 201)
        }
        ("GET", ["reviews"]) => reviews(world, number),
        ("POST", ["reviews"]) => {
            world.approve(number, OWNER);
            Answer::json(200, &json!({ "id": 1, "state": "APPROVED", "user": user(OWNER) }))
        }
        _ => Answer::refusal(404, "Not Found"),
    }
}

fn reviews(world: &World, number: i64) -> Answer {
    let by = world.request(number).map(|found| found.approvals.as_slice()).unwrap_or_default();
    let review = |who: &String| json!({ "id": 1, "state": "APPROVED", "user": user(who), "body": "" });
    Answer::json(200, &json!(by.iter().map(review).collect::<Vec<_>>()))
}

fn issues(world: &mut World, request: &Request, rest: &[&str]) -> Answer {
    let body = request.json();
    let number = |text: &str| text.parse().unwrap_or(0);
    match (request.method.as_str(), rest) {
        ("POST", []) => {
            let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
            let number = world.open_issue(&text("title"), &text("body"));
            Answer::json(201, &issue(world, number))
        }
        ("GET", []) => Answer::json(200, &json!([])),
        ("PATCH", [one]) => Answer::json(200, &issue(world, number(one))),
        ("POST", [one, "labels"]) => {
            let listed = body["labels"].as_array().or(body.as_array());
            let names = listed.into_iter().flatten().filter_map(Value::as_str);
            for name in names.map(str::to_owned).collect::<Vec<_>>() {
                world.label(number(one), &name);
            }
            Answer::json(200, &labels(world, number(one)))
        }
        ("DELETE", [one, "labels", name]) => {
            world.unlabel(number(one), &decoded(name));
            Answer::json(200, &labels(world, number(one)))
        }
        ("GET", [one, "comments"]) => {
            let said = world.request(number(one)).map(|found| found.comments.as_slice()).unwrap_or_default();
            let comment = |(who, text): &(String, String)| json!({ "id": 1, "body": text, "user": user(who), "created_at": "2026-03-01T03:04:05Z" });
            Answer::json(200, &json!(said.iter().map(comment).collect::<Vec<_>>()))
        }
        ("POST", [one, "comments"]) => {
            let text = body["body"].as_str().unwrap_or_default();
            world.comment(number(one), OWNER, text);
            Answer::json(201, &json!({ "id": 1, "body": text, "user": user(OWNER) }))
        }
        _ => Answer::refusal(404, "Not Found"),
    }
}

fn issue(world: &World, number: i64) -> Value {
    let url = format!("{}/{}/issues/{number}", world.url, world.path);
    json!({ "number": number, "html_url": url, "state": "open", "node_id": format!("I_{number}") })
}

/// What lies around pull requests.
fn around(world: &mut World, request: &Request, rest: &[&str]) -> Answer {
    let required = world.settings.checks_required;
    match (request.method.as_str(), rest) {
        ("POST", ["labels"]) => create_label(world, &request.json()),
        ("GET", ["labels", name]) if world.labels.contains(&decoded(name)) => {
            Answer::json(200, &label(&decoded(name)))
        }
        ("GET", ["rules", "branches", _]) => {
            let rule = json!({ "type": "required_status_checks" });
            Answer::json(200, &if required { json!([rule]) } else { json!([]) })
        }
        ("GET", ["branches", _, "protection"]) if required => {
            Answer::json(200, &json!({ "required_status_checks": { "strict": false, "contexts": ["ci"] } }))
        }
        ("DELETE", ["git", "refs", "heads", rest @ ..]) => {
            world.bare.delete(&decoded(&rest.join("/")));
            Answer::empty(204)
        }
        ("POST", ["releases"]) => Answer::json(201, &json!({ "id": 1 })),
        _ => Answer::refusal(404, "Not Found"),
    }
}

fn label(name: &str) -> Value {
    json!({ "id": 1, "node_id": format!("LA_{name}"), "name": name })
}

fn labels(world: &World, number: i64) -> Value {
    let names = world.request(number).map(|found| found.labels.clone()).unwrap_or_default();
    names.iter().map(|name| label(name)).collect()
}

fn create_label(world: &mut World, body: &Value) -> Answer {
    let name = body["name"].as_str().unwrap_or_default();
    match world.labels.insert(name.to_owned()) {
        true => Answer::json(201, &label(name)),
        false => invalid("Label", "already_exists", ""),
    }
}

/// GitHub's way to say 422.
fn invalid(resource: &str, code: &str, message: &str) -> Answer {
    let error = json!({ "resource": resource, "code": code, "message": message });
    Answer::json(422, &json!({ "message": "Validation Failed", "errors": [error] }))
}

fn list(world: &World, request: &Request) -> Answer {
    let owner = world.path.split('/').next().unwrap_or_default();
    let wanted = |found: &&PullRequest| {
        let open = found.state == State::Open;
        request.asked("head").is_none_or(|head| head == format!("{owner}:{}", found.source))
            && request.asked("base").is_none_or(|base| base == found.target)
            && match request.asked("state").unwrap_or("open") {
                "all" => true,
                "closed" => !open,
                _ => open,
            }
    };
    let found: Vec<Value> =
        world.requests.iter().rev().filter(wanted).map(|found| json(world, found)).collect();
    Answer::json(200, &Value::Array(found))
}

fn create(world: &mut World, body: &Value) -> Answer {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (head, base) = (text("head"), text("base"));
    let owner = world.path.split('/').next().unwrap_or_default().to_owned();
    let source = head.strip_prefix(&format!("{owner}:")).unwrap_or(&head).to_owned();
    if world.open_of(&source).is_some() {
        return invalid(
            "PullRequest",
            "custom",
            &format!("A pull request already exists for {owner}:{source}."),
        );
    }
    match world.open(&source, &base, (&text("title"), &text("body"))) {
        Some(number) => {
            if let Some(found) = world.request_mut(number) {
                found.draft = body["draft"] == true;
            }
            shown(world, number, 201)
        }
        None => invalid("PullRequest", "invalid", "head"),
    }
}

fn change(world: &mut World, number: i64, body: &Value) {
    if body["state"] == "closed" {
        world.close(number);
    }
    let Some(found) = world.request_mut(number) else { return };
    if let Some(title) = body["title"].as_str() {
        title.clone_into(&mut found.title);
    }
    if let Some(text) = body["body"].as_str() {
        text.clone_into(&mut found.description);
    }
}

/// Whether the rules let it be merged now.
pub(super) fn may_merge(world: &World, number: i64) -> bool {
    world.is_free(number) && (!world.settings.checks_required || world.checks(number) == Checks::Passed)
}

fn merge(world: &mut World, number: i64, body: &Value) -> Answer {
    let Some(found) = world.request_mut(number) else { return Answer::refusal(404, "Not Found") };
    if body["sha"].as_str().is_some_and(|sha| sha != found.head) {
        return Answer::refusal(409, "Head branch was modified. Review and try the merge again.");
    }
    if found.state != State::Open || !may_merge(world, number) {
        return Answer::refusal(405, "Pull Request is not mergeable");
    }
    set_method(world, number, body["merge_method"].as_str());
    match world.merge(number) {
        true => Answer::json(200, &json!({ "merged": true, "sha": merged_as(world, number) })),
        false => Answer::refusal(405, "Pull Request is not mergeable"),
    }
}

pub(super) fn set_method(world: &mut World, number: i64, method: Option<&str>) {
    if let Some(found) = world.request_mut(number) {
        found.squash = method.is_some_and(|method| method.eq_ignore_ascii_case("squash"));
    }
}

fn merged_as(world: &World, number: i64) -> Option<String> {
    world.request(number).and_then(|found| found.merged_as.clone())
}

fn merge_async(world: &mut World, number: i64, body: &Value) -> Answer {
    let Some(found) = world.request(number) else { return Answer::refusal(404, "Not Found") };
    let pending = |uuid: usize| json!({ "status": "pending", "details": { "uuid": format!("u-{uuid}"), "merge_action": "default" } });
    match found.state {
        State::Merged => {
            return Answer::json(
                200,
                &json!({ "status": "merged", "details": { "sha": merged_as(world, number) } }),
            );
        }
        State::Closed => return Answer::refusal(400, "Pull request is closed"),
        State::Open if found.draft => return Answer::refusal(400, "Pull request is a draft"),
        State::Open => {}
    }
    if body["sha"].as_str().is_some_and(|sha| sha != found.head) {
        return Answer::refusal(409, "Head branch was modified. Review and try the merge again.");
    }
    if let Some(uuid) = world.merges.iter().position(|found| *found == number) {
        return Answer::json(409, &pending(uuid));
    }
    set_method(world, number, body["merge_method"].as_str());
    world.merges.push(number);
    Answer::json(202, &pending(world.merges.len() - 1))
}

/// How an asynchronous merge goes: its rules are looked at when it runs, which is when somebody asks.
fn merging(world: &mut World, uuid: &str) -> Answer {
    let index = uuid.strip_prefix("u-").and_then(|index| index.parse::<usize>().ok());
    let Some(number) = index.and_then(|index| world.merges.get(index).copied()) else {
        return Answer::refusal(404, "Not Found");
    };
    world.look(number);
    let open = world.request(number).is_some_and(|found| found.state == State::Open);
    let word = match (open, world.settings.queue) {
        (false, _) => "merged",
        (true, _) if world.prepares(number) => "pending",
        (true, true) => {
            world.enqueue(number);
            "enqueued"
        }
        (true, false) if may_merge(world, number) && world.merge(number) => "merged",
        (true, false) => "failed",
    };
    if word != "pending" {
        world.merges.retain(|found| *found != number);
    }
    let details = match word {
        "merged" => json!({ "sha": merged_as(world, number) }),
        "failed" => json!({ "message": "Required status check \"ci\" is expected." }),
        _ => json!({ "uuid": uuid }),
    };
    Answer::json(200, &json!({ "status": word, "details": details }))
}

fn shown(world: &World, number: i64, status: u16) -> Answer {
    match world.request(number) {
        Some(found) => Answer::json(status, &json(world, found)),
        None => Answer::refusal(404, "Not Found"),
    }
}

/// A pull request as REST shows it.
fn json(world: &World, found: &PullRequest) -> Value {
    let merged = found.state == State::Merged;
    let owner = world.path.split('/').next().unwrap_or_default();
    let reviewers: Vec<Value> = found.reviewers.iter().map(|name| user(name)).collect();
    json!({
        "number": found.number, "id": 500 + found.number, "node_id": format!("PR_{}", found.number),
        "state": if found.state == State::Open { "open" } else { "closed" },
        "title": found.title, "body": found.description, "draft": found.draft,
        "html_url": format!("{}/{}/pull/{}", world.url, world.path, found.number),
        "head": { "ref": found.source, "sha": found.head, "label": format!("{owner}:{}", found.source),
            "repo": { "full_name": world.path } },
        "base": { "ref": found.target, "repo": { "full_name": world.path } },
        "user": user(&found.author),
        "labels": labels(world, found.number),
        "requested_reviewers": reviewers,
        "merged": merged, "merged_at": merged.then_some("2026-03-01T03:04:05Z"),
        "merge_commit_sha": found.merged_as,
        "merged_by": merged.then(|| user(OWNER)),
        "mergeable": if world.prepares(found.number) { None } else { Some(!world.conflicts(found.number)) },
        "mergeable_state": status(world, found).to_ascii_lowercase(),
        "auto_merge": found.armed.as_ref().map(|_| json!({ "merge_method": "squash", "enabled_by": user(OWNER) })),
    })
}

/// The merge state as GraphQL names it.
pub(super) fn status(world: &World, found: &PullRequest) -> &'static str {
    let settings = &world.settings;
    match world.checks(found.number) {
        _ if found.state != State::Open || world.prepares(found.number) => "UNKNOWN",
        _ if world.conflicts(found.number) => "DIRTY",
        _ if found.draft => "DRAFT",
        _ if world.lacks_approval(found.number) || settings.blocked.is_some() => "BLOCKED",
        Checks::Passed | Checks::None => "CLEAN",
        _ if settings.checks_required => "BLOCKED",
        Checks::Unseen => "CLEAN",
        Checks::Running | Checks::Failed => "UNSTABLE",
    }
}
