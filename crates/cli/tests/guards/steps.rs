//! One name, five places: the eight words of the flow are the subcommand, the file of the command, the module of the
//! deed, the file of its tests and the page of the manual, in the same order everywhere.

use std::path::Path;

use hotfix_model::Step;
use hotfix_testkit::Sandbox;

use crate::source::{files, parse, read};

fn words() -> Vec<String> {
    Step::ALL.map(|step| step.word().to_owned()).to_vec()
}

fn in_file_names() -> Vec<String> {
    words().iter().map(|word| word.replace('-', "_")).collect()
}

/// The names of the files in a folder (not below it), without this one.
fn names(folder: &str, except: &str) -> Vec<String> {
    let files = files(folder).into_iter().filter(|file| file.parent() == Some(Path::new(folder)));
    let names = files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()));
    names.filter(|name| name != except).collect()
}

/// The modules that a file declares, in order.
fn declared(file: &str) -> Vec<String> {
    let items = parse(Path::new(file)).items.into_iter();
    let name = |item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    };
    items.filter_map(name).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// The folder holds exactly the eight, and the file beside them declares them in the order of the flow.
#[track_caller]
fn assert_eight(folder: &str, declaring: &str) {
    assert_eq!(sorted(names(folder, declaring)), sorted(in_file_names()), "files of {folder}");
    let declared = declared(&format!("{folder}/{declaring}.rs"));
    let steps: Vec<String> = declared.into_iter().filter(|name| in_file_names().contains(name)).collect();
    assert_eq!(steps, in_file_names(), "order in {folder}/{declaring}.rs");
}

#[test]
fn subcommands() {
    let sandbox = Sandbox::new();
    let help = sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), sandbox.root()).must(["--help"]);
    let (_, commands) = help.stdout.split_once("Commands:\n").expect("a list of commands");
    let listed = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let listed: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).take(8).collect();
    assert_eq!(listed, words());
}

#[test]
fn commands() {
    assert_eight("crates/cli/src/commands", "mod");
}

#[test]
fn deeds() {
    assert_eight("crates/core/src/flow", "mod");
}

#[test]
fn tests() {
    assert_eight("crates/core/tests/steps", "main");
}

#[test]
fn pages() {
    assert_eq!(sorted(names("docs/src/steps", "index")), sorted(in_file_names()), "files of docs/src/steps");
    let summary = read("docs/src/SUMMARY.md");
    let linked = summary.lines().filter_map(|line| line.split_once("(steps/")?.1.split_once(".md)"));
    let linked: Vec<&str> = linked.map(|(name, _)| name).filter(|name| *name != "index").collect();
    assert_eq!(linked, in_file_names());
}
