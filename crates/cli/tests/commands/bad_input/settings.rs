//! Settings that are wrong: the file, the line, and the nearest key are named.

use insta::assert_snapshot;

use crate::case::{ALERT, Case};

fn told(settings: &str, args: &[&str]) -> String {
    let case = Case::with(&[("hotfix.toml", settings.as_bytes())]);
    case.run(args)
}

#[test]
fn a_value_of_the_wrong_type() {
    assert_snapshot!(told("# ours\n[prove]\nrepeat = \"often\"\n", &["start", ALERT]), @r#"
    exit 3
    error: hotfix.toml at [oid], line 3: `prove.repeat` must be a whole number from 1 to 100
      why: found the text "often"
      next: set `prove.repeat` in [root]/home/.config/git-hotfix/config.toml, or correct it on the base branch
    "#);
}

#[test]
fn an_unknown_key_is_a_warning_with_the_nearest() {
    assert_snapshot!(told("[test]\nbugdet = \"1m\"\n", &["start", ALERT]), @"
    exit 0
    ! hotfix.toml at [oid], line 2: unknown key `test.bugdet` is ignored; did you mean `test.budget`?
    ");
}

#[test]
fn no_toml_at_all() {
    assert_snapshot!(told("[test\nbudget = 1m\n", &["start", ALERT]), @"
    exit 3
    error: hotfix.toml at [oid], line 1: not valid TOML
      why: unclosed table, expected `]`
      next: correct it on the base branch, then run the same command again
    ");
}

#[test]
fn no_text_at_all() {
    let case = Case::with(&[("hotfix.toml", b"[test]\ncommand = \"\xff\xfe\"\n")]);
    assert_snapshot!(case.run(&["start", ALERT]), @"
    exit 3
    error: hotfix.toml at [oid], line 2: not UTF-8 text
      why: TOML files are UTF-8
      next: correct it on the base branch, then run the same command again
    ");
}

#[test]
fn on_the_command_line() {
    let case = Case::new();
    assert_snapshot!(case.run(&["start", ALERT, "--set", "test.bugdet=1m"]), @"
    exit 2
    error: there is no key `test.bugdet`
      why: the nearest is `test.budget`
      next: write `test.budget`
    ");
    assert_snapshot!(case.run(&["start", ALERT, "--set", "test.budget=soon"]), @r#"
    exit 2
    error: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
      why: found the text "soon"
      next: run it again with another value
    "#);
    assert_snapshot!(case.run(&["test", "--budget", "soon"]), @r#"
    exit 2
    error: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
      why: found the text "soon"
      next: run it again with another value
    "#);
}

#[test]
fn settings_of_the_user() {
    let case = Case::new();
    let path = case.sandbox.home().join(".config/git-hotfix/config.toml");
    std::fs::write(path, "[commit]\n\nmax_lines = true\n").expect("a writable home");
    assert_snapshot!(case.run(&["start", ALERT]), @"
    exit 3
    error: [root]/home/.config/git-hotfix/config.toml, line 3: `commit.max_lines` must be a whole number from 0 up
      why: found true
      next: edit line 3 of [root]/home/.config/git-hotfix/config.toml, then run the same command again
    ");
}
