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

/** An error in one line: its message, and what was expected and received where a matcher says so. */
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
    const name = error.name && error.name !== 'Error' ? error.name + ': ' : '';
    const message = String(error.message || '');
    return message === '' ? name + String(error.stack || error) : message.startsWith(name) ? message : name + message;
  } catch {
    return 'an error that cannot be printed';
  }
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

module.exports = { ROOT, tell, plain, oneLine, fileOf, idOf, again, wantedCases, running, idle };
