// Starts mocha for git-hotfix with the project's own settings, but with the chosen files instead of its own list: mocha
// itself would run both.
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

const [bin, settings, files, ...own] = process.argv.slice(2);
const { loadOptions } = require(['options.js', 'options.cjs'].map(inside).find((file) => fs.existsSync(file)));
const options = Object.assign({}, loadOptions(own));
const chosen = JSON.parse(files);
const known = (Array.isArray(options.spec) ? options.spec : [options.spec]).concat(options._ || []).filter(Boolean);
for (const name of ['_', 'spec', 'config', 'package', 'opts', 'reporter', 'reporters', 'R', 'reporterOption']) delete options[name];
for (const name of ['reporterOptions', 'reporter-option', 'reporter-options', 'O', 'watch', 'w', 'bail', 'b']) delete options[name];
for (const name of ['file-list', 'h', 'V', 'help', 'version']) delete options[name];
const extra = JSON.parse(process.env.HOTFIX_MOCHA_OPTIONS || '{}');
delete process.env.HOTFIX_MOCHA_OPTIONS;
// Names that we choose stand alone.
if (extra.grep) for (const name of ['f', 'g', 'i', 'fgrep', 'grep', 'invert']) delete options[name];
const spec = chosen.length > 0 ? chosen : known;
if (extra.list) {
  list();
  process.exit(0);
}
fs.writeFileSync(settings, JSON.stringify(Object.assign(options, extra, spec.length > 0 ? { spec } : {})), { mode: 0o600 });
process.argv = [process.argv[0], bin, '--config', settings, '--no-package', '--no-opts'];
import(pathToFileURL(bin).href);

function inside(name) {
  return path.join(path.dirname(path.dirname(bin)), 'lib', 'cli', name);
}

/** Prints the files that mocha would run, found by its own code. */
function list() {
  const collect = require(['collect-files.js', 'collect-files.cjs'].map(inside).find((file) => fs.existsSync(file)));
  const all = (value) => (value === undefined ? [] : [].concat(value));
  const wanted = {
    ignore: [...all(options.ignore), ...all(options.exclude)],
    extension: all(options.extension).length > 0 ? all(options.extension) : ['js', 'cjs', 'mjs'],
    file: all(options.file),
    recursive: Boolean(options.recursive),
    sort: Boolean(options.sort),
    spec: spec.length > 0 ? spec : ['./test'],
  };
  const found = (collect.default || collect)(wanted);
  const files = (Array.isArray(found) ? found : found.files).map((file) => path.resolve(file));
  process.stdout.write('\n' + JSON.stringify(files) + '\n');
}
