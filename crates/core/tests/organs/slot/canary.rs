//! Canaries: a source file that is switched to and fro in a twin is seen by every build, however soon it is. One for each
//! kind of build, with the real tools and by the real runners; files of the same size, so that no tool has an easy time.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::slot::Pool;
use hotfix_core::suite::{self, Limits, Place, Runner, Selection};
use hotfix_model::CaseOutcome;
use hotfix_model::config::{GateMode, TestConfig};
use hotfix_testkit::tools;

use super::sandbox::{Sandbox, config, start};

/// How often it is switched: wrong, right, wrong, right.
const TURNS: usize = 4;

/// A project with one test, which is right with the change alone.
struct Canary<'a> {
    files: &'a [(&'a str, &'a str)],
    /// What the change makes of some of them.
    change: &'a [(&'a str, &'a str)],
    variables: Vec<(OsString, OsString)>,
    /// What is linked into the twin: packages.
    linked: Option<(&'a str, PathBuf)>,
}

impl<'a> Canary<'a> {
    fn new(files: &'a [(&'a str, &'a str)], change: &'a [(&'a str, &'a str)]) -> Self {
        Self { files, change, variables: Vec::new(), linked: None }
    }

    fn with(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Switches to and fro and runs the tests after each switch; every result must be that of the files that lie there.
    fn sings(self) {
        let sandbox = Sandbox::new();
        let ignored = "node_modules\ntarget/\nbuild/\n.gradle/\n__pycache__/\n*.o\n*.pyc\n/check\n.pytest_cache/\nCargo.lock\n";
        sandbox.write(".gitignore", ignored);
        self.files.iter().for_each(|(path, text)| sandbox.write(path, text));
        let wrong = sandbox.commit("wrong");
        self.change.iter().for_each(|(path, text)| sandbox.write(path, text));
        let right = sandbox.commit("right");

        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let held = start(&repository, &pool, "a", &wrong);
        let twin = pool.twin(&held, &wrong).unwrap();
        let root = twin.worktree.path.clone();
        if let Some((name, target)) = &self.linked {
            std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        }
        let ctx = self.ctx(&sandbox, &root);
        let runner = self.runner();
        let scratch = tempfile::tempdir().unwrap();
        let place = Place { root: &root, home: &sandbox.home, scratch: scratch.path() };
        let limits = Limits { run: Duration::from_mins(5), test: None };
        let changed: Vec<PathBuf> = self.change.iter().map(|(path, _)| PathBuf::from(path)).collect();
        for turn in 0..TURNS {
            let is_right = turn % 2 == 1;
            let tree = repository.tree_of(if is_right { &right } else { &wrong }).unwrap();
            pool.lay(&twin, &wrong, &tree).unwrap();
            suite::forget_bytecode(&root, &changed);
            let run = runner.run(&ctx, &place, &Selection::Everything, &limits).unwrap();
            if run.counted {
                let [case] = run.cases.as_slice() else { panic!("turn {turn}: {run:#?}") };
                let wanted = if is_right { CaseOutcome::Passed } else { CaseOutcome::Failed };
                assert_eq!(case.outcome, wanted, "turn {turn} tested other files: {run:#?}");
            } else {
                assert_eq!(run.is_green(), is_right, "turn {turn} tested other files: {run:#?}");
            }
        }
    }

    fn runner(&self) -> Box<dyn Runner> {
        let paths: Vec<PathBuf> = self.files.iter().map(|(path, _)| PathBuf::from(path)).collect();
        let read = |wanted: &str| {
            self.files.iter().find(|(path, _)| *path == wanted).map(|(_, text)| text.as_bytes().to_vec())
        };
        let config = TestConfig {
            command: String::new(),
            critical: Vec::new(),
            budget: "5m".parse().unwrap(),
            gate: GateMode::Block,
            flaky: GateMode::Warn,
            exclusive: false,
        };
        Box::new(suite::detect(&paths, &read, &config).unwrap())
    }

    fn ctx(&self, sandbox: &Sandbox, root: &Path) -> Ctx {
        let process = Environment::of_process().unwrap();
        let mut variables: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), process.get("PATH").unwrap().to_owned()),
            ("HOME".into(), sandbox.parent().into()),
        ];
        variables.extend(self.variables.iter().cloned());
        Ctx::new(Environment::new(variables, root), SystemClock::new(), Arc::new(Silent))
    }
}

fn path_with(folder: &Path) -> [(&'static str, OsString); 1] {
    let process = Environment::of_process().unwrap();
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(process.get("PATH").unwrap());
    [("PATH", path)]
}

#[test]
fn with_python_pytest_sees_every_switch() {
    let files = [
        ("rates.py", "def rate(): return 1\n"),
        ("test_rates.py", "from rates import rate\ndef test_rate(): assert rate() == 2\n"),
        ("pytest.ini", "[pytest]\n"),
    ];
    let change = [("rates.py", "def rate(): return 2\n")];
    Canary::new(&files, &change).with(path_with(&tools::python_bin())).sings();
}

fn cargo() -> Vec<(&'static str, PathBuf)> {
    let process = Environment::of_process().unwrap();
    let home = |name: &str| PathBuf::from(process.get("HOME").unwrap_or_default()).join(name);
    let own = |name: &str, folder: &str| process.get(name).map_or(home(folder), PathBuf::from);
    vec![
        ("CARGO_HOME", own("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", own("RUSTUP_HOME", ".rustup")),
        ("CARGO_NET_OFFLINE", "true".into()),
    ]
}

#[test]
fn with_cargo_every_switch_is_seen_also_in_what_another_package_includes() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"base\", \"user\"]\nresolver = \"2\"\n"),
        ("base/Cargo.toml", "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        (
            "base/src/lib.rs",
            "pub const RATE: &str = include_str!(\"rate.txt\");\npub const fn two() -> u8 { 1 }\n",
        ),
        ("base/src/rate.txt", "1"),
        (
            "user/Cargo.toml",
            "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nbase = { path = \"../base\" }\n",
        ),
        ("user/src/lib.rs", "#[test]\nfn rate() { assert_eq!((base::RATE, base::two()), (\"2\", 2)); }\n"),
    ];
    let change = [
        ("base/src/rate.txt", "2"),
        (
            "base/src/lib.rs",
            "pub const RATE: &str = include_str!(\"rate.txt\");\npub const fn two() -> u8 { 2 }\n",
        ),
    ];
    Canary::new(&files, &change).with(cargo()).sings();
}

#[test]
fn with_go_every_switch_is_seen_also_in_an_embedded_file() {
    let files = [
        ("go.mod", "module example.org/rates\n\ngo 1.21\n"),
        (
            "rates.go",
            "package rates\n\nimport _ \"embed\"\n\n//go:embed rate.txt\nvar Text string\n\nconst Rate = 1\n",
        ),
        ("rate.txt", "1"),
        (
            "rates_test.go",
            "package rates\n\nimport \"testing\"\n\nfunc TestRate(t *testing.T) {\n\tif Rate != 2 || Text != \"2\" {\n\t\tt.Fatal(Rate, Text)\n\t}\n}\n",
        ),
    ];
    let change = [
        (
            "rates.go",
            "package rates\n\nimport _ \"embed\"\n\n//go:embed rate.txt\nvar Text string\n\nconst Rate = 2\n",
        ),
        ("rate.txt", "2"),
    ];
    Canary::new(&files, &change).with(tools::go_variables(&tools::GO.folder())).sings();
}

#[test]
fn with_cmake_every_switch_is_seen_also_in_a_header() {
    let files = [
        (
            "CMakeLists.txt",
            "cmake_minimum_required(VERSION 3.16)\nproject(rates C)\ninclude(CTest)\nadd_library(rates rates.c)\nadd_executable(rates_test rates_test.c)\ntarget_link_libraries(rates_test rates)\nadd_test(NAME rate COMMAND rates_test)\n",
        ),
        ("rates.h", "#define RATE 1\nint rate(void);\n"),
        ("rates.c", "#include \"rates.h\"\nint rate(void) { return 1; }\n"),
        (
            "rates_test.c",
            "#include \"rates.h\"\nint main(void) { return RATE == 2 && rate() == 2 ? 0 : 1; }\n",
        ),
    ];
    let change = [
        ("rates.h", "#define RATE 2\nint rate(void);\n"),
        ("rates.c", "#include \"rates.h\"\nint rate(void) { return 2; }\n"),
    ];
    Canary::new(&files, &change).with(path_with(&tools::CMAKE.folder().join("bin"))).sings();
}

/// Two object files and a program, by make's own rules: it goes by time alone.
#[test]
fn with_cmake_make_builds_anew_after_every_switch() {
    let files = [
        (
            "Makefile",
            ".PHONY: test\ntest: check\n\t./check\ncheck: check.o rates.o\n\tcc -o check check.o rates.o\ncheck.o rates.o: rates.h\n",
        ),
        ("rates.h", "#define RATE 1\nint rate(void);\n"),
        ("rates.c", "#include \"rates.h\"\nint rate(void) { return 1; }\n"),
        ("check.c", "#include \"rates.h\"\nint main(void) { return RATE == 2 && rate() == 2 ? 0 : 1; }\n"),
    ];
    let change = [
        ("rates.h", "#define RATE 2\nint rate(void);\n"),
        ("rates.c", "#include \"rates.h\"\nint rate(void) { return 2; }\n"),
    ];
    tools::CMAKE.folder();
    Canary::new(&files, &change).sings();
}

/// The compiler puts constants into the classes that use them, which no time of theirs tells.
#[test]
fn with_java_maven_sees_every_switch_also_in_the_constants_of_another_module() {
    let pins = tools::maven_pins();
    let pom = |inside: &str| {
        format!(
            "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>{inside}</project>"
        )
    };
    let parent = pom(&format!(
        "<groupId>shop</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging><modules><module>core</module><module>api</module></modules>{pins}"
    ));
    let module = |name: &str, more: &str| {
        pom(&format!(
            "<parent><groupId>shop</groupId><artifactId>all</artifactId><version>1</version></parent><artifactId>{name}</artifactId>{more}"
        ))
    };
    let need = "<dependencies><dependency><groupId>shop</groupId><artifactId>core</artifactId><version>1</version></dependency></dependencies>";
    let (core, api) = (module("core", ""), module("api", need));
    let rates = |rate: &str| {
        format!(
            "package shop;\npublic class Rates {{ public static final int RATE = {rate}; public static int rate() {{ return {rate}; }} }}\n"
        )
    };
    let (wrong, right) = (rates("1"), rates("2"));
    let files = [
        ("pom.xml", parent.as_str()),
        ("core/pom.xml", &core),
        ("core/src/main/java/shop/Rates.java", &wrong),
        ("api/pom.xml", &api),
        (
            "api/src/main/java/shop/Api.java",
            "package shop;\npublic class Api { public static int rate() { return Rates.RATE; } }\n",
        ),
        (
            "api/src/test/java/shop/ApiTest.java",
            "package shop;\nimport static org.junit.jupiter.api.Assertions.*;\nclass ApiTest { @org.junit.jupiter.api.Test void rate() { assertEquals(\"2 2 2\", Api.rate() + \" \" + Rates.rate() + \" \" + Rates.RATE); } }\n",
        ),
    ];
    let change = [("core/src/main/java/shop/Rates.java", right.as_str())];
    Canary::new(&files, &change).with(tools::java_variables(&tools::JAVA.folder())).sings();
}

#[test]
fn with_gradle_every_switch_is_seen_also_in_constants() {
    let [junit, hamcrest] = tools::gradle_jars();
    let build = format!(
        "apply plugin: 'java'\ndependencies {{ testImplementation files('{}', '{}') }}\n",
        junit.display(),
        hamcrest.display()
    );
    let rates = |rate: &str| {
        format!(
            "package shop;\npublic class Rates {{ public static final int RATE = {rate}; public static int rate() {{ return {rate}; }} }}\n"
        )
    };
    let (wrong, right) = (rates("1"), rates("2"));
    let files = [
        ("build.gradle", build.as_str()),
        ("settings.gradle", "rootProject.name = 'shop'\n"),
        ("src/main/java/shop/Rates.java", &wrong),
        (
            "src/test/java/shop/RatesTest.java",
            "package shop;\nimport org.junit.*;\npublic class RatesTest { @Test public void rate() { Assert.assertEquals(\"2 2\", Rates.rate() + \" \" + Rates.RATE); } }\n",
        ),
    ];
    let change = [("src/main/java/shop/Rates.java", right.as_str())];
    let home = tempfile::tempdir().unwrap();
    Canary::new(&files, &change).with([("GRADLE_USER_HOME", home.path())]).sings();
}

fn node<'a>(files: &'a [(&'a str, &'a str)], change: &'a [(&'a str, &'a str)]) {
    let mut canary = Canary::new(files, change);
    canary.linked = Some(("node_modules", tools::node_modules()));
    canary.sings();
}

#[test]
fn with_node_jest_sees_every_switch() {
    let files = [
        ("package.json", "{\"scripts\": {\"test\": \"jest\"}}"),
        ("rates.js", "exports.rate = () => 1;\n"),
        ("rates.test.js", "test('rate', () => { expect(require('./rates').rate()).toBe(2); });\n"),
    ];
    node(&files, &[("rates.js", "exports.rate = () => 2;\n")]);
}

#[test]
fn with_node_vitest_sees_every_switch() {
    let files = [
        ("package.json", "{\"type\": \"module\", \"scripts\": {\"test\": \"vitest run\"}}"),
        ("rates.ts", "export const rate = (): number => 1;\n"),
        (
            "rates.test.ts",
            "import { expect, test } from 'vitest';\nimport { rate } from './rates';\ntest('rate', () => { expect(rate()).toBe(2); });\n",
        ),
    ];
    node(&files, &[("rates.ts", "export const rate = (): number => 2;\n")]);
}
