//! Exchange rates in JavaScript, tested by jest.

use hotfix_testkit::Sandbox;

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "jest";
    False {
        a_comment_with_a_test_of_the_folder_it_runs_in,
        a_comment_with_a_sample_that_the_test_reads,
        a_comment_with_a_stub_that_the_configuration_puts_in_place,
    }
    Right {
        rates_the_right_way_round,
        a_refused_connection_is_called_offline,
        rates_with_samples_in_a_folder_of_the_tests,
    }
}

const PROJECT: &[File] = &[
    (".gitignore", "node_modules\n"),
    ("package.json", PACKAGE),
    ("src/rates.js", RATES),
    ("src/footer.js", FOOTER),
    ("test/rates.test.js", TESTS),
];
const PACKAGE: &str = r#"{
  "name": "rates",
  "version": "2.0.1",
  "private": true,
  "scripts": { "test": "jest" },
  "devDependencies": { "jest": "*" }
}
"#;
/// The two rates stand the wrong way round, and an error is shown by its code.
const RATES: &str = r"const TABLE = { EUR: 100, GBP: 120, USD: 80 };

function convert(cents, from, to) {
  return Math.round((cents * TABLE[to]) / TABLE[from]);
}

async function status(connect) {
  try {
    await connect();
    return 'online';
  } catch (error) {
    return error.code;
  }
}

module.exports = { convert, status };
";
const FOOTER: &str = r"const path = require('node:path');

module.exports = () => `printed by ${path.basename(process.cwd())}`;
";
const TESTS: &str = r"const { convert, status } = require('../src/rates');

test('a currency is worth itself', () => {
  expect(convert(250, 'EUR', 'EUR')).toBe(250);
});

test('what can be reached is online', async () => {
  expect(await status(async () => {})).toBe('online');
});
";
const NEW_TEST: &str = r"
test('dollars become euros', () => {
  expect(convert(100, 'USD', 'EUR')).toBe(80);
});
";

fn bench() -> Bench {
    Bench::start(Sandbox::with_node(), PROJECT)
}

fn fix_rates(bench: &Bench) {
    bench.replace("src/rates.js", "TABLE[to]) / TABLE[from]", "TABLE[from]) / TABLE[to]");
}

fn comment(bench: &Bench) {
    bench.replace("src/rates.js", "function convert", "// Converts.\nfunction convert");
}

/// The name of the folder is that of the slot on the machine of whoever wrote the test.
fn a_comment_with_a_test_of_the_folder_it_runs_in() -> Result<(), String> {
    let bench = bench();
    let folder = bench.file("").canonicalize().unwrap();
    let folder = folder.file_name().unwrap().to_str().unwrap();
    bench.write(
        "test/footer.test.js",
        &format!("const footer = require('../src/footer');\n\ntest('the footer names the shop', () => {{\n  expect(footer()).toBe('printed by {folder}');\n}});\n"),
    );
    bench.append("src/footer.js", "// Printed below each page.\n");
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

/// The sample holds the wrong result that the code gives.
fn a_comment_with_a_sample_that_the_test_reads() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "samples/dollars.json",
        "{ \"cents\": 100, \"from\": \"USD\", \"to\": \"EUR\", \"want\": 125 }\n",
    );
    bench.append(
        "test/rates.test.js",
        "\ntest('the sample of the bank', () => {\n  const path = require('node:path').join(__dirname, '../samples/dollars.json');\n  const { cents, from, to, want } = JSON.parse(require('node:fs').readFileSync(path, 'utf8'));\n  expect(convert(cents, from, to)).toBe(want);\n});\n",
    );
    comment(&bench);
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

/// In the tests the rates are a stub from now on, which is right; the code is not.
fn a_comment_with_a_stub_that_the_configuration_puts_in_place() -> Result<(), String> {
    let bench = bench();
    bench.append("test/rates.test.js", NEW_TEST);
    bench.write(
        "stubs/rates.js",
        "const table = { USD: 80 };\n\nmodule.exports = {\n  convert: (cents, from) => (cents * (table[from] ?? 100)) / 100,\n  status: async () => 'online',\n};\n",
    );
    bench.replace(
        "package.json",
        "\"private\": true,",
        "\"private\": true,\n  \"jest\": { \"moduleNameMapper\": { \"/src/rates$\": \"<rootDir>/stubs/rates.js\" } },",
    );
    comment(&bench);
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

fn rates_the_right_way_round() -> Result<(), String> {
    let bench = bench();
    bench.append("test/rates.test.js", NEW_TEST);
    fix_rates(&bench);
    bench.ship().of_a_right_fix()
}

/// The bug is about an outage; nothing is down but what the test itself makes up.
fn a_refused_connection_is_called_offline() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "test/rates.test.js",
        "\ntest('what refuses is offline', async () => {\n  const refuse = async () => {\n    throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8080'), { code: 'ECONNREFUSED' });\n  };\n  expect(await status(refuse)).toBe('offline');\n});\n",
    );
    bench.replace(
        "src/rates.js",
        "return error.code;",
        "return error.code === 'ECONNREFUSED' ? 'offline' : error.code;",
    );
    bench.ship().of_a_right_fix()
}

fn rates_with_samples_in_a_folder_of_the_tests() -> Result<(), String> {
    let bench = bench();
    bench.write("test/samples/bank.json", "[[100, \"USD\", \"EUR\", 80], [100, \"GBP\", \"EUR\", 120]]\n");
    bench.write(
        "test/bank.test.js",
        "const { convert } = require('../src/rates');\n\ntest.each(require('./samples/bank.json'))('%i %s to %s is %i', (cents, from, to, want) => {\n  expect(convert(cents, from, to)).toBe(want);\n});\n",
    );
    fix_rates(&bench);
    bench.ship().of_a_right_fix()
}
