//! Linters of other languages than Python's, with the real programs. One slip on a changed line, the same slip on one
//! that is not.

use std::path::PathBuf;
use std::{env, fs};

use hotfix_model::gate::LinterOutcome;
use hotfix_testkit::tools;

use super::{Slot, lines, outcomes};

/// A slot in which the last `count` lines of a file are the change.
fn with_change(path: &str, text: &str, count: usize) -> Slot {
    let mut slot = Slot::new();
    slot.path.push(":");
    slot.path.push(tools::LINTERS.folder().join("bin"));
    let first = (text.lines().count() - count + 1) as u64;
    slot.change(path, text, first, count);
    slot
}

fn assert_ran(slot: &Slot, linter: &str, expected: &[&str]) {
    let report = slot.check();
    let own: Vec<String> =
        lines(&report).into_iter().filter(|line| line.ends_with(&format!("[{linter}]"))).collect();
    assert_eq!(own, expected, "{report:#?}");
    let is_it =
        |name: &str| name == linter || name.strip_prefix(linter).is_some_and(|rest| rest.starts_with(" in "));
    let ran = outcomes(&report).iter().any(|(name, outcome)| is_it(name) && *outcome == LinterOutcome::Ran);
    assert!(ran, "{report:#?}");
    assert!(report.ignored_outside_change > 0, "the slip on the other line was not seen: {report:#?}");
}

#[test]
fn mypy_speaks_of_changed_lines() {
    let slot = with_change("a.py", "x: int = ''\ny: int = ''\n", 1);
    slot.write("mypy.ini", "[mypy]\n");
    let said = "a.py:2:10: error: Incompatible types in assignment (expression has type \"str\", variable has type \"int\")  [assignment] [mypy]";
    assert_ran(&slot, "mypy", &[said]);
}

#[test]
fn mypy_is_not_asked_about_what_its_project_leaves_out() {
    let slot = with_change("a.py", "x: int = ''\n", 1);
    slot.write("mypy.ini", "[mypy]\nfiles = src\n");
    let report = slot.check();
    assert!(!outcomes(&report).iter().any(|(name, _)| *name == "mypy"), "{report:#?}");
}

#[test]
fn mypy_is_not_asked_about_what_it_is_told_to_pass_over() {
    let mut slot = with_change("gen/pb.py", "x: int = 1\ny: int = ''\n", 1);
    slot.write("pyproject.toml", "[tool.mypy]\nexclude = [\"gen/\"]\n");
    let report = slot.check();
    assert!(report.findings.is_empty() && report.linters.is_empty(), "{report:#?}");
    slot.add("a.py", "y: int = ''\n");
    let report = slot.check();
    let [finding] = report.findings.as_slice() else { panic!("{report:#?}") };
    assert_eq!((finding.path.as_str(), finding.linter.as_str()), ("a.py", "mypy"));
}

#[test]
fn shfmt_and_clang_format_pass_over_what_they_are_told_to() {
    let slot = with_change("gen/run.sh", "#!/bin/sh\nif  a; then b; fi\n", 1);
    slot.write(".editorconfig", "[*.sh]\nindent_size = 4\n[gen/**]\nignore = true\n");
    let report = slot.check();
    let shfmt = report.linters.iter().find(|linter| linter.name == "shfmt").unwrap();
    assert_eq!(shfmt.outcome, LinterOutcome::Ran, "{report:#?}");
    assert!(report.findings.is_empty(), "{report:#?}");
    let mut slot = with_change("gen/a.c", "int  a;\n", 1);
    slot.write(".clang-format", "BasedOnStyle: LLVM\n");
    slot.write(".clang-format-ignore", "gen/*\n");
    slot.fix = true;
    let report = slot.check();
    assert!(report.findings.is_empty() && report.fixed.is_empty(), "{report:#?}");
    assert_eq!(outcomes(&report), [("clang-format", LinterOutcome::Ran)]);
}

#[test]
fn yamllint_passes_over_what_it_is_told_to() {
    let mut slot = with_change("gen/a.yaml", "a:  1\n", 1);
    slot.write(".yamllint", "extends: default\nignore: gen/\n");
    slot.add("b.yaml", "---\nb:  1\n");
    assert_eq!(lines(&slot.check()), ["b.yaml:2:4: [error] too many spaces after colon (colons) [yamllint]"]);
}

#[test]
fn clang_format_compares_what_it_prints() {
    let slot = with_change("src/a.c", "int  a;\nint b;\nint c;\nint d;\nint  e;\n", 1);
    slot.write(".clang-format", "BasedOnStyle: LLVM\n");
    assert_ran(&slot, "clang-format", &["src/a.c:5: would be formatted as: int e; [clang-format]"]);
}

#[test]
fn clang_tidy_says_each_thing_once() {
    let text =
        "int f(int a) { if (a = 1) return 1; return 0; }\nint g(int a) { if (a = 1) return 1; return 0; }\n";
    let slot = with_change("a.c", text, 1);
    slot.write(".clang-tidy", "Checks: '-*,bugprone-assignment-in-if-condition'\n");
    slot.write("compile_flags.txt", "-Wno-parentheses\n");
    let said = "a.c:2:22: warning: an assignment within an 'if' condition is bug-prone [bugprone-assignment-in-if-condition] [clang-tidy]";
    assert_ran(&slot, "clang-tidy", &[said]);
}

#[test]
fn shellcheck_needs_no_configuration() {
    let slot = with_change("run.sh", "#!/bin/sh\necho $1\necho $2\n", 1);
    let said = "run.sh:3:6: SC2086 Double quote to prevent globbing and word splitting. [shellcheck]";
    assert_ran(&slot, "shellcheck", &[said]);
}

#[test]
fn shfmt_wants_a_section_about_shell() {
    let slot = with_change("run.sh", "if  a; then b; fi\nc\nd\ne\nif  a; then b; fi\n", 1);
    slot.write(".editorconfig", "[*.py]\nindent_size = 4\n");
    assert!(!outcomes(&slot.check()).iter().any(|(name, _)| *name == "shfmt"));
    slot.write(".editorconfig", "[*.{sh,bash}]\nindent_size = 4\n");
    assert_ran(&slot, "shfmt", &["run.sh:5: would be formatted as: if a; then b; fi [shfmt]"]);
}

#[test]
fn yamllint_and_hadolint_speak_of_changed_lines() {
    let slot = with_change("a.yaml", "---\na:  1\nb:  2\n", 1);
    slot.write(".yamllint", "extends: default\n");
    assert_ran(&slot, "yamllint", &["a.yaml:3:4: [error] too many spaces after colon (colons) [yamllint]"]);
    let slot = with_change("web.Dockerfile", "FROM debian\nRUN cd /x\n", 1);
    let said = [
        "web.Dockerfile:2:1: DL3003 Use WORKDIR to switch to a directory [hadolint]",
        "web.Dockerfile:2:1: SC2164 Use 'cd ... || exit' or 'cd ... || return' in case cd fails. [hadolint]",
    ];
    assert_ran(&slot, "hadolint", &said);
}

#[test]
fn formatters_that_print_the_file_rewrite_only_where_the_change_is() {
    let mut slot = with_change("a.c", "int  a;\nint b;\nint c;\nint d;\nint  e;\n", 1);
    slot.change("b.c", "int  a;\nint b;\nint c;\nint d;\nint e;\n", 5, 1);
    slot.write(".clang-format", "BasedOnStyle: LLVM\n");
    slot.fix = true;
    let report = slot.check();
    assert_eq!(report.fixed, ["a.c"]);
    let content = |path: &str| fs::read_to_string(slot.root.path().join(path)).unwrap();
    assert_eq!(content("a.c"), "int a;\nint b;\nint c;\nint d;\nint e;\n");
    assert_eq!(content("b.c"), "int  a;\nint b;\nint c;\nint d;\nint e;\n");
    assert!(report.findings.is_empty(), "{report:#?}");
}

#[test]
fn a_formatter_that_fails_neither_speaks_nor_writes() {
    let mut slot = with_change("a.c", "int  a;\nint  b;\n", 1);
    slot.write(".clang-format", "BasedOnStyle: LLVM\n");
    slot.fix = true;
    for (script, outcome) in [("echo garbage; exit 1", LinterOutcome::Failed), ("exit 0", LinterOutcome::Ran)]
    {
        slot.program("clang-format", script);
        let report = slot.check();
        assert!(report.findings.is_empty() && report.fixed.is_empty(), "{report:#?}");
        assert_eq!(outcomes(&report), [("clang-format", outcome)]);
        assert_eq!(fs::read_to_string(slot.root.path().join("a.c")).unwrap(), "int  a;\nint  b;\n");
    }
}

#[test]
fn customary_linters_are_missed_by_nobody() {
    let mut slot = with_change("run.sh", "#!/bin/sh\necho $1\n", 1);
    slot.path = "/nowhere".into();
    assert!(slot.check().linters.is_empty());
    slot.write(".shellcheckrc", "");
    assert_eq!(outcomes(&slot.check()), [("shellcheck", LinterOutcome::Missing)]);
}

/// The toolchains' own linters are found on the machine's `PATH`, as `gofmt` beside `go`. What they keep for all
/// projects stays where it is; only the home is another one.
#[expect(clippy::disallowed_methods, reason = "tests use the toolchains of the machine")]
fn with_toolchains(slot: &mut Slot) {
    slot.path.push(":");
    slot.path.push(env::var_os("PATH").expect("a PATH"));
    let home = PathBuf::from(env::var_os("HOME").expect("a home"));
    let kept = [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo"), ("GOCACHE", ".cache/go-build")];
    for (name, below) in kept {
        let place = env::var_os(name).unwrap_or_else(|| home.join(below).into_os_string());
        slot.variables.push((name.into(), place));
    }
}

#[test]
fn with_go_gofmt_and_vet_need_only_a_module() {
    let text = "package m\n\nimport \"fmt\"\n\nfunc A() { fmt.Printf(\"%d\", \"a\") }\nfunc  B() { fmt.Printf(\"%d\", \"b\") }\n";
    let mut slot = with_change("m/a.go", text, 1);
    slot.write("m/go.mod", "module m\n\ngo 1.20\n");
    with_toolchains(&mut slot);
    let report = slot.check();
    let said = [
        "m/a.go:6: would be formatted as: func B() { fmt.Printf(\"%d\", \"b\") } [gofmt]",
        "m/a.go:6:25: fmt.Printf format %d has arg \"b\" of wrong type string [go vet]",
    ];
    assert_eq!(lines(&report), said, "{report:#?}");
    assert_eq!(report.ignored_outside_change, 1);
    slot.fix = true;
    assert_eq!(slot.check().fixed, ["m/a.go"]);
}

#[test]
fn rustfmt_and_clippy_know_the_edition_of_the_workspace() {
    let text = "pub async fn a() {}\npub fn b() -> i32 {\n    return 1;\n}\n\npub fn  c() -> i32 {\n    return 2;\n}\n";
    let mut slot = with_change("one/src/lib.rs", text, 3);
    slot.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"one\"]\nresolver = \"2\"\n[workspace.package]\nedition = \"2021\"\n[workspace.lints.clippy]\nall = \"warn\"\n",
    );
    slot.write(
        "one/Cargo.toml",
        "[package]\nname = \"one\"\nversion = \"0.1.0\"\nedition.workspace = true\n[lints]\nworkspace = true\n",
    );
    with_toolchains(&mut slot);
    let report = slot.check();
    let said = [
        "one/src/lib.rs:6: would be formatted as: pub fn c() -> i32 { [rustfmt]",
        "one/src/lib.rs:7:5: clippy::needless_return unneeded `return` statement [cargo clippy]",
    ];
    assert_eq!(lines(&report), said, "{report:#?}");
    assert!(report.ignored_outside_change > 0);
}

#[test]
fn the_manual_names_every_linter() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/linters.md");
    let page = fs::read_to_string(page).unwrap();
    for linter in hotfix_core::style::linters_known() {
        assert!(page.contains(&format!("`{linter}`")), "{linter} is not in docs/src/linters.md");
    }
}

/// Programs that take minutes to build stand in as their recorded output.
#[test]
fn recorded_output_of_programs_that_are_hard_to_install_is_read() {
    let text = "package m\n\nfunc unused() {}\n\nfunc A() error { return nil }\n\nfunc B() { A() }\n";
    let mut slot = with_change("m/a.go", text, 1);
    slot.write("m/.golangci.yml", "version: \"2\"\n");
    slot.program(
        "golangci-lint",
        // As golangci-lint 2.15 printed it.
        "echo 'a.go:7:13: Error return value is not checked (errcheck)'; echo 'func B() { A() }'; echo '            ^'; echo 'a.go:3:6: func unused is unused (unused)'; echo 'func unused() {}'; echo '     ^'; echo '2 issues:'; echo '* errcheck: 1'; echo '* unused: 1'; exit 1",
    );
    let report = slot.check();
    assert_eq!(
        lines(&report),
        ["m/a.go:7:13: Error return value is not checked (errcheck) [golangci-lint]"],
        "{report:#?}"
    );
    assert_eq!(report.ignored_outside_change, 1);
}

#[test]
fn with_go_actionlint_speaks_of_changed_lines() {
    let text = "on: push\njobs:\n  a:\n    runs-on: gone\n    steps: [run: x]\n  b:\n    runs-on: gone\n    steps: [run: x]\n";
    let mut slot = with_change(".github/workflows/ci.yml", text, 2);
    slot.path.push(":");
    slot.path.push(tools::GO.folder().join("bin"));
    let report = slot.check();
    let [finding] = report.findings.as_slice() else { panic!("{report:#?}") };
    assert_eq!((finding.path.as_str(), finding.line), (".github/workflows/ci.yml", 7));
    assert!(finding.message.contains("label \"gone\" is unknown"), "{finding:?}");
    assert_eq!(report.ignored_outside_change, 1);
}

mod with_java {
    use super::*;

    /// Java is a program of the machine.
    fn slot(text: &str, count: usize) -> Slot {
        let mut slot = with_change("src/A.java", text, count);
        slot.path.push(":");
        slot.path.push(tools::JAVA.folder().join("bin"));
        slot.path.push(":");
        slot.path.push(tools::folder_of("java").expect("java is on the PATH"));
        slot
    }

    #[test]
    fn checkstyle_reads_the_configuration_of_the_project() {
        let slot = slot("class A {\n  int  a;\n  int  b;\n}\n", 2);
        slot.write(
            "config/checkstyle/checkstyle.xml",
            "<?xml version=\"1.0\"?><!DOCTYPE module PUBLIC \"-//Checkstyle//DTD Checkstyle Configuration 1.3//EN\" \"https://checkstyle.org/dtds/configuration_1_3.dtd\"><module name=\"Checker\"><module name=\"TreeWalker\"><module name=\"SingleSpaceSeparator\"/></module></module>",
        );
        let said = [
            "src/A.java:3:8: SingleSpaceSeparatorCheck Use a single space to separate non-whitespace characters. [checkstyle]",
        ];
        assert_ran(&slot, "checkstyle", &said);
    }

    #[test]
    fn google_java_format_is_wanted_by_the_build_that_names_it() {
        let mut slot = slot("class A {\n  int  a;\n  int b;\n  int c;\n  int  d;\n}\n", 2);
        slot.write("pom.xml", "<artifactId>google-java-format</artifactId>");
        assert_ran(
            &slot,
            "google-java-format",
            &["src/A.java:5: would be formatted as: int d; [google-java-format]"],
        );
        slot.fix = true;
        assert_eq!(slot.check().fixed, ["src/A.java"]);
        let text = fs::read_to_string(slot.root.path().join("src/A.java")).unwrap();
        assert_eq!(text, "class A {\n  int a;\n  int b;\n  int c;\n  int d;\n}\n");
    }

    #[test]
    fn spotless_is_asked_as_an_editor_asks_it() {
        let mut slot = slot("class A {\n  int  a;\n  int b;\n  int c;\n  int  d;\n}\n", 2);
        let variables = tools::java_variables(&tools::JAVA.folder());
        slot.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value)));
        slot.write("pom.xml", tools::spotless_project());
        assert_ran(&slot, "spotless", &["src/A.java:5: would be formatted as: int d; [spotless]"]);
        let report = slot.check();
        assert_eq!(outcomes(&report).len(), 1, "google-java-format is what it runs: {report:#?}");
        let clean = slot.write("src/A.java", "class A {\n  int d;\n}\n");
        assert_eq!(lines(&slot.check()), [""; 0], "what is clean it does not print");
        fs::write(clean, "class A {").unwrap();
        let (_, outcome) = outcomes(&slot.check())[0];
        assert_eq!(outcome, LinterOutcome::Failed, "what does not parse it cannot format");
    }
}

mod with_node {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The packages lie in the slot; Node is a program of the machine.
    fn slot(path: &str, text: &str, count: usize) -> Slot {
        let mut slot = with_change(path, text, count);
        symlink(tools::node_modules(), slot.root.path().join("node_modules")).unwrap();
        slot.path.push(":");
        slot.path.push(tools::folder_of("node").expect("node is on the PATH"));
        slot
    }

    const SPACES: &str = "let  a = 1;\nlet b = 1;\nlet c = 1;\nlet  d = 1;\n";

    #[test]
    fn eslint_reads_the_configuration_of_the_nearest_folder() {
        let slot = slot("web/src/a.js", "var a = 1;\nvar b = 1;\n", 1);
        slot.write("web/eslint.config.mjs", "export default [{ rules: { 'no-var': 'error' } }];\n");
        let said = "web/src/a.js:2:1: no-var Unexpected var, use let or const instead. [eslint]";
        assert_ran(&slot, "eslint", &[said]);
    }

    #[test]
    fn eslint_and_prettier_pass_over_what_they_are_told_to() {
        let mut slot = slot("gen/a.js", "var  a = 1;\n", 1);
        slot.write(
            "eslint.config.mjs",
            "export default [{ ignores: ['gen/**'] }, { rules: { 'no-var': 'error' } }];\n",
        );
        slot.write(".prettierrc", "{}\n");
        slot.write(".prettierignore", "gen\n");
        slot.fix = true;
        let report = slot.check();
        assert!(report.findings.is_empty() && report.fixed.is_empty(), "{report:#?}");
        assert_eq!(report.ignored_outside_change, 0, "{report:#?}");
        assert_eq!(outcomes(&report), [("eslint", LinterOutcome::Ran), ("prettier", LinterOutcome::Ran)]);
    }

    #[test]
    fn a_configuration_that_cannot_be_read_is_told_by_its_error_and_not_by_the_last_call() {
        let slot = slot("a.js", "let a = 1;\n", 1);
        slot.write("eslint.config.mjs", "throw new Error('no such preset');\n");
        let report = slot.check();
        assert_eq!(outcomes(&report), [("eslint", LinterOutcome::Failed)]);
        assert_eq!(report.linters[0].hint.as_deref(), Some("ended with code 2: Error: no such preset"));
    }

    #[test]
    fn biome_passes_over_what_it_is_told_to() {
        let slot = slot("gen/a.js", "debugger;\nlet  a = 1;\n", 2);
        slot.write("biome.json", "{ \"files\": { \"includes\": [\"**\", \"!gen\"] } }\n");
        let report = slot.check();
        assert!(report.findings.is_empty(), "{report:#?}");
        assert!(outcomes(&report).iter().all(|(_, outcome)| *outcome == LinterOutcome::Ran), "{report:#?}");
    }

    fn hint_for(files: &[(&str, &str)]) -> (String, String) {
        let slot = with_change("web/a.js", "var a = 1;\n", 1);
        slot.write("web/eslint.config.mjs", "export default [];\n");
        for (path, text) in files {
            slot.write(path, text);
        }
        let report = slot.check();
        assert_eq!(outcomes(&report), [("eslint in web", LinterOutcome::Missing)]);
        let root = slot.root.path().display().to_string();
        (report.linters[0].hint.clone().unwrap(), root)
    }

    #[test]
    fn what_a_project_installs_is_installed_where_its_lock_file_is() {
        let (hint, root) = hint_for(&[("web/package-lock.json", "{}")]);
        assert_eq!(hint, format!("cd {root}/web && npm ci"));
        let (hint, root) = hint_for(&[("web/package.json", "{}"), ("bun.lock", "{}")]);
        assert_eq!(hint, format!("cd {root} && bun install --frozen-lockfile"));
        let asks = "{\"devDependencies\": {\"eslint\": \"*\"}}";
        let (hint, root) = hint_for(&[("package.json", asks), ("web/package.json", "{}")]);
        assert_eq!(hint, format!("cd {root} && npm install"));
        let (hint, _) = hint_for(&[("package.json", "{\"name\": \"eslint\"}")]);
        assert_eq!(hint, "npm install --global eslint");
    }

    #[test]
    fn prettier_compares_and_rewrites() {
        let mut slot = slot("a.js", SPACES, 1);
        slot.write(".prettierrc", "{}\n");
        assert_ran(&slot, "prettier", &["a.js:4: would be formatted as: let d = 1; [prettier]"]);
        slot.fix = true;
        assert_eq!(slot.check().fixed, ["a.js"]);
        assert_eq!(fs::read_to_string(slot.root.path().join("a.js")).unwrap(), SPACES.replace("  ", " "));
    }

    #[test]
    fn biome_lints_and_formats() {
        let text = "debugger;\nlet  a = 1;\nlet b = 1;\nlet c = 1;\nlet  d = 1; debugger;\n";
        let slot = slot("a.js", text, 1);
        slot.write("biome.json", "{ \"formatter\": { \"indentStyle\": \"space\" } }\n");
        let report = slot.check();
        let said = [
            "a.js:5: would be formatted as: let d = 1; [biome format]",
            "a.js:5:13: lint/suspicious/noDebugger This is an unexpected use of the debugger statement. [biome lint]",
        ];
        let said_of = |line: &&str| lines(&report).iter().any(|other| other == line);
        assert!(said.iter().all(said_of), "{report:#?}");
        assert!(report.ignored_outside_change >= 2, "{report:#?}");
    }

    #[test]
    fn tsc_looks_at_the_project_and_speaks_of_changed_lines() {
        let slot = slot("web/a.ts", "let a: number = '';\nlet b: number = '';\n", 1);
        slot.write("web/tsconfig.json", "{ \"compilerOptions\": { \"strict\": true } }\n");
        let said = "web/a.ts:2:5: error TS2322: Type 'string' is not assignable to type 'number'. [tsc]";
        assert_ran(&slot, "tsc", &[said]);
    }
}
