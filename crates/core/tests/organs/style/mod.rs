//! Tests of `style`, with the real flake8, ruff and black.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::git::{FileDiff, Hunk};
use hotfix_core::style::{self, Place, Request};
use hotfix_model::config::{CheckConfig, GateMode};
use hotfix_model::gate::LinterOutcome;
use hotfix_model::{CheckReport, Period};

/// Folder of the programs that `cargo xtask test` installs.
#[expect(clippy::disallowed_methods, reason = "tests are told where the tools are")]
fn tools() -> PathBuf {
    let root = env::var_os("HOTFIX_TOOLS")
        .expect("HOTFIX_TOOLS is not set: run `cargo xtask test`, which installs the tools");
    let bin = Path::new(&root).join("python/bin");
    assert!(bin.join("flake8").is_file(), "no flake8 in {}: run `cargo xtask test`", bin.display());
    bin
}

/// A slot without Git: the organ only needs files.
struct Slot {
    root: tempfile::TempDir,
    home: tempfile::TempDir,
    scratch: tempfile::TempDir,
    files: Vec<PathBuf>,
    lines: Vec<FileDiff>,
    config: CheckConfig,
    trusted: bool,
    fix: bool,
    path: OsString,
}

impl Slot {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            home: tempfile::tempdir().unwrap(),
            scratch: tempfile::tempdir().unwrap(),
            files: Vec::new(),
            lines: Vec::new(),
            config: CheckConfig {
                commands: Vec::new(),
                gate: GateMode::Warn,
                timeout: Period::from_seconds(60),
            },
            trusted: true,
            fix: false,
            path: OsString::from(format!("{}:/usr/bin:/bin", tools().display())),
        }
    }

    /// An unchanged file.
    fn write(&self, path: impl AsRef<Path>, text: &str) -> PathBuf {
        let full = self.root.path().join(&path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(&full, text).unwrap();
        full
    }

    /// A file of which the lines from `first` on are part of the change.
    fn change(&mut self, path: impl AsRef<Path>, text: &str, first: u64, count: usize) {
        self.write(&path, text);
        let path = path.as_ref().to_owned();
        let hunk = Hunk { old_start: first, old_lines: 1, new_start: first, added: vec![Vec::new(); count] };
        self.files.push(path.clone());
        self.lines.push(FileDiff { path, hunks: vec![hunk] });
    }

    /// A new file.
    fn add(&mut self, path: impl AsRef<Path>, text: &str) {
        self.change(path, text, 1, text.lines().count());
    }

    /// A program of our own before all others on the `PATH`.
    fn program(&mut self, name: &str, script: &str) {
        let bin = self.home.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        let old = std::mem::replace(&mut self.path, bin.into_os_string());
        self.path.push(":");
        self.path.push(old);
    }

    fn with<T>(&self, deed: impl FnOnce(&Ctx, &Place<'_>, &Request<'_>) -> T) -> T {
        let variables = [("PATH", self.path.clone()), ("HOME", self.home.path().into())];
        let variables = variables.map(|(name, value)| (OsString::from(name), value));
        let environment = Environment::new(variables, self.root.path());
        let ctx = Ctx::new(environment, SystemClock::new(), Arc::new(Silent));
        let place = Place { root: self.root.path(), home: self.home.path(), scratch: self.scratch.path() };
        let request = Request {
            files: self.files.clone(),
            lines: &self.lines,
            tracked: &self.tracked(),
            read: &|path| fs::read(self.root.path().join(path)).ok(),
            config: &self.config,
            trusted: self.trusted,
            fix: self.fix,
            tree: "tree".to_owned(),
        };
        deed(&ctx, &place, &request)
    }

    fn check(&self) -> CheckReport {
        self.with(|ctx, place, request| style::check(ctx, place, request).unwrap())
    }

    fn plan(&self) -> Vec<String> {
        let plan = self.with(style::plan);
        plan.into_iter().map(|one| format!("{}: {}", one.name, one.command.join(" "))).collect()
    }

    fn found(&self) -> Vec<String> {
        let read = |path: &str| fs::read(self.root.path().join(path)).ok();
        style::linters_found(&self.tracked(), &read, &self.config)
    }

    fn tracked(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.root.path(), self.root.path(), &mut found);
        found.sort();
        found
    }
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            walk(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_owned());
        }
    }
}

fn lines(report: &CheckReport) -> Vec<String> {
    let line = |finding: &hotfix_model::Finding| {
        let column = finding.column.map(|column| format!(":{column}")).unwrap_or_default();
        let (path, message) = (&finding.path, &finding.message);
        format!("{path}:{}{column}: {message} [{}]", finding.line, finding.linter)
    };
    report.findings.iter().map(line).collect()
}

fn outcomes(report: &CheckReport) -> Vec<(&str, LinterOutcome)> {
    report.linters.iter().map(|linter| (linter.name.as_str(), linter.outcome)).collect()
}

const SLIPS: &str = "import os\nimport sys\n\n\ndef login( token ):\n    return token==1\n";

#[test]
fn flake8_reports_changed_lines_only() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\nextend-ignore = E202\n");
    slot.change("src/auth.py", SLIPS, 5, 2);
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "src/auth.py:5:11: E201 whitespace after '(' [flake8]",
            "src/auth.py:6:17: E225 missing whitespace around operator [flake8]",
        ]
    );
    assert_eq!(report.ignored_outside_change, 2);
    assert_eq!(outcomes(&report), [("flake8", LinterOutcome::Ran)]);
    assert_eq!(report.tree, "tree");
}

#[test]
fn ruff_reports_changed_lines_and_never_repairs() {
    let mut slot = Slot::new();
    slot.write("pyproject.toml", "[tool.ruff]\nfix = true\n[tool.ruff.lint]\nselect = ['F', 'E']\n");
    slot.change("auth.py", SLIPS, 2, 1);
    let report = slot.check();
    assert_eq!(lines(&report), ["auth.py:2:8: F401 `sys` imported but unused [ruff check]"]);
    assert_eq!(report.ignored_outside_change, 1);
    assert_eq!(fs::read_to_string(slot.root.path().join("auth.py")).unwrap(), SLIPS);
}

#[test]
fn formatters_report_only_hunks_that_touch_changed_lines() {
    let mut slot = Slot::new();
    slot.write("pyproject.toml", "[tool.black]\n[tool.ruff.format]\n[tool.ruff.lint]\nselect = []\n");
    slot.change("auth.py", "a  = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\nx  = 7\n", 6, 2);
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "auth.py:7: would be formatted as: x = 7 [black]",
            "auth.py:7: would be formatted as: x = 7 [ruff format]",
        ]
    );
    assert_eq!(report.ignored_outside_change, 2);
    assert!(report.fixed.is_empty());
}

#[test]
fn formatters_see_missing_blank_lines_beside_a_change() {
    let mut slot = Slot::new();
    slot.write("pyproject.toml", "[tool.black]\n");
    slot.change("auth.py", "import os\ndef f():\n    pass\n", 2, 2);
    assert_eq!(lines(&slot.check()), ["auth.py:2: blank line missing [black]"]);
}

#[test]
fn fix_rewrites_only_files_that_differ_at_a_changed_line() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("pyproject.toml", "[tool.black]\n");
    slot.change("touched.py", "a  = 1\nb  = 2\nassert undefined_name\n", 2, 2);
    slot.change("beside.py", "a  = 1\nb = 2\nc = 3\nd = 4\n", 4, 1);
    slot.write("other.py", "a  = 1\n");
    slot.fix = true;
    let report = slot.check();
    assert_eq!(report.fixed, ["touched.py"]);
    let content = |path: &str| fs::read_to_string(slot.root.path().join(path)).unwrap();
    assert_eq!(content("touched.py"), "a = 1\nb = 2\nassert undefined_name\n");
    assert_eq!(content("beside.py"), "a  = 1\nb = 2\nc = 3\nd = 4\n");
    assert_eq!(content("other.py"), "a  = 1\n");
    assert_eq!(lines(&report), ["touched.py:3:8: F821 undefined name 'undefined_name' [flake8]"]);
}

#[test]
fn findings_follow_lines_that_a_fix_moved() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("pyproject.toml", "[tool.black]\n");
    // black adds two lines above the changed one, and splits line 2 no further.
    slot.change("a.py", "import os\ndef f():\n    return  undefined_name\n", 2, 2);
    slot.fix = true;
    let report = slot.check();
    assert_eq!(report.fixed, ["a.py"]);
    assert_eq!(lines(&report), ["a.py:5:12: F821 undefined name 'undefined_name' [flake8]"]);
}

#[test]
fn black_leaves_excluded_files_alone() {
    let mut slot = Slot::new();
    slot.write(
        "pyproject.toml",
        "[tool.black]\nextend-exclude = '''\n(\n  ^/gen  # made\n)\n'''\nforce-exclude = 'old'\n",
    );
    for path in ["gen/a.py", "old/a.py", "src/a.py"] {
        slot.add(path, "x  = 1\n");
    }
    assert_eq!(lines(&slot.check()), ["src/a.py:1: would be formatted as: x = 1 [black]"]);
}

#[test]
fn odd_names_reach_every_linter_and_come_back() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\nselect = F401\n");
    slot.write("pyproject.toml", "[tool.black]\n[tool.ruff.lint]\nselect = ['F401']\n[tool.ruff.format]\n");
    slot.config.commands = vec!["grep -Hn import".to_owned()];
    let names: &[&[u8]] = &[
        b"a b.py",
        b"-x.py",
        b"@file",
        b"@at.py",
        b"q'\"`$(id).py",
        b"new\nline.py",
        b"co:1:2: n.py",
        b"b\xff.py",
        b"tab\t.py",
        "d\u{e9}j\u{e0}/\u{65e5}.py".as_bytes(),
        b"--diff.py",
        b"sub/-y.py",
        b"pct%s.py",
        b"a/b.py",
    ];
    for name in names {
        slot.add(OsStr::from_bytes(name), "import os\nx  = 1\n");
    }
    let report = slot.check();
    let python: Vec<&[u8]> = names.iter().copied().filter(|name| name.ends_with(b".py")).collect();
    for (linter, names) in [
        ("flake8", python.as_slice()),
        ("ruff check", &python),
        ("ruff format", &python),
        ("black", &python),
        ("grep -Hn import", names),
    ] {
        let said = report.findings.iter().filter(|finding| finding.linter == linter);
        let mut said: Vec<String> = said.map(|finding| finding.path.clone()).collect();
        let text = |name: &&[u8]| String::from_utf8_lossy(name).into_owned();
        let mut expected: Vec<String> = names.iter().map(text).collect();
        said.sort();
        said.dedup();
        expected.sort();
        assert_eq!(said, expected, "{linter}: {:?}", report.linters);
    }
    assert!(report.linters.iter().all(|linter| linter.outcome == LinterOutcome::Ran), "{:?}", report.linters);
}

#[test]
fn fix_works_on_odd_names() {
    let mut slot = Slot::new();
    slot.write("pyproject.toml", "[tool.black]\n");
    let names: [&[u8]; 4] = [b"b\xff.py", b"new\nline.py", b"-x.py", b"a b.py"];
    for name in names {
        slot.add(OsStr::from_bytes(name), "x  = 1\n");
    }
    slot.fix = true;
    let report = slot.check();
    for name in names {
        let content = fs::read_to_string(slot.root.path().join(OsStr::from_bytes(name))).unwrap();
        assert_eq!(content, "x = 1\n", "{name:?}");
    }
    assert_eq!((report.fixed.len(), report.findings.len()), (4, 0));
}

#[test]
fn commands_may_name_files_in_every_way() {
    let mut slot = Slot::new();
    slot.add("a.txt", "1\n2\n3\n4\n5\n");
    slot.write("b.txt", "1\n");
    let script = "echo \"$PWD/a.txt:1:2: absolute\"\necho './a.txt:2: dotted'\necho 'a.txt:3:7: plain'\n\
                  echo 'b.txt:1: elsewhere'\necho 'nosuch:1: nothing'\necho 'Found 3 errors.'\necho 'a.txt:3:7: plain'\n\
                  printf 'a.txt:4:1 no colon \\033[31m\\377\\n' >&2\nexit 3";
    slot.program("mylint", script);
    slot.config.commands = vec!["mylint".to_owned()];
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "a.txt:1:2: absolute [mylint]",
            "a.txt:2: dotted [mylint]",
            "a.txt:3:7: plain [mylint]",
            "a.txt:4:1: no colon  [31m\u{fffd} [mylint]",
        ]
    );
    assert_eq!(report.ignored_outside_change, 1);
    assert_eq!(outcomes(&report), [("mylint", LinterOutcome::Ran)]);
}

#[test]
fn commands_are_shell_but_names_of_files_are_not() {
    let mut slot = Slot::new();
    slot.add("$(touch hacked); touch hacked #", "x\n");
    slot.add("plain", "x\n");
    slot.config.commands = vec![
        "f() { for one; do echo \"$one:1: seen\"; done; }; f ".to_owned(),
        "ls -- \"$@\" | sed 's/$/:1: listed/'".to_owned(),
    ];
    let report = slot.check();
    let messages: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["listed", "seen", "listed", "seen"]);
    assert!(!slot.root.path().join("hacked").exists());
}

#[test]
fn commands_nobody_approved_do_not_run() {
    let mut slot = Slot::new();
    slot.add("a.py", "x = 1\n");
    slot.config.commands = vec!["touch ran; flake8".to_owned()];
    slot.trusted = false;
    let report = slot.check();
    assert_eq!(outcomes(&report), [("touch ran; flake8", LinterOutcome::Untrusted)]);
    assert_eq!(report.linters[0].hint.as_deref(), Some("git hotfix trust"));
    assert!(!slot.root.path().join("ran").exists());
}

#[test]
fn a_command_stands_in_for_the_linter_it_runs() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("ruff.toml", "");
    slot.add("a.py", "import os\n");
    slot.add("CHANGES.md", "# not Python\n");
    slot.config.commands = vec!["python -m flake8 --max-line-length=99".to_owned()];
    assert_eq!(slot.found(), ["python -m flake8 --max-line-length=99", "ruff check"]);
    let plan = slot.plan();
    assert_eq!(plan.len(), 2, "{plan:?}");
    assert!(plan[0].ends_with("flake8 --max-line-length=99 \"$@\" sh a.py"), "{plan:?}");
}

#[test]
fn missing_linters_are_named_with_the_command_that_installs_them() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.py", "import os\n");
    slot.config.commands = vec!["no-such-linter --all".to_owned()];
    slot.path = OsString::from("/usr/bin:/bin");
    let report = slot.check();
    let hints: Vec<_> = report.linters.iter().map(|linter| linter.hint.clone().unwrap()).collect();
    assert!(outcomes(&report).iter().all(|(_, outcome)| *outcome == LinterOutcome::Missing));
    assert!(
        hints[0].starts_with("install what it needs: ") && hints[0].contains("no-such-linter"),
        "{hints:?}"
    );
    assert!(hints[1].ends_with(" install flake8") || hints[1].ends_with(" --user flake8"), "{hints:?}");
}

#[test]
fn virtual_environments_come_before_the_path() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.py", "x\n");
    for (root, column) in [(slot.home.path(), 2), (slot.root.path(), 1)] {
        let bin = root.join(".venv/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("flake8"), format!("#!/bin/sh\necho \"'a.py' 1 {column} X1 said\"\nexit 1\n"))
            .unwrap();
        fs::set_permissions(bin.join("flake8"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(lines(&slot.check()), [format!("a.py:1:{column}: X1 said [flake8]")]);
    }
}

#[test]
fn linters_that_die_or_hang_are_one_line_each() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\nmax-line-length = broken\n");
    slot.write("ruff.toml", "select = 3\n");
    slot.add("a.py", "import os\n");
    slot.config.commands = vec!["sleep 60; echo".to_owned(), "kill -9 $$; echo".to_owned()];
    slot.config.timeout = Period::from_seconds(1);
    slot.program("flake8", "exec python -c 'raise ValueError(\"broken\")'");
    let report = slot.check();
    assert!(report.linters.iter().all(|linter| linter.outcome == LinterOutcome::Failed), "{report:?}");
    let hints: Vec<_> = report.linters.iter().map(|linter| linter.hint.as_deref().unwrap()).collect();
    insta::assert_debug_snapshot!(hints, @r#"
    [
        "took longer than 1s; raise check.timeout in hotfix.toml, or make it faster",
        "ended by signal 9",
        "ended with code 2: invalid type: integer `3`, expected a sequence",
        "ended with code 1: ValueError: broken",
    ]
    "#);
}

#[test]
fn huge_output_is_bounded_and_what_fits_is_read() {
    let mut slot = Slot::new();
    slot.add("a.txt", "x\n");
    slot.config.commands = vec!["echo a.txt:1: first; yes 'a.txt:9: many' | head -c 40000000; :".to_owned()];
    let report = slot.check();
    assert_eq!(lines(&report), [format!("a.txt:1: first [{}]", report.linters[0].name)]);
    let kept = 16 * 1024 * 1024 / 14;
    assert!(report.ignored_outside_change > kept - 100 && report.ignored_outside_change < kept + 100);
}

#[test]
fn without_configuration_only_likely_bugs_are_looked_for() {
    let mut slot = Slot::new();
    slot.add("a.py", "import os\nx  = undefined_name\n");
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "a.py:1:8: F401 `os` imported but unused [ruff check]",
            "a.py:2:6: F821 Undefined name `undefined_name` [ruff check]",
        ]
    );
    assert!(report.linters[0].hint.as_deref().unwrap().contains("only likely bugs"));
    assert!(slot.found().is_empty());
    // ruff is not on this PATH.
    let bin = slot.home.path().join("only");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(tools().join("flake8"), bin.join("flake8")).unwrap();
    slot.path = bin.into_os_string();
    slot.path.push(":/usr/bin:/bin");
    assert_eq!(lines(&slot.check()).len(), 2);
    assert_eq!(slot.check().linters[0].name, "flake8");
}

#[test]
fn nothing_runs_when_no_file_concerns_it() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.txt", "x\n");
    slot.files.push(PathBuf::from("deleted.py"));
    slot.write("real.py", "import os\n");
    std::os::unix::fs::symlink("real.py", slot.root.path().join("link.py")).unwrap();
    slot.files.push(PathBuf::from("link.py"));
    assert_eq!(slot.check(), CheckReport { tree: "tree".to_owned(), ..CheckReport::default() });
    assert!(slot.plan().is_empty());
}

#[test]
fn each_folder_of_a_monorepo_has_its_own_rules() {
    let mut slot = Slot::new();
    slot.write("one/.flake8", "[flake8]\nselect = F401\n");
    slot.write("two/setup.cfg", "[metadata]\n[flake8]\nselect = E225\n");
    for path in ["one/a.py", "two/deep/a.py", "three/a.py"] {
        slot.add(path, "import os\nx =1\n");
    }
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "one/a.py:1:1: F401 'os' imported but unused [flake8]",
            "two/deep/a.py:2:4: E225 missing whitespace around operator [flake8]",
        ]
    );
    assert_eq!(
        outcomes(&report),
        [("flake8 in one", LinterOutcome::Ran), ("flake8 in two", LinterOutcome::Ran),]
    );
}

#[test]
fn leaves_no_trace_in_the_slot() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("pyproject.toml", "[tool.black]\n[tool.ruff.format]\n");
    slot.add("a.py", "import os\nx  = 1\n");
    let before = slot.tracked();
    let report = slot.check();
    assert_eq!(report.linters.len(), 4);
    assert_eq!(slot.tracked(), before);
}

#[test]
fn a_wish_to_stop_is_an_error() {
    let mut slot = Slot::new();
    slot.add("a.txt", "x\n");
    slot.config.commands = vec!["sleep 60; echo".to_owned()];
    let error = slot.with(|ctx, place, request| {
        ctx.cancel.ask(2);
        style::check(ctx, place, request).unwrap_err()
    });
    assert_eq!(error.exit().code(), 130);
}

#[test]
fn the_plan_shows_what_runs() {
    let mut slot = Slot::new();
    slot.write("ruff.toml", "[format]\n");
    slot.write("tox.ini", "[flake8]\n");
    slot.add("src/auth.py", "x = 1\n");
    let plan = slot.plan().join("\n").replace(&format!("{}/", tools().display()), "");
    insta::assert_snapshot!(plan, @r"
    ruff check: ruff check --output-format=json-lines --no-fix --no-cache --force-exclude --quiet src/auth.py
    flake8: flake8 --format=%(path)a %(row)d %(col)d %(code)s %(text)s --color=never src/auth.py
    ruff format: ruff format --no-cache --force-exclude --quiet --diff src/auth.py
    ");
    assert_eq!(slot.found(), ["ruff check", "flake8", "ruff format"]);
}
