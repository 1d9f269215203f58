//! A token in the remote's address, in the environment, in what tests print or in the alert is seen nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use hotfix_testkit::{Output, Repo};

use crate::case::{Case, SUBJECT, files_below};

/// Tokens of known forms, put together here so that no scanner takes this file for a leak.
fn tokens() -> Vec<String> {
    let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let forms = [("gh", "p_"), ("gh", "o_"), ("gh", "s_"), ("gh", "u_")];
    let one = |(index, (start, end)): (usize, (&str, &str))| format!("{start}{end}{index}{}", &body[1..]);
    forms.into_iter().enumerate().map(one).collect()
}

/// A hunt for tokens in places where they do not belong.
pub struct Hunt {
    tokens: Vec<String>,
    seen: Vec<String>,
}

impl Hunt {
    pub fn of(tokens: &[&str]) -> Self {
        Self { tokens: tokens.iter().map(|token| (*token).to_owned()).collect(), seen: Vec::new() }
    }

    pub fn look(&mut self, place: &str, bytes: &[u8]) {
        for token in &self.tokens {
            if bytes.windows(token.len()).any(|window| window == token.as_bytes()) {
                self.seen.push(format!("{token} in {place}"));
            }
        }
    }

    pub fn look_at_output(&mut self, what: &str, output: &Output) {
        self.look(&format!("the output of {what}"), output.stdout.as_bytes());
        self.look(&format!("the progress of {what}"), output.stderr.as_bytes());
    }

    /// Every file below a folder, but for those the token was put into.
    pub fn look_at_files(&mut self, root: &Path, planted: &[PathBuf]) {
        let mut count = 0;
        for file in files_below(root).into_iter().filter(|file| !planted.contains(file)) {
            self.look(&file.display().to_string(), &fs::read(&file).unwrap_or_default());
            count += 1;
        }
        assert!(count > 50, "only {count} files were looked at");
    }

    /// Every object, unpacked.
    fn look_at_objects(&mut self, repo: &Repo) {
        let all = repo.git(["cat-file", "--batch", "--batch-all-objects", "--buffer"]);
        assert!(all.contains("fix: auth token validation"), "no objects were looked at");
        self.look(&format!("an object of {}", repo.path().display()), all.as_bytes());
    }

    #[track_caller]
    pub fn end(self) {
        assert!(self.seen.is_empty(), "{:#?}", self.seen);
    }
}

#[test]
fn no_token_gets_anywhere() {
    let found = tokens();
    let mut hunt = Hunt::of(&found.iter().map(String::as_str).collect::<Vec<_>>());
    let [in_url, in_environment, in_output, in_alert] =
        <[String; 4]>::try_from(tokens()).expect("four tokens");
    let mut case = Case::new();
    let bare = case.repo.bare();
    let url = format!("https://ci:{in_url}@git.example.com/auth.git");
    let instead = format!("url.{}.insteadOf", bare.path().display());
    case.repo.git(["config", "--global", &instead, &url]);
    case.repo.git(["remote", "set-url", "origin", &url]);
    case.settle();
    for name in ["GITHUB_TOKEN", "GITLAB_TOKEN", "HOTFIX_SECRET"] {
        case.sandbox.env_set(name, &in_environment);
    }
    let printed = case.sandbox.code().join("printed");
    fs::write(&printed, format!("Authorization: Bearer {in_output}\n{in_output}\n"))
        .expect("a writable sandbox");
    let loud = "test.command=env; cat ../printed; sh tests/test_auth.sh";
    let alert = format!("deploys fail with {in_alert}\nsince noon");
    let hotfix = case.hotfix();
    let run = |hunt: &mut Hunt, code: i32, args: &[&str]| {
        let output = hotfix.run([&["--set", loud], args].concat());
        assert_eq!(output.code, code, "{args:?}\n{}", output.stderr);
        hunt.look_at_output(args[0], &output);
    };
    run(&mut hunt, 0, &["start", &alert, "--name", "1.2.3"]);
    case.edit("auth.sh", "valid() {\n    false\n}\n");
    run(&mut hunt, 1, &["ship", SUBJECT]);
    case.fix();
    run(&mut hunt, 0, &["prove", "--", "sh", "-c", "env; cat ../printed; sh tests/test_auth.sh"]);
    hunt_refusal(&case, &mut hunt);
    run(&mut hunt, 0, &["ship", SUBJECT]);
    for args in
        [&["status", "--id", "1.2.3", "--json"][..], &["log", "1.2.3", "--json"], &["log"], &["config"]]
    {
        run(&mut hunt, 0, args);
    }
    let settings = case.repo.path().join(".git/config");
    let planted = [case.sandbox.home().join(".gitconfig"), settings, printed];
    hunt.look_at_files(case.sandbox.root(), &planted);
    hunt.look_at_objects(&case.repo);
    hunt.look_at_objects(&bare);
    hunt.end();
    case.assert_untouched();
}

/// A remote that cannot be reached makes Git say its address.
fn hunt_refusal(case: &Case, hunt: &mut Hunt) {
    let bare = case.repo.bare();
    let away = bare.path().with_extension("away");
    fs::rename(bare.path(), &away).expect("a remote");
    let output = case.ship();
    assert_eq!(output.code, 5, "{}", output.stderr);
    hunt.look_at_output("a refused ship", &output);
    fs::rename(&away, bare.path()).expect("a remote");
}

#[test]
fn a_secret_in_the_fix_is_not_pushed() {
    let case = Case::fixed();
    let token = &tokens()[0];
    case.edit("config.sh", format!("token={token}\n"));
    let told = case.told(&case.ship());
    assert!(told.starts_with("exit 1\n"), "{told}");
    assert!(told.contains("\nerror: the change adds what looks like a secret: config.sh"), "{told}");
    assert!(!told.contains(token), "{told}");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "");
    let output = case.hotfix().run(["ship", SUBJECT, "--allow-secret", "a token of the test system"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let owed = case.hotfix().must(["owed", "--json"]).stdout;
    assert!(owed.contains("a token of the test system"), "{owed}");
}
