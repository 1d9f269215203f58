//! What a script of `package.json` runs: the test tools with their options, what runs them, and what has to run before.
//! A script that cannot be taken apart exactly is not taken apart at all.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{self, Word};

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
    "size-limit",
];
/// Commands that only print or only succeed.
const IDLE: &[&str] = &["echo", "printf", "true", ":", "date", "sleep"];
/// Programs that make or remove files, whatever these are called.
const BUILDERS: &[&str] = &[
    "tsc",
    "tsup",
    "babel",
    "swc",
    "esbuild",
    "rollup",
    "webpack",
    "vite",
    "rm",
    "rimraf",
    "del",
    "mkdir",
    "mkdirp",
    "cp",
    "cpx",
    "cpy",
    "copyfiles",
    "mv",
    "ln",
    "touch",
    "shx",
    "react-scripts",
];
/// Package managers, which run scripts and installed programs.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun"];
/// Programs that only find an installed program and run it.
const LAUNCHERS: &[&str] = &["npx", "bunx", "exec", "time"];
/// Programs that measure what the program behind them runs, and do nothing else.
const MEASURERS: &[&str] = &["c8", "nyc"];
/// Programs that run the program named behind their options, with those of their options that take the next word. All
/// that is behind `--` is run by any program.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("env-cmd", &["-f", "--file", "-r", "--rc-file", "-e", "--environments"]),
    ("dotenv", &["-e", "-c", "-v"]),
    ("xvfb-run", &["-s", "--server-args", "-n", "--server-num"]),
    ("nice", &["-n", "--adjustment"]),
    ("timeout", &["-k", "--kill-after", "-s", "--signal"]),
];
/// Words that send a command to other packages of the repository.
const OTHER_PACKAGES: &[&str] = &[
    "-r",
    "--recursive",
    "-ws",
    "--workspaces",
    "-w",
    "--workspace",
    "--filter",
    "-F",
    "-C",
    "--prefix",
    "--cwd",
    "--dir",
    "workspace",
    "workspaces",
];
/// Programs that run scripts in all packages of a repository.
const FOR_ALL_PACKAGES: &[&str] = &["lerna", "turbo", "nx", "rush", "wsrun", "moon", "ultra"];
/// Options of Node that take the next word.
const NODE_OPTIONS_WITH_VALUE: &[&str] = &[
    "--import",
    "--require",
    "-r",
    "--loader",
    "--experimental-loader",
    "--conditions",
    "-C",
    "--env-file",
    "--env-file-if-exists",
];

/// A test tool as a script calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// `jest`, `vitest`, `mocha`, `react-scripts`, or `node --test`.
    pub tool: String,
    /// What stands before it, as words of a shell: variables, and programs that run it.
    pub prefix: Vec<String>,
    /// Options for Node itself.
    pub node_options: Vec<Word>,
    /// What follows the tool.
    pub arguments: Vec<Word>,
    /// Lines of shell that must have run before, in this order: builds, mostly.
    pub before: Vec<String>,
}

/// What a script does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// It runs test tools, one after another, and these lines of shell after them.
    Calls(Vec<Invocation>, Vec<String>),
    /// It hands over to other packages of the repository.
    OtherPackages,
    /// It runs nothing.
    Nothing,
    /// It cannot be taken apart. These are the test tools that it mentions.
    Whole(BTreeSet<&'static str>),
}

/// The scripts of a `package.json`.
pub type Scripts = BTreeMap<String, String>;

/// What a script does; `None` if there is no such script.
pub fn read(scripts: &Scripts, name: &str) -> Option<Script> {
    scripts.get(name)?;
    let walk = Walk { scripts };
    Some(match walk.script(name, &Way::default(), 0) {
        Ok(steps) => finished(steps, || walk.mentioned(name)),
        Err(Unclear::OtherPackages) => Script::OtherPackages,
        Err(Unclear::Shell) => Script::Whole(walk.mentioned(name)),
    })
}

/// Why a script cannot be taken apart.
enum Unclear {
    /// A shell, or a program that is not known, decides what runs.
    Shell,
    /// It runs scripts of other packages.
    OtherPackages,
}

/// One command of a script.
enum Step {
    /// It runs a test tool.
    Tests(Invocation),
    /// It may make something that tests need, or test something itself.
    Line(String),
    /// It checks style or types.
    Check,
    /// It prints or waits.
    Idle,
}

fn finished(steps: Vec<Step>, mentioned: impl Fn() -> BTreeSet<&'static str>) -> Script {
    if steps.iter().all(|step| matches!(step, Step::Idle)) {
        return Script::Nothing;
    }
    let (mut calls, mut lines): (Vec<Invocation>, Vec<String>) = (Vec::new(), Vec::new());
    // Lines before a call stay before it; those behind the last one come after all.
    let mut before = Vec::new();
    for step in steps {
        match step {
            Step::Tests(call) => {
                before.append(&mut lines);
                calls.push(Invocation { before: before.clone(), ..call });
            }
            Step::Line(line) => lines.push(line),
            Step::Check | Step::Idle => {}
        }
    }
    if calls.is_empty() { Script::Whole(mentioned()) } else { Script::Calls(calls, lines) }
}

struct Walk<'a> {
    scripts: &'a Scripts,
}

/// What was collected on the way to a script.
#[derive(Clone, Default)]
struct Way {
    /// What stands before each of its commands.
    prefix: Vec<String>,
    /// What its caller adds to its last command.
    arguments: Vec<Word>,
}

impl Walk<'_> {
    fn script(&self, name: &str, way: &Way, depth: usize) -> Result<Vec<Step>, Unclear> {
        let line = self.scripts.get(name).filter(|_| depth < DEEPEST).ok_or(Unclear::Shell)?;
        let mut steps = self.hook(&format!("pre{name}"), way, depth);
        if words::is_idle(line) {
            steps.push(Step::Idle);
            steps.extend(self.hook(&format!("post{name}"), way, depth));
            return Ok(steps);
        }
        let mut commands = words::commands(line).ok_or(Unclear::Shell)?;
        if let Some(last) = commands.last_mut() {
            last.extend(way.arguments.iter().cloned());
        }
        for command in commands {
            steps.extend(self.command(&command, &way.prefix, depth)?);
        }
        steps.extend(self.hook(&format!("post{name}"), way, depth));
        Ok(steps)
    }

    /// `pretest` and the like. What cannot be taken apart there is run as it is.
    fn hook(&self, name: &str, way: &Way, depth: usize) -> Vec<Step> {
        let Some(line) = self.scripts.get(name) else { return Vec::new() };
        let way = Way { arguments: Vec::new(), ..way.clone() };
        self.script(name, &way, depth + 1).unwrap_or_else(|_| vec![Step::Line(behind(&way.prefix, line))])
    }

    fn command(&self, command: &[Word], outer: &[String], depth: usize) -> Result<Vec<Step>, Unclear> {
        let whole: Vec<&str> = command.iter().map(|word| word.raw.as_str()).collect();
        let line = behind(outer, &whole.join(" "));
        let (prefix, rest) = unwrapped(command, outer);
        let Some(program) = rest.first().map(|word| base(&word.text)) else { return Err(Unclear::Shell) };
        if self.hands_over(rest) {
            return Err(Unclear::OtherPackages);
        }
        if let Some(called) = self.called(rest)? {
            return self.scripts_called(&called, &prefix, &line, depth);
        }
        if let Some(call) = call(rest, &prefix) {
            return Ok(vec![Step::Tests(call)]);
        }
        if IDLE.contains(&program) {
            return Ok(vec![Step::Idle]);
        }
        if is_check(rest) {
            return Ok(vec![Step::Check]);
        }
        // A program that is not known may run the tool, or a script with the tool.
        let may_run_others = !BUILDERS.contains(&program);
        if may_run_others && whole.iter().any(|word| !self.mentioned_in(word).is_empty()) {
            return Err(Unclear::Shell);
        }
        Ok(vec![Step::Line(line)])
    }

    /// The steps of scripts that a command calls. Scripts without tests are called as they are: they build, mostly.
    fn scripts_called(
        &self,
        called: &Called,
        prefix: &[String],
        line: &str,
        depth: usize,
    ) -> Result<Vec<Step>, Unclear> {
        let (mut steps, mut busy) = (Vec::new(), 0);
        for name in &called.names {
            let way = Way { prefix: prefix.to_vec(), arguments: called.arguments.clone() };
            let own = match self.script(name, &way, depth + 1) {
                Err(Unclear::Shell) if self.mentioned(name).is_empty() => None,
                own => Some(own?),
            };
            let is_idle = |step: &Step| matches!(step, Step::Check | Step::Idle);
            let has_tests = |step: &Step| matches!(step, Step::Tests(_));
            match own {
                Some(own) if own.iter().all(is_idle) => steps.extend(own),
                Some(own) if own.iter().any(has_tests) => {
                    busy += 1;
                    steps.extend(own);
                }
                _ => {
                    busy += 1;
                    let by_name = || behind(prefix, &format!("npm run {}", words::quoted(name)));
                    let is_alone = called.names.len() == 1;
                    steps.push(Step::Line(if is_alone { line.to_owned() } else { by_name() }));
                }
            }
        }
        if called.at_once && busy > 1 { Err(Unclear::Shell) } else { Ok(steps) }
    }

    /// The scripts that a command calls; `None` if it calls none. Errors: what it calls is not clear.
    fn called(&self, command: &[Word]) -> Result<Option<Called>, Unclear> {
        let texts: Vec<&str> = command.iter().map(|word| word.text.as_str()).collect();
        let program = texts.first().map(|word| base(word)).unwrap_or_default();
        if ["run-s", "run-p", "npm-run-all"].contains(&program) {
            return self.called_together(program, texts.get(1..).unwrap_or_default()).map(Some);
        }
        if !MANAGERS.contains(&program) {
            return Ok(None);
        }
        let place = texts
            .iter()
            .enumerate()
            .skip(1)
            .find(|(_, word)| !word.starts_with('-') && !["run", "run-script"].contains(word));
        let Some((place, name)) = place else { return Ok(None) };
        let says_run = texts.iter().take(place).any(|word| ["run", "run-script"].contains(word));
        let is_test = ["test", "t", "tst"].contains(name);
        let name = if is_test && !says_run { "test" } else { name };
        // `bun test` is a test tool of its own.
        let by_name = is_test && program != "bun" || ["yarn", "pnpm"].contains(&program);
        if !self.scripts.contains_key(name) || !(says_run || by_name) {
            return Ok(None);
        }
        let mut arguments = command.get(place + 1..).unwrap_or_default().to_vec();
        match arguments.iter().position(|word| word.text == "--") {
            Some(separator) if program == "npm" => drop(arguments.drain(..=separator)),
            Some(0) => drop(arguments.remove(0)),
            // npm keeps what is not behind `--` for itself, but for names.
            None if program == "npm" => arguments.retain(|word| !word.text.starts_with('-')),
            _ => {}
        }
        Ok(Some(Called { names: vec![name.to_owned()], arguments, at_once: false }))
    }

    fn called_together(&self, program: &str, words: &[&str]) -> Result<Called, Unclear> {
        let at_once = program == "run-p" || words.iter().any(|word| ["-p", "--parallel"].contains(word));
        let harmless =
            ["-s", "-l", "-n", "-p", "--silent", "--print-label", "--print-name", "--parallel", "--serial"];
        let harmless = |word: &str| {
            harmless.contains(&word) || ["--sequential", "-c", "--continue-on-error"].contains(&word)
        };
        let mut names = Vec::new();
        for word in words {
            let found = if word.starts_with('-') { Vec::new() } else { self.matching(word) };
            if found.is_empty() && !harmless(word) {
                return Err(Unclear::Shell);
            }
            names.extend(found);
        }
        Ok(Called { names, arguments: Vec::new(), at_once })
    }

    /// `test:*` names all scripts that begin so.
    fn matching(&self, pattern: &str) -> Vec<String> {
        let stars = pattern.len() - pattern.trim_end_matches('*').len();
        let Some(start) = pattern.trim_end_matches('*').strip_suffix(':').filter(|_| stars > 0) else {
            return self.scripts.get_key_value(pattern).map(|(name, _)| name.clone()).into_iter().collect();
        };
        let start = format!("{start}:");
        let is_below = |name: &&String| {
            let rest = name.strip_prefix(&start);
            rest.is_some_and(|rest| !rest.is_empty() && (stars > 1 || !rest.contains(':')))
        };
        self.scripts.keys().filter(is_below).cloned().collect()
    }

    /// The test tools that a script speaks of, also through scripts that it speaks of.
    fn mentioned(&self, name: &str) -> BTreeSet<&'static str> {
        let names = [format!("pre{name}"), name.to_owned(), format!("post{name}")];
        let lines = names.iter().filter_map(|name| self.scripts.get(name));
        lines.flat_map(|line| self.mentioned_in(line)).collect()
    }

    fn mentioned_in(&self, line: &str) -> BTreeSet<&'static str> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut lines = vec![line];
        while let Some(line) = lines.pop() {
            for word in words::mentioned(line) {
                found.extend(tool(word));
                found.extend((word == "--test").then_some("node --test"));
                let new = self.matching(word.strip_prefix("npm:").unwrap_or(word)).into_iter();
                let new: Vec<String> = new.filter(|name| seen.insert(name.clone())).collect();
                lines.extend(new.iter().filter_map(|name| self.scripts.get(name)).map(String::as_str));
            }
        }
        found
    }

    /// Whether a command runs scripts of other packages.
    fn hands_over(&self, words: &[Word]) -> bool {
        let program = words.first().map(|word| base(&word.text)).unwrap_or_default();
        if !MANAGERS.contains(&program) {
            return FOR_ALL_PACKAGES.contains(&program);
        }
        let sends = |word: &Word| OTHER_PACKAGES.contains(&word.text.split('=').next().unwrap_or_default());
        // npm takes its own options also behind the name of the script.
        let is_own =
            |word: &&Word| word.text != "--" && (program == "npm" || !self.scripts.contains_key(&word.text));
        words.iter().skip(1).take_while(is_own).any(sends)
    }
}

/// Scripts that a command calls.
struct Called {
    names: Vec<String>,
    /// What the command adds to them.
    arguments: Vec<Word>,
    /// Whether they run side by side.
    at_once: bool,
}

/// A line of shell, with what has to stand before each of its commands.
fn behind(prefix: &[String], line: &str) -> String {
    match prefix {
        [] => line.to_owned(),
        prefix if words::commands(line).is_some_and(|commands| commands.len() == 1) => {
            format!("{} {line}", in_front_of_assignments(prefix, line))
        }
        prefix => format!("{} sh -c {}", prefix.join(" "), words::quoted(line)),
    }
}

/// Variables behind a program are its arguments: `env` makes them variables again.
fn in_front_of_assignments(prefix: &[String], line: &str) -> String {
    let first = line.split_whitespace().next().unwrap_or_default();
    let env = if variable(first).is_some() { " env" } else { "" };
    format!("{}{env}", prefix.join(" "))
}

/// What stands before the command that matters, behind what its callers put there, and the command itself: variables and
/// programs that run what is named behind them.
fn unwrapped<'a>(command: &'a [Word], outer: &[String]) -> (Vec<String>, &'a [Word]) {
    let mut prefix = outer.to_vec();
    let mut rest = command;
    while let Some((taken, count)) = wrapping(rest, prefix.is_empty()) {
        prefix.extend(taken);
        rest = rest.get(count..).unwrap_or_default();
    }
    (prefix, rest)
}

/// The words in front of a command that run it, as they are kept, and how many words they are.
fn wrapping(words: &[Word], is_first: bool) -> Option<(Vec<String>, usize)> {
    let first = words.first()?;
    let name = base(&first.text);
    let raw = |words: &[Word]| words.iter().map(|word| word.raw.clone()).collect::<Vec<_>>();
    if variable(&first.raw).is_some() {
        let count = words.iter().take_while(|word| variable(&word.raw).is_some()).count();
        let env = (!is_first).then(|| "env".to_owned());
        return Some((env.into_iter().chain(raw(words.get(..count)?)).collect(), count));
    }
    if name == "env" || name == "cross-env" {
        let count = words.iter().skip(1).take_while(|word| variable(&word.text).is_some()).count() + 1;
        // Both do the same, unless values hold what only the second one replaces.
        let plain = words.get(1..count)?.iter().all(|word| !word.text.contains(['$', '%']));
        let program = if plain { "env".to_owned() } else { first.raw.clone() };
        return Some((std::iter::once(program).chain(raw(words.get(1..count)?)).collect(), count));
    }
    if LAUNCHERS.contains(&name) || is_exec(words) {
        let count = if MANAGERS.contains(&name) { 2 } else { 1 };
        let options = words.iter().skip(count).take_while(|word| word.text.starts_with('-')).count();
        let next = words.get(count + options)?;
        // `npx --package=x -c 'y'` and the like run something else than the next word.
        let known = words.get(count..count + options)?.iter().all(|word| {
            ["--", "--no-install", "--no", "--yes", "-y", "--offline", "--silent", "-s", "--bun"]
                .contains(&word.text.as_str())
        });
        let is_installed = !next.text.trim_start_matches('@').contains('@');
        return (known && is_installed).then(|| (Vec::new(), count + options));
    }
    if MEASURERS.contains(&name) {
        let runs = |word: &&Word| {
            tool(&word.text).is_some()
                || ["node", "tsx", "ts-node", "npx", "cross-env", "env"].contains(&base(&word.text))
                || MANAGERS.contains(&word.text.as_str())
        };
        let count = words.iter().skip(1).position(|word| runs(&word))? + 1;
        return Some((Vec::new(), count));
    }
    wrapped(words).map(|count| (raw(words.get(..count).unwrap_or_default()), count))
}

/// How many words stand before the command that a program runs: one that is known, or any that is told by `--`.
fn wrapped(words: &[Word]) -> Option<usize> {
    let name = base(&words.first()?.text);
    let takes_rest_for_itself =
        MANAGERS.contains(&name) || is_node(name) || tool(name).is_some() || CHECKERS.contains(&name);
    let separator = words.iter().position(|word| word.text == "--").filter(|_| !takes_rest_for_itself);
    if let Some(separator) = separator {
        let runs_tests = |word: &Word| {
            let name = base(&word.text);
            tool(name).is_some() || is_node(name) || MANAGERS.contains(&name)
        };
        let behind = words.get(separator + 1..).unwrap_or_default();
        return behind.iter().any(runs_tests).then_some(separator + 1);
    }
    let (_, with_value) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name)?;
    let mut count = 1;
    while let Some(word) = words.get(count).filter(|word| word.text.starts_with('-')) {
        count += if with_value.contains(&word.text.as_str()) { 2 } else { 1 };
    }
    if name == "timeout" {
        count += 1;
    }
    (count < words.len()).then_some(count)
}

/// Whether a package manager is told to run an installed program: `pnpm exec jest`, `yarn jest`.
fn is_exec(words: &[Word]) -> bool {
    let (Some(first), Some(second)) = (words.first(), words.get(1)) else { return false };
    let second = second.text.as_str();
    MANAGERS.contains(&base(&first.text)) && (second == "exec" || second == "x" || second == "dlx")
}

/// The test tool a command runs.
fn call(words: &[Word], prefix: &[String]) -> Option<Invocation> {
    let first = base(&words.first()?.text);
    let made = |tool: &str, node_options: Vec<Word>, arguments: &[Word]| Invocation {
        tool: tool.to_owned(),
        prefix: prefix.to_vec(),
        node_options,
        arguments: arguments.to_vec(),
        before: Vec::new(),
    };
    // `yarn jest` and `pnpm jest` run the installed program of that name.
    if MANAGERS.contains(&first)
        && let Some(name) = words.get(1).and_then(|word| tool(&word.text))
    {
        return Some(made(name, Vec::new(), words.get(2..)?));
    }
    if let Some(name) = tool(first) {
        let builds = name == "react-scripts" && words.iter().all(|word| word.text != "test");
        return (!builds).then(|| made(name, Vec::new(), words.get(1..).unwrap_or_default()));
    }
    if !is_node(first) {
        return None;
    }
    let loader = match first {
        "tsx" => vec![Word::plain("--import=tsx")],
        "ts-node" => vec![Word::plain("--require=ts-node/register")],
        _ => Vec::new(),
    };
    if words.iter().any(|word| word.text == "--test") {
        let arguments: Vec<Word> =
            words.iter().skip(1).filter(|word| word.text != "--test").cloned().collect();
        return Some(made("node --test", loader, &arguments));
    }
    let mut place = 1;
    while let Some(word) = words.get(place).filter(|word| word.text.starts_with('-')) {
        place += if NODE_OPTIONS_WITH_VALUE.contains(&word.text.as_str()) { 2 } else { 1 };
    }
    let name = tool(&words.get(place)?.text)?;
    let options = loader.into_iter().chain(words.get(1..place)?.iter().cloned()).collect();
    Some(made(name, options, words.get(place + 1..)?))
}

fn is_node(program: &str) -> bool {
    ["node", "tsx", "ts-node"].contains(&program)
}

fn is_check(words: &[Word]) -> bool {
    let program = words.first().map(|word| base(&word.text)).unwrap_or_default();
    CHECKERS.contains(&program)
        || words.iter().any(|word| word.text == "--noEmit" || word.text == "--check")
        || words.iter().any(|word| word.text.contains("lint") || word.text.contains("audit"))
}

fn variable(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
        && name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    is_name.then_some((name, value))
}

/// The last part of a program's path, without the ending of a script.
fn base(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    [".mjs", ".cjs", ".js"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_test(scripts: &[(&str, &str)]) -> Script {
        let owned = scripts.iter().map(|(name, line)| ((*name).to_owned(), (*line).to_owned())).collect();
        read(&owned, "test").expect("a script")
    }

    /// Of each call: what runs before, what stands before it, the tool, options of Node, arguments; then what comes after.
    fn said(scripts: &[(&str, &str)]) -> Vec<String> {
        let raw = |words: &[Word]| words.iter().map(|word| word.raw.clone()).collect::<Vec<_>>().join(" ");
        let text = |one: &Invocation| {
            let parts = [one.prefix.join(" "), one.tool.clone(), raw(&one.node_options), raw(&one.arguments)];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("[{}] {}", one.before.join(", "), parts.join(" / "))
        };
        match read_test(scripts) {
            Script::Calls(calls, after) => {
                let after = after.into_iter().map(|line| format!("then {line}"));
                calls.iter().map(text).chain(after).collect()
            }
            Script::Whole(tools) => {
                vec![format!("whole: {}", tools.into_iter().collect::<Vec<_>>().join(" "))]
            }
            Script::OtherPackages => vec!["other packages".to_owned()],
            Script::Nothing => vec!["nothing".to_owned()],
        }
    }

    #[test]
    fn a_tool_is_found_through_what_only_finds_or_measures_it() {
        for (line, expected) in [
            ("jest --config 'a b.js'", "[] jest / --config 'a b.js'"),
            ("NODE_ENV=test npx vitest run", "[] NODE_ENV=test / vitest / run"),
            ("cross-env TZ=UTC nyc --reporter=lcov mocha test/*.mjs", "[] env TZ=UTC / mocha / test/*.mjs"),
            ("cross-env A=$B jest", "[] cross-env A=$B / jest"),
            (
                "node --experimental-vm-modules node_modules/jest/bin/jest.js -i",
                "[] jest / --experimental-vm-modules / -i",
            ),
            ("node -r dotenv/config node_modules/.bin/mocha", "[] mocha / -r dotenv/config"),
            ("c8 node --import tsx --test test/**/*.ts", "[] node --test / --import tsx test/**/*.ts"),
            ("tsx --test src", "[] node --test / --import=tsx / src"),
            ("eslint . && jest", "[] jest"),
            ("tsc -p . && node_modules/.bin/_mocha", "[tsc -p .] mocha"),
            ("rm -rf test && mocha", "[rm -rf test] mocha"),
            ("yarn jest -i", "[] jest / -i"),
            ("pnpm exec vitest", "[] vitest"),
            ("npm exec -- jest", "[] jest"),
        ] {
            assert_eq!(said(&[("test", line)]), [expected], "{line}");
        }
    }

    #[test]
    fn what_runs_the_tool_is_kept() {
        for (line, expected) in [
            ("dotenv -e .env.test -- jest", "[] dotenv -e .env.test -- / jest"),
            ("dotenv -e .env.test jest -i", "[] dotenv -e .env.test / jest / -i"),
            (
                "env-cmd -f .env.test --no-override vitest run",
                "[] env-cmd -f .env.test --no-override / vitest / run",
            ),
            ("op run --env-file=.env -- npx jest", "[] op run --env-file=.env -- / jest"),
            ("doppler run -- cross-env A=b mocha", "[] doppler run -- env A=b / mocha"),
            ("A=b dotenv -- C=d jest", "[] A=b dotenv -- env C=d / jest"),
            ("xvfb-run -a mocha", "[] xvfb-run -a / mocha"),
            ("timeout -k 5 60 jest", "[] timeout -k 5 60 / jest"),
        ] {
            assert_eq!(said(&[("test", line)]), [expected], "{line}");
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_is_whole() {
        for (line, expected) in [
            ("if [ -n \"$CI\" ]; then jest --ci; else jest; fi", "whole: jest"),
            ("start-server-and-test start http://localhost:1 jest", "whole: jest"),
            ("concurrently -k -s first \"node server.js\" \"vitest run\"", "whole: vitest"),
            ("firebase emulators:exec --only firestore 'mocha test'", "whole: mocha"),
            ("doppler run --command='jest && mocha'", "whole: jest mocha"),
            ("cross-env-shell \"A=b jest\"", "whole: jest"),
            ("jest | tee log", "whole: jest"),
            ("cd web && jest", "whole: jest"),
            ("ava", "whole: "),
            ("node test.js", "whole: "),
            ("npx vitest@1 run", "whole: "),
            ("bun test", "whole: "),
            ("eslint .", "whole: "),
        ] {
            assert_eq!(said(&[("test", line)]), [expected], "{line}");
        }
        let served =
            [("test", "start-server-and-test serve 1 unit"), ("serve", "node ."), ("unit", "jest -i")];
        assert_eq!(said(&served), ["whole: jest"]);
        let at_once = [("test", "run-p serve unit"), ("serve", "node ."), ("unit", "jest")];
        assert_eq!(said(&at_once), ["whole: jest"]);
        assert_eq!(said(&[("test", "npm run test")]), ["whole: "]);
    }

    #[test]
    fn scripts_that_call_scripts_are_followed() {
        let scripts = [
            ("build", "tsc"),
            ("lint", "eslint ."),
            ("pretest", "npm run lint && npm run build"),
            ("test", "run-s lint test:*"),
            ("test:unit", "TZ=UTC yarn run unit --ci"),
            ("unit", "jest"),
        ];
        // What stands before a script holds for all it calls.
        assert_eq!(said(&scripts), ["[npm run build] TZ=UTC / jest / --ci"]);
        assert_eq!(
            said(&[("test", "TZ=a npm run tz && jest"), ("tz", "date && jest tz")]),
            ["[] TZ=a / jest / tz", "[] jest"]
        );
        let deep = [("test", "dotenv -- npm run unit -- -i"), ("unit", "cp a b && A=b mocha")];
        assert_eq!(said(&deep), ["[dotenv -- cp a b] dotenv -- env A=b / mocha / -i"]);
        let together = [("test", "run-s build unit"), ("build", "a | b"), ("unit", "jest")];
        assert_eq!(said(&together), ["[npm run build] jest"]);
        // A script of the name of a tool comes before the tool.
        assert_eq!(said(&[("test", "yarn jest"), ("jest", "jest -c x.js")]), ["[] jest / -c x.js"]);
    }

    #[test]
    fn what_comes_after_the_tests_is_not_lost() {
        let scripts = [("test", "jest && node smoke.js && eslint ."), ("posttest", "./clean.sh")];
        assert_eq!(said(&scripts), ["[] jest", "then node smoke.js", "then ./clean.sh"]);
        let between = [("test", "mocha a && node build.js && vitest run")];
        assert_eq!(said(&between), ["[] mocha / a", "[node build.js] vitest / run"]);
    }

    #[test]
    fn other_packages_and_nothing_are_told() {
        for line in [
            "pnpm -r test",
            "npm test -ws",
            "yarn workspaces run test",
            "turbo run test",
            "npm --prefix web test",
        ] {
            assert_eq!(said(&[("test", line)]), ["other packages"], "{line}");
        }
        for line in
            ["exit 0", "true", ":", "echo no tests yet", "echo \"Error: no test specified\" && exit 1"]
        {
            assert_eq!(said(&[("test", line)]), ["nothing"], "{line}");
        }
        assert_eq!(said(&[("test", "npm run unit"), ("unit", "echo later")]), ["nothing"]);
        assert_eq!(said(&[("test", "exit 0"), ("pretest", "node test.js")]), ["whole: "]);
    }
}
