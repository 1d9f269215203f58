//! A cart in Python, tested by pytest.

use hotfix_testkit::Sandbox;

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "python";
    False {
        a_comment_while_the_service_comes_up,
        a_test_that_is_skipped_once_the_version_is_new,
        a_broken_fix_while_an_installed_copy_is_imported,
        a_comment_while_a_number_at_home_grows,
        a_broken_fix_with_a_test_that_is_expected_to_fail,
    }
    Right {
        tax_on_the_reduced_price,
        a_rate_in_the_table_that_the_package_carries,
        tax_on_the_reduced_price_beside_a_test_that_fails_on_main,
        the_last_one_in_stock_while_the_service_answers,
    }
}

const PROJECT: &[File] = &[
    // With this file, pytest finds the package from the root.
    ("conftest.py", ""),
    (".gitignore", "__pycache__/\n.pytest_cache/\n"),
    ("pyproject.toml", "[project]\nname = \"cart\"\nversion = \"1.4.2\"\n"),
    ("cart/__init__.py", "\"\"\"The cart of the shop.\"\"\"\n\nVERSION = \"1.4.2\"\n"),
    ("cart/rates.json", "{\"AT\": 20, \"DE\": 19, \"FR\": 2}\n"),
    ("cart/prices.py", PRICES),
    ("cart/stock.py", STOCK),
    ("cart/orders.py", ORDERS),
    ("tests/test_prices.py", TESTS),
    (
        "tests/test_orders.py",
        "from cart.orders import label\n\n\ndef test_label():\n    assert label(7) == \"order 7\"\n",
    ),
];
/// Tax is taken from the full price, also where the price is reduced.
const PRICES: &str = r#""""What a cart costs, in cents."""

import json
from pathlib import Path

RATES = json.loads((Path(__file__).parent / "rates.json").read_text())


def subtotal(lines):
    return sum(count * price for count, price in lines)


def reduced(cents, percent):
    return cents - cents * percent // 100


def total(lines, percent=0, country="DE"):
    net = subtotal(lines)
    price = reduced(net, percent)
    return price + net * RATES[country] // 100
"#;
/// One piece is not enough, though it should be.
const STOCK: &str = r#""""What the warehouse has. It listens on a socket."""

import os
import socket
from pathlib import Path


def ask(sku):
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(os.environ["WAREHOUSE"])
        connection.sendall(f"{sku}\n".encode())
        return int(connection.makefile().readline())
    except OSError as error:
        with open(Path.home() / "warehouse-errors.log", "a") as log:
            log.write(f"{sku}: {error}\n")
        raise
    finally:
        connection.close()


def available(sku):
    return ask(sku) > 1
"#;
const ORDERS: &str = r#""""Orders and their numbers. The last number is kept at home."""

from pathlib import Path


def label(number):
    return f"order {number}"


def next_number():
    kept = Path.home() / "last-order"
    number = int(kept.read_text()) + 1 if kept.exists() else 1
    kept.write_text(str(number))
    return number
"#;
const TESTS: &str = r"from cart.prices import reduced, subtotal, total


def test_subtotal():
    assert subtotal([(2, 100), (1, 50)]) == 250


def test_reduced():
    assert reduced(1000, 10) == 900


def test_total():
    assert total([(1, 100)]) == 119
";
const NEW_TEST: &str = r"

def test_tax_on_the_reduced_price():
    assert total([(1, 1000)], percent=10) == 900 + 171
";

fn project(more: &[File]) -> Vec<File> {
    [PROJECT, more].concat()
}

fn bench() -> Bench {
    Bench::start(Sandbox::with_python(), &project(&[]))
}

fn fix_tax(bench: &Bench) {
    bench.replace("cart/prices.py", "price + net * RATES", "price + price * RATES");
    bench.append("tests/test_prices.py", NEW_TEST);
}

/// The new test needs the warehouse, which is down in the first run and up from then on.
fn a_comment_while_the_service_comes_up() -> Result<(), String> {
    let sandbox = Sandbox::with_python();
    let (socket, failure) = (sandbox.root().join("warehouse"), sandbox.home().join("warehouse-errors.log"));
    sandbox.env_set("WAREHOUSE", &socket);
    let mut bench = Bench::start(sandbox, &project(&[]));
    bench.serve(&socket, "5", Some(failure));
    bench.write(
        "tests/test_stock.py",
        "from cart.stock import available\n\n\ndef test_mugs_are_available():\n    assert available(\"mug\")\n",
    );
    bench.replace("cart/stock.py", "def available(sku):", "# Asks the warehouse.\ndef available(sku):");
    bench.prove_then_test(&[]).of_a_false_fix(Gate::MaySayAnything)
}

/// The tax is still wrong; only the version went up, and with it the test is skipped.
fn a_test_that_is_skipped_once_the_version_is_new() -> Result<(), String> {
    let bench = bench();
    let skipped =
        NEW_TEST.replace("\n\ndef", "\n\n@pytest.mark.skipif(VERSION == \"1.4.3\", reason=\"done\")\ndef");
    bench.replace(
        "tests/test_prices.py",
        "from cart.prices",
        "import pytest\n\nfrom cart import VERSION\nfrom cart.prices",
    );
    bench.append("tests/test_prices.py", &skipped);
    bench.replace("cart/__init__.py", "1.4.2", "1.4.3");
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

/// The tests import the copy of the package that is deployed on this machine, where the tax is right. In the repository
/// the fix breaks the sum of a cart.
fn a_broken_fix_while_an_installed_copy_is_imported() -> Result<(), String> {
    let sandbox = Sandbox::with_python();
    let installed = sandbox.root().join("packages");
    std::fs::create_dir_all(installed.join("cart")).unwrap();
    for (path, text) in PROJECT.iter().filter(|(path, _)| path.starts_with("cart/")) {
        let right = text.replace("price + net * RATES", "price + price * RATES");
        std::fs::write(installed.join(path), right).unwrap();
    }
    sandbox.env_set("SHOP_PACKAGES", &installed);
    let setup = "import os\nimport sys\n\nsys.path.insert(0, os.environ[\"SHOP_PACKAGES\"])\n";
    let bench = Bench::start(sandbox, &project(&[("conftest.py", setup)]));
    bench.append("tests/test_prices.py", NEW_TEST);
    bench.replace("cart/prices.py", "count * price for", "count + price for");
    bench.ship().of_a_false_fix(Gate::DoesNotPass)
}

/// Whichever run is the first one finds no number; every later one does.
fn a_comment_while_a_number_at_home_grows() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "tests/test_orders.py",
        "\n\ndef test_numbers_go_on():\n    from cart.orders import next_number\n\n    assert next_number() > 1\n",
    );
    bench.replace("cart/orders.py", "def next_number():", "# Counts.\ndef next_number():");
    bench.prove_then_test(&[]).of_a_false_fix(Gate::MaySayAnything)
}

/// On base the test passes although it should fail, which strict pytest calls a failure. The fix drops the tax, so that
/// it fails as it should.
fn a_broken_fix_with_a_test_that_is_expected_to_fail() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "tests/test_small_carts.py",
        "import pytest\n\nfrom cart.prices import total\n\n\n@pytest.mark.xfail(strict=True, reason=\"rounding\")\ndef test_small_cart():\n    assert total([(1, 10)]) == 11\n",
    );
    bench.replace("cart/prices.py", "price + net * RATES[country] // 100", "price");
    bench.ship().of_a_false_fix(Gate::Fails)
}

fn tax_on_the_reduced_price() -> Result<(), String> {
    let bench = bench();
    fix_tax(&bench);
    bench.ship().of_a_right_fix()
}

/// The fix is one number in a file of data that the code reads.
fn a_rate_in_the_table_that_the_package_carries() -> Result<(), String> {
    let bench = bench();
    bench.replace("cart/rates.json", "\"FR\": 2}", "\"FR\": 20}");
    bench.append(
        "tests/test_prices.py",
        "\n\ndef test_tax_in_france():\n    assert total([(1, 1000)], country=\"FR\") == 1200\n",
    );
    bench.ship().of_a_right_fix()
}

fn tax_on_the_reduced_price_beside_a_test_that_fails_on_main() -> Result<(), String> {
    let old = "from cart import VERSION\n\n\ndef test_version():\n    assert VERSION == \"1.4.1\"\n";
    let bench = Bench::start(Sandbox::with_python(), &project(&[("tests/test_version.py", old)]));
    fix_tax(&bench);
    bench.ship().of_a_right_fix()
}

/// The test asks a real service, which is up all the time.
fn the_last_one_in_stock_while_the_service_answers() -> Result<(), String> {
    let sandbox = Sandbox::with_python();
    let socket = sandbox.root().join("warehouse");
    sandbox.env_set("WAREHOUSE", &socket);
    let mut bench = Bench::start(sandbox, &project(&[]));
    bench.serve(&socket, "1", None);
    bench.write(
        "tests/test_stock.py",
        "from cart.stock import available\n\n\ndef test_the_last_mug_is_available():\n    assert available(\"mug\")\n",
    );
    bench.replace("cart/stock.py", "ask(sku) > 1", "ask(sku) > 0");
    bench.ship().of_a_right_fix()
}
