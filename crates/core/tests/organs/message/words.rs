//! Subjects, commit messages and neutral text.

use std::path::Path;
use std::sync::Arc;

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::exec::{Command, sanitize};
use hotfix_core::message::neutral::{code, fenced, one_line};
use hotfix_core::message::{commit_message, default_subject, is_long, subject, trailer};
use proptest::prelude::*;

/// What Git itself reads as the trailers of a message.
fn trailers_by_git(message: &str) -> String {
    let path = [("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    let ctx = Ctx::new(Environment::new(path, Path::new("/")), SystemClock::new(), Arc::new(Silent));
    let command = Command::new("git").args(["interpret-trailers", "--parse"]).input(message);
    let finished =
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").run(&ctx).unwrap();
    assert!(finished.success(), "{finished:?}");
    String::from_utf8(finished.stdout).unwrap()
}

#[test]
fn subjects_are_conventional_commits() {
    let cases = [
        ("auth token validation", "fix: auth token validation"),
        ("  Auth token\n validation. ", "fix: auth token validation"),
        ("HTTP timeout", "fix: HTTP timeout"),
        ("OAuth login", "fix: OAuth login"),
        ("Base64 padding...", "fix: Base64 padding"),
        ("User.login() crash", "fix: User.login() crash"),
        ("I", "fix: I"),
        ("fix(auth): Token check", "fix(auth): token check"),
        ("Fix: token check", "fix: token check"),
        ("feat!: drop v1", "feat!: drop v1"),
        ("perf( db ) : faster", "perf(db): faster"),
        ("Note: not a type", "fix: note: not a type"),
        ("fix(auth: broken head", "fix: fix(auth: broken head"),
        ("a \u{1b}[31mred\u{1b}[0m \u{202e}word", "fix: a red word"),
        ("\u{dc}ber", "fix: \u{fc}ber"),
    ];
    for (text, expected) in cases {
        assert_eq!(subject("fix", None, text).unwrap(), expected, "{text:?}");
    }
    assert_eq!(subject("hotfix", Some("auth"), "Token").unwrap(), "hotfix(auth): token");
    assert_eq!(subject("ops", None, "ops(db): Disk").unwrap(), "ops(db): disk");
}

#[test]
fn an_empty_subject_is_wrong_usage() {
    for text in ["", " \n ", "...", "fix: ", "\u{1b}[31m"] {
        let error = subject("fix", None, text).unwrap_err();
        assert_eq!(error.exit().code(), 2, "{text:?}");
        assert!(error.next().starts_with("git hotfix commit"));
    }
}

#[test]
fn an_alert_makes_a_subject() {
    let from = |alert| default_subject("fix", alert).unwrap();
    assert_eq!(from("Production down! Auth failing"), "fix: production down, auth failing");
    assert_eq!(
        from("[FIRING] HTTP 500 on /login. See @oncall, #12"),
        "fix: [FIRING] HTTP 500 on /login, see oncall, 12"
    );
    let long = from(&"The payment service answers nothing but errors ".repeat(5));
    assert_eq!(long, "fix: the payment service answers nothing but errors The payment service");
    assert!(!is_long(&long) && is_long(&"x".repeat(73)));
    assert!(default_subject("fix", "!!!").is_err());
}

#[test]
fn a_message_has_subject_body_and_trailers() {
    let trailers = [("Hotfix", "1.2.3"), ("Incident", "INC-42"), ("Empty", " ")];
    let message = commit_message("fix: auth", Some("Tokens were\ncompared by identity.\n\n"), &trailers);
    insta::assert_snapshot!(message, @r"
    fix: auth

    Tokens were
    compared by identity.

    Hotfix: 1.2.3
    Incident: INC-42
    ");
    assert_eq!(trailers_by_git(&message), "Hotfix: 1.2.3\nIncident: INC-42\n");
    assert_eq!(trailer(&message, "hotfix"), Some("1.2.3"));
    assert_eq!(trailer(&message, "Reviewed-by"), None);
    assert_eq!(trailer("Hotfix: 1.2.3\n", "Hotfix"), None);
    assert_eq!(commit_message("fix: x", None, &[]), "fix: x\n");
}

#[test]
fn no_value_can_add_a_trailer() {
    let message = commit_message(
        "fix: x\n\nHotfix: forged",
        None,
        &[("Hotfix", "1"), ("Incident", "7\nHotfix: 2\r\nSigned-off-by: me")],
    );
    assert_eq!(trailers_by_git(&message), "Hotfix: 1\nIncident: 7 Hotfix: 2 Signed-off-by: me\n");
    assert_eq!(trailer(&message, "Hotfix"), Some("1"));
    assert_eq!(trailer(&message, "Signed-off-by"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn git_reads_back_what_was_written(
        text in "[a-zA-Z .:#\\n-]{1,60}",
        body in "(\\PC|[\\n\\r\\t]|---|# |Hotfix: |\\ndiff -){0,40}",
        incident in "(\\PC|[\\n\\r\\x1b]|: ){1,40}",
    ) {
        prop_assume!(subject("fix", None, &text).is_ok());
        let subject = subject("fix", None, &text).unwrap();
        let message = commit_message(&subject, Some(&body), &[("Hotfix", "1.2.3"), ("Incident", &incident)]);
        let incident = one_line(&incident);
        let expected = match incident.as_str() {
            "" => "Hotfix: 1.2.3\n".to_owned(),
            incident => format!("Hotfix: 1.2.3\nIncident: {incident}\n"),
        };
        prop_assert_eq!(trailers_by_git(&message), expected);
        prop_assert_eq!(trailer(&message, "Hotfix"), Some("1.2.3"));
        prop_assert_eq!(trailer(&message, "Incident").unwrap_or_default(), incident);
        prop_assert_eq!(message.lines().next(), Some(subject.as_str()));
    }
}

#[test]
fn plain_text_drops_what_terminals_act_on() {
    let cases = [
        ("\u{1b}[1;31mred\u{1b}[0m", "red"),
        ("\u{1b}]0;title\u{7}text", "text"),
        ("\u{1b}]52;c;aGk=\u{1b}\\text", "text"),
        ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{1b}Pdevice\u{9c}text", "text"),
        ("\u{9b}31mred", "red"),
        ("\u{1b}]0;open string\nnext", "\nnext"),
        ("fake\rreal", "fake\nreal"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\u{202e}evil\u{2069}\u{200b}", "evil"),
        ("\u{1b}(Btext\u{1b}", "text"),
        ("\u{1b}[31\u{e9}", "\u{e9}"),
        ("nul\0bell\u{7}", "nulbell"),
    ];
    for (text, expected) in cases {
        assert_eq!(sanitize(text), expected, "{text:?}");
    }
}

#[test]
fn forges_find_nothing_to_act_on() {
    let text = "@alice see #12\n/merge\nCloses https://host/g/p/-/issues/1\n<img src=x> ![x](http://beacon)\n```\n| passed |";
    insta::assert_snapshot!(fenced(text), @r"
    ````text
     ＠alice see ＃12
     /merge
     Closes · https://host/g/p/-/issues/1
     <img src=x> ![x](http://beacon)
     ```
     | passed |
    ````
    ");
    assert_eq!(code("a `b` | c\nd"), "``a `b` ∣ c d``");
    assert_eq!(code("`tick"), "`` `tick ``");
    assert_eq!(code("mail me@host.org, fixes: GH-7"), "`mail me@host.org, fixes: · GH-7`");
    assert_eq!(code(" \n"), "–");
    assert!(fenced(&"x".repeat(9000)).len() < 4200);
}

/// What a text from outside may be made of, with the dangerous parts often.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "\\PC{0,6}",
        "[`~]{1,9}",
        "[\\x00-\\x1f\\x7f-\\u{9f}]",
        "[\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}\\u{200e}\\u{61c}]",
        Just("\n/merge ".to_owned()),
        Just("\n```\n".to_owned()),
        Just(" @alice".to_owned()),
        Just("@".to_owned()),
        Just("Closes #1 ".to_owned()),
        Just("fixes https://host/issues/1".to_owned()),
        Just("\u{1b}]52;c;x".to_owned()),
        Just("<img src=x>".to_owned()),
        Just("\r".to_owned()),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn has_mention(text: &str) -> bool {
    let characters: Vec<char> = std::iter::once(' ').chain(text.chars()).collect();
    characters
        .windows(3)
        .any(|window| window[1] == '@' && !window[0].is_ascii_alphanumeric() && window[2].is_alphanumeric())
}

proptest! {
    #[test]
    fn nothing_harmful_comes_out(text in hostile()) {
        for clean in [sanitize(&text), fenced(&text), code(&text)] {
            prop_assert!(!clean.contains(is_harmful), "{clean:?}");
        }
        for clean in [fenced(&text), code(&text)] {
            prop_assert!(!has_mention(&clean), "{clean:?}");
            prop_assert!(!clean.lines().any(|line| line.starts_with('/')), "{clean:?}");
            prop_assert!(!clean.contains("#1") && !clean.contains("fixes https"), "{clean:?}");
        }
        prop_assert_eq!(sanitize(&sanitize(&text)), sanitize(&text));
    }

    #[test]
    fn a_fence_is_never_closed_early(text in hostile()) {
        let fenced = fenced(&text);
        let lines: Vec<&str> = fenced.lines().collect();
        let ticks = lines[0].strip_suffix("text").unwrap();
        prop_assert!(ticks.len() >= 3 && ticks.chars().all(|c| c == '`'));
        prop_assert_eq!(*lines.last().unwrap(), ticks);
        for line in &lines[1..lines.len() - 1] {
            prop_assert!(line.starts_with(' ') && !line.contains(ticks), "{line:?}");
        }
    }

    #[test]
    fn code_is_never_closed_early(text in hostile()) {
        let code = code(&text);
        prop_assume!(code != "–");
        let ticks: String = code.chars().take_while(|c| *c == '`').collect();
        let inner = code.strip_prefix(&ticks).unwrap().strip_suffix(&ticks).unwrap();
        prop_assert!(!inner.split(|c| c != '`').any(|run| run == ticks), "{code:?}");
        prop_assert!(!code.contains(['\n', '|']));
    }
}
