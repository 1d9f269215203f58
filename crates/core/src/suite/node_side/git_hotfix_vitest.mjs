// A vitest reporter of git-hotfix. Works with vitest 0.30 and newer.
import stream from './git_hotfix_stream.cjs';

export default class Reporter {
  constructor() {
    this.wanted = stream.wantedCases();
    this.done = false;
    this.told = new Set();
    this.count = 0;
  }

  onInit(vitest) {
    this.vitest = vitest;
    writeNoSnapshots(vitest);
    stream.tell('session');
  }

  // vitest 3 and newer.
  onTestModuleStart(module) {
    stream.tell('file_began', { file: stream.fileOf(module.moduleId) });
  }

  onTestCaseReady(test) {
    const titles = test.fullName ? namesOf(test.task || test) : [test.name];
    const file = stream.fileOf(test.module.moduleId);
    stream.running(file, stream.idOf('begin:', file, titles));
  }

  onTestCaseResult(test) {
    stream.idle(stream.fileOf(test.module.moduleId));
  }

  onTestModuleEnd(module) {
    this.tellFile(module.task);
  }

  onTestRunEnd(modules, errors) {
    this.finish(modules.map((module) => module.task), errors);
  }

  // Before.
  onCollected(files) {
    for (const file of files || []) {
      if (!this.told.has(file)) stream.tell('file_began', { file: stream.fileOf(file.filepath) });
    }
  }

  onFinished(files, errors) {
    this.finish(files || this.vitest.state.getFiles(), errors);
  }

  finish(files, errors) {
    if (this.done) return;
    this.done = true;
    for (const file of files) this.tellFile(file);
    for (const error of errors || []) stream.tell('trouble', { reason: 'outside of any test: ' + stream.oneLine(error) });
    stream.tell('finished', { ran: this.count });
  }

  tellFile(task) {
    if (!task || this.told.has(task)) return;
    this.told.add(task);
    const file = stream.fileOf(task.filepath);
    stream.idle(file);
    this.tellTasks(file, [], task, null);
    const error = errorOf(task);
    if (error && (task.tasks || []).length === 0) {
      stream.tell('not_loaded', { file, reason: stream.oneLine(error) });
    }
    stream.tell('file_ended', { file });
  }

  /** A failed hook of a suite stands for those of its tests that did not run. */
  tellTasks(file, titles, suite, above) {
    const error = errorOf(suite) || above;
    const tasks = suite.tasks || [];
    for (const task of tasks) {
      const names = [...titles, task.name];
      if (task.type === 'suite') this.tellTasks(file, names, task, error);
      else this.tellCase(file, names, task, error);
    }
    if (errorOf(suite) && tasks.length > 0 && !tasks.some(isBlamed)) {
      this.tellFailed(stream.idOf('end:', file, [...titles, '(hooks)']), file, error, 0);
    }
  }

  tellCase(file, names, task, suiteError) {
    const id = stream.idOf('end:', file, names);
    const state = task.result && task.result.state;
    const seconds = ((task.result && task.result.duration) || 0) / 1000;
    const flaky = task.result && task.result.retryCount > 0 ? stream.oneLine((task.result.errors || [])[0] || 'an earlier try failed') : null;
    if (state === 'pass' && task.fails) return this.tellOne(id, file, 'skipped', 'expected to fail', seconds);
    if (state === 'pass') return this.tellOne(id, file, 'passed', null, seconds, flaky);
    if (state === 'fail') return this.tellFailed(id, file, errorOf(task), seconds);
    if (suiteError && task.mode !== 'todo') return this.tellFailed(id, file, suiteError, seconds);
    return this.tellOne(id, file, 'skipped', task.mode === 'run' ? 'it did not run' : task.mode, seconds);
  }

  tellFailed(id, file, error, seconds) {
    const reason = isNewSnapshot(error) ? stream.notWritten('npx vitest run --update', file) : stream.oneLine(error);
    this.tellOne(id, file, 'failed', reason, seconds, null, frameOf(error));
  }

  tellOne(id, file, outcome, reason, seconds, flaky = null, frame = null) {
    if (this.wanted && !this.wanted.has(id)) return;
    this.count += 1;
    stream.tell('ended', { id, file, outcome, reason, frame, seconds, flaky });
  }
}

/** As in CI: a snapshot that is not there fails. Otherwise vitest writes it, and whatever the code gives is right. */
function writeNoSnapshots(vitest) {
  const projects = [vitest, ...(vitest.projects || [])];
  const all = projects.map((project) => project && project.config && project.config.snapshotOptions);
  const kept = vitest.snapshot && vitest.snapshot.options;
  for (const options of [...all, kept]) if (options) options.updateSnapshot = 'none';
}

function isNewSnapshot(error) {
  const isMismatch = error && /^Snapshot `.*` mismatched$/.test(stream.plain(error.message || '').split('\n')[0]);
  return Boolean(isMismatch) && (error.expected === undefined || error.expected === '' || error.expected === 'undefined');
}

/** vitest has translated the places of a stack already, where it has any. */
function frameOf(error) {
  const places = (error && error.stacks) || [];
  const lines = places.map((place) => `at ${place.method || '<anonymous>'} (${place.file}:${place.line}:${place.column})`);
  return stream.frameOf(lines.length > 0 ? lines.join('\n') : error);
}

function errorOf(task) {
  const result = task.result;
  if (!result || result.state !== 'fail') return null;
  return (result.errors || [])[0] || result.error || null;
}

/** Whether a task, or one in it, already stands for the failure of what it is in. */
function isBlamed(task) {
  if (task.tasks) return task.tasks.some(isBlamed);
  return task.mode !== 'todo' && (!task.result || task.result.state !== 'pass');
}

function namesOf(task) {
  const names = [];
  for (let one = task; one && one.type !== undefined && one !== one.file; one = one.suite) names.unshift(one.name);
  return names;
}
