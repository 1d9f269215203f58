//! What a forge has published of its API, and whether a request, and an answer of a fake, is as it says there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::fake::http::{Answer, Request};
use super::graphql_contract;

static GITHUB: LazyLock<Contract> =
    LazyLock::new(|| Contract::read(include_str!("../../contracts/github.json")));
static GITLAB: LazyLock<Contract> =
    LazyLock::new(|| Contract::read(include_str!("../../contracts/gitlab.json")));
static GITEA: LazyLock<Contract> =
    LazyLock::new(|| Contract::read(include_str!("../../contracts/gitea.json")));

/// The operations of one forge.
#[derive(Debug, Deserialize)]
pub struct Contract {
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Deserialize)]
struct Operation {
    method: String,
    path: String,
    query: BTreeMap<String, Value>,
    body: Option<Value>,
    answers: BTreeMap<String, Value>,
}

impl Contract {
    /// GitHub's, REST and GraphQL.
    pub fn github() -> &'static Self {
        &GITHUB
    }

    /// GitLab's.
    pub fn gitlab() -> &'static Self {
        &GITLAB
    }

    /// Gitea's.
    pub fn gitea() -> &'static Self {
        &GITEA
    }

    fn read(text: &str) -> Self {
        serde_json::from_str(text).expect("a contract")
    }

    /// What is wrong with a request whose path is that of the API alone: `/user`. Nothing if it is as the contract says.
    pub fn wrong_in_request(&self, path: &str, request: &Request) -> Vec<String> {
        if path == "/graphql" {
            return graphql_contract::wrong_in(&request.json());
        }
        let Some(operation) = self.operation(&request.method, path) else {
            return vec![format!("{} {path}: there is no such operation", request.method)];
        };
        let named = |wrong: String| format!("{} {}: {wrong}", operation.method, operation.path);
        let query = request.query.iter().filter_map(|(name, value)| operation.wrong_in_query(name, value));
        query.chain(operation.wrong_in_body(request)).map(named).collect()
    }

    /// What is wrong with an answer of a fake. Nothing if the contract knows the status, and the outermost fields that
    /// both have are of the same type.
    pub fn wrong_in_answer(&self, path: &str, request: &Request, answer: &Answer) -> Vec<String> {
        let Some(operation) = self.operation(&request.method, path) else { return Vec::new() };
        let named = |wrong: String| format!("{} {}: answer: {wrong}", operation.method, operation.path);
        match operation.answers.get(&answer.status.to_string()) {
            // That a token is not good need not be said with every operation.
            None if matches!(answer.status, 401 | 404) => Vec::new(),
            None => vec![named(format!("status {} is not known", answer.status))],
            Some(schema) => {
                let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
                let wrong = if schema.is_object() { violations(schema, &body) } else { Vec::new() };
                wrong.into_iter().map(named).collect()
            }
        }
    }

    /// The operation whose path fits; one with more words of its own first.
    fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let fitting = self.operations.iter().filter(|one| one.method == method && fits(&one.path, path));
        fitting.max_by_key(|one| one.path.split('/').filter(|part| !part.starts_with('{')).count())
    }
}

impl Operation {
    fn wrong_in_query(&self, name: &str, value: &str) -> Option<String> {
        let Some(schema) = self.query.get(name) else {
            return Some(format!("there is no parameter `{name}`"));
        };
        let is_number = schema["type"] == "integer" && value.parse::<i64>().is_ok();
        let is_choice = schema["enum"].as_array().is_none_or(|choices| choices.contains(&json!(value)));
        let is_text = schema["type"] != "integer";
        (!(is_number || is_text) || !is_choice).then(|| format!("`{name}` cannot be `{value}`"))
    }

    fn wrong_in_body(&self, request: &Request) -> Vec<String> {
        let body = request.json();
        match &self.body {
            None if request.body.is_empty() || body == json!({}) || body.is_null() => Vec::new(),
            None => vec!["it takes no body".to_owned()],
            Some(schema) => {
                let body = if request.body.is_empty() { json!({}) } else { body };
                let mut wrong = violations(schema, &body);
                wrong.extend(unknown(schema, &body));
                wrong
            }
        }
    }
}

/// Whether `/repos/{owner}/…` stands for a path. The last part may hold slashes, as names of refs do.
fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let mut wanted = template.split('/').peekable();
    while let Some(want) = wanted.next() {
        let Some(part) = parts.next() else { return false };
        let is_name = want.starts_with('{');
        if (is_name && part.is_empty()) || (!is_name && want != part) {
            return false;
        }
        if want == "{ref}" && wanted.peek().is_none() {
            return true;
        }
    }
    parts.next().is_none()
}

fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Fields that the operation does not know, which forges drop without a word.
fn unknown(schema: &Value, value: &Value) -> Vec<String> {
    let (Some(known), Some(given)) = (schema["properties"].as_object(), value.as_object()) else {
        return Vec::new();
    };
    let strangers = given.keys().filter(|name| !known.contains_key(*name));
    strangers.map(|name| format!("there is no field `{name}`")).collect()
}
