//! A queue of jobs in Rust.

use std::path::PathBuf;

use hotfix_core::env::Environment;
use hotfix_testkit::{Sandbox, tools, write_program};

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "rust";
    False {
        a_comment_with_a_program_that_was_built_from_other_code,
        a_broken_fix_with_a_test_that_should_panic,
        the_wrong_variable,
    }
    Right {
        jobs_in_the_order_they_came_with_the_test_beside_the_code,
        a_delay_that_does_not_overflow,
    }
}

const PROJECT: &[File] = &[
    (".gitignore", "target/\n"),
    ("Cargo.toml", "[package]\nname = \"queue\"\nversion = \"0.3.0\"\nedition = \"2021\"\n"),
    ("Cargo.lock", "version = 3\n\n[[package]]\nname = \"queue\"\nversion = \"0.3.0\"\n"),
    ("src/lib.rs", LIBRARY),
    ("src/retry.rs", RETRY),
    ("src/main.rs", PROGRAM),
    (
        "tests/retry.rs",
        "use queue::retry::delay;\n\n#[test]\nfn delays_grow() {\n    assert_eq!((delay(0), delay(3)), (100, 800));\n}\n",
    ),
];
/// Of equally urgent jobs the last one comes first.
const LIBRARY: &str = r#"//! Jobs, the most urgent first.
pub mod retry;

#[derive(Default)]
pub struct Queue {
    jobs: Vec<(u8, String)>,
}

impl Queue {
    pub fn push(&mut self, urgency: u8, name: &str) {
        self.jobs.push((urgency, name.to_owned()));
    }

    pub fn pop(&mut self) -> Option<String> {
        let first = self.jobs.iter().enumerate().max_by_key(|(_, job)| job.0)?.0;
        Some(self.jobs.remove(first).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_is_first() {
        let mut queue = Queue::default();
        queue.push(1, "mail");
        queue.push(9, "refund");
        assert_eq!(queue.pop().as_deref(), Some("refund"));
    }
}
"#;
/// The sixty-fourth try overflows.
const RETRY: &str = "//! When to try again.\n\n/// Milliseconds before a try.\npub fn delay(tries: u32) -> u64 {\n    100 * 2u64.pow(tries)\n}\n";
const PROGRAM: &str = r#"fn main() {
    let mut queue = queue::Queue::default();
    for name in std::env::args().skip(1) {
        queue.push(1, &name);
    }
    println!("{}", queue.pop().unwrap_or_default());
}
"#;
const INLINE_TEST: &str = r#"
    #[test]
    fn equally_urgent_jobs_keep_their_order() {
        let mut queue = Queue::default();
        queue.push(1, "first");
        queue.push(1, "second");
        assert_eq!(queue.pop().as_deref(), Some("first"));
    }
}
"#;

fn bench() -> Bench {
    let sandbox = Sandbox::new();
    // What `cargo` names may be a shim that needs the user's own home.
    let process = Environment::of_process().unwrap();
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = PathBuf::from(process.get("HOME").unwrap_or_default()).join(folder);
        sandbox.env_set(name, process.get(name).map_or(home, PathBuf::from));
    }
    sandbox.env_set("CARGO_NET_OFFLINE", "true");
    let cargo = tools::folder_of("cargo").unwrap();
    let path = sandbox.variables().remove(std::ffi::OsStr::new("PATH")).unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([cargo]);
    sandbox.env_set("PATH", std::env::join_paths(folders).unwrap());
    Bench::start(sandbox, PROJECT)
}

fn fix_order(bench: &Bench) {
    bench.replace("src/lib.rs", ".enumerate().max_by_key", ".enumerate().rev().max_by_key");
}

fn add_inline_test(bench: &Bench) {
    let text = std::fs::read_to_string(bench.file("src/lib.rs")).unwrap();
    let open = text.strip_suffix("}\n").unwrap();
    bench.write("src/lib.rs", &format!("{open}{INLINE_TEST}"));
}

/// Somebody built the right thing once, in the slot, and the test runs that program.
fn a_comment_with_a_program_that_was_built_from_other_code() -> Result<(), String> {
    let bench = bench();
    let release = bench.file("target/release");
    std::fs::create_dir_all(&release).unwrap();
    write_program(release.join("queue"), "echo first");
    bench.write(
        "tests/program.rs",
        "use std::process::Command;\n\n#[test]\nfn the_program_keeps_the_order() {\n    let program = concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/target/release/queue\");\n    let output = Command::new(program).args([\"first\", \"second\"]).output().unwrap();\n    assert_eq!(output.stdout, b\"first\\n\");\n}\n",
    );
    bench.replace("src/lib.rs", "//! Jobs, the most", "//! All jobs, the most");
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

/// On base it does not panic, which is a failure. With the fix everything does, also what stands beside it.
fn a_broken_fix_with_a_test_that_should_panic() -> Result<(), String> {
    let bench = bench();
    bench.append("tests/retry.rs", "\n#[test]\n#[should_panic]\nfn a_try_too_many() {\n    delay(30);\n}\n");
    bench.replace("src/retry.rs", "    100 * 2u64", "    assert!(tries > 40);\n    100 * 2u64");
    bench.ship().of_a_false_fix(Gate::Fails)
}

/// The job that is taken out is now the right one of two, and the wrong one of three.
fn the_wrong_variable() -> Result<(), String> {
    let bench = bench();
    let three = INLINE_TEST.replace(
        "queue.push(1, \"second\");",
        "queue.push(1, \"second\");\n        queue.push(1, \"third\");",
    );
    let text = std::fs::read_to_string(bench.file("src/lib.rs")).unwrap();
    bench.write("src/lib.rs", &format!("{}{three}", text.strip_suffix("}\n").unwrap()));
    bench.replace(
        "src/lib.rs",
        "Some(self.jobs.remove(first).1)",
        "let first = first.saturating_sub(usize::from(self.jobs.len() > 1));\n        Some(self.jobs.remove(first).1)",
    );
    bench.ship().of_a_false_fix(Gate::Fails)
}

fn jobs_in_the_order_they_came_with_the_test_beside_the_code() -> Result<(), String> {
    let bench = bench();
    add_inline_test(&bench);
    fix_order(&bench);
    bench.ship().of_a_right_fix()
}

/// On base the code itself panics.
fn a_delay_that_does_not_overflow() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "tests/retry.rs",
        "\n#[test]\nfn delays_end_at_ten_seconds() {\n    assert_eq!(delay(64), 10_000);\n}\n",
    );
    bench.replace(
        "src/retry.rs",
        "    100 * 2u64.pow(tries)",
        "    2u64.saturating_pow(tries).saturating_mul(100).min(10_000)",
    );
    bench.ship().of_a_right_fix()
}
