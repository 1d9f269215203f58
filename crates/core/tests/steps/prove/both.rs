//! Files that hold tests and source: proved with the real Cargo.

use hotfix_core::env::Environment;
use hotfix_model::ProofVerdict::{NotGreen, NotRed, Proven, RedOnly};
use hotfix_testkit::{Repo, Responder, Sandbox};

const MANIFEST: &str = "[package]\nname = \"till\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"till\"\nversion = \"0.1.0\"\n";
const WRONG: &str = "pub fn sum(a: u32, b: u32) -> u32 {\n    a - b\n}\n";
const RIGHT: &str = "pub fn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n";
const OLD_TESTS: &str = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn nothing() {\n        assert_eq!(super::sum(0, 0), 0);\n    }\n}\n";
const NEW_TESTS: &str = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn nothing() {\n        assert_eq!(super::sum(0, 0), 0);\n    }\n\n    #[test]\n    fn adds() {\n        assert_eq!(super::sum(2, 1), 3);\n    }\n}\n";

/// A started hotfix of a library whose only file holds its tests as well.
fn started<'a>(sandbox: &'a Sandbox, base: &str) -> (Responder<'a>, Repo) {
    with_cargo_found(sandbox);
    let files =
        [("Cargo.toml", MANIFEST), ("Cargo.lock", LOCK), (".gitignore", "target\n"), ("src/lib.rs", base)];
    let repo = sandbox.repo_with_remote(&files.map(|(path, text)| (path, text.as_bytes())));
    let responder = Responder::at(sandbox, repo.path());
    responder.start("Wrong totals");
    let slot = responder.slot();
    (responder, slot)
}

/// What `cargo` names on this machine may be a shim that needs the user's own home.
fn with_cargo_found(sandbox: &Sandbox) {
    let process = Environment::of_process().unwrap();
    let home = std::path::PathBuf::from(process.get("HOME").unwrap_or_default());
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        sandbox.env_set(name, process.get(name).map_or(home.join(folder), Into::into));
    }
    let cargo = process.find_program("cargo").unwrap();
    let path = sandbox.variables().remove("PATH".as_ref() as &std::ffi::OsStr).unwrap();
    let folders = std::iter::once(cargo.parent().unwrap().to_owned()).chain(std::env::split_paths(&path));
    sandbox.env_set("PATH", std::env::join_paths(folders).unwrap());
}

mod with_cargo {
    use super::*;

    #[test]
    fn tests_and_fix_in_one_file_are_taken_apart() {
        let sandbox = Sandbox::new();
        let (responder, slot) = started(&sandbox, &[WRONG, OLD_TESTS].concat());
        slot.write("src/lib.rs", [RIGHT, NEW_TESTS].concat());
        let proof = responder.prove(&[]);
        assert_eq!(proof.verdict, Proven, "{}", proof.why);
        assert_eq!(proof.flipped, ["src/lib.rs::tests::adds"]);
        let red = proof.red.unwrap();
        assert_eq!(
            slot.git(["show", &format!("{}:src/lib.rs", red.tree)]),
            [WRONG, NEW_TESTS].concat().trim_end()
        );
        assert_eq!(red.reason.as_deref(), Some("assertion `left == right` failed; left: 1; right: 3"));
        let report = responder.test();
        assert_eq!((report.selected, report.total, report.ran), (1, Some(1), Some(2)));
    }

    #[test]
    fn the_first_tests_of_a_file_and_a_wrong_fix() {
        let sandbox = Sandbox::new();
        let (responder, slot) = started(&sandbox, WRONG);
        slot.write("src/lib.rs", [WRONG, NEW_TESTS].concat());
        assert_eq!(responder.prove(&[]).verdict, RedOnly);
        slot.write("src/lib.rs", [WRONG.replace("a - b", "a * b").as_str(), NEW_TESTS].concat());
        let wrong = responder.prove(&[]);
        assert_eq!(wrong.verdict, NotGreen, "{}", wrong.why);
        slot.write("src/lib.rs", [RIGHT, NEW_TESTS].concat());
        assert_eq!(responder.prove(&[]).verdict, Proven);
    }

    #[test]
    fn what_is_not_clear_is_as_it_was_seen_red() {
        let tests = NEW_TESTS.trim_start();
        let odd = |source: &str| format!("{tests}{source}");
        let sandbox = Sandbox::new();
        let (responder, slot) = started(&sandbox, WRONG);
        // The tests stand before the source, and the source changes in the same place as they begin and end.
        let whole = odd(RIGHT).replace("#[cfg(test)]", "// Sums.\n#[cfg(test)]");
        slot.write("src/lib.rs", &whole);
        let unclear = responder.prove(&[]);
        assert!([NotRed, Proven].contains(&unclear.verdict), "{}", unclear.why);
        slot.write("src/lib.rs", odd(WRONG));
        assert_eq!(responder.prove(&[]).verdict, RedOnly);
        slot.write("src/lib.rs", &whole);
        let proof = responder.prove(&[]);
        assert_eq!(proof.verdict, Proven, "{}", proof.why);
    }
}
