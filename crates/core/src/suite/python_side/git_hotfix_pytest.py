"""A pytest plugin of git-hotfix: streams results, limits the time of each test, selects tests by id.

Works with pytest 6 and newer. With xdist the stream is written by the controlling process only; the limit and the
selection act in the workers. PYTEST_DONT_REWRITE
"""

import os

import pytest

import git_hotfix_coverage as coverage
import git_hotfix_stream as stream

_BAD = ("failed", "timed_out", "crashed")
_running = {}


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


def pytest_sessionstart(session):
    stream.tell("session")


def pytest_collectreport(report):
    if report.failed:
        file = stream.plain(report.nodeid.split("::")[0]) or "."
        stream.tell("not_loaded", file=file, reason=_reason(report))


@pytest.hookimpl(hookwrapper=True)
def pytest_collection_modifyitems(config, items):
    yield
    wanted = stream.selection()
    place = {file: number for number, file in enumerate(wanted["files"])}
    items.sort(key=lambda item: place.get(_file(item.nodeid), len(place)))
    if wanted["cases"] is None:
        return
    cases = set(wanted["cases"])
    others = [item for item in items if stream.plain(item.nodeid) not in cases]
    if others:
        items[:] = [item for item in items if stream.plain(item.nodeid) in cases]
        config.hook.pytest_deselected(items=others)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    started = stream.start_alarm()
    yield
    stream.stop_alarm(started)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.excinfo is not None and call.excinfo.type is stream.TookTooLong:
        # Reports travel from xdist's workers with their attributes.
        outcome.get_result().hotfix_timed_out = True


def pytest_runtest_logstart(nodeid):
    coverage.switch(_file(nodeid))
    _running[nodeid] = {"outcome": None, "reason": None, "seconds": 0.0}
    stream.tell("began", id=stream.plain(nodeid), file=_file(nodeid))


def pytest_runtest_logreport(report):
    test = _running.setdefault(report.nodeid, {"outcome": None, "reason": None, "seconds": 0.0})
    if report.outcome == "rerun":
        # It runs again; only the last time counts. A pass is then one of a flaky test.
        test.update(outcome=None, reason=None, flaky=_outcome(report)[1] or "an earlier try failed")
        return
    test["seconds"] += getattr(report, "duration", 0.0) or 0.0
    outcome, reason = _outcome(report)
    if outcome is not None and test["outcome"] not in _BAD:
        test.update(outcome=outcome, reason=reason)
    if report.when not in ("setup", "call"):
        _tell_end(report.nodeid, _running.pop(report.nodeid))


@pytest.hookimpl(hookwrapper=True)
def pytest_sessionfinish(session, exitstatus):
    yield
    if not hasattr(session.config, "workerinput"):
        coverage.finish()
        stream.tell_foreign_code()
        stream.tell("finished", ran=_own_count(session.config))


def _tell_end(nodeid, test):
    if test["outcome"] is None:
        test.update(outcome="skipped", reason="it ended without a result")
    stream.tell("ended", id=stream.plain(nodeid), file=_file(nodeid), **test)


def _file(nodeid):
    return stream.plain(nodeid.split("::")[0])


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
        # Expected to fail: it held if it ran and failed; with `run=False` it did not run.
        return ("passed", None) if report.when == "call" else ("skipped", stream.one_line(report.wasxfail))
    return "skipped", _reason(report)


def _is_part(report):
    return type(report).__name__.lower() == "subtestreport"


def _reason(report):
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
