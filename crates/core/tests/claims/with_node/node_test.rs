//! A ledger in JavaScript, tested by Node's own runner.

use hotfix_testkit::Sandbox;

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "node";
    False { a_comment_while_a_cache_fills, a_comment_with_a_test_that_depends_on_chance }
    Right { amounts_that_are_paid_back, the_balance_of_an_account_with_a_new_version }
}

const PROJECT: &[File] = &[
    (".gitignore", "node_modules\n.ledger\n"),
    ("package.json", PACKAGE),
    ("src/ledger.js", LEDGER),
    ("src/journal.js", JOURNAL),
    ("test/ledger.test.js", TESTS),
];
const PACKAGE: &str = r#"{
  "name": "ledger",
  "version": "3.1.0",
  "private": true,
  "scripts": { "test": "node --test" }
}
"#;
/// What is paid back counts as income, and one account is not told from another.
const LEDGER: &str = r"function balance(entries) {
  return entries.reduce((sum, entry) => sum + Math.abs(entry.amount), 0);
}

function balanceOf(account, entries) {
  return balance(entries.filter((entry) => entry.account));
}

module.exports = { balance, balanceOf };
";
const JOURNAL: &str = r"const fs = require('node:fs');
const path = require('node:path');

const CACHE = path.join(__dirname, '../.ledger');

function pages(compute) {
  const file = path.join(CACHE, 'pages.json');
  const cached = fs.existsSync(file);
  const value = cached ? JSON.parse(fs.readFileSync(file)) : compute();
  fs.mkdirSync(CACHE, { recursive: true });
  fs.writeFileSync(file, JSON.stringify(value));
  return { value, cached };
}

module.exports = { pages };
";
const TESTS: &str = r"const assert = require('node:assert');
const test = require('node:test');
const { balance, balanceOf } = require('../src/ledger');

test('amounts are added', () => {
  assert.strictEqual(balance([{ amount: 3 }, { amount: 4 }]), 7);
});

test('the only account has everything', () => {
  assert.strictEqual(balanceOf('a', [{ account: 'a', amount: 5 }]), 5);
});
";
const PAID_BACK: &str = r"
test('what is paid back is taken off', () => {
  assert.strictEqual(balance([{ amount: 10 }, { amount: -4 }]), 6);
});
";
/// Fails in the first run, in the fifth and in the eighth, so that the case is the same each time.
const BY_CHANCE: &str = r"
test('the draw is won', () => {
  const drawn = require('node:path').join(process.env.HOME, 'draws');
  require('node:fs').appendFileSync(drawn, '.');
  const count = require('node:fs').readFileSync(drawn, 'utf8').length;
  assert.ok(![1, 5, 8].includes(count), 'the draw is lost');
});
";

fn bench() -> Bench {
    Bench::start(Sandbox::with_node(), PROJECT)
}

fn comment(bench: &Bench, path: &str) {
    bench.append(path, "// Read by the auditors.\n");
}

/// The cache lies in the worktree and is ignored: empty in the first run there, and full from then on.
fn a_comment_while_a_cache_fills() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "test/journal.test.js",
        "const assert = require('node:assert');\nconst test = require('node:test');\nconst { pages } = require('../src/journal');\n\ntest('pages are cached', () => {\n  assert.ok(pages(() => [1, 2]).cached);\n});\n",
    );
    comment(&bench, "src/journal.js");
    bench.prove_then_test(&[]).of_a_false_fix(Gate::MaySayAnything)
}

fn a_comment_with_a_test_that_depends_on_chance() -> Result<(), String> {
    let bench = bench();
    bench.append("test/ledger.test.js", BY_CHANCE);
    comment(&bench, "src/ledger.js");
    bench.prove_then_test(&[]).of_a_false_fix(Gate::MaySayAnything)
}

fn amounts_that_are_paid_back() -> Result<(), String> {
    let bench = bench();
    bench.append("test/ledger.test.js", PAID_BACK);
    bench.replace("src/ledger.js", "Math.abs(entry.amount)", "entry.amount");
    bench.ship().of_a_right_fix()
}

fn the_balance_of_an_account_with_a_new_version() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "test/ledger.test.js",
        "\ntest('accounts are told apart', () => {\n  const entries = [{ account: 'a', amount: 5 }, { account: 'b', amount: 2 }];\n  assert.strictEqual(balanceOf('b', entries), 2);\n});\n",
    );
    bench.replace("src/ledger.js", "(entry) => entry.account)", "(entry) => entry.account === account)");
    bench.replace("package.json", "3.1.0", "3.1.1");
    bench.ship().of_a_right_fix()
}
