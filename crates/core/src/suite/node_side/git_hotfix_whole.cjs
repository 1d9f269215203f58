// Preloaded into every process of Node that a script starts, where git-hotfix cannot take the script apart. A test tool
// among them is started anew with a reporter of ours and the chosen tests; of other programs it is noted whether they
// could not be loaded. Needs nothing but Node's own modules, Node 14 or newer.
'use strict';

const { isMainThread } = require('worker_threads');

const plan = isMainThread && process.env.HOTFIX_PLAN ? read(process.env.HOTFIX_PLAN) : null;
if (plan) {
  const name = nameOfTool();
  if (name === 'ava') again(['--tap'], process.argv.slice(2));
  else if (name) startAnew(plan.tools[name]);
  else process.on('uncaughtExceptionMonitor', note);
}

function read(file) {
  try {
    return JSON.parse(require('fs').readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function nameOfTool() {
  if (process.execArgv.includes('--test')) return 'node --test';
  let script = process.argv[1] || '';
  try {
    script = require('fs').realpathSync(script);
  } catch {
    return null;
  }
  script = script.split('\\').join('/');
  if (/\/(jest|jest-cli)\/bin\/jest\.js$/.test(script)) return 'jest';
  if (/\/react-scripts\/bin\/react-scripts\.js$/.test(script)) return process.argv[2] === 'test' ? 'react-scripts' : null;
  if (/\/vitest\/(vitest\.mjs|dist\/cli(-wrapper)?\.js)$/.test(script)) return runsTests('vitest') ? 'vitest' : null;
  if (/\/mocha\/bin\/(_mocha|mocha(\.js)?)$/.test(script)) return 'mocha';
  if (/\/ava\/(entrypoints\/cli\.mjs|cli\.js)$/.test(script)) return 'ava';
  return null;
}

/** Tools have other commands as well: `vitest bench`. */
function runsTests(name) {
  const first = process.argv[2];
  return !first || first.startsWith('-') || plan.tools[name].subcommands.includes(first) || !/^[a-z]+$/.test(first);
}

function startAnew(tool) {
  const isNode = tool.first.includes('--test');
  let own = isNode ? [...process.execArgv.filter((word) => word !== '--test'), ...process.argv.slice(1)] : process.argv.slice(2);
  if (tool.subcommands.includes(own[0]) || tool.first.includes(own[0])) own = own.slice(1);
  const { options, named } = sorted(own, tool);
  // Helpers look beside the script itself, not beside a link to it.
  const script = isNode ? '' : require('fs').realpathSync(process.argv[1]);
  const program = isNode ? [] : tool.program.map((word) => (word === 'SCRIPT' ? script : word));
  const words = [...program, ...tool.first, ...options, ...tool.ours, ...(tool.names_files ? [] : named)];
  Object.assign(process.env, tool.environment);
  run(isNode ? words : [...process.execArgv, ...words], 'inherit');
}

/** Starts a tool that tells what became of its tests on its standard output. */
function again(ours, own) {
  const fs = require('fs');
  const tap = fs.openSync(plan.tap, 'a', 0o600);
  const named = own.filter((word) => word !== '--tap' && word !== '-t' && word !== '--watch' && word !== '-w');
  run([...process.execArgv, process.argv[1], ...ours, ...named], tap);
}

/** Options that stay, and words that are none: as the arguments of scripts are sorted elsewhere. */
function sorted(words, tool) {
  const options = [];
  const named = [];
  const has = (list, name) => list.some((one) => optionName(one) === name);
  for (let place = 0; place < words.length; place += 1) {
    const word = words[place];
    if (word === '--') {
      named.push(...words.slice(place + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      named.push(word);
      continue;
    }
    const name = optionName(word);
    const next = words[place + 1];
    const isDropped = has(tool.dropped, name);
    const takes = has(tool.with_value, name) && !word.includes('=') && next !== undefined && !next.startsWith('-');
    const takesNumber = isDropped && next !== undefined && /^\d+$/.test(next);
    const own = takes || takesNumber ? [word, next] : [word];
    place += own.length - 1;
    if (!isDropped) options.push(...own);
  }
  return { options, named };
}

function optionName(word) {
  if (!word.startsWith('--')) return word.split('=')[0];
  const name = word.slice(2).split(/[=.]/)[0].replace(/^no-/, '');
  return '--' + name.replace(/-(.)/g, (_, one) => one.toUpperCase());
}

function run(words, stdout) {
  const env = Object.assign({}, process.env);
  delete env.HOTFIX_PLAN;
  env.NODE_OPTIONS = (env.NODE_OPTIONS || '').split(plan.hook).join('').trim();
  const { spawnSync } = require('child_process');
  const done = spawnSync(process.execPath, words, { stdio: ['inherit', stdout, 'inherit'], env });
  if (done.signal) process.kill(process.pid, done.signal);
  process.exit(done.status === null ? 1 : done.status);
}

/** Of a program that could not be loaded: its script and the error. */
function note(error) {
  try {
    if (!isLoadError(error)) return;
    const fs = require('fs');
    const path = require('path');
    const root = fs.realpathSync(process.env.HOTFIX_ROOT || process.cwd());
    const script = path.relative(root, fs.realpathSync(process.argv[1] || root));
    if (script === '' || script.startsWith('..') || script.split(path.sep).includes('node_modules')) return;
    const reason = (error.name || 'Error') + ': ' + String(error.message || '').split('\n')[0];
    fs.appendFileSync(plan.not_loaded, JSON.stringify([script.split(path.sep).join('/'), reason]) + '\n', { mode: 0o600 });
  } catch {
    // The exit code still says that it failed.
  }
}

/** Whether an error comes from Node's way of loading modules, not from the code in them. */
function isLoadError(error) {
  const codes = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_UNKNOWN_FILE_EXTENSION', 'ERR_REQUIRE_ESM', 'ERR_UNSUPPORTED_DIR_IMPORT'];
  if (!error || codes.includes(error.code) || error.name === 'TSError') return Boolean(error);
  if (error.name !== 'SyntaxError') return false;
  const first = String(error.stack).split('\n').find((line) => /^\s+at /.test(line)) || '';
  return first === '' || /node:internal\/(vm|modules)|ModuleJob|compileFunction|wrapSafe/.test(first);
}
