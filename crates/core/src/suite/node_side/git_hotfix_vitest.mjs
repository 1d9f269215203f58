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
      this.tellOne(stream.idOf('end:', file, [...titles, '(hooks)']), file, 'failed', stream.oneLine(error), 0);
    }
  }

  tellCase(file, names, task, suiteError) {
    const id = stream.idOf('end:', file, names);
    const state = task.result && task.result.state;
    const seconds = ((task.result && task.result.duration) || 0) / 1000;
    const flaky = task.result && task.result.retryCount > 0 ? stream.oneLine((task.result.errors || [])[0] || 'an earlier try failed') : null;
    if (state === 'pass') return this.tellOne(id, file, 'passed', null, seconds, flaky);
    if (state === 'fail') return this.tellOne(id, file, 'failed', stream.oneLine(errorOf(task)), seconds);
    if (suiteError && task.mode !== 'todo') {
      return this.tellOne(id, file, 'failed', stream.oneLine(suiteError), seconds);
    }
    return this.tellOne(id, file, 'skipped', task.mode === 'run' ? 'it did not run' : task.mode, seconds);
  }

  tellOne(id, file, outcome, reason, seconds, flaky = null) {
    if (this.wanted && !this.wanted.has(id)) return;
    this.count += 1;
    stream.tell('ended', { id, file, outcome, reason, seconds, flaky });
  }
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
