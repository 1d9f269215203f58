//! What the terminal gets, with and without one; where the program may be started; what shells get from it.

use std::path::PathBuf;

use hotfix_testkit::Output;

use crate::case::{ALERT, Case, ID, SUBJECT, not_run};

/// Every command that reads, and the whole flow.
fn whole_flow(case: &Case, options: &[&str]) -> Vec<Output> {
    let run = |args: &[&str]| case.hotfix().must([options, args].concat());
    let mut outputs = vec![run(&["start", ALERT])];
    case.fix();
    outputs.extend([&["prove"][..], &["check"], &["test"], &["status"], &["ship", SUBJECT]].map(run));
    outputs.extend([&["list", "--all"][..], &["log"], &["owed"], &["config"], &["trust", "--show"]].map(run));
    outputs.push(case.hotfix().run([options, &["ship"]].concat()));
    outputs
}

fn has_control_characters(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\n')
}

#[test]
fn without_a_terminal_there_are_no_colours_and_no_control_characters() {
    let case = Case::new();
    for output in whole_flow(&case, &[]) {
        assert!(!has_control_characters(&output.stdout), "{:?}", output.stdout);
        assert!(!has_control_characters(&output.stderr), "{:?}", output.stderr);
    }
    case.assert_untouched();
}

#[test]
fn colours_can_be_asked_for() {
    let case = Case::new();
    case.sandbox.env_set("NO_COLOR", "1");
    let outputs = whole_flow(&case, &["--color", "always"]);
    let coloured = |output: &Output| output.stdout.contains("\u{1b}[");
    assert!(outputs.iter().filter(|output| coloured(output)).count() > outputs.len() / 2);
    assert!(outputs.iter().filter(|output| output.stderr.contains("\u{1b}[")).count() > 3);
    let plain = case.hotfix().must(["--color", "never", "log"]);
    assert!(!has_control_characters(&plain.stdout));
    assert_eq!(case.hotfix().run(["--color", "sometimes", "log"]).code, 2);
}

#[test]
fn quiet_leaves_the_answer_and_nothing_else() {
    let case = Case::new();
    let outputs = whole_flow(&case, &["--quiet"]);
    let (failed, done) = outputs.split_last().expect("outputs");
    for output in done {
        assert_eq!(output.stderr, "");
    }
    assert!(outputs[0].stdout.contains("hotfix/1.2.3"), "{:?}", outputs[0]);
    assert_eq!(failed.stderr.lines().count(), 3, "an error is three lines: {}", failed.stderr);
}

/// Runs a line of shell on a terminal of its own and gives what that showed; `None` where `script` of util-linux is
/// not there.
fn on_terminal(case: &Case, line: &str) -> Option<String> {
    let script = PathBuf::from("/usr/bin/script");
    if !cfg!(target_os = "linux") || !script.exists() {
        not_run("a terminal: there is no `script` of util-linux");
        return None;
    }
    Some(case.program(script).must(["-qefc", line, "/dev/null"]).stdout)
}

#[test]
fn a_terminal_gets_colours_unless_it_is_dumb_or_does_not_want_them() {
    let case = Case::fixed();
    case.sandbox.env_set("TERM", "xterm-256color");
    let slow = "--set 'test.command=sleep 0.3; sh tests/test_auth.sh'";
    let Some(live) = on_terminal(&case, &format!("git-hotfix test {slow}")) else { return };
    assert!(live.contains("\u{1b}[3") && live.contains("test"), "no colours: {live:?}");
    assert!(
        live.contains("\u{1b}[2K") || live.contains("\u{1b}[1A") || live.contains('\r'),
        "not live: {live:?}"
    );
    let plain = on_terminal(&case, "NO_COLOR=1 git-hotfix status").expect("a terminal");
    assert!(plain.contains(ID) && !plain.contains('\u{1b}'), "{plain:?}");
    let dumb = on_terminal(&case, &format!("TERM=dumb git-hotfix test {slow}")).expect("a terminal");
    assert!(dumb.contains("test") && !dumb.contains('\u{1b}'), "{dumb:?}");
    case.assert_untouched();
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let case = Case::fixed();
    case.sandbox.env_set("TERM", "xterm-256color");
    let hangs = "echo $PPID > ../parent; sleep 300";
    let line = format!(
        "stty -g; (while [ ! -s ../parent ]; do sleep 0.05; done; sleep 0.3; kill -INT $(cat ../parent)) & \
         git-hotfix ship x --skip prove --reason r --set 'test.command={hangs}'; echo code=$?; stty -g"
    )
    .replace("../parent", case.sandbox.code().join("parent").to_str().expect("text"));
    let Some(shown) = on_terminal(&case, &line) else { return };
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.contains(&"code=130"), "{shown}");
    assert_eq!(lines.first(), lines.last(), "the terminal's settings changed");
    assert_eq!(shown.matches("\u{1b}[?25l").count() > 0, shown.contains("\u{1b}[?25h"), "the cursor is gone");
}

#[test]
fn a_reader_that_goes_away_is_no_accident() {
    let case = Case::fixed();
    let shell = case.program("/bin/sh");
    for line in [
        "git-hotfix config | true",
        "git-hotfix log | head -n 1",
        "git-hotfix log >&-",
        "git-hotfix log 2>&-",
        "git-hotfix status <&-",
        "git-hotfix completions bash | head -n 1 > /dev/null",
        "git-hotfix --help | true",
    ] {
        let output = shell.run(["-c", line]);
        assert_eq!(output.code, 0, "{line}: {}", output.stderr);
        assert!(!output.stderr.contains("panicked"), "{line}: {}", output.stderr);
    }
    let output = shell.run(["-c", "git-hotfix ship x >&- 2>&-"]);
    assert_eq!(output.code, 0, "nobody listens, and it ships all the same");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
}

#[test]
fn it_is_found_from_anywhere() {
    let mut case = Case::new();
    case.repo.write("docs/deep/page.md", "page\n");
    case.settle();
    let deep = case.repo.path().join("docs/deep");
    case.at(&deep).must(["start", ALERT]);
    case.hotfix().must(["start", "another", "--name", "other"]);
    assert_eq!(case.hotfix().run(["status"]).code, 4, "two are open");
    let id = |output: Output| output.json()["id"].as_str().map(str::to_owned);
    let other = case.sandbox.code().join("repo-hotfix-2");
    assert_eq!(id(case.at(case.slot().join("tests")).must(["status", "--json"])).as_deref(), Some(ID));
    assert_eq!(id(case.at(&other).must(["status", "--json"])).as_deref(), Some("other"));
    assert_eq!(id(case.at(&deep).must(["status", "--json", "--id", "other"])).as_deref(), Some("other"));
    let slot = case.slot();
    let from_outside =
        case.at(case.sandbox.root()).must(["-C", slot.to_str().expect("text"), "status", "--json"]);
    assert_eq!(id(from_outside).as_deref(), Some(ID));
    let relative = case.at(case.sandbox.code()).must(["-C", "repo-hotfix-2", "status", "--json"]);
    assert_eq!(id(relative).as_deref(), Some("other"));
    case.fix();
    case.at(case.slot().join("tests")).must(["ship", SUBJECT]);
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    case.assert_untouched();
}

#[test]
fn git_finds_it_and_what_git_sets_does_not_mislead_it() {
    let case = Case::new();
    let git = case.program("/usr/bin/env");
    git.must(["git", "hotfix", "start", ALERT]);
    case.fix();
    let id = |output: Output| output.json()["id"] == ID;
    assert!(id(git.must(["git", "-c", "alias.hf=!git hotfix", "hf", "status", "--json"])));
    let git_dir = case.repo.path().join(".git");
    let set = |name: &str, path: &str| format!("{name}={}", git_dir.join(path).display());
    let variables = [set("GIT_DIR", ""), set("GIT_INDEX_FILE", "index"), "GIT_PREFIX=".to_owned()];
    let command = ["git", "hotfix", "ship", SUBJECT, "--json"].map(str::to_owned);
    assert!(id(git.must(variables.iter().chain(&command))));
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    case.assert_untouched();
}

/// Starts and ships through the wrapper of a shell, and prints where that leaves it.
fn assert_changes_directory(shell: &str, load: &str) {
    let case = Case::new();
    let Some(path) = case.sandbox.environment(case.repo.path()).find_program(shell) else {
        return not_run(&format!("the wrapper for {shell}, which is not installed"));
    };
    let fix = "printf 'valid() {\\n    test \"$1\" -gt 0\\n}\\n' > auth.sh";
    let line = format!(
        "{load}\ngit hotfix start x >/dev/null 2>&1; pwd; git hotfix no-such-command >/dev/null 2>&1; pwd\n\
         {fix}\ngit hotfix ship y >/dev/null 2>&1; pwd; git rev-parse --show-toplevel"
    );
    let shown = case.program(path).must(["-c", &line]).stdout;
    let (main, slot) = (case.repo.path().display().to_string(), case.slot().display().to_string());
    assert_eq!(shown.lines().collect::<Vec<_>>(), [&slot, &slot, &main, &main], "{shell}");
    case.assert_untouched();
}

#[test]
fn the_wrapper_of_each_shell_goes_to_the_slot_and_back() {
    assert_changes_directory("bash", "eval \"$(git hotfix shell-init bash)\"");
    assert_changes_directory("zsh", "eval \"$(git hotfix shell-init zsh)\"");
    assert_changes_directory("fish", "git hotfix shell-init fish | source");
}

#[test]
fn completions_are_scripts_their_shells_can_read() {
    let case = Case::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = case.hotfix().must(["completions", shell]).stdout;
        assert!(script.contains("follow-up"), "{shell}: no commands in it");
        let file = case.sandbox.root().join(shell);
        std::fs::write(&file, script).expect("a writable sandbox");
        match case.sandbox.environment(case.repo.path()).find_program(shell) {
            Some(path) => drop(case.program(path).must(["-n", file.to_str().expect("text")])),
            None => not_run(&format!("completions for {shell}, which is not installed")),
        }
    }
    let complete = "source ../../bash; COMP_WORDS=(git-hotfix st); COMP_CWORD=1; \
                    _git__hotfix git-hotfix st git-hotfix; echo \"${COMPREPLY[@]}\"; \
                    COMP_WORDS=(git hotfix st); COMP_CWORD=2; COMP_LINE='git hotfix st'; \
                    _git_hotfix; echo \"${COMPREPLY[@]}\"";
    if let Some(bash) = case.sandbox.environment(case.repo.path()).find_program("bash") {
        let shown = case.program(bash).must(["-c", complete]).stdout;
        assert_eq!(shown, "start status\nstart status\n");
    }
}

#[test]
fn the_manual_page_is_one() {
    let case = Case::new();
    let page = case.sandbox.root().join("git-hotfix.1");
    std::fs::write(&page, case.hotfix().must(["man"]).stdout).expect("a writable sandbox");
    let Some(groff) = case.sandbox.environment(case.repo.path()).find_program("groff") else {
        return not_run("the manual page: groff is not installed");
    };
    let shown = case.program(groff).must(["-man", "-ww", "-Kutf8", "-Tutf8", page.to_str().expect("text")]);
    assert_eq!(shown.stderr, "", "groff warns");
    // Bold is each letter, a step back, and the letter again.
    let text = shown.stdout.split('\u{8}').map(|part| part.strip_suffix(|_: char| true).unwrap_or(part));
    let text = text.collect::<String>();
    for word in ["NAME", "SYNOPSIS", "start", "ship", "follow-up"] {
        assert!(text.contains(word), "{word} is not in the manual page");
    }
}
