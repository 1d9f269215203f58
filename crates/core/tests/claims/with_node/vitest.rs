//! A parser of settings in JavaScript, bundled into an ignored folder and tested by vitest.

use hotfix_testkit::{Repo, Sandbox};

use crate::bench::{Bench, File};
use crate::cases::Gate;

cases! { "vitest";
    False { the_wrong_variable_with_a_bundle_that_was_built_from_other_code }
    Right { values_with_an_equals_sign, lines_that_are_comments }
}

const PROJECT: &[File] = &[
    (".gitignore", "node_modules\ndist\n"),
    (".worktreeinclude", "dist/\n"),
    ("package.json", PACKAGE),
    ("build.js", BUILD),
    ("src/parser.js", PARSER),
    ("test/parser.test.js", TESTS),
    ("test/bundle.test.js", BUNDLE_TEST),
];
const PACKAGE: &str = r#"{
  "name": "settings",
  "version": "0.9.0",
  "private": true,
  "type": "module",
  "scripts": { "build": "node build.js", "test": "vitest run" },
  "devDependencies": { "vitest": "*" }
}
"#;
const BUILD: &str = "import { cpSync } from 'node:fs';\n\ncpSync('src', 'dist', { recursive: true });\n";
/// What follows a second equals sign is lost, and comments are read as keys.
const PARSER: &str = r"export function pair(line) {
  const [key, value] = line.split('=');
  return [key.trim(), value?.trim() ?? ''];
}

export function parse(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(lines.map(pair));
}
";
const WITH_EQUALS_SIGNS: &str =
    "const [key, ...values] = line.split('=');\n  const value = values.join('=');";
const TESTS: &str = r"import { expect, test } from 'vitest';
import { pair, parse } from '../src/parser.js';

test('a pair', () => {
  expect(pair('port = 80')).toEqual(['port', '80']);
});

test('lines', () => {
  expect(parse('a=1\n\nb=2\n')).toEqual({ a: '1', b: '2' });
});
";
const BUNDLE_TEST: &str = r"import { expect, test } from 'vitest';
import { parse } from '../dist/parser.js';

test('the bundle parses', () => {
  expect(parse('a=1')).toEqual({ a: '1' });
});
";

/// A hotfix in a project whose main worktree was built.
fn bench() -> Bench {
    let build = |main: &Repo| main.write("dist/parser.js", PARSER);
    Bench::start_with(Sandbox::with_node(), PROJECT, build)
}

/// The slot was built while the right fix stood in it; then another one was written.
fn the_wrong_variable_with_a_bundle_that_was_built_from_other_code() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "test/bundle.test.js",
        "\ntest('the bundle keeps equals signs', () => {\n  expect(parse('query=a=b')).toEqual({ query: 'a=b' });\n});\n",
    );
    bench
        .write("dist/parser.js", &PARSER.replace("const [key, value] = line.split('=');", WITH_EQUALS_SIGNS));
    bench.replace(
        "src/parser.js",
        "[key.trim(), value?.trim() ?? '']",
        "[key.trim(), String(value ?? '').trim()]",
    );
    bench.ship().of_a_false_fix(Gate::MaySayAnything)
}

fn values_with_an_equals_sign() -> Result<(), String> {
    let bench = bench();
    bench.append(
        "test/parser.test.js",
        "\ntest('equals signs in a value', () => {\n  expect(pair('query=a=b')).toEqual(['query', 'a=b']);\n});\n",
    );
    bench.replace("src/parser.js", "const [key, value] = line.split('=');", WITH_EQUALS_SIGNS);
    bench.ship().of_a_right_fix()
}

fn lines_that_are_comments() -> Result<(), String> {
    let bench = bench();
    bench.write(
        "test/comments.test.js",
        "import { describe, expect, it } from 'vitest';\nimport { parse } from '../src/parser.js';\n\ndescribe('comments', () => {\n  it.each(['# a', '  # b=1'])('leaves out %s', (line) => {\n    expect(parse(`${line}\\nc=2`)).toEqual({ c: '2' });\n  });\n});\n",
    );
    bench.replace("src/parser.js", "line.trim() !== ''", "!/^\\s*(#|$)/.test(line)");
    bench.ship().of_a_right_fix()
}
