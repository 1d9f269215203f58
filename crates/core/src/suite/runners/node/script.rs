//! What a script of `package.json` runs: the test tool with its options, and what has to run before it.

use std::collections::BTreeMap;

/// Deepest chain of scripts that call scripts.
const DEEPEST: usize = 8;
/// Programs that check style or types, or publish; they are no part of running tests.
const CHECKERS: &[&str] = &[
    "eslint",
    "prettier",
    "standard",
    "standardx",
    "xo",
    "tslint",
    "biome",
    "oxlint",
    "attw",
    "publint",
    "knip",
    "depcheck",
    "cspell",
    "commitlint",
    "tsd",
    "dtslint",
    "ls-lint",
    "stylelint",
    "echo",
    "date",
    "size-limit",
];
/// Programs in front of a test tool that only change how it runs.
const RUNNERS_OF_SCRIPTS: &[&str] = &["npm", "yarn", "pnpm", "bun"];

/// A test tool as a script calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// `jest`, `vitest`, `mocha`, `react-scripts`, or `node --test`.
    pub tool: String,
    /// Variables set for it.
    pub variables: Vec<(String, String)>,
    /// Options for Node itself.
    pub node_options: Vec<String>,
    /// What follows the tool.
    pub arguments: Vec<String>,
    /// Lines of shell that must have run before, in this order: builds, mostly.
    pub before: Vec<String>,
}

/// The scripts of a `package.json`.
pub type Scripts = BTreeMap<String, String>;

/// All calls of test tools that a script leads to, in order.
pub fn invocations(scripts: &Scripts, name: &str) -> Vec<Invocation> {
    let mut walk = Walk { scripts, found: Vec::new() };
    walk.script(name, &[], 0);
    walk.found
}

struct Walk<'a> {
    scripts: &'a Scripts,
    found: Vec<Invocation>,
}

/// What was collected on the way to a command.
#[derive(Clone, Default)]
struct Way {
    variables: Vec<(String, String)>,
    before: Vec<String>,
}

impl Walk<'_> {
    fn script(&mut self, name: &str, variables: &[(String, String)], depth: usize) {
        let Some(line) = self.scripts.get(name).filter(|_| depth < DEEPEST) else { return };
        let mut way = Way { variables: variables.to_vec(), before: Vec::new() };
        if let Some(prepare) = self.scripts.get(&format!("pre{name}")) {
            way.before.extend(segments(prepare).into_iter().filter(|segment| self.prepares(segment, depth)));
        }
        for segment in segments(line) {
            let known = self.found.len();
            self.segment(&segment, &way, depth);
            if self.found.len() == known && self.prepares(&segment, depth) {
                way.before.push(segment);
            }
        }
    }

    fn segment(&mut self, segment: &str, way: &Way, depth: usize) {
        let words = words(segment);
        if let Some(mut invocation) = invocation(&words) {
            invocation.variables.splice(0..0, way.variables.iter().cloned());
            invocation.before.splice(0..0, way.before.iter().cloned());
            self.found.push(invocation);
            return;
        }
        let (variables, rest) = split_variables(&words);
        let variables: Vec<_> = way.variables.iter().cloned().chain(variables).collect();
        for name in called_scripts(&rest, self.scripts) {
            let known = self.found.len();
            self.script(&name, &variables, depth + 1);
            for invocation in self.found.iter_mut().skip(known) {
                invocation.before.splice(0..0, way.before.iter().cloned());
            }
        }
    }

    /// Whether a command in front of the tests makes something they need.
    fn prepares(&self, segment: &str, depth: usize) -> bool {
        let words = words(segment);
        let (_, rest) = split_variables(&words);
        let Some(program) =
            rest.iter().map(|word| base(word)).find(|word| !["npx", "cross-env"].contains(word))
        else {
            return false;
        };
        let checks = CHECKERS.contains(&program)
            || rest.iter().any(|word| word == "--noEmit" || word == "--check")
            || rest.iter().any(|word| word.contains("lint") || word.contains("audit"));
        let called = called_scripts(&rest, self.scripts);
        let nested = |name: &String| {
            let line = self.scripts.get(name).map(String::as_str).unwrap_or_default();
            depth < DEEPEST && segments(line).iter().any(|segment| self.prepares_nested(segment, depth))
        };
        !checks && (called.is_empty() || called.iter().any(nested))
    }

    fn prepares_nested(&self, segment: &str, depth: usize) -> bool {
        Walk { scripts: self.scripts, found: Vec::new() }.prepares(segment, depth + 1)
    }
}

/// The commands of a line of shell that run one after another.
fn segments(line: &str) -> Vec<String> {
    let mut segments = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (None, '&' | ';' | '|') => segments.push(String::new()),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        let separates = quote.is_none() && matches!(character, '&' | ';' | '|');
        if let Some(last) = segments.last_mut().filter(|_| !separates) {
            last.push(character);
        }
    }
    segments.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// The words of a command, without quotes.
fn words(segment: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = segment.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, character) if character.is_whitespace() => words.extend(word.take()),
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(characters.next()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// `NAME=value` in front of a command, also behind `cross-env`.
fn split_variables(words: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let mut variables = Vec::new();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next_if(|word| is_prefix(word)) {
        variables.extend(variable(word));
    }
    (variables, rest.cloned().collect())
}

fn is_prefix(word: &str) -> bool {
    ["cross-env", "cross-env-shell", "env", "exec", "time"].contains(&base(word)) || variable(word).is_some()
}

fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The last part of a program's path, without the ending of a script.
fn base(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    [".mjs", ".cjs", ".js"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// The test tool a command runs, through whatever wraps it (`npx`, `c8`, `nyc`, `cross-env`, `node …`).
fn invocation(words: &[String]) -> Option<Invocation> {
    let (first, _) = words.iter().map(|word| base(word)).enumerate().find(|(_, word)| !is_prefix(word))?;
    let program = words.get(first).map(|word| base(word))?;
    if CHECKERS.contains(&program) || is_script_call(words.get(first..).unwrap_or_default()) {
        return None;
    }
    let place = words.iter().position(|word| tool(word).is_some());
    let node = words.iter().position(|word| ["node", "tsx", "ts-node"].contains(&base(word)));
    let test = words.iter().position(|word| word == "--test");
    let variables: Vec<_> = words.iter().take(place.or(node)?).filter_map(|word| variable(word)).collect();
    match (place, node, test) {
        (None, Some(node), Some(_)) => node_test(words, node, variables),
        (Some(place), node, _) => {
            let tool = words.get(place).and_then(|word| tool(word))?.to_owned();
            let node_options = node.filter(|node| *node < place).map(|node| options(words, node + 1, place));
            let arguments = words.iter().skip(place + 1).cloned().collect();
            Some(Invocation {
                tool,
                variables,
                node_options: node_options.unwrap_or_default(),
                arguments,
                before: Vec::new(),
            })
        }
        _ => None,
    }
}

fn options(words: &[String], from: usize, to: usize) -> Vec<String> {
    words.iter().take(to).skip(from).cloned().collect()
}

fn tool(word: &str) -> Option<&'static str> {
    match base(word) {
        "jest" | "jest-cli" => Some("jest"),
        "vitest" => Some("vitest"),
        "mocha" | "_mocha" => Some("mocha"),
        "react-scripts" => Some("react-scripts"),
        _ => None,
    }
}

fn node_test(words: &[String], node: usize, variables: Vec<(String, String)>) -> Option<Invocation> {
    let arguments: Vec<String> =
        words.iter().skip(node + 1).filter(|word| *word != "--test").cloned().collect();
    let loader = match base(words.get(node)?) {
        "tsx" => vec!["--import=tsx".to_owned()],
        "ts-node" => vec!["--require=ts-node/register".to_owned()],
        _ => Vec::new(),
    };
    let tool = "node --test".to_owned();
    Some(Invocation { tool, variables, node_options: loader, arguments, before: Vec::new() })
}

fn is_script_call(words: &[String]) -> bool {
    let program = words.first().map(|word| base(word)).unwrap_or_default();
    let second = words.get(1).map(String::as_str).unwrap_or_default();
    RUNNERS_OF_SCRIPTS.contains(&program) && (second == "run" || second == "run-script")
        || ["run-s", "run-p", "npm-run-all"].contains(&program)
}

/// The scripts that a command runs.
fn called_scripts(words: &[String], scripts: &Scripts) -> Vec<String> {
    let program = words.first().map(|word| base(word)).unwrap_or_default();
    let names: Vec<&String> = words.iter().skip(1).filter(|word| !word.starts_with('-')).collect();
    if ["run-s", "run-p", "npm-run-all"].contains(&program) {
        return names.into_iter().flat_map(|name| matching(name, scripts)).collect();
    }
    if !RUNNERS_OF_SCRIPTS.contains(&program) {
        return Vec::new();
    }
    let name = names.into_iter().find(|name| !["run", "run-script"].contains(&name.as_str()));
    name.into_iter().filter(|name| scripts.contains_key(*name)).cloned().collect()
}

/// `test:*` names all scripts that begin so.
fn matching(pattern: &str, scripts: &Scripts) -> Vec<String> {
    let Some(start) = pattern.trim_end_matches('*').strip_suffix(':').filter(|_| pattern.ends_with('*'))
    else {
        return scripts.get_key_value(pattern).map(|(name, _)| name.clone()).into_iter().collect();
    };
    let start = format!("{start}:");
    scripts.keys().filter(|name| name.starts_with(&start)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scripts: &[(&str, &str)]) -> Vec<Invocation> {
        let owned = scripts.iter().map(|(name, line)| ((*name).to_owned(), (*line).to_owned())).collect();
        invocations(&owned, "test")
    }

    /// Tool, variables, options of Node, arguments, what runs before.
    fn said(scripts: &[(&str, &str)]) -> Vec<String> {
        let text = |one: &Invocation| {
            let variables: Vec<_> =
                one.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let parts =
                [variables.join(" "), one.tool.clone(), one.node_options.join(" "), one.arguments.join(" ")];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("[{}] {}", one.before.join(", "), parts.join(" / "))
        };
        of(scripts).iter().map(text).collect()
    }

    #[test]
    fn a_tool_is_found_through_what_wraps_it() {
        for (line, expected) in [
            ("jest --config 'a b.js'", "[] jest / --config a b.js"),
            ("NODE_ENV=test npx vitest run", "[] NODE_ENV=test / vitest / run"),
            ("cross-env TZ=UTC nyc --reporter=lcov mocha test/*.mjs", "[] TZ=UTC / mocha / test/*.mjs"),
            (
                "node --experimental-vm-modules node_modules/jest/bin/jest.js -i",
                "[] jest / --experimental-vm-modules / -i",
            ),
            ("c8 node --import tsx --test test/**/*.ts", "[] node --test / --import tsx test/**/*.ts"),
            ("tsx --test src", "[] node --test / --import=tsx / src"),
            ("eslint . && jest", "[] jest"),
            ("tsc -p . && node_modules/.bin/_mocha", "[tsc -p .] mocha"),
            ("eslint --ext jest .", ""),
            ("node test.js", ""),
        ] {
            let expected: Vec<String> =
                if expected.is_empty() { Vec::new() } else { vec![expected.to_owned()] };
            assert_eq!(said(&[("test", line)]), expected, "{line}");
        }
    }

    #[test]
    fn scripts_that_call_scripts_are_followed() {
        let scripts = [
            ("build", "tsc"),
            ("lint", "eslint ."),
            ("pretest", "npm run lint && npm run build"),
            ("test", "run-s lint test:*"),
            ("test:unit", "TZ=UTC yarn run unit"),
            ("unit", "jest"),
        ];
        // What stands before a script holds for all it calls.
        assert_eq!(said(&scripts), ["[npm run build] TZ=UTC / jest"]);
        assert_eq!(said(&[("test", "npm run test")]), Vec::<String>::new());
        assert_eq!(
            said(&[("test", "TZ=a npm run tz && jest"), ("tz", "date && jest tz")]),
            ["[] TZ=a / jest / tz", "[] jest"]
        );
    }

    #[test]
    fn quotes_and_operators_are_those_of_a_shell() {
        assert_eq!(segments("a && b 'x && y' | c;d"), ["a", "b 'x && y'", "c", "d"]);
        assert_eq!(words(r#"mocha "a b" 'c\d' e\ f ''"#), ["mocha", "a b", r"c\d", "e f", ""]);
        assert_eq!(words("'never closed"), ["never closed"]);
    }
}
