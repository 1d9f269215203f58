"""Tells git-hotfix what a test run does, one JSON line for each thing, and ends tests that run too long.

Needs nothing but the standard library, Python 3.6 or newer. PYTEST_DONT_REWRITE
"""

import json
import os
import signal
import sys
import threading
import time

# Taken out of the environment, so that a test that starts a runner of its own does not write into our stream.
_PATH = os.environ.pop("HOTFIX_STREAM", None)
_PROCESS = os.getpid()
_LIMIT = float(os.environ.get("HOTFIX_TEST_LIMIT") or 0)
_RING_AGAIN = 1.0
_LONGEST_REASON = 300
# Outcomes of a broken test.
BAD = ("failed", "timed_out", "crashed")


class TookTooLong(BaseException):
    """The time limit of one test passed. Not an `Exception`, so that few tests swallow it."""


class _Writer:
    """Holds the functions it needs, so that a test that replaces `os.open` does not break it."""

    calls = (os.open, os.write, os.close, os.getpid)

    @classmethod
    def write(cls, line):
        open_file, write, close, process = cls.calls
        # A forked child that runs on to the end must not tell everything a second time.
        if _PATH is None or process() != _PROCESS:
            return
        try:
            # Opened anew for each line: tests close or replace file descriptors they do not own.
            file = open_file(_PATH, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                write(file, line)
            finally:
                close(file)
        except OSError:
            # The count at the end will not agree, and the run then proves nothing.
            pass


def tell(event, **fields):
    """Writes one line; what was written survives the death of this process."""
    fields["event"] = event
    _Writer.write(json.dumps(fields).encode("ascii") + b"\n")


def plain(text):
    """The text with everything that cannot be printed, lone surrogates too, as backslash escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def one_line(text):
    """The first line that is not blank, shortened."""
    for line in str(text).splitlines():
        if line.strip():
            return plain(line.strip().replace("\t", " "))[:_LONGEST_REASON]
    return ""


def exception_line(error):
    """An exception as Python prints it, in one line."""
    name = type(error).__name__
    try:
        message = one_line(error)
    except Exception:
        message = ""
    return name + ": " + message if message else name


def limit_line():
    """The reason given for a test that ran too long."""
    return "no end after %g s" % _LIMIT


def _ring(_number, _frame):
    raise TookTooLong(limit_line())


def start_alarm():
    """Begins the time of one test; what it returns is for `stop_alarm`."""
    if _LIMIT <= 0 or not hasattr(signal, "setitimer"):
        return None
    if threading.current_thread() is not threading.main_thread():
        return None
    try:
        handler = signal.signal(signal.SIGALRM, _ring)
    except ValueError:
        return None
    # Rings again, for tests that catch everything.
    left, interval = signal.setitimer(signal.ITIMER_REAL, _LIMIT, _RING_AGAIN)
    if 0 < left <= _LIMIT:
        # Somebody else's alarm rings first anyway.
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        return None
    return handler or signal.SIG_DFL, left, interval, time.monotonic()


def stop_alarm(started):
    """Ends the time of one test and gives back the alarm that was there before."""
    if started is None:
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 0)
    except TookTooLong:
        signal.setitimer(signal.ITIMER_REAL, 0)
    handler, left, interval, since = started
    signal.signal(signal.SIGALRM, handler)
    if left > 0:
        signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (time.monotonic() - since)), interval)


def selection():
    """What git-hotfix wants to run: `files` in order, and `cases`, or null for all; `repeat` as `Repeats` takes it."""
    path = os.environ.get("HOTFIX_SELECTION")
    if not path:
        return {"files": [], "cases": None, "repeat": {}}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Repeats:
    """Which tests run several times, and whether a test has run often enough."""

    def __init__(self, wanted):
        self._cases = frozenset(wanted.get("cases") or ())
        self._times = wanted.get("times") or 1
        self._left = wanted.get("enough") or 0.0

    def has(self, test, file):
        return test in self._cases or file in self._cases

    def is_last(self, done, took):
        """Whether the next run of a test is its last, after `done` runs of which the newest took so many seconds."""
        self._left -= took
        # The first run is never the last one, however long it may take.
        return done > 0 and (done + 1 >= self._times or took > self._left)


def together(runs):
    """Several results of one test as one: what all came to, else a pass of a test that is flaky."""
    result = dict(runs[0])
    if len(runs) == 1:
        return result
    result.update(seconds=sum(run["seconds"] for run in runs) / len(runs), times=len(runs))
    bad = [run for run in runs if run["outcome"] in BAD]
    if len(bad) == len(runs) or all(run["outcome"] == result["outcome"] for run in runs):
        return result
    why = (bad or runs)[0]["reason"] or "it did not end like that each time"
    result.update(outcome="passed", reason=None, frame=None, flaky=why)
    return result


def frame_of(traceback):
    """The innermost place in the repository that a traceback leads through: `path:function`; None if there is none."""
    root = os.environ.get("HOTFIX_ROOT")
    if not root:
        return None
    root, found = os.path.realpath(root) + os.sep, None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = os.path.realpath(code.co_filename) if os.path.isabs(code.co_filename) else ""
        if path.startswith(root) and (os.sep + "site-packages" + os.sep) not in path:
            found = path[len(root):] + ":" + code.co_name
        traceback = traceback.tb_next
    return None if found is None else plain(found)
