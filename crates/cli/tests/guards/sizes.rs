//! Functions and files stay small enough to be read at once.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::source::{Production, parse, production_files, read, rust_files};

/// Lines that 95 of 100 functions do not exceed.
const USUAL: usize = 35;
/// Lines that no function exceeds.
const MOST: usize = 80;
const FILE_MOST: usize = 500;
const TEST_FILE_MOST: usize = 800;

/// Lines from the first word to the closing brace, of every function.
#[derive(Default)]
struct Functions(Vec<(usize, String)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: Span) {
        let lines = block.end().line - signature.span().start().line + 1;
        self.0.push((lines, signature.ident.to_string()));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, item.block.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block.span());
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// All functions of production, the longest first.
fn functions() -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for file in production_files() {
        let mut functions = Production(Functions::default());
        functions.visit(&parse(&file));
        all.extend(
            functions.0.0.into_iter().map(|(lines, name)| (lines, format!("{}: {name}", file.display()))),
        );
    }
    all.sort_by(|one, other| other.cmp(one));
    all
}

#[test]
fn no_function_is_long() {
    let long: Vec<_> = functions().into_iter().filter(|(lines, _)| *lines > MOST).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn nearly_all_functions_are_short() {
    let functions = functions();
    assert!(
        functions.len() > 100,
        "only {} functions found: this test looks in the wrong place",
        functions.len()
    );
    let longest = &functions[..functions.len() / 20];
    let above = longest.last().is_some_and(|(lines, _)| *lines > USUAL);
    assert!(!above, "more than 5 of 100 functions exceed {USUAL} lines: {longest:#?}");
}

#[test]
fn no_file_is_long() {
    let mut long = Vec::new();
    for file in ["crates", "xtask"].into_iter().flat_map(rust_files) {
        let in_tests = file.iter().any(|part| part == "tests" || part == "benches");
        let limit = if in_tests { TEST_FILE_MOST } else { FILE_MOST };
        let lines = read(&file).lines().count();
        if lines > limit {
            long.push(format!("{}: {lines} lines, at most {limit}", file.display()));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn lengths_are_counted_from_the_signature_to_the_brace() {
    let code = "
/// Documentation does not count.
fn one() {}

struct S;
impl S {
    fn four(
        &self,
    ) {
    }
}

#[cfg(test)]
mod tests {
    fn not_counted() {}
}
";
    let file = syn::parse_file(code).expect("Rust");
    let mut functions = Production(Functions::default());
    functions.visit(&file);
    assert_eq!(functions.0.0, [(1, "one".to_owned()), (4, "four".to_owned())]);
}
