// A mocha reporter of git-hotfix. Works with mocha 6 and newer.
'use strict';

const stream = require('./git_hotfix_stream.cjs');

function titlesOf(test) {
  return test.titlePath ? test.titlePath() : [test.fullTitle()];
}

class Reporter {
  constructor(runner) {
    this.wanted = stream.wantedCases();
    this.file = '';
    this.ids = new Map();
    this.count = 0;
    this.told = 0;
    stream.tell('session');
    runner.on('test', (test) => this.begin(test));
    runner.on('pass', (test) => this.end(test, 'passed', null));
    runner.on('pending', (test) => this.end(test, 'skipped', 'pending'));
    runner.on('fail', (test, error) => this.fail(test, error));
    runner.on('retry', (test) => stream.idle(this.fileOf(test)));
    // Own count: mocha's statistics, and what a failed hook kept from running.
    runner.once('end', () => {
      const stats = runner.stats;
      const own = stats ? stats.passes + stats.pending + stats.failures : this.count;
      stream.tell('finished', { ran: this.told + (own - this.count) });
    });
  }

  fileOf(test) {
    let file = test.file;
    for (let suite = test.parent; !file && suite; suite = suite.parent) file = suite.file;
    if (file) this.file = stream.fileOf(file);
    return this.file;
  }

  idOf(test) {
    // Each try is a test of its own to mocha.
    const first = (typeof test.retriedTest === 'function' && test.retriedTest()) || test;
    const key = first.__mocha_id__ || first;
    if (!this.ids.has(key)) this.ids.set(key, stream.idOf('', this.fileOf(test), titlesOf(test)));
    return this.ids.get(key);
  }

  begin(test) {
    stream.running(this.fileOf(test), this.idOf(test));
  }

  end(test, outcome, reason) {
    this.count += 1;
    this.tell(test, outcome, reason);
  }

  fail(test, error) {
    this.count += 1;
    if (test.type !== 'hook') {
      this.tell(test, 'failed', stream.oneLine(error), stream.frameOf(error));
      return;
    }
    const reason = test.title + ': ' + stream.oneLine(error);
    const kept = this.keptFromRunning(test);
    const frame = stream.frameOf(error);
    for (const one of kept) this.tell(one, 'failed', reason, frame);
    if (kept.length === 0) this.tell(test, 'failed', reason, frame);
  }

  /** The tests that a failed hook stands for: the one it ran for, and those that mocha will not run any more. */
  keptFromRunning(hook) {
    const current = hook.ctx && hook.ctx.currentTest;
    const kept = current && current.type === 'test' ? [current] : [];
    const add = (suite) => {
      for (const test of suite.tests || []) if (!test.state && !test.pending && test !== current) kept.push(test);
      for (const one of suite.suites || []) add(one);
    };
    if (hook.parent) add(hook.parent);
    return kept;
  }

  tell(test, outcome, reason, frame = null) {
    const id = this.idOf(test);
    const file = this.fileOf(test);
    stream.idle(file);
    if (this.wanted && !this.wanted.has(id)) return;
    this.told += 1;
    const retried = typeof test.currentRetry === 'function' && test.currentRetry() > 0;
    const flaky = retried ? 'an earlier try failed' : null;
    stream.tell('ended', { id, file, outcome, reason, frame, seconds: (test.duration || 0) / 1000, flaky });
    stream.tell('now', { file, id: null });
  }
}

module.exports = Reporter;
