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
for (const name of ['file-list', 'f', 'g', 'fgrep', 'grep', 'h', 'V', 'help', 'version']) delete options[name];
const extra = JSON.parse(process.env.HOTFIX_MOCHA_OPTIONS || '{}');
delete process.env.HOTFIX_MOCHA_OPTIONS;
const spec = chosen.length > 0 ? chosen : known;
fs.writeFileSync(settings, JSON.stringify(Object.assign(options, extra, spec.length > 0 ? { spec } : {})), { mode: 0o600 });
process.argv = [process.argv[0], bin, '--config', settings, '--no-package', '--no-opts'];
import(pathToFileURL(bin).href);

function inside(name) {
  return path.join(path.dirname(path.dirname(bin)), 'lib', 'cli', name);
}
