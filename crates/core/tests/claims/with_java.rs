//! A till in Java, built by Maven.

use hotfix_testkit::{Sandbox, tools};

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "java";
    False { a_broken_fix_while_the_store_is_down }
    Right { coins_from_the_largest_down, a_price_without_cents }
}

const IGNORED: File = (".gitignore", "target/\n");
const TILL: &str = "src/main/java/till/Till.java";
const TILL_TEST: &str = "src/test/java/till/TillTest.java";
/// Coins are given from the smallest up, and a price without cents cannot be read.
const TILL_CODE: &str = r#"package till;

import java.util.ArrayList;
import java.util.List;

public class Till {
    static final int[] COINS = {1, 2, 5, 10, 20, 50};

    public static List<Integer> change(int cents) {
        List<Integer> coins = new ArrayList<>();
        for (int coin : COINS) {
            while (cents >= coin) {
                coins.add(coin);
                cents -= coin;
            }
        }
        return coins;
    }

    public static int cents(String price) {
        String[] parts = price.split("\\.");
        return Integer.parseInt(parts[0]) * 100 + Integer.parseInt(parts[1]);
    }
}
"#;
const TILL_TEST_CODE: &str = r#"package till;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TillTest {
    @Test
    void nothingToGiveBack() {
        assertEquals(List.of(), Till.change(0));
    }

    @Test
    void aPrice() {
        assertEquals(1250, Till.cents("12.50"));
    }
}
"#;
/// The test needs the store, which listens nowhere.
const STORE_TEST_CODE: &str = r#"package till;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TillTest {
    @BeforeEach
    void open() throws Exception {
        new Socket("127.0.0.1", 1).close();
    }

    @Test
    void aPrice() {
        assertEquals(1250, Till.cents("12.50"));
    }
}
"#;

fn bench(tests: &'static str) -> Bench {
    let sandbox = Sandbox::new();
    for (name, value) in tools::java_variables(&tools::JAVA.folder()) {
        sandbox.env_set(name, value);
    }
    let pom = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>till</artifactId><version>1</version>{}</project>\n",
        tools::maven_pins()
    );
    let files = [IGNORED, ("pom.xml", &pom), (TILL, TILL_CODE), (TILL_TEST, tests)];
    Bench::start(sandbox, &files)
}

fn add_test(bench: &Bench, test: &str) {
    let text = std::fs::read_to_string(bench.file(TILL_TEST)).unwrap();
    bench.write(TILL_TEST, &format!("{}\n{test}}}\n", text.strip_suffix("}\n").unwrap()));
}

/// Prices are read wrong from now on. The one test there is cannot tell, on base as little as with the fix.
fn a_broken_fix_while_the_store_is_down() -> Result<(), String> {
    let bench = bench(STORE_TEST_CODE);
    let price = "        assertEquals(1250, Till.cents(\"12.50\"));\n";
    bench.replace(TILL_TEST, price, &format!("{price}        assertEquals(1200, Till.cents(\"12\"));\n"));
    bench.replace(
        TILL,
        "Integer.parseInt(parts[0]) * 100 + Integer.parseInt(parts[1])",
        "Integer.parseInt(parts[0])",
    );
    bench.ship().of_a_false_fix(Gate::DoesNotPass)
}

fn coins_from_the_largest_down() -> Result<(), String> {
    let bench = bench(TILL_TEST_CODE);
    add_test(
        &bench,
        "    @Test\n    void fewCoins() {\n        assertEquals(List.of(50, 20, 5), Till.change(75));\n    }\n",
    );
    bench.replace(TILL, "{1, 2, 5, 10, 20, 50}", "{50, 20, 10, 5, 2, 1}");
    bench.ship().of_a_right_fix()
}

/// On base the code throws.
fn a_price_without_cents() -> Result<(), String> {
    let bench = bench(TILL_TEST_CODE);
    add_test(
        &bench,
        "    @Test\n    void aRoundPrice() {\n        assertEquals(1200, Till.cents(\"12\"));\n    }\n",
    );
    bench.replace(
        TILL,
        "+ Integer.parseInt(parts[1])",
        "+ (parts.length > 1 ? Integer.parseInt(parts[1]) : 0)",
    );
    bench.ship().of_a_right_fix()
}
