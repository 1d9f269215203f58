"""Loads and runs test files with unittest for git-hotfix, and streams results. Python 3.6 or newer."""

import importlib
import importlib.util
import os
import sys
import time
import unittest

import git_hotfix_stream as stream


class Result(unittest.TextTestResult):
    """Tells what became of each test while the text goes where unittest writes it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Tests that failed or were skipped without a start, and those that started, each once.
        self.unstarted = 0
        self.started = 0
        self._now = None
        self._alarm = None
        self._earlier_runs = []

    def startTest(self, test):
        super().startTest(test)
        self._now = {"outcome": None, "reason": None, "frame": None, "seconds": time.monotonic()}
        if not getattr(test, "hotfix_started", False):
            test.hotfix_started = True
            self.started += 1
            stream.tell("began", id=test.hotfix_id, file=test.hotfix_file)
        self._alarm = stream.start_alarm()

    def stopTest(self, test):
        stream.stop_alarm(self._alarm)
        self._alarm = None
        now = self._now
        if now is None:
            # Python 3.12.1 does not start a skipped test, but stops it.
            super().stopTest(test)
            return
        if now["outcome"] is None:
            now["outcome"] = "passed"
        now["seconds"] = time.monotonic() - now["seconds"]
        self._earlier_runs.append(now)
        if getattr(test, "hotfix_is_last", True):
            stream.tell("ended", id=test.hotfix_id, file=test.hotfix_file, **stream.together(self._earlier_runs))
            self._earlier_runs = []
        self._now = None
        super().stopTest(test)

    def addError(self, test, err):
        super().addError(test, err)
        self._take_error(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._take_error(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._take_error(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._take(test, "skipped", stream.one_line(reason))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        if err[0] is stream.TookTooLong:
            self._take_error(test, err)
        else:
            # That shows neither that something works nor that it is broken.
            self._take(test, "skipped", "expected to fail")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._take(test, "failed", "unexpected success")

    def _take_error(self, test, err):
        if err[0] is stream.TookTooLong:
            self._take(test, "timed_out", stream.limit_line())
        else:
            self._take(test, "failed", stream.exception_line(err[1]), stream.frame_of(err[2]))

    def _take(self, test, outcome, reason, frame=None):
        result = {"outcome": outcome, "reason": reason, "frame": frame}
        if self._now is None and hasattr(test, "hotfix_id"):
            self.unstarted += 1
            stream.tell("ended", id=test.hotfix_id, file=test.hotfix_file, seconds=0.0, **result)
        elif self._now is None:
            self._tell_fixture(test, result)
        elif not hasattr(test, "hotfix_id"):
            # A part of the running test.
            if outcome in stream.BAD:
                self._now.update(result)
        elif self._now["outcome"] not in stream.BAD:
            self._now.update(result)

    def _tell_fixture(self, holder, result):
        """A class or module fixture failed: unittest reports it as `setUpClass (tests.test_auth.AuthTest)`."""
        self.unstarted += 1
        name, _, owner = holder.id().partition(" (")
        owner = owner.rstrip(")")
        module = owner
        while module and module not in Loader.file_of:
            module = module.rpartition(".")[0]
        file = Loader.file_of.get(module, owner)
        inside = owner[len(module) + 1:] if module else ""
        parts = [file, inside, name] if inside else [file, name]
        stream.tell("ended", id="::".join(parts), file=file, seconds=0.0, **result)


class Loader:
    """Loads test files by path, as `python -m unittest discover` does with the right start folder."""

    file_of = {}

    def __init__(self, root):
        self.root = root
        self.loader = unittest.TestLoader()
        self.complete = True

    def load(self, file):
        """The tests of one file; tells when it cannot be loaded."""
        try:
            module = self._module(file)
        except unittest.SkipTest:
            return []
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._tell_not_loaded(file, error)
            return []
        self.file_of[module.__name__] = file
        return list(self._named(self.loader.loadTestsFromModule(module), file))

    def _tell_not_loaded(self, file, error):
        self.complete = False
        stream.tell("not_loaded", file=file, reason=stream.exception_line(error))

    def _module(self, file):
        path = os.path.join(self.root, os.fsdecode(bytes_of(file)))
        folder, name = os.path.split(path)
        names = [os.path.splitext(name)[0]]
        while os.path.exists(os.path.join(folder, "__init__.py")):
            folder, package = os.path.split(folder)
            names.insert(0, package)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        dotted = ".".join(names)
        known = sys.modules.get(dotted)
        if known is None:
            known = importlib.import_module(dotted)
        if os.path.realpath(getattr(known, "__file__", None) or "") == os.path.realpath(path):
            return known
        return self._module_of_taken_name(dotted, path)

    def _module_of_taken_name(self, dotted, path):
        """Two folders without `__init__.py` may both hold a `test_auth.py`."""
        unique = "%s_%d" % (dotted.replace(".", "_"), len(self.file_of))
        spec = importlib.util.spec_from_file_location(unique, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[unique] = module
        spec.loader.exec_module(module)
        return module

    def _named(self, suite, file):
        for test in flat(suite):
            kind = type(test)
            if kind.__name__ == "_FailedTest":
                self._tell_not_loaded(file, test._exception)
                continue
            method = getattr(test, "_testMethodName", None)
            name = kind.__qualname__ + "::" + method if method and method != "runTest" else test.id()
            test.hotfix_file = file
            test.hotfix_id = file + "::" + stream.plain(name)
            yield test


class Suite(unittest.TestSuite):
    """Runs some tests several times in a row, with one set-up of their class and module."""

    _cleanup = False

    def __init__(self, tests, repeats):
        super().__init__(tests)
        self._repeats = repeats

    def __iter__(self):
        for test in super().__iter__():
            if self._repeats.has(test.hotfix_id, test.hotfix_file):
                yield from self._several(test)
            else:
                yield test

    def _several(self, test):
        done, took, test.hotfix_is_last = 0, 0.0, False
        while not test.hotfix_is_last:
            test.hotfix_is_last = self._repeats.is_last(done, took)
            began = time.monotonic()
            yield test
            if not getattr(test, "hotfix_started", False):
                # It was skipped, or its class could not be set up.
                return
            done, took = done + 1, time.monotonic() - began


def bytes_of(file):
    """The bytes of a path whose odd bytes are written as `\\udcXX`."""
    if "\\udc" not in file:
        return os.fsencode(file)
    parts = file.split("\\udc")
    return os.fsencode(parts[0]) + b"".join(bytes([int(p[:2], 16)]) + os.fsencode(p[2:]) for p in parts[1:])


def flat(suite):
    """The tests of a suite, without the suites in between."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def is_wanted(test, cases):
    """Whether a test is among the ids; the id of a class fixture stands for its class."""
    if cases is None or test.hotfix_id in cases:
        return True
    owner = test.hotfix_id.rpartition("::")[0]
    return any(name + "::" + fixture in cases for name in (owner, test.hotfix_file)
               for fixture in ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule"))


def main():
    root = os.environ["HOTFIX_ROOT"]
    wanted = stream.selection()
    stream.tell("session")
    loader = Loader(root)
    loaded = [test for file in wanted["files"] for test in loader.load(file)]
    chosen = [test for test in loaded if is_wanted(test, wanted["cases"])]
    suite = Suite(chosen, stream.Repeats(wanted["repeat"]))
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
    ran = result.started + result.unstarted
    stream.tell("finished", ran=ran)
    if not result.wasSuccessful() or not loader.complete:
        return 1
    return 0 if ran else 5


if __name__ == "__main__":
    sys.exit(main())
