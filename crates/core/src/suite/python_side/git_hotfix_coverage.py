"""Notes which lines of the repository each test file runs, for the impact map of git-hotfix.

With Python's own monitoring (3.12 and newer), else with coverage.py where it is installed, else not at all.
PYTEST_DONT_REWRITE
"""

import json
import os
import sys

import git_hotfix_stream as stream

# Taken out of the environment, so that a test that starts a runner of its own does not write over it.
_PATH = os.environ.pop("HOTFIX_COVERAGE", None)
# One of the numbers that tools may use; 0, 1, 2 and 5 are those of debuggers, coverage, profilers and optimizers.
_TOOL = 4


class _Monitoring:
    def __init__(self, root):
        self.root, self.tests, self.known, self.lines = root, {}, {}, None
        tools = sys.monitoring
        tools.use_tool_id(_TOOL, "git-hotfix")
        tools.register_callback(_TOOL, tools.events.LINE, self.note)
        tools.set_events(_TOOL, tools.events.LINE)

    def switch(self, file):
        self.lines = self.tests.setdefault(file, {})
        sys.monitoring.restart_events()

    def note(self, code, line):
        if self.lines is not None:
            name = code.co_filename
            file = self.known.get(name)
            if file is None:
                file = self.known[name] = _below(self.root, name)
            if file:
                self.lines.setdefault(file, set()).add(line)
        return sys.monitoring.DISABLE

    def stop(self):
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)
        return self.tests


class _Coverage:
    def __init__(self, root, coverage):
        self.root = root
        self.tool = coverage.Coverage(data_file=None, config_file=False, source=[root], messages=False)
        self.tool.start()

    def switch(self, file):
        self.tool.switch_context(file)

    def stop(self):
        self.tool.stop()
        data, tests = self.tool.get_data(), {}
        for name in data.measured_files():
            file = _below(self.root, name)
            for line, contexts in data.contexts_by_lineno(name).items() if file else ():
                for test in filter(None, contexts):
                    tests.setdefault(test, {}).setdefault(file, set()).add(line)
        return tests


def _below(root, name):
    """The path from the root; empty for what is not of the repository."""
    path = os.path.abspath(name)
    if not path.startswith(root + os.sep) or (os.sep + "site-packages" + os.sep) in path:
        return ""
    return stream.plain(path[len(root) + 1:])


def _start():
    root = os.environ.get("HOTFIX_ROOT")
    if not _PATH or not root:
        return None
    if hasattr(sys, "monitoring") and sys.monitoring.get_tool(_TOOL) is None:
        return _Monitoring(root)
    try:
        import coverage
    except ImportError:
        return None
    return _Coverage(root, coverage)


_watch = _start()
_current = None


def switch(file):
    """From now on what runs is run by this test file."""
    global _current
    if _watch is not None and file != _current:
        _current = file
        _watch.switch(file)


def finish():
    """Writes what was noted: ranges of lines by source file, by test file."""
    if _watch is None:
        return
    tests = {test: {file: _ranges(lines) for file, lines in files.items()} for test, files in _watch.stop().items()}
    with open(_PATH, "w", encoding="utf-8") as file:
        json.dump(tests, file)


def _ranges(lines):
    ranges = []
    for line in sorted(lines):
        if ranges and line <= ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ranges
