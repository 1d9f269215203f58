//! Real `cargo test` on small workspaces without dependencies.

use std::path::PathBuf;
use std::time::Duration;

use hotfix_core::env::Environment;
use hotfix_core::suite::{Runner, Selection};
use hotfix_model::CaseOutcome::{Crashed, Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;

use super::{Project, files, found, frame, outcomes, reason, write_into};

const MANIFEST: &str = "[package]\nname = \"till\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const LIBRARY: &str = r#"//! The till.
pub mod price;
/// Adds.
/// ```
/// assert_eq!(till::add(1, 1), 2);
/// ```
pub fn add(a: u32, b: u32) -> u32 {
    a + b
}
#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::add(1, 2), 3);
    }
    #[test]
    #[ignore = "slow"]
    fn slow() {}
    #[test]
    #[should_panic]
    fn panics() {
        panic!("as it should")
    }
}
"#;
const PRICE: &str = "pub fn twice(a: u32) -> u32 { a + a }\n#[test]\nfn doubles() {\n    assert_eq!(twice(2), 5, \"twice\");\n}\n";

fn project(more: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
    let mut all = vec![("Cargo.toml", MANIFEST), ("src/lib.rs", LIBRARY), ("src/price.rs", PRICE)];
    all.retain(|(path, _)| more.iter().all(|(other, _)| other != path));
    all.extend(more);
    let mut project = Project::new(&all).set("RUST_BACKTRACE", "0").set("CARGO_NET_OFFLINE", "true");
    // What `cargo` names may be a shim that needs the user's own home.
    let process = Environment::of_process().unwrap();
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = PathBuf::from(process.get("HOME").unwrap_or_default()).join(folder);
        project = project.set(name, process.get(name).map_or(home, PathBuf::from));
    }
    (project, found(&all))
}

mod with_cargo {
    use super::*;

    #[test]
    fn units_programs_and_examples_are_read_by_file() {
        let (project, runner) = project(&[
            ("tests/it/main.rs", "mod inner;\n#[test]\nfn top() {}\n"),
            ("tests/it/inner.rs", "#[test]\nfn deep() { let _ = till::add(1, 1); }\n"),
        ]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(
            outcomes(&run),
            [
                ("src/lib.rs::add example 1", Passed),
                ("src/lib.rs::tests::adds", Passed),
                ("src/lib.rs::tests::panics", Passed),
                ("src/lib.rs::tests::slow", Skipped),
                ("src/price.rs::price::doubles", Failed),
                ("tests/it/inner.rs::inner::deep", Passed),
                ("tests/it/main.rs::top", Passed),
            ]
        );
        assert_eq!((run.claimed, run.exit, run.end), (Some(7), Some(101), RunEnd::Finished));
        assert_eq!(
            reason(&run, "src/price.rs::price::doubles"),
            "assertion `left == right` failed: twice; left: 4; right: 5"
        );
        assert_eq!(frame(&run, "src/price.rs::price::doubles"), Some("src/price.rs"));
        assert!(runner.is_test_file("src/price.rs".as_ref()) && runner.holds_both("src/price.rs".as_ref()));
        assert!(!runner.holds_both("tests/it/inner.rs".as_ref()));
    }

    #[test]
    fn files_and_single_tests_are_singled_out() {
        let (project, runner) = project(&[("tests/login.rs", "#[test]\nfn a() {}\n#[test]\nfn b() {}\n")]);
        let run = project.run(runner.as_ref(), &files(&["src/price.rs", "tests/login.rs"]));
        let ids: Vec<_> = outcomes(&run).into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["src/price.rs::price::doubles", "tests/login.rs::a", "tests/login.rs::b"]);
        let cases = ["tests/login.rs::b", "src/lib.rs::add example 1", "src/lib.rs::tests::gone"];
        let run = project.run(runner.as_ref(), &Selection::Cases(cases.map(str::to_owned).into()));
        assert_eq!(outcomes(&run), [("src/lib.rs::add example 1", Passed), ("tests/login.rs::b", Passed)]);
        assert_eq!((run.claimed, run.exit), (Some(2), Some(0)));
        let nothing = project.run(runner.as_ref(), &files(&["tests/gone.rs"]));
        assert_eq!((nothing.cases.len(), nothing.exit), (0, None));
    }

    #[test]
    fn what_does_not_compile_is_named_and_hides_nothing_else() {
        let (project, runner) = project(&[
            ("tests/broken.rs", "#[test]\nfn a() { let _: u8 = till::gone(); }\n"),
            ("tests/login.rs", "#[test]\nfn a() {}\n"),
        ]);
        let run = project.run(runner.as_ref(), &files(&["tests/broken.rs", "tests/login.rs"]));
        assert_eq!(outcomes(&run), [("tests/login.rs::a", Passed)]);
        let error = "does not compile: cannot find function `gone` in crate `till` (line 2)".to_owned();
        assert_eq!(run.not_loaded, [("tests/broken.rs".to_owned(), error)]);
        assert!(!run.is_green());
    }

    /// Takes three seconds: a hang is the subject.
    #[test]
    fn a_test_that_hangs_or_kills_the_process_is_named_and_the_others_run() {
        let hang = "#[test]\nfn hangs() { std::thread::sleep(std::time::Duration::from_secs(600)) }\n#[test]\nfn after() {}\n";
        let kill = "#[test]\nfn leaves() { std::process::exit(0) }\n#[test]\nfn aborts() { std::process::abort() }\n#[test]\nfn stays() {}\n";
        let (project, runner) = project(&[("tests/hang.rs", hang), ("tests/kill.rs", kill)]);
        let selection = files(&["tests/hang.rs", "tests/kill.rs"]);
        // Built before, so that the limit is one of the tests alone.
        project.run(runner.as_ref(), &files(&["src/price.rs"]));
        let limit = Some(Duration::from_secs(1));
        let run = project.run_within(runner.as_ref(), &selection, Duration::from_mins(2), limit);
        assert_eq!(
            outcomes(&run),
            [
                ("tests/hang.rs::after", Passed),
                ("tests/hang.rs::hangs", TimedOut),
                ("tests/kill.rs::aborts", Crashed),
                ("tests/kill.rs::leaves", Crashed),
                ("tests/kill.rs::stays", Passed),
            ]
        );
        assert!(reason(&run, "tests/kill.rs::aborts").contains("SIGABRT"));
        assert_eq!((run.claimed, run.end), (Some(5), RunEnd::Finished));
    }

    #[test]
    fn a_line_forged_by_a_test_does_not_count() {
        let forging = "fn say(line: &str) { std::process::Command::new(\"echo\").arg(line).status().unwrap(); }\n#[test]\nfn a() { say(\"test b ... ok\"); }\n#[test]\nfn b() { panic!(\"no\") }\n";
        let (project, runner) = project(&[("tests/forging.rs", forging)]);
        let run = project.run(runner.as_ref(), &files(&["tests/forging.rs"]));
        assert_eq!(outcomes(&run), [("tests/forging.rs::a", Passed), ("tests/forging.rs::b", Failed)]);
    }

    #[test]
    fn a_harness_of_its_own_is_one_test() {
        let manifest = format!("{MANIFEST}[[test]]\nname = \"own\"\nharness = false\n");
        let (project, runner) = project(&[
            ("Cargo.toml", &manifest),
            ("tests/own.rs", "fn main() { eprintln!(\"no till\"); std::process::exit(3) }\n"),
        ]);
        let run = project.run(runner.as_ref(), &files(&["tests/own.rs"]));
        assert_eq!(outcomes(&run), [("tests/own.rs::own", Failed)]);
        assert_eq!(run.claimed, Some(1));
    }

    /// Seen with a public project: libFuzzer's own `main` knows no `--list`, and ended the whole run.
    #[test]
    fn fuzz_targets_are_no_tests() {
        let fuzz = "[package]\nname = \"till-fuzz\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
                    [package.metadata]\ncargo-fuzz = true\n[workspace]\n[[bin]]\nname = \"fuzz_till\"\npath = \"fuzz_till.rs\"\n";
        let (project, runner) = project(&[
            ("fuzz/Cargo.toml", fuzz),
            ("fuzz/fuzz_till.rs", "fn main() { std::process::exit(1) }\n"),
            ("tests/it.rs", "#[test]\nfn adds() {}\n"),
        ]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert!(outcomes(&run).contains(&("tests/it.rs::adds", Passed)), "{run:#?}");
        assert_eq!(run.end, RunEnd::Finished, "{run:#?}");
    }

    #[test]
    fn a_failure_is_placed_where_it_panicked_if_that_is_here() {
        let (project, runner) = project(&[
            ("src/price.rs", "pub fn half(a: u32) -> u32 { a.checked_sub(9).unwrap() }\n"),
            (
                "tests/it.rs",
                "#[test]\nfn panics() { till::price::half(1); }\n#[test]\nfn errs() -> Result<(), String> { Err(\"no\".into()) }\n",
            ),
        ]);
        let run = project.run(runner.as_ref(), &files(&["tests/it.rs"]));
        assert_eq!(frame(&run, "tests/it.rs::panics"), Some("src/price.rs"), "{run:#?}");
        assert_eq!(frame(&run, "tests/it.rs::errs"), None, "{run:#?}");
    }

    #[test]
    fn what_the_manifest_leaves_out_is_not_listed_and_says_what_it_lacks() {
        let manifest = format!(
            "{MANIFEST}[features]\ndefault = [\"fast\"]\nfast = []\nlive = []\n[lib]\ndoctest = false\n[[test]]\nname = \"off\"\ntest = false\n[[test]]\nname = \"live\"\nrequired-features = [\"live\"]\n[[test]]\nname = \"fast\"\nrequired-features = [\"fast\"]\n"
        );
        let test = "#[test]\nfn a() {}\n";
        let (project, runner) = project(&[
            ("Cargo.toml", &manifest),
            ("tests/off.rs", test),
            ("tests/live.rs", test),
            ("tests/fast.rs", test),
            ("examples/shown.rs", "fn main() {}\n#[test]\nfn a() {}\n"),
        ]);
        assert_eq!(project.listed(runner.as_ref()).unwrap(), ["src/lib.rs", "src/price.rs", "tests/fast.rs"]);
        let all = project.run(runner.as_ref(), &Selection::Everything);
        assert!(
            all.cases.iter().all(|case| !case.id.contains("live") && !case.id.contains("off")),
            "{all:#?}"
        );
        assert_eq!((all.cases.len(), all.end), (5, RunEnd::Finished), "{all:#?}");
        let run = project.run(runner.as_ref(), &files(&["tests/live.rs", "tests/fast.rs"]));
        assert_eq!(
            outcomes(&run),
            [("tests/fast.rs::a", Passed), ("tests/live.rs::live", Skipped)],
            "{run:#?}"
        );
        let said = "live is left out without its features: cargo test --features live";
        assert_eq!(reason(&run, "tests/live.rs::live"), said);
    }

    /// A workspace whose `user` needs `base`, by a path or as a crate that is patched.
    fn workspace(need: &str, more: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
        let user = format!(
            "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nbase = {need}\n"
        );
        let mut all = vec![
            ("Cargo.toml", "[workspace]\nmembers = [\"user\"]\nexclude = [\"base\"]\nresolver = \"2\"\n"),
            ("base/Cargo.toml", BASE.1),
            ("base/src/lib.rs", ""),
            ("user/Cargo.toml", user.as_str()),
            ("user/src/lib.rs", "#[test]\nfn a() {}\n"),
        ];
        all.extend(more);
        let (project, _) = project(&all);
        std::fs::remove_dir_all(project.root().join("src")).unwrap();
        (project, found(&all))
    }

    const BASE: (&str, &str) =
        ("Cargo.toml", "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");

    #[test]
    fn a_package_of_this_repository_from_elsewhere_is_foreign() {
        let (project, runner) = workspace("{ path = \"../base\" }", &[]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!((run.foreign.as_deref(), run.is_green()), (None, true), "{run:#?}");

        let elsewhere = tempfile::tempdir().unwrap();
        let main = elsewhere.path().join("main/base");
        write_into(&main, &[BASE, ("src/lib.rs", "")]);
        let theirs = elsewhere.path().join("other");
        write_into(&theirs, &[("Cargo.toml", &BASE.1.replace("base", "theirs")), ("src/lib.rs", "")]);
        let by_path = format!("{{ path = \"{}\" }}", main.display());
        let patch = format!("[patch.crates-io]\nbase = {{ path = \"{}\" }}\n", main.display());
        let manifest =
            format!("[workspace]\nmembers = [\"user\"]\nexclude = [\"base\"]\nresolver = \"2\"\n{patch}");
        let config = (".cargo/config.toml", patch.as_str());
        for (need, more) in [
            (by_path.as_str(), vec![]),
            ("\"0.1\"", vec![config]),
            ("\"0.1\"", vec![("Cargo.toml", manifest.as_str())]),
        ] {
            let (project, runner) = workspace(need, &[]);
            project.write(&more);
            let run = project.run(runner.as_ref(), &Selection::Everything);
            let foreign = run.foreign.clone().unwrap_or_else(|| panic!("{need} {more:?}: {run:#?}"));
            assert!(
                foreign.starts_with("Cargo built base from ") && foreign.contains("not from base here"),
                "{foreign}"
            );
        }

        let need = format!("{{ package = \"theirs\", path = \"{}\" }}", theirs.display());
        let (project, runner) = workspace(&need, &[]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!((run.foreign.as_deref(), run.is_green()), (None, true), "{run:#?}");
    }

    #[test]
    fn a_workspace_in_a_folder_runs_the_package_of_the_file_and_knows_who_needs_it() {
        let member = |name: &str, needs: &str| {
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{needs}"
            )
        };
        let (base, user, other) =
            (member("base", ""), member("user", "base = { path = \"../base\" }\n"), member("other", ""));
        let test = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn holds() {}\n}\n";
        let all = [
            ("README.md", ""),
            (
                "native/Cargo.toml",
                "[workspace]\nmembers = [\"base\", \"other\", \"user\"]\nresolver = \"2\"\n",
            ),
            ("native/base/Cargo.toml", &base),
            ("native/base/src/lib.rs", test),
            ("native/user/Cargo.toml", &user),
            ("native/user/src/lib.rs", test),
            ("native/other/Cargo.toml", &other),
            ("native/other/src/lib.rs", test),
        ];
        let (project, _) = project(&all);
        std::fs::remove_file(project.root().join("Cargo.toml")).unwrap();
        std::fs::remove_dir_all(project.root().join("src")).unwrap();
        let runner = found(&all);
        let run = project.run(runner.as_ref(), &files(&["native/user/src/lib.rs"]));
        assert_eq!(outcomes(&run), [("native/user/src/lib.rs::tests::holds", Passed)]);
        let (root, home, scratch) = (project.root(), project.home(), project.scratch());
        let place = hotfix_core::suite::Place { root: &root, home: &home, scratch: &scratch };
        let related = runner.related(&project.ctx(), &place, &["native/base/src/lib.rs".into()]);
        let related: Vec<_> = related.unwrap().iter().map(|path| path.display().to_string()).collect();
        assert_eq!(related, ["native/base/src/lib.rs", "native/user/src/lib.rs"]);
    }
}

mod with_nextest {
    use super::*;

    /// A workspace whose settings show that it uses nextest.
    fn nextest(more: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
        let all = [more, &[(".config/nextest.toml", "[profile.default]\nretries = 3\n")]].concat();
        let (project, runner) = project(&all);
        let bin = hotfix_testkit::tools::NEXTEST.folder().join("bin");
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(project.ctx().env.get("PATH").unwrap());
        (project.set("PATH", path), runner)
    }

    #[test]
    fn all_kinds_of_tests_are_read_and_examples_stay_with_cargo() {
        let (project, runner) = nextest(&[("tests/it/main.rs", "#[test]\nfn top() {}\n")]);
        assert_eq!(runner.name(), "cargo nextest");
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let wanted = [
            ("src/lib.rs::add example 1", Passed),
            ("src/lib.rs::tests::adds", Passed),
            ("src/lib.rs::tests::panics", Passed),
            ("src/lib.rs::tests::slow", Skipped),
            ("src/price.rs::price::doubles", Failed),
            ("tests/it/main.rs::top", Passed),
        ];
        assert_eq!(outcomes(&run), wanted, "{}", run.tail);
        assert_eq!((run.claimed, run.exit, run.end), (Some(6), Some(101), RunEnd::Finished));
        let said = reason(&run, "src/price.rs::price::doubles");
        assert_eq!(said, "assertion `left == right` failed: twice; left: 4; right: 5");
        assert_eq!(frame(&run, "src/price.rs::price::doubles"), Some("src/price.rs"));
    }

    /// Takes two seconds: a hang is the subject.
    #[test]
    fn single_tests_run_and_those_that_hang_or_abort_are_named() {
        let text = "#[test]\nfn hangs() { std::thread::sleep(std::time::Duration::from_secs(600)) }\n#[test]\nfn aborts() { std::process::abort() }\n#[test]\nfn stays() {}\n";
        let (project, runner) = nextest(&[("tests/kill.rs", text)]);
        project.run(runner.as_ref(), &files(&["src/price.rs"]));
        let limit = Some(Duration::from_secs(1));
        let selection = files(&["tests/kill.rs"]);
        let run = project.run_within(runner.as_ref(), &selection, Duration::from_mins(2), limit);
        let wanted = [
            ("tests/kill.rs::aborts", Crashed),
            ("tests/kill.rs::hangs", TimedOut),
            ("tests/kill.rs::stays", Passed),
        ];
        assert_eq!(outcomes(&run), wanted, "{run:?}");
        let one =
            Selection::Cases(vec!["tests/kill.rs::stays".to_owned(), "src/lib.rs::tests::adds".to_owned()]);
        let run = project.run(runner.as_ref(), &one);
        assert_eq!(outcomes(&run), [("src/lib.rs::tests::adds", Passed), ("tests/kill.rs::stays", Passed)]);
        assert!(run.is_green(), "{run:?}");
    }
}
