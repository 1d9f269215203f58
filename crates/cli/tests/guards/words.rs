//! Words that must not appear, and calls that must not be made.

use std::path::Path;

use syn::visit::{self, Visit};

use crate::source::{Production, files, parse, production_files, root};

const CALLS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];

/// Calls that end the process instead of explaining an error.
#[derive(Default)]
struct Panics(Vec<String>);

impl<'ast> Visit<'ast> for Panics {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        if CALLS.contains(&name.as_str()) {
            self.0.push(format!("line {}: {name}", call.method.span().start().line));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = path_end(&call.path);
        if ["panic", "unreachable", "todo", "unimplemented"].contains(&name.as_str()) {
            self.0.push(format!("{name}!"));
        }
        // Inside a macro call only tokens are known.
        let tokens = call.tokens.to_string().replace(' ', "");
        let calls = CALLS.iter().filter(|name| tokens.contains(&format!(".{name}(")));
        self.0.extend(calls.map(|name| format!("in {}!: {name}", path_end(&call.path))));
        visit::visit_macro(self, call);
    }
}

fn path_end(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

fn panics(file: &syn::File) -> Vec<String> {
    let mut found = Production(Panics::default());
    found.visit(file);
    found.0.0
}

#[test]
fn production_does_not_panic() {
    let mut wrong = Vec::new();
    for file in production_files() {
        wrong.extend(panics(&parse(&file)).into_iter().map(|what| format!("{}: {what}", file.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn panics_are_noticed_outside_of_tests_only() {
    let code = "
fn a() { Some(1).unwrap(); Err(2).expect(\"\"); panic!(); print!(\"{}\", x.unwrap()); }
#[cfg(test)]
mod tests {
    fn b() { Some(1).unwrap(); }
}
";
    let found = panics(&syn::parse_file(code).expect("Rust"));
    assert_eq!(found, ["line 2: unwrap", "line 2: expect", "panic!", "in print!: unwrap"]);
}

/// The lines of all text files that a rule objects to, with their places.
fn lines_with(wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files("") {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            // Not text.
            continue;
        };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| wrong(line)) {
            found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
        }
    }
    found
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file does not break its own rule.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|parts| parts.concat());
    let unfinished = |line: &str| words(line).any(|word| marks.iter().any(|mark| word == mark));
    let found = lines_with(unfinished);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_path_of_a_build_machine_is_mentioned() {
    let folders = ["work", "farm"].map(|name| format!("/{name}/"));
    let found = lines_with(|line| folders.iter().any(|folder| begins_a_path(line, folder)));
    assert!(found.is_empty(), "{found:#?}");
}

/// Whether the folder appears at the start of a path, not in the middle of one.
fn begins_a_path(line: &str, folder: &str) -> bool {
    let in_path = |before: char| before.is_alphanumeric() || "._-/}])>*".contains(before);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(in_path))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[test]
fn the_rules_for_lines_can_tell_right_from_wrong() {
    assert!(begins_a_path("see '/folder/x'", "/folder/"));
    assert!(!begins_a_path("see target/folder/x", "/folder/"));
    assert_eq!(words("a.b c_d").collect::<Vec<_>>(), ["a", "b", "c_d"]);
    assert!(files("").iter().any(|file| file == Path::new("Cargo.toml")));
}
