//! Real Maven and Gradle with `JUnit` on small projects.

use hotfix_core::suite::{Runner, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};
use hotfix_testkit::tools;

use super::{Project, files, found, frame, outcomes, reason, write_into};

/// A `pom.xml` of group `till`, version 1.
fn pom(of: &str) -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>{of}</project>"
    )
}

fn parent() -> String {
    let modules = "<packaging>pom</packaging><modules><module>pay</module><module>shop</module></modules>";
    let pins = tools::maven_pins();
    pom(&format!("<groupId>till</groupId><artifactId>all</artifactId><version>1</version>{modules}{pins}"))
}

fn module(name: &str, more: &str) -> String {
    let parent = "<parent><groupId>till</groupId><artifactId>all</artifactId><version>1</version></parent>";
    pom(&format!("{parent}<artifactId>{name}</artifactId>{more}"))
}

const NEEDS_PAY: &str = "<dependencies><dependency><groupId>till</groupId><artifactId>pay</artifactId><version>1</version></dependency></dependencies>";
const TILL: &str =
    "package till;\npublic class Till { public static int sum(int a, int b) { return a - b; } }\n";
const TEST: &str = r#"package till;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.*;
import org.junit.jupiter.params.provider.*;
import static org.junit.jupiter.api.Assertions.*;
class TillTest {
  @Test void adds() { assertEquals(3, Till.sum(2, 1)); }
  @Test void zero() { assertEquals(0, Till.sum(0, 0)); }
  @Test @Disabled("slow") void slow() { }
  @Test void hangs() throws Exception { Thread.sleep(600000); }
  @ParameterizedTest @ValueSource(ints = {1, 2}) void many(int a) { assertEquals(a, Till.sum(a, 0)); }
  @Nested class Inner { @Test void deep() { } }
}
"#;
const SHOP_TEST: &str =
    "package shop;\nclass ShopTest { @org.junit.jupiter.api.Test void sells() { till.Till.sum(1, 1); } }\n";
const PAY_FILE: &str = "pay/src/test/java/till/TillTest.java";
const SHOP_FILE: &str = "shop/src/test/java/shop/ShopTest.java";

fn project() -> (Project, Box<dyn Runner>) {
    project_with(TEST)
}

fn project_with(test: &str) -> (Project, Box<dyn Runner>) {
    let (parent, pay, shop) = (parent(), module("pay", ""), module("shop", NEEDS_PAY));
    let all = [
        ("pom.xml", parent.as_str()),
        ("pay/pom.xml", &pay),
        ("shop/pom.xml", &shop),
        ("pay/src/main/java/till/Till.java", TILL),
        (PAY_FILE, test),
        (SHOP_FILE, SHOP_TEST),
    ];
    let variables = tools::java_variables(&tools::JAVA.folder());
    let project =
        variables.into_iter().fold(Project::new(&all), |project, (name, value)| project.set(name, value));
    (project, found(&all))
}

const FLAKY: &str = r#"package till;
import org.junit.jupiter.api.*;
class TillTest {
  static int tries = 0;
  @Test void sometimes() { Assertions.assertEquals(2, ++tries, "no luck"); }
  @Test void always() { }
}
"#;

mod with_java {
    use super::*;

    #[test]
    fn a_rerun_by_surefire_makes_a_flaky_test() {
        let (project, runner) = project_with(FLAKY);
        let retrying = parent().replace(
            "<properties>",
            "<properties><surefire.rerunFailingTestsCount>2</surefire.rerunFailingTestsCount>",
        );
        project.write(&[("pom.xml", &retrying)]);
        let run = project.run(runner.as_ref(), &files(&[PAY_FILE]));
        let flaky: Vec<_> = run.flaky().map(|case| (case.id.as_str(), case.reason.as_deref())).collect();
        let said = "no luck ==> expected: <2> but was: <1>";
        assert_eq!(flaky, [(format!("{PAY_FILE}::sometimes").as_str(), Some(said))], "{run:#?}");
        assert!(run.is_green() && run.claimed == Some(2), "{run:#?}");
    }

    #[test]
    fn a_module_that_does_not_compile_hides_no_other() {
        let (project, runner) = project_with(FLAKY);
        project
            .write(&[(SHOP_FILE, "package shop;\nclass ShopTest { void sells() { till.Gone.sum(); } }\n")]);
        let run = project.run(runner.as_ref(), &files(&[PAY_FILE, SHOP_FILE]));
        let id = |name: &str| format!("{PAY_FILE}::{name}");
        let (always, sometimes) = (id("always"), id("sometimes"));
        assert_eq!(outcomes(&run), [(always.as_str(), Passed), (sometimes.as_str(), Failed)], "{}", run.tail);
        let names: Vec<&str> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!((names, run.end), (vec![SHOP_FILE], hotfix_model::RunEnd::Finished), "{run:#?}");
    }

    #[test]
    fn classes_methods_and_modules_are_singled_out_and_nothing_stale_is_read() {
        let (project, runner) = project();
        let limit = Some(std::time::Duration::from_secs(1));
        let patience = std::time::Duration::from_mins(2);
        let run = project.run_within(runner.as_ref(), &files(&[PAY_FILE]), patience, limit);
        let id = |name: &str| format!("{PAY_FILE}::{name}");
        let wanted = [
            (id("Inner::deep"), Passed),
            (id("adds"), Failed),
            (id("hangs"), TimedOut),
            (id("many(int)[1]"), Passed),
            (id("many(int)[2]"), Passed),
            (id("slow"), Skipped),
            (id("zero"), Passed),
        ];
        let wanted: Vec<_> = wanted.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
        assert_eq!(outcomes(&run), wanted, "{}", run.tail);
        assert_eq!((run.claimed, run.exit), (Some(7), Some(1)));
        assert_eq!(reason(&run, &id("adds")), "expected: <3> but was: <1>");

        let cases = [id("zero"), format!("{SHOP_FILE}::sells")];
        let run = project.run(runner.as_ref(), &Selection::Cases(cases.to_vec()));
        let zero = id("zero");
        assert_eq!(
            outcomes(&run),
            [(zero.as_str(), Passed), ("shop/src/test/java/shop/ShopTest.java::sells", Passed)],
            "{}",
            run.tail
        );

        project.write(&[(PAY_FILE, &TEST.replace("Till.sum(0, 0)", "Till.gone()"))]);
        let run = project.run(runner.as_ref(), &files(&[PAY_FILE]));
        assert!(run.cases.is_empty(), "{run:?}");
        assert_eq!(run.not_loaded.len(), 1, "{}", run.tail);
        assert_eq!(run.not_loaded[0].0, PAY_FILE);
        assert!(run.not_loaded[0].1.starts_with("does not compile: "), "{}", run.not_loaded[0].1);

        let (root, home, scratch) = (project.root(), project.home(), project.scratch());
        let place = hotfix_core::suite::Place { root: &root, home: &home, scratch: &scratch };
        let related = runner.related(&project.ctx(), &place, &["pay/src/main/java/till/Till.java".into()]);
        assert_eq!(related.unwrap(), [PAY_FILE, SHOP_FILE].map(std::path::PathBuf::from));
    }
}

mod surefire_with_java {
    use std::path::Path;

    use super::*;

    fn with_variables(all: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
        let variables = tools::java_variables(&tools::JAVA.folder());
        let project =
            variables.into_iter().fold(Project::new(all), |project, (name, value)| project.set(name, value));
        (project, found(all))
    }

    /// A project of this name with the pins of the tests, and what Surefire is told.
    fn alone(name: &str, need: &str, surefire: &str) -> String {
        let pins = tools::maven_pins().replace("<dependencies>", &format!("<dependencies>{need}"));
        let told = format!("<version>3.2.5</version><configuration>{surefire}</configuration>");
        let pins = pins.replacen("<version>3.2.5</version>", &told, 1);
        pom(&format!(
            "<groupId>org.shop</groupId><artifactId>{name}</artifactId><version>1.0-SNAPSHOT</version>{pins}"
        ))
    }

    const PASSES: &str = "{ @org.junit.jupiter.api.Test void passes() { } }\n";

    fn test(name: &str) -> String {
        format!("package shop;\nclass {name} {PASSES}")
    }

    fn file(name: &str) -> String {
        format!("src/test/java/shop/{name}.java")
    }

    #[test]
    fn what_the_project_excludes_and_what_failsafe_runs_is_not_run() {
        let excludes = "<excludes><exclude>**/*E2ETest.java</exclude></excludes>";
        let pom = alone("api", "", excludes);
        let names = ["ApiTest", "LiveE2ETest", "ApiIT", "ApiTestCase"];
        let tests: Vec<(String, String)> = names.iter().map(|name| (file(name), test(name))).collect();
        let mut all = vec![("pom.xml", pom.as_str())];
        all.extend(tests.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let (project, runner) = with_variables(&all);
        let wanted = [file("ApiTest"), file("ApiTestCase")];
        assert_eq!(project.listed(runner.as_ref()).unwrap(), wanted);
        for (path, _) in &tests {
            assert_eq!(runner.is_test_file(Path::new(path)), wanted.contains(path), "{path}");
            assert!(wanted.contains(path) || runner.is_test_support(Path::new(path)), "{path}");
        }
        let paths: Vec<&str> = tests.iter().map(|(path, _)| path.as_str()).collect();
        for selection in [files(&paths), Selection::Everything] {
            let run = project.run(runner.as_ref(), &selection);
            let ids: Vec<String> = wanted.iter().map(|path| format!("{path}::passes")).collect();
            let found: Vec<&str> = outcomes(&run).into_iter().map(|(id, _)| id).collect();
            assert_eq!(found, ids, "{run:#?}");
        }
        let cases = Selection::Cases(vec![format!("{}::passes", file("ApiIT"))]);
        assert_eq!(project.run(runner.as_ref(), &cases).exit, None);
    }

    const NEEDS_CORE: &str = "<dependency><groupId>org.shop</groupId><artifactId>core</artifactId><version>1.0-SNAPSHOT</version></dependency>";
    const CORE: &str = "package shop;\npublic class Core {\n  public static int add(int a, int b) {\n    if (a > 6) throw new IllegalStateException(\"boom\");\n    return a + b;\n  }\n}\n";
    const API_TEST: &str = "package shop;\nimport static org.junit.jupiter.api.Assertions.*;\nimport org.junit.jupiter.api.Test;\nclass ApiTest {\n  @Test void sums() { assertEquals(3, Core.add(1, 2)); }\n  @Test void dies() { Runnable run = () -> Core.add(7, 1); run.run(); }\n}\n";

    /// Two projects that no `pom.xml` joins. Nothing of them is in the local repository: by itself `api` could not even be
    /// built.
    #[test]
    fn projects_that_need_each_other_run_with_the_code_that_lies_here() {
        let (core, api) = (alone("core", "", ""), alone("api", NEEDS_CORE, ""));
        let (project, runner) = with_variables(&[
            ("core/pom.xml", &core),
            ("core/src/main/java/shop/Core.java", CORE),
            ("api/pom.xml", &api),
            ("api/src/test/java/shop/ApiTest.java", API_TEST),
        ]);
        let api_test = "api/src/test/java/shop/ApiTest.java";
        let (dies, sums) = (format!("{api_test}::dies"), format!("{api_test}::sums"));
        let run = project.run(runner.as_ref(), &files(&[api_test]));
        assert_eq!(outcomes(&run), [(dies.as_str(), Failed), (sums.as_str(), Passed)], "{run:#?}");
        assert_eq!((run.foreign.as_deref(), run.claimed), (None, Some(2)));
        assert_eq!(reason(&run, &dies), "java.lang.IllegalStateException: boom");
        assert_eq!(frame(&run, &dies), Some("core/src/main/java/shop/Core.java:add"));
        assert_eq!(runner.command(&files(&[api_test])).join(" "), "mvn -f api -Dtest=ApiTest test");

        project.write(&[("core/src/main/java/shop/Core.java", &CORE.replace("a + b", "999"))]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(outcomes(&run), [(dies.as_str(), Failed), (sums.as_str(), Failed)], "{run:#?}");
        assert_eq!(frame(&run, &sums), Some("api/src/test/java/shop/ApiTest.java:sums"));
        let left: Vec<_> = std::fs::read_dir(project.root()).unwrap().flatten().collect();
        assert_eq!(left.len(), 2, "written beside the projects: {left:?}");
    }

    /// By its absolute path, as only Maven's scope `system` takes one.
    #[test]
    fn a_jar_of_the_main_worktree_is_foreign() {
        let elsewhere = tempfile::tempdir().unwrap();
        let main = elsewhere.path().join("core");
        let core = alone("core", "", "");
        write_into(&main, &[("pom.xml", &core), ("target/core-1.0-SNAPSHOT.jar", EMPTY_ARCHIVE)]);
        let jar = main.join("target/core-1.0-SNAPSHOT.jar");
        let need = format!(
            "<dependency><groupId>org.shop</groupId><artifactId>linked</artifactId><version>1</version><scope>system</scope><systemPath>{}</systemPath></dependency>",
            jar.display()
        );
        let api = alone("api", &need, "");
        let text = test("ApiTest");
        let (project, runner) = with_variables(&[
            ("core/pom.xml", &core),
            ("api/pom.xml", &api),
            ("api/src/test/java/shop/ApiTest.java", &text),
        ]);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let foreign = run.foreign.clone().unwrap_or_else(|| panic!("{run:#?}"));
        assert!(foreign.contains("core-1.0-SNAPSHOT.jar, not with the code of core here"), "{foreign}");
    }

    /// A ZIP archive with nothing in it.
    const EMPTY_ARCHIVE: &str = "PK\u{5}\u{6}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
}

mod with_gradle {
    use hotfix_model::CaseOutcome::Crashed;
    use hotfix_model::RunEnd;

    use super::*;

    const FILE: &str = "src/test/java/till/TillTest.java";
    const NESTED: &str = "shop/src/test/java/shop/ShopTest.java";
    const TILL_TEST: &str = r"package till;
import org.junit.*;
public class TillTest {
  @Test public void adds() { Assert.assertEquals(3, Till.sum(2, 1)); }
  @Test public void zero() { Assert.assertEquals(0, Till.sum(0, 0)); }
  @Ignore @Test public void slow() { }
}
";
    const SHOP: &str = "package shop;\npublic class ShopTest { @org.junit.Test public void sells() { } }\n";

    /// A project with a module, as version 4 and all later ones read it.
    fn project_with(test: &str) -> (Project, Box<dyn Runner>) {
        let [junit, hamcrest] = tools::gradle_jars();
        let needs = format!("testImplementation files('{}', '{}')", junit.display(), hamcrest.display());
        let build = format!("allprojects {{\n  apply plugin: 'java'\n  dependencies {{ {needs} }}\n}}\n");
        let all = [
            ("build.gradle", build.as_str()),
            ("settings.gradle", "include 'shop'\n"),
            ("src/main/java/till/Till.java", TILL),
            (FILE, test),
            (NESTED, SHOP),
        ];
        let project = Project::new(&all);
        let home = project.home().join("gradle");
        (project.set("GRADLE_USER_HOME", home), found(&all))
    }

    #[test]
    fn outcomes_are_read_and_names_lead_back_to_their_tests() {
        let (project, runner) = project_with(TILL_TEST);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let id = |name: &str| format!("{FILE}::{name}");
        let sells = format!("{NESTED}::sells");
        let wanted = [(sells, Passed), (id("adds"), Failed), (id("slow"), Skipped), (id("zero"), Passed)];
        let wanted: Vec<_> = wanted.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
        assert_eq!(outcomes(&run), wanted, "{}", run.tail);
        assert_eq!((run.claimed, run.exit, run.end), (Some(4), Some(1), RunEnd::Finished));
        assert_eq!(reason(&run, &id("adds")), "java.lang.AssertionError: expected:<3> but was:<1>");
        assert_eq!(frame(&run, &id("adds")), Some("src/test/java/till/TillTest.java:adds"));

        let run = project.run(runner.as_ref(), &Selection::Cases(vec![id("zero")]));
        assert_eq!(outcomes(&run), [(id("zero").as_str(), Passed)], "{}", run.tail);

        project.write(&[(FILE, &TILL_TEST.replace("Till.sum(0, 0)", "Till.gone()"))]);
        let run = project.run(runner.as_ref(), &files(&[FILE]));
        assert_eq!((run.cases.len(), run.not_loaded.len()), (0, 1), "{run:#?}");
        assert_eq!(run.not_loaded[0].0, FILE);
    }

    #[test]
    fn what_the_build_leaves_out_is_not_run_by_name_and_not_listed() {
        let (project, runner) = project_with(TILL_TEST);
        let build = std::fs::read_to_string(project.root().join("build.gradle")).unwrap();
        let left_out = "test { exclude '**/*E2E*' }\nproject(':shop') { test { filter { includeTestsMatching 'shop.Shop*' } } }\n";
        let e2e = "src/test/java/till/LiveE2ETest.java";
        let slow = "shop/src/test/java/shop/SlowTest.java";
        let text = |package: &str, name: &str| {
            format!(
                "package {package};\npublic class {name} {{ @org.junit.Test public void fails() {{ throw new RuntimeException(); }} }}\n"
            )
        };
        project.write(&[
            ("build.gradle", &format!("{build}{left_out}")),
            (e2e, &text("till", "LiveE2ETest")),
            (slow, &text("shop", "SlowTest")),
        ]);
        assert_eq!(project.listed(runner.as_ref()).unwrap(), [NESTED, FILE]);
        let run = project.run(runner.as_ref(), &files(&[e2e, slow, NESTED]));
        assert_eq!(outcomes(&run), [(format!("{NESTED}::sells").as_str(), Passed)], "{run:#?}");
    }

    #[test]
    fn a_build_of_the_main_worktree_that_is_linked_is_foreign() {
        let (project, runner) = project_with(TILL_TEST);
        let library = [
            ("build.gradle", "apply plugin: 'java'\ngroup = 'org.shop'\nversion = '1'\n"),
            ("settings.gradle", "rootProject.name = 'lib'\n"),
            ("src/main/java/lib/Lib.java", "package lib;\npublic class Lib { }\n"),
        ];
        let main = project.home().join("lib");
        write_into(&main, &library);
        write_into(&project.root().join("lib"), &library);
        let build = std::fs::read_to_string(project.root().join("build.gradle")).unwrap();
        let needing = format!("{build}dependencies {{ testImplementation 'org.shop:lib:1' }}\n");
        let linked = |path: &str| format!("include 'shop'\nincludeBuild '{path}'\n");
        project.write(&[("build.gradle", &needing), ("settings.gradle", &linked("lib"))]);
        let run = project.run(runner.as_ref(), &files(&[FILE]));
        assert_eq!((run.foreign.as_deref(), run.cases.len()), (None, 3), "{run:#?}");
        project.write(&[("settings.gradle", &linked(&main.display().to_string()))]);
        let run = project.run(runner.as_ref(), &files(&[FILE]));
        let foreign = run.foreign.clone().unwrap_or_else(|| panic!("{run:#?}"));
        assert!(foreign.contains("not with the code of lib here"), "{foreign}");
    }

    #[test]
    fn a_test_that_ends_the_program_is_a_crash_although_no_report_is_written() {
        // The program lives a little longer: what it says of its tests, it says in a thread of its own.
        let text = "package till;\nimport org.junit.*;\n@FixMethodOrder(org.junit.runners.MethodSorters.NAME_ASCENDING)\npublic class TillTest {\n  @Test public void adds() { }\n  @Test public void dies() throws Exception { Thread.sleep(1000); Runtime.getRuntime().halt(3); }\n}\n";
        let (project, runner) = project_with(text);
        let run = project.run(runner.as_ref(), &files(&[FILE]));
        let id = |name: &str| format!("{FILE}::{name}");
        let (adds, dies) = (id("adds"), id("dies"));
        assert_eq!((run.end, run.exit), (RunEnd::Crashed, Some(1)), "{run:#?}");
        let told = [(adds.as_str(), Passed), (dies.as_str(), Crashed)];
        assert!(told.starts_with(&outcomes(&run)), "{run:#?}");
        assert!(run.tail.contains("non-zero exit value 3"), "{run:#?}");
        // On a machine so busy that it died before it spoke, no test can be named.
        if outcomes(&run).len() == told.len() {
            assert!(reason(&run, &dies).contains("non-zero exit value 3"), "{run:#?}");
        }
    }
}
