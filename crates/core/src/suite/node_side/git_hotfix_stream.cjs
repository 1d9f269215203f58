// Tells git-hotfix what a test run does, one JSON line for each thing, and ends the run when a test takes too long.
// Needs nothing but Node's own modules, Node 14 or newer.
'use strict';

const fs = require('fs');
const path = require('path');

// Taken out of the environment, so that a test that starts a runner of its own does not write into our stream.
const STREAM = take('HOTFIX_STREAM');
const LIMIT = Number(take('HOTFIX_TEST_LIMIT') || 0) * 1000;
const ROOT = real(process.env.HOTFIX_ROOT || process.cwd());
const LONGEST_REASON = 300;

// Tests replace these; the ones kept here stay Node's own.
const { openSync, writeSync, closeSync } = fs;
const now = Date.now.bind(Date);
const waiting = [];
const counts = new Map();
let watcher = null;

function take(name) {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

function real(folder) {
  try {
    return fs.realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Writes one line; what was written survives the death of this process. */
function tell(event, fields) {
  waiting.push(JSON.stringify(Object.assign({}, fields, { event })) + '\n');
  if (!STREAM) return;
  try {
    // Opened anew for each line: tests close or replace file descriptors they do not own.
    const file = openSync(STREAM, 'a', 0o600);
    try {
      while (waiting.length > 0) {
        writeSync(file, waiting[0]);
        waiting.shift();
      }
    } finally {
      closeSync(file);
    }
  } catch {
    // A test has replaced the file system for a while: the line waits for the next one.
  }
}

/** Text without terminal sequences and lone surrogates, which JSON readers refuse. */
function plain(text) {
  return String(text)
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

/** An error in one line: its kind and message, and what was expected and received where a matcher says so. */
function oneLine(error) {
  const text = plain(textOf(error));
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const first = lines.find((line) => line !== '') || '';
  const said = ['Expected', 'Received'].map((word) => lines.find((line) => line.startsWith(word) && line !== first));
  return [first, ...said.filter(Boolean)].join('; ').replace(/\s+/g, ' ').slice(0, LONGEST_REASON);
}

function textOf(error) {
  if (error === null || error === undefined) return 'no reason given';
  if (typeof error === 'string') return error;
  try {
    const kind = kindOf(error);
    const name = kind === '' ? '' : kind + ': ';
    const message = String(error.message || '');
    const text = message === '' && !inner(error) ? name + String(error.stack || error) : message.startsWith(name) ? message : name + message;
    return inner(error) ? text.split('\n')[0] + ' (' + inner(error) + ')' : text;
  } catch {
    return 'an error that cannot be printed';
  }
}

/** The name of an error, or of its class where it has no name of its own. A plain `Error` is of no kind. */
function kindOf(error) {
  const name = typeof error.name === 'string' && error.name !== '' ? error.name : 'Error';
  if (name !== 'Error') return name;
  // What crosses a process arrives with the name of its class only.
  const made = typeof error.constructor === 'function' ? error.constructor.name : String(error.constructor || '');
  const of = /^Function<(\w+)>$/.exec(made);
  const kind = of ? of[1] : made;
  return kind === 'Error' || kind === 'Object' || !/^\w+$/.test(kind) ? '' : kind;
}

/** What is behind an error: `fetch failed` does not say that nobody answered. */
function inner(error) {
  const behind = Array.isArray(error.errors) && error.errors.length > 0 ? error.errors[0] : error.cause;
  if (behind === null || typeof behind !== 'object') return '';
  const message = String(behind.message || behind.code || '').split('\n')[0];
  return message || inner(behind);
}

/**
 * Where an error was thrown: the innermost place of its stack that is a file of the repository, as `path:function`, or
 * the path alone where the function has no name. Takes an error, or the text of a stack.
 */
function frameOf(error) {
  try {
    const stack = typeof error === 'string' ? error : error && error.stack;
    for (const line of plain(stack || '').split('\n')) {
      const place = placeOf(line.trim());
      const file = place && ownFile(place.file);
      if (file) return place.name === '' ? file : file + ':' + place.name;
    }
  } catch {
    // Without a place the reason has to do.
  }
  return null;
}

/** `at name (file:line:column)`, `at file:line:column`. mocha writes files relative to its folder. */
function placeOf(line) {
  const found = /^at (?:async )?(?:(.*?) \()?((?!node:)[^()\s][^()]*?):\d+(?::\d+)?\)?$/.exec(line);
  if (!found) return null;
  const name = (found[1] || '').replace(/^(async|new) /, '').replace(/ \[as .*\]$/, '').replace(/^(Object|exports|module\.exports|Proxy|Function)\./, '');
  return { name: /<anonymous>$/.test(name) || name === 'eval' ? '' : name, file: found[2] };
}

/** The path of a file of the repository; null for any other. */
function ownFile(file) {
  const absolute = file.startsWith('file://') ? require('url').fileURLToPath(file) : file;
  const place = real(path.resolve(absolute.split('?')[0]));
  const inside = path.relative(ROOT, place);
  if (!fs.existsSync(place)) return null;
  const parts = inside.split(path.sep);
  return inside === '' || parts[0] === '..' || parts.includes('node_modules') ? null : parts.join('/');
}

/** Why a test of a snapshot that is not there is no pass: nothing is written while git-hotfix runs tests. */
function notWritten(command, file) {
  return 'a new snapshot was not written: run `' + command + ' ' + file + '` and commit what it writes';
}

/** The path of a file as ids have it. */
function fileOf(absolute) {
  const inside = path.relative(ROOT, real(absolute || ''));
  return inside.split(path.sep).join('/');
}

/** The id of a test; the second one of the same name is `… #2`. `kind` keeps separate counts apart. */
function idOf(kind, file, titles) {
  const name = titles.map((title) => visible(plain(title).replace(/[^\S\ufeff]+/g, ' ').trim())).join(' > ');
  const id = file + '::' + name;
  const key = kind + id;
  const count = (counts.get(key) || 0) + 1;
  counts.set(key, count);
  return count === 1 ? id : id + ' #' + count;
}

/** What readers of ids leave out is written out, or two names would become one. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (one) => '\\u' + one.codePointAt(0).toString(16).padStart(4, '0'));
}

/** Forgets the counts of a file that is run anew. */
function again(kind, file) {
  for (const key of counts.keys()) if (key.startsWith(kind + file + '::')) counts.delete(key);
}

/** What git-hotfix wants to run: ids, or null for all. */
function wantedCases() {
  const file = take('HOTFIX_SELECTION');
  if (!file) return null;
  const cases = JSON.parse(fs.readFileSync(file, 'utf8')).cases;
  return cases === null ? null : new Set(cases);
}

/** Says which test of a file runs now. */
function running(file, id) {
  tell('now', { file, id });
  if (LIMIT > 0) watch({ file, id, at: now() });
}

/** Says that no test of a file runs now. */
function idle(file) {
  if (watcher) watcher.postMessage({ file, id: null });
}

/** A thread of its own, because a test that hangs holds this one. */
function watch(message) {
  try {
    if (watcher === null) {
      const { Worker } = require('worker_threads');
      const workerData = { stream: STREAM, limit: LIMIT, process: process.pid };
      watcher = new Worker(WATCHER, { eval: true, workerData, execArgv: [], env: {}, stdin: false });
      watcher.on('error', () => {});
      watcher.unref();
    }
    watcher.postMessage(message);
  } catch {
    // Without threads the limit of the whole run has to do.
  }
}

const WATCHER = `
  const { parentPort, workerData } = require('worker_threads');
  const fs = require('fs');
  const timers = new Map();
  parentPort.on('message', ({ file, id }) => {
    clearTimeout(timers.get(file));
    timers.delete(file);
    if (id === null) return;
    timers.set(file, setTimeout(() => {
      const reason = 'no end after ' + workerData.limit / 1000 + ' s';
      const ended = { event: 'ended', id, file, outcome: 'timed_out', reason, seconds: workerData.limit / 1000 };
      const lines = [ended, { event: 'gave_up' }].map((line) => JSON.stringify(line) + '\\n').join('');
      fs.appendFileSync(workerData.stream, lines);
      process.kill(workerData.process, 'SIGKILL');
    }, workerData.limit));
  });
`;

module.exports = { ROOT, tell, plain, oneLine, frameOf, notWritten, fileOf, idOf, again, wantedCases, running, idle };
