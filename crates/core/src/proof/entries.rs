//! Entries of a file of commands that a typed command runs: `npm run repro` runs a script of `package.json`, `make repro`
//! a rule of the `Makefile`. Such an entry belongs to the test part of a change; the rest of the file may be the fix.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Map, Value};

/// Programs that run scripts of `package.json`.
const PACKAGE_PROGRAMS: &[&str] = &["npm", "yarn", "pnpm", "bun"];
/// Programs that run rules of a `Makefile`.
const MAKE_PROGRAMS: &[&str] = &["make", "gmake"];
const MAKEFILES: &[&str] = &["Makefile", "makefile", "GNUmakefile"];

/// The file of base with the entries of the fix that `command` runs. `None` if the command runs no entry of such a file,
/// or the fix does not change those it runs. `base` is absent where the change adds the file.
pub fn with_entry(command: &[String], path: &Path, base: Option<&str>, fixed: &str) -> Option<String> {
    let words = words_of(&command.join(" "));
    let runs = |programs: &[&str]| {
        let program = |word: &String| Path::new(word).file_name().and_then(OsStr::to_str).map(str::to_owned);
        words.iter().filter_map(program).any(|name| programs.contains(&name.as_str()))
    };
    let name = path.file_name()?.to_str()?;
    let red = if name == "package.json" && runs(PACKAGE_PROGRAMS) {
        PackageScript::carry(&words, base.unwrap_or("{}"), fixed)
    } else if MAKEFILES.contains(&name) && runs(MAKE_PROGRAMS) {
        Some(MakeTarget::carry(&words, base.unwrap_or_default(), fixed))
    } else {
        None
    };
    red.filter(|red| Some(red.as_str()) != base)
}

/// Words of a command line, without the signs a shell puts between commands.
fn words_of(line: &str) -> Vec<String> {
    let between = |char: char| char.is_whitespace() || ";&|()'\"".contains(char);
    line.split(between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Scripts of `package.json`.
struct PackageScript;

impl PackageScript {
    /// `base` with the scripts of `fixed` that the words name, those around them (`pre…`, `post…`), and those that they
    /// run in turn. `None` if one of the texts is no JSON object.
    fn carry(words: &[String], base: &str, fixed: &str) -> Option<String> {
        let mut base: Map<String, Value> = serde_json::from_str(base).ok()?;
        let fixed: Map<String, Value> = serde_json::from_str(fixed).ok()?;
        let scripts = fixed.get("scripts").and_then(Value::as_object)?;
        let mut names: BTreeSet<String> = words.iter().map(|word| Self::in_full(word).to_owned()).collect();
        let mut wanted = BTreeSet::new();
        while let Some(name) = names.pop_first() {
            for name in [name.clone(), format!("pre{name}"), format!("post{name}")] {
                let Some(script) = scripts.get(&name).and_then(Value::as_str) else { continue };
                if wanted.insert(name) {
                    names.extend(words_of(script));
                }
            }
        }
        let own = base.entry("scripts").or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
        let mut changed = false;
        for name in wanted {
            let script = scripts.get(&name).cloned().unwrap_or_default();
            changed |= own.insert(name, script.clone()) != Some(script);
        }
        if !changed {
            return None;
        }
        serde_json::to_string_pretty(&base).ok().map(|text| text + "\n")
    }

    /// `npm t` is `npm test`.
    fn in_full(word: &str) -> &str {
        if word == "t" { "test" } else { word }
    }
}

/// Rules of a `Makefile`.
struct MakeTarget;

/// The lines of a rule: the targets it is for, and its text.
struct Rule {
    targets: Vec<String>,
    text: String,
}

impl MakeTarget {
    /// `base` with the rules of `fixed` for the targets that the words name, for what those need in turn, and with the
    /// variables they use that base lacks. Without such a word it is the first rule, as in a plain `make`.
    fn carry(words: &[String], base: &str, fixed: &str) -> String {
        let rules = Self::rules(fixed);
        let known = |name: &str| rules.iter().any(|rule| rule.targets.iter().any(|target| target == name));
        let mut names: BTreeSet<String> = words.iter().filter(|word| known(word)).cloned().collect();
        if names.is_empty() {
            let default = rules.iter().flat_map(|rule| &rule.targets).find(|name| !name.starts_with('.'));
            names.extend(default.cloned());
        }
        let mut wanted = BTreeSet::new();
        while let Some(name) = names.pop_first() {
            if !wanted.insert(name.clone()) {
                continue;
            }
            let needed = rules.iter().filter(|rule| rule.targets.contains(&name));
            let needed = needed.flat_map(|rule| words_of(&rule.text.replace(':', " ")));
            names.extend(needed.filter(|word| known(word)).collect::<Vec<_>>());
        }
        let is_wanted = |rule: &Rule| rule.targets.iter().any(|target| wanted.contains(target));
        let mut red = String::new();
        let mut kept = base.to_owned();
        for rule in Self::rules(base).iter().filter(|rule| is_wanted(rule)) {
            kept = kept.replacen(&rule.text, "", 1);
        }
        let carried: Vec<&Rule> = rules.iter().filter(|rule| is_wanted(rule)).collect();
        let own = Self::rules(base);
        let unchanged =
            carried.iter().all(|rule| own.iter().any(|own| own.text.trim_end() == rule.text.trim_end()));
        if unchanged {
            return base.to_owned();
        }
        for line in fixed.lines().filter(|line| !line.starts_with('\t')) {
            let Some((name, _)) = line.split_once('=') else { continue };
            let name = name.trim_end_matches([':', '?', '+', '!']).trim();
            let used = |rule: &&Rule| {
                rule.text.contains(&format!("$({name})")) || rule.text.contains(&format!("${{{name}}}"))
            };
            let in_base = base.lines().any(|own| {
                own.split('=')
                    .next()
                    .is_some_and(|own| own.trim_end_matches([':', '?', '+', '!']).trim() == name)
            });
            if !name.contains(char::is_whitespace) && !in_base && carried.iter().any(used) {
                red += line;
                red.push('\n');
            }
        }
        red += &kept;
        if !red.is_empty() && !red.ends_with('\n') {
            red.push('\n');
        }
        for rule in carried {
            red += &rule.text;
            if !red.ends_with('\n') {
                red.push('\n');
            }
        }
        red
    }

    /// All rules: a line that names targets, and the recipe behind it.
    fn rules(text: &str) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        let mut open = false;
        for line in text.split_inclusive('\n') {
            if open && (line.starts_with('\t') || line.trim().is_empty() && !line.is_empty()) {
                if let Some(rule) = rules.last_mut() {
                    rule.text += line;
                }
                continue;
            }
            open = false;
            let head = line.split('#').next().unwrap_or_default();
            let is_assignment = |head: &str| {
                head.find(":=")
                    .or_else(|| head.find('='))
                    .is_some_and(|at| head.find(':').is_none_or(|colon| at <= colon))
            };
            if line.starts_with(char::is_whitespace) || is_assignment(head) {
                continue;
            }
            let Some((targets, _)) = head.split_once(':') else { continue };
            let targets: Vec<String> = targets.split_whitespace().map(str::to_owned).collect();
            if !targets.is_empty() {
                rules.push(Rule { targets, text: line.to_owned() });
                open = true;
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(command: &str, path: &str, base: Option<&str>, fixed: &str) -> Option<String> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        with_entry(&words, Path::new(path), base, fixed)
    }

    #[test]
    fn a_script_moves_with_those_it_runs_and_nothing_else() {
        let base = r#"{"name": "shop", "main": "old.js", "scripts": {"build": "tsc"}}"#;
        let fixed = r#"{"name": "shop", "main": "new.js",
            "scripts": {"build": "tsc", "repro": "npm run seed && node repro.js", "seed": "node seed.js", "x": "y"}}"#;
        let red = red("npm run repro", "package.json", Some(base), fixed).unwrap();
        let red: Value = serde_json::from_str(&red).unwrap();
        let scripts = serde_json::json!(
            {"build": "tsc", "repro": "npm run seed && node repro.js", "seed": "node seed.js"}
        );
        assert_eq!((&red["main"], &red["scripts"]), (&"old.js".into(), &scripts));
    }

    #[test]
    fn a_script_that_is_the_same_or_not_run_moves_nothing() {
        let (base, fixed) =
            (r#"{"scripts": {"a": "x"}}"#, r#"{"scripts": {"a": "x", "b": "y"}, "main": "z"}"#);
        assert_eq!(red("npm run a", "package.json", Some(base), fixed), None);
        assert_eq!(red("node b", "package.json", Some(base), fixed), None);
        assert_eq!(red("make b", "package.json", Some(base), fixed), None);
    }

    #[test]
    fn a_rule_moves_with_its_needs_and_variables() {
        let base = "CC = gcc\nall:\n\t$(CC) a.c\n";
        let fixed = "CC = clang\nPY := python3\nall:\n\t$(CC) a.c\nrepro: seed\n\t$(PY) repro.py\nseed:\n\ttouch x\nother:\n\ttrue\n";
        let red = red("make repro", "Makefile", Some(base), fixed).unwrap();
        assert_eq!(
            red,
            "PY := python3\nCC = gcc\nall:\n\t$(CC) a.c\nrepro: seed\n\t$(PY) repro.py\nseed:\n\ttouch x\n"
        );
    }

    #[test]
    fn a_rule_that_changes_is_that_of_the_fix() {
        let (base, fixed) = ("V = 1\ntest:\n\tfalse\n", "V = 2\ntest:\n\ttrue\n");
        assert_eq!(red("make test", "Makefile", Some(base), fixed).unwrap(), "V = 1\ntest:\n\ttrue\n");
        assert_eq!(red("make", "Makefile", Some(base), fixed).unwrap(), "V = 1\ntest:\n\ttrue\n");
        assert_eq!(red("make test", "Makefile", Some(base), "V = 2\ntest:\n\tfalse\n"), None);
        assert_eq!(red("make test", "Makefile", None, "test:\n\ttrue\n").unwrap(), "test:\n\ttrue\n");
    }
}
