//! Shell: bats. And, as the last resort of every repository, `make test`.

mod bats;
pub mod make;

use std::path::{Path, PathBuf};

use self::bats::Bats;
use crate::suite::family::{Family, Found};
use crate::suite::{Runner, command};

/// bats files.
#[derive(Debug)]
pub struct Shell;

impl Family for Shell {
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        if found.files().iter().any(|file| bats::is_test_file(file)) {
            vec![Box::new(Bats)]
        } else {
            Vec::new()
        }
    }
}

/// A makefile with a target for tests.
#[derive(Debug)]
pub struct Make;

/// What make reads, in its order.
const MAKEFILES: &[&str] = &["GNUmakefile", "makefile", "Makefile"];
/// Targets that run tests; `check` is that of the GNU coding standards.
const TARGETS: &[&str] = &["test", "check"];

impl Family for Make {
    /// Nothing is known of its tests: the exit code decides. Used only where no other runner is found.
    fn projects(&self, found: &Found<'_>) -> Vec<Box<dyn Runner>> {
        let makefile =
            MAKEFILES.iter().map(PathBuf::from).find_map(|path| found.text(path)).unwrap_or_default();
        let target = TARGETS.iter().find(|target| has_target(&makefile, target));
        let runner = target.and_then(|target| command::plain(vec!["make".into(), (*target).into()]).ok());
        runner.into_iter().collect()
    }
}

fn has_target(makefile: &str, target: &str) -> bool {
    let rules = makefile.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '.']));
    rules
        .filter_map(|line| line.split_once(':'))
        .any(|(names, rest)| !rest.starts_with('=') && names.split_whitespace().any(|name| name == target))
}

/// Whether a file is a script of the shell.
fn speaks(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending == "sh" || ending == "bash" || ending == "bats")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_from_variables_and_phony_lists() {
        assert!(has_target("all: x\ntest check: all\n\t./run\n", "check"));
        assert!(!has_target("test := 1\n.PHONY: test\n# test: x\n\ttest: y\n", "test"));
    }
}
