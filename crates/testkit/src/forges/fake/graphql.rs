//! GitHub's GraphQL API: documents are really parsed, and only what they select is answered.

use graphql_parser::query::{
    Definition, Document, Field, OperationDefinition, Selection, SelectionSet, TypeCondition,
    Value as Literal, parse_query,
};
use serde_json::{Map, Value, json};

use super::github;
use super::http::Answer;
use super::ledger::Checks;
use super::world::{OWNER, Request as PullRequest, State, World};

type Set = SelectionSet<'static, String>;
type Selected = Field<'static, String>;

/// Answers `{"query": …, "variables": …}`.
pub fn answer(world: &mut World, body: &Value) -> Answer {
    let text = body["query"].as_str().unwrap_or_default().to_owned();
    match parse_query::<String>(&text) {
        Ok(document) => run(world, &document.into_static(), &body["variables"]),
        Err(error) => Answer::json(200, &json!({ "errors": [{ "message": error.to_string() }] })),
    }
}

fn run(world: &mut World, document: &Document<'static, String>, variables: &Value) -> Answer {
    let mut data = Map::new();
    let mut errors = Vec::new();
    for definition in &document.definitions {
        let Definition::Operation(operation) = definition else { continue };
        let (set, changes) = match operation {
            OperationDefinition::SelectionSet(set) => (set, false),
            OperationDefinition::Query(query) => (&query.selection_set, false),
            OperationDefinition::Mutation(mutation) => (&mutation.selection_set, true),
            OperationDefinition::Subscription(_) => continue,
        };
        for field in fields(set, None) {
            let name = field.alias.as_ref().unwrap_or(&field.name);
            let arguments = arguments(field, variables);
            let outcome = match changes {
                true => mutate(world, &field.name, &arguments["input"]),
                false => query(world, field, &arguments, variables),
            };
            let outcome = outcome.and_then(|found| projected(&field.selection_set, &found));
            data.insert(name.to_owned(), outcome.clone().unwrap_or(Value::Null));
            if let Err(message) = outcome {
                errors.push(json!({ "type": "UNPROCESSABLE", "path": [name], "message": message }));
            }
        }
    }
    let mut answer = json!({ "data": data });
    if !errors.is_empty() {
        answer["errors"] = Value::Array(errors);
    }
    Answer::json(200, &answer)
}

/// The fields of a selection, those of fragments that fit the type among them.
fn fields<'a>(set: &'a Set, kind: Option<&str>) -> Vec<&'a Selected> {
    let mut found = Vec::new();
    for selection in &set.items {
        match selection {
            Selection::Field(field) => found.push(field),
            Selection::InlineFragment(fragment) => {
                let fits = match &fragment.type_condition {
                    Some(TypeCondition::On(name)) => kind.is_none_or(|kind| kind == name),
                    None => true,
                };
                if fits {
                    found.extend(fields(&fragment.selection_set, kind));
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    found
}

fn arguments(field: &Selected, variables: &Value) -> Value {
    let pairs = field.arguments.iter().map(|(name, value)| (name.clone(), literal(value, variables)));
    Value::Object(pairs.collect())
}

fn literal(value: &Literal<'static, String>, variables: &Value) -> Value {
    match value {
        Literal::Variable(name) => variables[name].clone(),
        Literal::Int(number) => json!(number.as_i64()),
        Literal::Float(number) => json!(number),
        Literal::String(text) => json!(text),
        Literal::Boolean(yes) => json!(yes),
        Literal::Null => Value::Null,
        Literal::Enum(name) => json!(name),
        Literal::List(items) => items.iter().map(|item| literal(item, variables)).collect(),
        Literal::Object(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| (name.clone(), literal(value, variables)));
            Value::Object(pairs.collect())
        }
    }
}

/// Only what was selected. Fails at a field that there is not.
fn projected(set: &Set, value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(items) => items.iter().map(|item| projected(set, item)).collect(),
        Value::Object(object) => {
            let kind = object.get("__typename").and_then(Value::as_str);
            let mut kept = Map::new();
            for field in fields(set, kind) {
                let found = object.get(&field.name);
                let found = found.ok_or_else(|| {
                    format!("Field '{}' doesn't exist on type '{}'", field.name, kind.unwrap_or("?"))
                })?;
                let name = field.alias.as_ref().unwrap_or(&field.name);
                let value = if field.selection_set.items.is_empty() {
                    found.clone()
                } else {
                    projected(&field.selection_set, found)?
                };
                kept.insert(name.to_owned(), value);
            }
            Ok(Value::Object(kept))
        }
        other => Ok(other.clone()),
    }
}

fn query(world: &mut World, field: &Selected, asked: &Value, variables: &Value) -> Result<Value, String> {
    match field.name.as_str() {
        "viewer" => Ok(json!({ "login": OWNER, "id": format!("U_{OWNER}") })),
        "node" => {
            let number = number_of(asked["id"].as_str()).ok_or("Could not resolve to a node")?;
            world.look(number);
            world
                .request(number)
                .map(|found| pull_request(world, found))
                .ok_or("Could not resolve to a node".to_owned())
        }
        "repository" => {
            let path = format!(
                "{}/{}",
                asked["owner"].as_str().unwrap_or_default(),
                asked["name"].as_str().unwrap_or_default()
            );
            if path != world.path {
                return Err(format!("Could not resolve to a Repository with the name '{path}'."));
            }
            repository(world, &field.selection_set, variables)
        }
        other => Err(format!("Field '{other}' doesn't exist on type 'Query'")),
    }
}

/// The repository with those children that take arguments.
fn repository(world: &mut World, set: &Set, variables: &Value) -> Result<Value, String> {
    let mut shown = json!({
        "__typename": "Repository", "id": "R_1", "nameWithOwner": world.path,
        "autoMergeAllowed": world.settings.auto_merge_allowed,
        "squashMergeAllowed": true, "mergeCommitAllowed": true, "rebaseMergeAllowed": true,
        "viewerPermission": "WRITE", "isArchived": false, "deleteBranchOnMerge": false,
        "viewerDefaultMergeMethod": "MERGE",
    });
    for field in fields(set, Some("Repository")) {
        let asked = arguments(field, variables);
        let value = match field.name.as_str() {
            "pullRequest" => {
                let number = asked["number"].as_i64().unwrap_or(0);
                world.look(number);
                let found = world.request(number).map(|found| pull_request(world, found));
                found.ok_or_else(|| {
                    format!("Could not resolve to a PullRequest with the number of {number}.")
                })?
            }
            "pullRequests" => {
                let ours = |found: &&PullRequest| {
                    asked["headRefName"].as_str().is_none_or(|name| name == found.source)
                };
                let nodes = world.requests.iter().rev().filter(ours).map(|found| pull_request(world, found));
                json!({ "nodes": nodes.collect::<Vec<_>>() })
            }
            "label" => {
                let name = asked["name"].as_str().unwrap_or_default();
                if world.labels.contains(name) { label(name) } else { Value::Null }
            }
            "labels" => json!({ "nodes": world.labels.iter().map(|name| label(name)).collect::<Vec<_>>() }),
            "ref" | "defaultBranchRef" => {
                json!({ "__typename": "Ref", "name": "main", "branchProtectionRule": protection(world) })
            }
            "mergeQueue" if world.settings.queue => {
                json!({ "__typename": "MergeQueue", "id": "MQ_1", "url": world.url })
            }
            "mergeQueue" => Value::Null,
            _ => continue,
        };
        // Two aliases of one field would meet here; no document of ours has any.
        shown[&field.name] = value;
    }
    Ok(shown)
}

fn protection(world: &World) -> Value {
    if !world.settings.checks_required && world.settings.approvals_needed == 0 {
        return Value::Null;
    }
    json!({
        "__typename": "BranchProtectionRule",
        "requiresStatusChecks": world.settings.checks_required,
        "requiredStatusCheckContexts": if world.settings.checks_required { json!(["ci"]) } else { json!([]) },
        "requiresApprovingReviews": world.settings.approvals_needed > 0,
        "requiredApprovingReviewCount": world.settings.approvals_needed,
    })
}

fn label(name: &str) -> Value {
    json!({ "__typename": "Label", "id": format!("LA_{name}"), "name": name })
}

/// The number in a node's id: `PR_7`.
fn number_of(id: Option<&str>) -> Option<i64> {
    id?.strip_prefix("PR_")?.parse().ok()
}

fn mutate(world: &mut World, name: &str, input: &Value) -> Result<Value, String> {
    let id = input["pullRequestId"].as_str().or(input["labelableId"].as_str());
    let number = number_of(id).filter(|number| world.request(*number).is_some());
    let number = number.ok_or_else(|| {
        format!("Could not resolve to a node with the global id of '{}'", id.unwrap_or_default())
    })?;
    let head = world.request(number).map(|found| found.head.clone()).unwrap_or_default();
    if input["expectedHeadOid"].as_str().is_some_and(|expected| expected != head) {
        return Err("Expected head sha did not match current head sha.".to_owned());
    }
    match name {
        "addLabelsToLabelable" | "removeLabelsFromLabelable" => {
            for id in input["labelIds"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let label = id.strip_prefix("LA_").ok_or("Could not resolve to a node")?;
                if name.starts_with("add") {
                    world.label(number, label);
                } else {
                    world.unlabel(number, label);
                }
            }
        }
        "enablePullRequestAutoMerge" => arm(world, number, (&head, input["mergeMethod"].as_str()))?,
        "disablePullRequestAutoMerge" => world.disarm(number),
        "enqueuePullRequest" if world.settings.queue => world.enqueue(number),
        "enqueuePullRequest" => return Err("Merge queue is not enabled on branch".to_owned()),
        other => return Err(format!("Field '{other}' doesn't exist on type 'Mutation'")),
    }
    let found = world.request(number).map(|found| pull_request(world, found)).unwrap_or_default();
    let entry = found["mergeQueueEntry"].clone();
    Ok(
        json!({ "clientMutationId": null, "pullRequest": found, "labelable": found, "mergeQueueEntry": entry }),
    )
}

/// Auto-merge, which GitHub refuses where the pull request could be merged at once.
fn arm(world: &mut World, number: i64, (head, method): (&str, Option<&str>)) -> Result<(), String> {
    let Some(found) = world.request(number) else { return Err("Could not resolve to a node".to_owned()) };
    let settings = &world.settings;
    if !settings.auto_merge_allowed {
        return Err("Pull request Auto merge is not allowed for this repository".to_owned());
    }
    if found.state != State::Open {
        return Err("Pull request Pull request is closed".to_owned());
    }
    let waits = settings.checks_required && world.checks(number) != Checks::Passed;
    let status = match world.checks(number) {
        _ if waits || world.lacks_approval(number) || settings.blocked.is_some() => "blocked",
        Checks::Running | Checks::Failed => "unstable",
        _ => "clean",
    };
    match status {
        "blocked" => world.arm(number, head),
        _ if settings.queue => world.enqueue(number),
        other => return Err(format!("Pull request Pull request is in {other} status")),
    }
    github::set_method(world, number, method);
    Ok(())
}

/// A pull request as GraphQL shows it.
fn pull_request(world: &World, found: &PullRequest) -> Value {
    let merged = found.state == State::Merged;
    let state = match found.state {
        State::Open => "OPEN",
        State::Merged => "MERGED",
        State::Closed => "CLOSED",
    };
    let labels: Vec<Value> = found.labels.iter().map(|name| label(name)).collect();
    let decision = match (world.settings.approvals_needed, world.lacks_approval(found.number)) {
        (0, _) => None,
        (_, true) => Some("REVIEW_REQUIRED"),
        (_, false) => Some("APPROVED"),
    };
    let commit =
        json!({ "__typename": "Commit", "oid": found.head, "statusCheckRollup": rollup(world, found) });
    json!({
        "__typename": "PullRequest",
        "id": format!("PR_{}", found.number), "number": found.number, "state": state, "merged": merged,
        "url": format!("{}/{}/pull/{}", world.url, world.path, found.number),
        "title": found.title, "isDraft": found.draft,
        "headRefName": found.source, "headRefOid": found.head, "baseRefName": found.target,
        "mergedAt": merged.then_some("2026-03-01T03:04:05Z"),
        "mergedBy": merged.then(|| json!({ "__typename": "User", "login": OWNER })),
        "mergeCommit": found.merged_as.as_ref().map(|oid| json!({ "__typename": "Commit", "oid": oid })),
        "mergeable": if world.conflicts(found.number) { "CONFLICTING" } else { "MERGEABLE" },
        "mergeStateStatus": github::status(world, found),
        "reviewDecision": decision,
        "author": { "__typename": "User", "login": found.author },
        "isInMergeQueue": found.queued, "isMergeQueueEnabled": world.settings.queue,
        "autoMergeRequest": found.armed.as_ref().map(|_| json!({
            "__typename": "AutoMergeRequest", "enabledAt": "2026-03-01T03:00:00Z", "mergeMethod": "SQUASH",
        })),
        "mergeQueueEntry": found.queued.then(|| json!({
            "__typename": "MergeQueueEntry", "id": "MQE_1", "position": 1, "state": "AWAITING_CHECKS",
            "estimatedTimeToMerge": 60,
        })),
        "viewerCanMergeAsAdmin": false, "viewerCanEnableAutoMerge": world.settings.auto_merge_allowed,
        "labels": { "nodes": labels },
        "commits": { "nodes": [{ "commit": commit }] },
        "reviews": { "nodes": [] }, "comments": { "nodes": [] }, "reviewRequests": { "nodes": [] },
    })
}

fn rollup(world: &World, found: &PullRequest) -> Value {
    let (state, status, conclusion) = match world.checks(found.number) {
        Checks::None | Checks::Unseen => return Value::Null,
        Checks::Running => ("PENDING", "IN_PROGRESS", None),
        Checks::Passed => ("SUCCESS", "COMPLETED", Some("SUCCESS")),
        Checks::Failed => ("FAILURE", "COMPLETED", Some("FAILURE")),
    };
    let run = json!({
        "__typename": "CheckRun", "name": "ci", "status": status, "conclusion": conclusion,
        "detailsUrl": format!("{}/{}/checks/1", world.url, world.path),
        "isRequired": world.settings.checks_required,
    });
    json!({ "__typename": "StatusCheckRollup", "state": state, "contexts": { "nodes": [run], "totalCount": 1 } })
}
