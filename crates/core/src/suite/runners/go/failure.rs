//! What the output of a failed test says: why it failed, and where.

use std::path::{Path, PathBuf};

use super::module::Module;
use crate::suite::origin::{self, Root};

/// Lines that only say that a test begins, waits or ends.
fn says_nothing(line: &str) -> bool {
    ["=== ", "--- ", "PASS", "FAIL", "ok "].iter().any(|start| line.starts_with(start)) || line.is_empty()
}

/// The first thing said.
pub fn first_line(output: &str) -> Option<String> {
    output.lines().map(str::trim).find(|line| !says_nothing(line)).map(str::to_owned)
}

/// A panic, else the first thing said; of what testify prints over several lines, those that say what differs.
pub fn reason(output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !says_nothing(line)).collect();
    if let Some(panic) = lines.iter().find(|line| is_panic(line)) {
        return Some((*panic).to_owned());
    }
    let Some(error) = lines.iter().position(|line| line.starts_with("Error:")) else {
        return lines.first().map(|line| (*line).to_owned());
    };
    let telling = lines.iter().skip(error).take_while(|line| !line.starts_with("Test:")).take(3);
    let joined = telling.map(|line| line.trim_start_matches("Error:").trim()).collect::<Vec<_>>().join(" ");
    Some(joined.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn is_panic(line: &str) -> bool {
    line.starts_with("panic: ") || line.starts_with("fatal error: ")
}

/// A file as Go prints it, and a line of it.
struct Printed<'a> {
    file: &'a str,
    line: usize,
}

/// Where a test of the package in `folder` failed: of a panic the innermost call in the repository, else where the first
/// error was reported.
pub fn frame(module: &Module, folder: &Path, output: &str) -> Option<String> {
    let root = Root::new(module.root());
    let in_stack = calls(output).into_iter().find_map(|printed| place(module, &root, folder, &printed));
    in_stack.or_else(|| reported(output).find_map(|printed| place(module, &root, folder, &printed)))
}

fn place(module: &Module, root: &Root, folder: &Path, printed: &Printed<'_>) -> Option<String> {
    let file = file_of(module, root, folder, printed.file)?;
    Some(origin::frame(&file, module.function_at(&file, printed.line).as_deref()))
}

/// A file by its absolute path, by its package (`-trimpath`), or by its name alone, as `t.Error` prints it.
fn file_of(module: &Module, root: &Root, folder: &Path, printed: &str) -> Option<PathBuf> {
    let path = Path::new(printed);
    if path.is_absolute() {
        return root.file(path);
    }
    let file = match printed.rsplit_once('/') {
        Some((package, name)) => module.folder_of(package)?.join(name),
        None => folder.join(path),
    };
    module.root().join(&file).is_file().then_some(file)
}

/// The calls of the goroutine that panicked, the innermost first. Go prints the panic of a test twice, once as the test
/// harness passes it on: the calls below the first one stand behind the last `panic(`.
fn calls(output: &str) -> Vec<Printed<'_>> {
    let mut lines = output.lines().skip_while(|line| !is_panic(line.trim()));
    let goroutine = lines.by_ref().find(|line| line.starts_with("goroutine "));
    let stack: Vec<&str> = lines.take_while(|line| !line.trim().is_empty() && goroutine.is_some()).collect();
    let behind = stack.iter().rposition(|line| line.starts_with("panic(")).map_or(0, |at| at + 2);
    let places = stack.get(behind..).unwrap_or_default().iter().filter(|line| line.starts_with('\t'));
    places.filter_map(|line| printed(line.split(" +0x").next().unwrap_or(line).trim())).collect()
}

/// Where errors were reported: testify's trace, the innermost call first, and what stands before the text of an error.
fn reported(output: &str) -> impl Iterator<Item = Printed<'_>> {
    let trace = output.lines().map(str::trim).skip_while(|line| !line.starts_with("Error Trace:"));
    let trace = trace.take_while(|line| !line.starts_with("Error:"));
    let trace = trace.filter_map(|line| printed(line.trim_start_matches("Error Trace:").trim()));
    let lines = output.lines().map(str::trim).filter(|line| !says_nothing(line));
    trace.chain(lines.filter_map(|line| {
        let (place, _) = line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
        printed(place)
    }))
}

/// `sum_test.go:17`
fn printed(text: &str) -> Option<Printed<'_>> {
    let (file, line) = text.rsplit_once(':')?;
    let line = line.parse().ok()?;
    super::is_go(Path::new(file)).then_some(Printed { file, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_said_or_the_panic_is_the_reason() {
        assert_eq!(reason("=== RUN TestX\n    a_test.go:3: no\n").as_deref(), Some("a_test.go:3: no"));
        assert_eq!(reason("a\npanic: lost\n\ngoroutine 1\n").as_deref(), Some("panic: lost"));
        assert_eq!(reason("--- FAIL: TestX (0.00s)\n"), None);
        let testify = "    a_test.go:9: \n\tError Trace:\ta_test.go:9\n\tError:      \tNot equal:\n\texpected: 1\n\tactual  : 2\n\tTest:\tTestX\n";
        assert_eq!(reason(testify).as_deref(), Some("Not equal: expected: 1 actual : 2"));
    }

    #[test]
    fn calls_are_those_below_the_first_panic() {
        let text = "panic: no [recovered]\n\tpanic: no\n\ngoroutine 7 [running]:\ntesting.tRunner.func1.2({0x1})\n\t/go/testing.go:1 +0x2\npanic({0x1})\n\t/go/panic.go:8 +0x13\nm.Total(...)\n\t/slot/sum.go:3\nm.TestP(0x2)\n\t/slot/x_test.go:8 +0xa\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/slot/main.go:1 +0x1\n";
        let found: Vec<_> = calls(text).iter().map(|call| format!("{}:{}", call.file, call.line)).collect();
        assert_eq!(found, ["/slot/sum.go:3", "/slot/x_test.go:8"]);
        let reported: Vec<_> = reported("    x_test.go:6: got 1\n").map(|at| at.line).collect();
        assert_eq!(reported, [6]);
    }
}
