// A jest reporter of git-hotfix. Works with jest 24 and newer.
'use strict';

const stream = require('./git_hotfix_stream.cjs');

const OUTCOMES = { passed: 'passed', failed: 'failed' };

class Reporter {
  constructor() {
    this.wanted = stream.wantedCases();
    this.unwanted = 0;
  }

  onRunStart() {
    stream.tell('session');
  }

  onTestStart(test) {
    stream.tell('file_began', { file: stream.fileOf(test.path) });
  }

  onTestCaseStart(test, info) {
    const file = stream.fileOf(test.path);
    stream.running(file, stream.idOf('begin:', file, [...info.ancestorTitles, info.title]));
  }

  onTestCaseResult(test) {
    stream.idle(stream.fileOf(test.path));
  }

  onTestResult(test, result) {
    const file = stream.fileOf(test.path);
    stream.idle(file);
    stream.again('begin:', file);
    const failing = expectedToFail(test.path);
    for (const one of result.testResults) this.tellCase(file, failing.has(one.title) && one.status === 'passed' ? expected(one) : one);
    const error = result.testExecError || (result.testResults.length === 0 && !result.skipped && result.failureMessage);
    if (error) stream.tell('not_loaded', { file, reason: loadError(result, error) });
    stream.tell('file_ended', { file });
  }

  tellCase(file, one) {
    const id = stream.idOf('end:', file, [...one.ancestorTitles, one.title]);
    if (this.wanted && !this.wanted.has(id)) {
      this.unwanted += 1;
      return;
    }
    const outcome = OUTCOMES[one.status] || 'skipped';
    const message = (one.failureMessages || [])[0];
    const reason = outcome === 'failed' ? reasonOf(file, message) : one.status === 'passed' ? null : one.status;
    const before = one.invocations > 1 ? stream.oneLine((one.retryReasons || [])[0] || 'an earlier try failed') : null;
    const frame = outcome === 'failed' ? stream.frameOf(message) : null;
    stream.tell('ended', { id, file, outcome, reason, frame, seconds: (one.duration || 0) / 1000, flaky: before });
  }

  onRunComplete(_contexts, results) {
    stream.tell('finished', { ran: results.numTotalTests - this.unwanted });
  }
}

/** A test that is expected to fail and does shows neither that something works nor that it is broken. */
function expected(one) {
  return Object.assign({}, one, { status: 'expected to fail' });
}

/** The titles of the tests that a file expects to fail: jest itself reports them as passed. */
function expectedToFail(path) {
  try {
    const text = require('fs').readFileSync(path, 'utf8');
    const found = text.matchAll(/\.failing\s*\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs);
    return new Set([...found].map(([, , title]) => title.replace(/\\(.)/gs, '$1')));
  } catch {
    return new Set();
  }
}

/** With `--ci` jest writes no new snapshot, and says so below its first line. */
function reasonOf(file, message) {
  const isNew = /New snapshot was .*not written/.test(stream.plain(message || ''));
  return isNew ? stream.notWritten('npx jest --ci=false', file) : stream.oneLine(message);
}

/** The line of a load error that says what is wrong; jest frames it with advice. */
function loadError(result, error) {
  const said = stream.plain(result.failureMessage || (error && (error.message || error.stack)) || error);
  const lines = said.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('●'));
  const telling = lines.find((line) => /(error|cannot|unexpected|must contain|is not)/i.test(line));
  return stream.oneLine(telling || lines[0] || said);
}

module.exports = Reporter;
