//! Real Maven with `JUnit` on a small project. What Gradle writes is only read from examples, beside its code.

use hotfix_core::env::Environment;
use hotfix_core::suite::{Runner, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};

use super::{Project, files, found, outcomes, reason};

const PARENT: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>till</groupId><artifactId>all</artifactId><version>1</version><packaging>pom</packaging><modules><module>pay</module><module>shop</module></modules><properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties><dependencies><dependency><groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>5.10.2</version><scope>test</scope></dependency></dependencies><build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin></plugins></build></project>"#;
const PAY: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><parent><groupId>till</groupId><artifactId>all</artifactId><version>1</version></parent><artifactId>pay</artifactId></project>"#;
const SHOP: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><parent><groupId>till</groupId><artifactId>all</artifactId><version>1</version></parent><artifactId>shop</artifactId><dependencies><dependency><groupId>till</groupId><artifactId>pay</artifactId><version>1</version></dependency></dependencies></project>"#;
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
    let all = [
        ("pom.xml", PARENT),
        ("pay/pom.xml", PAY),
        ("shop/pom.xml", SHOP),
        ("pay/src/main/java/till/Till.java", TILL),
        (PAY_FILE, TEST),
        (SHOP_FILE, SHOP_TEST),
    ];
    let process = Environment::of_process().unwrap();
    let home = process.get("HOME").unwrap_or_default().to_owned();
    // Maven's local repository is the user's own, so that nothing is fetched again.
    (Project::new(&all).set("HOME", home), found(&all))
}

mod with_maven {
    use super::*;

    #[test]
    #[ignore = "needs Maven with its plugins, which are not yet among the tools that are installed for tests"]
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
