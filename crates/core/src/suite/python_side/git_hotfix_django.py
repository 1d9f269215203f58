"""The project's own test runner of Django with results streamed for git-hotfix: `manage.py test --testrunner` names it."""

import os
import sys

from django.conf import settings
from django.test.utils import get_runner

import git_hotfix_place as place
import git_hotfix_stream as stream
from git_hotfix_unittest import Loader, Result, flat, is_wanted

place.install()


class Runner(get_runner(settings, None)):
    """Selects tests by id, and tells what becomes of each."""

    def build_suite(self, *args, **kwargs):
        # In one process: the time limit of a test needs a process of which it is the only work.
        self.parallel = 1
        suite = super().build_suite(*args, **kwargs)
        cases = stream.selection()["cases"]
        return self.test_suite([test for test in flat(suite) if _name(test) and is_wanted(test, cases)])

    def get_resultclass(self):
        return Result

    def run_suite(self, suite, **kwargs):
        stream.tell("session")
        result = super().run_suite(suite, **kwargs)
        ran = result.testsRun + getattr(result, "unstarted", 0)
        place.tell()
        stream.tell("finished", ran=ran)
        return result


def _name(test):
    """Gives a test its id and file; False for a file that could not be loaded, which is told."""
    kind = type(test)
    if kind.__name__ == "_FailedTest":
        error = getattr(test, "_exception", None)
        stream.tell("not_loaded", file=_file_of(test._testMethodName), reason=_reason(error))
        return False
    module = sys.modules.get(kind.__module__)
    method = getattr(test, "_testMethodName", None)
    test.hotfix_file = _relative(getattr(module, "__file__", None) or kind.__module__)
    # What fails around a class is told of by the name of the class alone.
    Loader.file_of[kind.__module__] = test.hotfix_file
    name = kind.__qualname__ + "::" + method if method and method != "runTest" else test.id()
    test.hotfix_id = test.hotfix_file + "::" + stream.plain(name)
    return True


def _reason(error):
    """Unittest wraps an import error in one whose text ends with it."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return stream.one_line(lines[-1]) if lines else stream.exception_line(error)


def _file_of(module):
    """The file of a module that could not be loaded. Of one that was asked for by its label only the last name is known."""
    path = os.path.join(os.getcwd(), *module.split(".")) + ".py"
    named = [file for file in stream.selection()["files"] if os.path.basename(file) == os.path.basename(path)]
    return _relative(path) if os.path.exists(path) or not named else named[0]


def _relative(path):
    root = os.path.realpath(os.environ.get("HOTFIX_ROOT") or os.getcwd())
    path = os.path.realpath(path)
    return stream.plain(os.path.relpath(path, root) if path.startswith(root + os.sep) else path)
