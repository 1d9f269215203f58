//! Dependencies point downwards only: cli -> core -> model, and inside core flow -> organs -> git -> exec -> ctx.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::source::{parse, read, rust_files};

/// The modules of core, lowest first. A module may use what is in a lower layer, and itself.
const LAYERS: &[&[&str]] = &[
    &["error", "event", "env", "clock"],
    &["ctx"],
    &["failpoint", "lock"],
    &["exec"],
    &["git"],
    &["config", "record", "slot", "proof", "style", "suite", "message", "forge", "page"],
    &["session"],
    &["flow"],
    &["journey"],
];

/// Modules of the lowest layer may use each other: they are one vocabulary.
const VOCABULARY: usize = 0;

/// Every path of a file that begins at the crate or climbs with `super`, as its words.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        flatten(&item.tree, &mut Vec::new(), &mut self.found);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        in_tokens(call.tokens.clone(), &mut self.found);
        visit::visit_macro(self, call);
    }
}

fn flatten(tree: &syn::UseTree, above: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            above.push(path.ident.to_string());
            flatten(&path.tree, above, found);
            above.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, above, found)),
        syn::UseTree::Name(name) => found.push([above.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Rename(name) => found.push([above.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Glob(_) => found.push(above.clone()),
    }
}

/// Inside a macro call only tokens are known: words joined by `::` are taken for a path.
fn in_tokens(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let mut path = Vec::new();
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Ident(word) => {
                if colons != 2 {
                    found.push(std::mem::take(&mut path));
                }
                path.push(word.to_string());
                colons = 0;
            }
            TokenTree::Group(group) => in_tokens(group.stream(), found),
            _ => found.push(std::mem::take(&mut path)),
        }
    }
    found.push(path);
}

fn paths(file: &Path) -> Vec<Vec<String>> {
    let mut paths = Paths::default();
    paths.visit_file(&parse(file));
    paths.found
}

/// The module a file of core is, as `["slot", "find"]`.
fn module(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("crates/core/src").expect("a file of core").with_extension("");
    let words = inside.iter().map(|word| word.to_string_lossy().into_owned());
    words.filter(|word| word != "mod" && word != "lib").collect()
}

/// The top module of core that a path leads to, if it leads to one.
fn target(path: &[String], module: &[String]) -> Option<String> {
    if path.first()? == "crate" {
        return path.get(1).cloned();
    }
    let climbs = path.iter().take_while(|word| *word == "super").count();
    (climbs > 0 && climbs >= module.len()).then(|| path.get(climbs).cloned()).flatten()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn may_use(module: &str, other: &str) -> bool {
    let Some(below) = layer(other) else {
        // Not a module, but an item at the top of the crate.
        return true;
    };
    let own = layer(module);
    module == "lib" || module == other || own > Some(below) || (own, below) == (Some(VOCABULARY), VOCABULARY)
}

#[test]
fn every_module_of_core_has_a_layer() {
    let declared = read("crates/core/src/lib.rs");
    let modules = declared.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let without: Vec<&str> = modules.filter(|module| layer(module).is_none()).collect();
    assert_eq!(without, Vec::<&str>::new(), "say in LAYERS what these may use");
}

#[test]
fn in_core_each_module_uses_lower_ones_only() {
    let mut wrong = BTreeSet::new();
    for file in rust_files("crates/core/src") {
        let module = module(&file);
        let Some(top) = module.first() else {
            continue;
        };
        for used in paths(&file).iter().filter_map(|path| target(path, &module)) {
            if !may_use(top, &used) {
                wrong.insert(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files below a folder that name one of these crates or modules at the start of a path.
fn users_of(folder: &str, starts: &[&[&str]]) -> Vec<PathBuf> {
    let is_wanted = |path: &Vec<String>| {
        starts.iter().any(|start| path.get(..start.len()).is_some_and(|words| words == *start))
    };
    rust_files(folder).into_iter().filter(|file| paths(file).iter().any(is_wanted)).collect()
}

#[test]
fn core_knows_no_terminal() {
    let terminal: &[&[&str]] = &[&["clap"], &["anstream"], &["owo_colors"], &["anstyle"]];
    assert_eq!(users_of("crates/core/src", terminal), Vec::<PathBuf>::new());
}

#[test]
fn the_model_uses_nothing_of_ours() {
    let ours: &[&[&str]] = &[&["hotfix_core"], &["hotfix_testkit"], &["git_hotfix"]];
    assert_eq!(users_of("crates/model/src", ours), Vec::<PathBuf>::new());
    assert_eq!(users_of("crates/core/src", &ours[1..]), Vec::<PathBuf>::new());
}

#[test]
fn only_exec_touches_processes() {
    let users = users_of("crates/core/src", &[&["std", "process"]]);
    let outside: Vec<_> =
        users.into_iter().filter(|file| !file.starts_with("crates/core/src/exec")).collect();
    // Its number is not a process: the clock seeds chance with it.
    assert_eq!(outside, [Path::new("crates/core/src/clock.rs")]);
    assert!(read("crates/core/src/clock.rs").matches("std::process::").count() == 1);
}

#[test]
fn only_git_runs_git() {
    let call = ["Command::new(\"", "git\")"].concat();
    let runs: Vec<PathBuf> = ["core", "cli", "model"]
        .into_iter()
        .flat_map(|name| rust_files(&format!("crates/{name}/src")))
        .collect();
    let users: Vec<&PathBuf> = runs.iter().filter(|file| read(file).contains(&call)).collect();
    assert!(!users.is_empty(), "nobody runs Git: this test looks for the wrong words");
    assert!(users.iter().all(|file| file.starts_with("crates/core/src/git")), "{users:?}");
}

#[test]
fn a_wrong_use_is_noticed_however_it_is_written() {
    let code = "
        use crate::{error::Error, flow};
        fn a() { super::super::slot::take(); }
        fn b() { println!(\"{}\", crate::journey::name()); }
    ";
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(code).expect("Rust"));
    let module = ["proof".to_owned(), "side".to_owned()];
    let used: BTreeSet<String> = paths.found.iter().filter_map(|path| target(path, &module)).collect();
    assert_eq!(used, ["error", "flow", "journey", "slot"].map(str::to_owned).into());
    let wrong: Vec<&String> = used.iter().filter(|used| !may_use("proof", used)).collect();
    assert_eq!(wrong, ["flow", "journey", "slot"]);
}
