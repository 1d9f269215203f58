// A reporter of git-hotfix for Node's own test runner, Node 18.17, 20 and newer.
import stream from './git_hotfix_stream.cjs';

const wanted = stream.wantedCases();
const names = new Map();
const said = new Map();
let left_out = 0;
let not_tests = 0;
let open = null;
const release = process.execArgv.includes('--test-force-exit') ? holdExit() : () => {};

export default async function* report(source) {
  stream.tell('session');
  let own = null;
  for await (const { type, data } of source) {
    if (type === 'test:dequeue' && isFile(data)) stream.tell('file_began', { file: stream.fileOf(data.file) });
    else if (type === 'test:complete' && isFile(data)) stream.tell('file_ended', { file: stream.fileOf(data.file) });
    else if (type === 'test:start') began(data);
    else if (type === 'test:pass' || type === 'test:fail') ended(type, data);
    else if (type === 'test:stderr') said.set(data.file, ((said.get(data.file) || '') + data.message).slice(-8192));
    else if (type === 'test:diagnostic' && data.nesting === 0) own = countIn(data.message, own);
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
  }
  stream.tell('finished', { ran: own === null ? null : own - left_out - not_tests });
  release();
}

/** `--test-force-exit` ends this process before its reporters have told everything; no test runs in it. */
function holdExit() {
  const end = process.exit;
  let code;
  let isDone = false;
  let isAsked = false;
  const leave = () => end.call(process, code);
  process.exit = (given) => {
    code = given === undefined ? process.exitCode : given;
    isAsked = true;
    if (isDone) leave();
    // What is not told by then is never told: the run counts as cut off.
    else setTimeout(leave, 10_000);
  };
  return () => {
    isDone = true;
    if (isAsked) setImmediate(leave);
  };
}

function countIn(message, known) {
  const found = /^tests (\d+)$/.exec(message);
  return found ? Number(found[1]) : known;
}

function titlesOf(data) {
  const key = data.file || '';
  const stack = names.get(key) || [];
  stack.length = data.nesting;
  stack[data.nesting] = data.name;
  names.set(key, stack);
  return stack.map((name) => name || '?');
}

/** Results come file by file: those of the next one say that this one is complete. */
function began(data) {
  titlesOf(data);
  if (open !== null && open !== data.file) stream.tell('file_ended', { file: stream.fileOf(open) });
  open = data.file || null;
}

/** Node tells of a file that failed before or beside its tests as of a test with the name of the file. */
function isFile(data) {
  if (data.nesting !== 0 || !data.file) return false;
  return data.name === data.file || data.file.endsWith('/' + data.name.replace(/^\.\//, ''));
}

function ended(type, data) {
  const titles = titlesOf(data);
  const file = stream.fileOf(data.file);
  const details = data.details || {};
  const failed = type === 'test:fail' && data.todo === undefined;
  if (isFile(data)) {
    not_tests += 1;
    if (failed) stream.tell('not_loaded', { file, reason: whyNot(data, details) });
    return;
  }
  if (details.type === 'suite' && !(failed && isOwnFailure(details))) return;
  const id = stream.idOf('', file, titles);
  if (details.type !== 'suite' && wanted && !wanted.has(id)) {
    left_out += 1;
    return;
  }
  if (details.type === 'suite') not_tests -= 1;
  const skipped = data.skip !== undefined || data.todo !== undefined;
  const outcome = failed ? 'failed' : skipped ? 'skipped' : 'passed';
  const reason = failed ? reasonOf(details) : skipped ? String(data.skip || data.todo || '') : null;
  const frame = failed ? stream.frameOf(causeOf(details)) : null;
  stream.tell('ended', { id, file, outcome, reason, frame, seconds: (details.duration_ms || 0) / 1000 });
}

/** Whether a suite failed by itself, by a hook, and not only because a test in it did. */
function isOwnFailure(details) {
  return details.error && details.error.failureType !== 'subtestsFailed';
}

function reasonOf(details) {
  return stream.oneLine(causeOf(details));
}

/** Node wraps what a test threw. */
function causeOf(details) {
  const error = details.error || {};
  return error.cause || error;
}

function whyNot(data, details) {
  const text = stream.plain(said.get(data.file) || '');
  const lines = text.split('\n').map((line) => line.trim());
  const telling = lines.find((line) => /^(\w*Error\b|\[?ERR_|error:)/.test(line));
  return telling ? stream.oneLine(telling) : reasonOf(details);
}
