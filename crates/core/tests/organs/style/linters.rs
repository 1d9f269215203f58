//! The families of linters that are found by their configuration.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use hotfix_model::gate::LinterOutcome;

use super::{Slot, lines, outcomes, tools};

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

/// Named files are not looked for, and flake8 passes over folders only while it looks for files.
#[test]
fn what_flake8_is_told_to_pass_over_is_checked_by_nobody() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\nexclude = gen,migrations\n");
    slot.add("app/migrations/m1.py", "import os\nx = 1\n");
    let report = slot.check();
    assert!(report.findings.is_empty() && report.linters.is_empty(), "{report:#?}");
    slot.add("app/m1.py", "import os\n");
    assert_eq!(lines(&slot.check()), ["app/m1.py:1:1: F401 'os' imported but unused [flake8]"]);
}

#[test]
fn what_flake8_passes_over_is_said_from_the_folder_of_its_configuration() {
    let mut slot = Slot::new();
    slot.write(
        "web/setup.cfg",
        "[flake8]\nextend-exclude =\n    # made by protoc\n    ./gen,\n    *_pb2.py\n",
    );
    for path in ["web/gen/deep/a.py", "web/b_pb2.py", "web/.tox/c.py", "web/app/gen/d.py"] {
        slot.add(path, "import os\n");
    }
    assert_eq!(lines(&slot.check()), ["web/app/gen/d.py:1:1: F401 'os' imported but unused [flake8]"]);
}

#[test]
fn black_passes_over_what_it_usually_does_and_over_what_it_is_told_to() {
    let mut slot = Slot::new();
    slot.write("pyproject.toml", "[tool.black]\nextend-exclude = 'gen/'\n");
    for path in ["build/a.py", "gen/b.py", "c.py"] {
        slot.add(path, "x  = 1\n");
    }
    assert_eq!(lines(&slot.check()), ["c.py:1: would be formatted as: x = 1 [black]"]);
    slot.write("pyproject.toml", "[tool.black]\nexclude = 'gen/'\n");
    slot.fix = true;
    assert_eq!(slot.check().fixed, ["build/a.py", "c.py"]);
}

#[test]
fn ruff_passes_over_what_it_is_told_to() {
    let mut slot = Slot::new();
    slot.write("ruff.toml", "extend-exclude = ['gen/*']\n[format]\n");
    slot.add("gen/a.py", "import os\nx  = 1\n");
    let report = slot.check();
    assert!(report.findings.is_empty(), "{report:#?}");
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
