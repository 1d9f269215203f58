"""A pytest plugin of git-hotfix: streams results, limits the time of each test, selects tests by id, lists test files.

Works with pytest 6 and newer. With xdist the stream is written by the controlling process only; the limit and the
selection act in the workers. PYTEST_DONT_REWRITE
"""

import collections
import doctest
import json
import os

import pytest
from _pytest.runner import runtestprotocol

import git_hotfix_coverage as coverage
import git_hotfix_place as place
import git_hotfix_stream as stream

# What a run must not do: write snapshots (syrupy, pytest-snapshot, inline-snapshot, pytest-insta, pytest-regressions),
# or leave tests out because of an earlier run or an earlier failure.
_OPTIONS = {
    "update_snapshots": False,
    "update_new_snapshots_only": False,
    "snapshot_update": False,
    "allow_snapshot_deletion": False,
    "inline_snapshot": "disable",
    "insta": "update-none",
    "force_regen": False,
    "regen_all": False,
    "lf": False,
    "failedfirst": False,
    "stepwise": False,
    "stepwise_skip": False,
}
_running = {}
_not_loaded = set()
_repeats = stream.Repeats(stream.selection()["repeat"])
# What the runs so far of a test that runs several times came to.
_earlier_runs = collections.defaultdict(list)
# From the root of the repository to pytest's `rootdir`, which its ids start from; None while they agree.
_folder = None

place.install()


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config):
    if os.environ.get("HOTFIX_NO_COVERAGE"):
        # Coverage of a part of the tests is below any threshold, and it is slow. Ignored where pytest-cov is absent.
        early_config.known_args_namespace.no_cov = True
    outcome = yield
    error = outcome.excinfo[1] if outcome.excinfo else None
    if type(error).__name__ == "ConftestImportFailure":
        cause = getattr(error, "cause", None) or error.excinfo[1]
        path = os.path.relpath(str(error.path), os.environ.get("HOTFIX_ROOT") or os.curdir)
        stream.tell("not_loaded", file=stream.plain(path), reason=stream.exception_line(cause))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    global _folder
    root = os.environ.get("HOTFIX_ROOT")
    # `rootpath` came with pytest 6.1.
    start = str(getattr(config, "rootpath", None) or config.rootdir)
    folder = os.path.relpath(os.path.realpath(start), os.path.realpath(root)) if root else "."
    _folder = None if folder == "." else folder.replace(os.sep, "/")
    for name, value in _OPTIONS.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)


def pytest_sessionstart(session):
    stream.tell("session")


def pytest_collectreport(report):
    if report.failed:
        file = _file(report.nodeid) or "."
        conftest = os.path.join(os.environ.get("HOTFIX_ROOT") or os.curdir, file, "conftest.py")
        if os.path.isfile(conftest):
            # A folder that cannot be collected: what is in the way is its `conftest.py`.
            file = os.path.normpath(os.path.join(file, "conftest.py"))
        _not_loaded.add(file)
        stream.tell("not_loaded", file=file, reason=_reason(report))


def pytest_collection_finish(session):
    path = os.environ.get("HOTFIX_LISTED")
    if path:
        files = _not_loaded.union(_file(item.nodeid) for item in session.items)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(sorted(files), file)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(config, items):
    yield
    wanted = stream.selection()
    order = {file: number for number, file in enumerate(wanted["files"])}
    items.sort(key=lambda item: order.get(_file(item.nodeid), len(order)))
    if wanted["cases"] is None:
        return
    cases = frozenset(wanted["cases"])
    others = [item for item in items if _id(item.nodeid) not in cases]
    if others:
        items[:] = [item for item in items if _id(item.nodeid) in cases]
        config.hook.pytest_deselected(items=others)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """Runs a test several times, with its own fixtures made anew each time."""
    if not _repeats.has(_id(item.nodeid), _file(item.nodeid)):
        return None
    done, took, item.hotfix_is_last = 0, 0.0, False
    while not item.hotfix_is_last:
        item.hotfix_is_last = _repeats.is_last(done, took)
        # What stays set up for the next test is, for all runs but the last, what its own module or class has set up.
        following = nextitem if item.hotfix_is_last else item.parent
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=following)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        done, took = done + 1, sum(getattr(report, "duration", 0.0) for report in reports)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    started = stream.start_alarm()
    yield
    stream.stop_alarm(started)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    # Reports travel from xdist's workers with their attributes.
    outcome = yield
    report = outcome.get_result()
    report.hotfix_is_last = getattr(item, "hotfix_is_last", True)
    if call.excinfo is not None:
        report.hotfix_frame = stream.frame_of(call.excinfo.tb)
        report.hotfix_doctest = _doctest_reason(call.excinfo.value)
        if call.excinfo.type is stream.TookTooLong:
            report.hotfix_timed_out = True
    if report.failed and report.when in ("setup", "call"):
        # Some plugins try a failed test again and tell only of the last time.
        item.hotfix_earlier = _reason(report)
    elif report.passed and report.when == "call":
        report.hotfix_earlier = getattr(item, "hotfix_earlier", None)


def _doctest_reason(error):
    """What a failed example expected and got; pytest's own report has that on several lines."""
    first = (getattr(error, "failures", None) or [error])[0]
    if isinstance(first, doctest.DocTestFailure):
        expected, got = first.example.want.strip(), first.got.strip()
        return stream.one_line("DocTestFailure: expected %r, got %r" % (expected, got))
    if isinstance(first, doctest.UnexpectedException):
        return stream.exception_line(first.exc_info[1])
    return None


def pytest_runtest_logstart(nodeid):
    coverage.switch(_file(nodeid))
    _running[nodeid] = _begun()
    if nodeid not in _earlier_runs:
        stream.tell("began", id=_id(nodeid), file=_file(nodeid))


def _begun():
    return {"outcome": None, "reason": None, "frame": None, "seconds": 0.0}


def pytest_runtest_logreport(report):
    test = _running.setdefault(report.nodeid, _begun())
    if report.outcome not in ("passed", "failed", "skipped"):
        # `rerun` or `retried`: it runs again, and only the last time counts. A pass is then one of a flaky test.
        test.update(outcome=None, reason=None, frame=None, flaky=_reason(report) or "an earlier try failed")
        return
    test["seconds"] += getattr(report, "duration", 0.0) or 0.0
    outcome, reason = _outcome(report)
    if outcome is not None and test["outcome"] not in stream.BAD:
        frame = getattr(report, "hotfix_frame", None) if outcome in stream.BAD else None
        test.update(outcome=outcome, reason=reason, frame=frame)
    earlier = getattr(report, "hotfix_earlier", None)
    if earlier is not None:
        test["flaky"] = earlier
    if report.when not in ("setup", "call"):
        _tell_end(report, _running.pop(report.nodeid))


@pytest.hookimpl(hookwrapper=True)
def pytest_sessionfinish(session, exitstatus):
    yield
    place.tell()
    if not hasattr(session.config, "workerinput"):
        coverage.finish()
        stream.tell("finished", ran=_own_count(session.config))


def _tell_end(report, test):
    if test["outcome"] is None:
        test.update(outcome="skipped", reason="it ended without a result")
    nodeid = report.nodeid
    _earlier_runs[nodeid].append(test)
    # A worker that died sends a report of its own making, which is the last of its test.
    if getattr(report, "hotfix_is_last", True):
        stream.tell("ended", id=_id(nodeid), file=_file(nodeid), **stream.together(_earlier_runs.pop(nodeid)))


def _id(nodeid):
    """An id as git-hotfix writes it: its path starts from the root of the repository, whatever pytest's does."""
    if _folder is not None:
        file, colons, rest = nodeid.partition("::")
        nodeid = os.path.normpath(os.path.join(_folder, file)).replace(os.sep, "/") + colons + rest
    return stream.plain(nodeid)


def _file(nodeid):
    return _id(nodeid).split("::")[0]


def _outcome(report):
    """Outcome and reason that one report adds to its test; an outcome of None adds nothing."""
    if report.when not in ("setup", "call", "teardown"):
        return "crashed", _reason(report)
    if getattr(report, "hotfix_timed_out", False):
        return "timed_out", stream.limit_line()
    if report.failed:
        return "failed", _reason(report)
    if report.passed:
        return ("passed", None) if report.when == "call" and not _is_part(report) else (None, None)
    if _is_part(report):
        return None, None
    if hasattr(report, "wasxfail"):
        # Expected to fail, and it did: that shows neither that something works nor that it is broken.
        return "skipped", stream.one_line(report.wasxfail) or "expected to fail"
    return "skipped", _reason(report)


def _is_part(report):
    return type(report).__name__.lower() == "subtestreport"


def _reason(report):
    of_doctest = getattr(report, "hotfix_doctest", None)
    if of_doctest:
        return of_doctest
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        line = stream.one_line(crash.message)
        return "AssertionError: " + line if line.startswith("assert ") else line
    if isinstance(report.longrepr, tuple):
        line = stream.one_line(report.longrepr[2])
        return line[len("Skipped: "):] if line.startswith("Skipped: ") else line
    lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
    errors = [line[2:] for line in lines if line.startswith("E ")]
    return stream.one_line((errors or lines or [""])[-1])


def _own_count(config):
    """Number of tests in pytest's own summary; None without one."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return None
    reports = [report for kind in reporter.stats.values() for report in kind]
    return len({report.nodeid for report in reports if getattr(report, "when", None) not in (None, "collect")})
