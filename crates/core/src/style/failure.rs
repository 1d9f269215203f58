//! Why a linter, or a manager of hooks, could not do its work: the line of what it printed that says so.

use crate::exec::Finished;

/// What pre-commit puts before what is wrong with a file.
const ARROW: &str = "=====> ";

/// Why a program failed, in its own words; empty where it said nothing.
pub fn reason(end: &Finished) -> String {
    let texts = [&end.stderr, &end.stdout].map(|bytes| String::from_utf8_lossy(bytes));
    texts.iter().find_map(|text| error_in(text)).unwrap_or_default()
}

/// The error among what stands around it. pre-commit writes it behind an arrow, below the name of the file and above where
/// its log is; prek as what caused the error; Node above the calls that led to it. Others end with it.
fn error_in(output: &str) -> Option<String> {
    let lines: Vec<&str> =
        output.lines().map(str::trim).filter(|line| !line.is_empty() && !is_about_log(line)).collect();
    let behind = |mark: &str| lines.iter().find_map(|line| line.strip_prefix(mark));
    let joined = |head: Option<&str>, tail: &str| match head {
        Some(head) => format!("{head}: {tail}"),
        None => tail.to_owned(),
    };
    let arrow = lines.iter().position(|line| line.starts_with(ARROW)).and_then(|at| lines.get(at..));
    if let Some(arrow) = arrow {
        return Some(joined(behind("==> File "), arrow.join(" ").trim_start_matches(ARROW)));
    }
    if let Some(cause) = behind("caused by: ") {
        return Some(joined(behind("error: "), cause.trim_start_matches("error: ")));
    }
    let before_calls = lines.iter().position(|line| line.starts_with("at ")).and_then(|at| at.checked_sub(1));
    let error = before_calls.and_then(|at| lines.get(at)).or_else(|| lines.last());
    error.map(|line| (*line).to_owned())
}

fn is_about_log(line: &str) -> bool {
    line.starts_with("Check the log at ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_found_among_what_stands_around_it() {
        let said = |output: &str| error_in(output).unwrap_or_default();
        let unreadable = "An error has occurred: InvalidConfigError: \n==> File .pre-commit-config.yaml\n==> At key: repos\n=====> Expected array but got 'int'\nCheck the log at /home/me/pre-commit.log\n";
        assert_eq!(said(unreadable), ".pre-commit-config.yaml: Expected array but got 'int'");
        let unreachable = "An unexpected error has occurred: CalledProcessError: command: ('git', 'fetch')\nreturn code: 128\nstderr:\n    fatal: no network\nCheck the log at /home/me/pre-commit.log\n";
        assert_eq!(said(unreachable), "fatal: no network");
        let prek = "error: Failed to parse `.pre-commit-config.yaml`\n  caused by: error: line 1 column 8: expected sequence start\n --> <input>:1:8\n  |\n1 | repos: 3\n  |        ^ expected sequence start\n";
        assert_eq!(
            said(prek),
            "Failed to parse `.pre-commit-config.yaml`: line 1 column 8: expected sequence start"
        );
        assert_eq!(said("Error: yaml: line 2: no node\n"), "Error: yaml: line 2: no node");
        assert_eq!(error_in("\n"), None);
        let eslint = "Oops! Something went wrong! :(\n\nESLint: 10.1.0\n\nError: config broken\n    at file:///a.js:1:7\n    at async load (b.js:2:1)\n";
        assert_eq!(said(eslint), "Error: config broken");
        let node = "node:internal:1\n  throw error;\nError: Cannot find module 'x'\n    at load (node:1) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v22.0.0\n";
        assert_eq!(said(node), "Error: Cannot find module 'x'");
    }
}
