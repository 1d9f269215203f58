"""Every Python that a test run starts loads this by itself: it sees to it that the code under test is that of the place.

The environment's own `sitecustomize` runs first, as it would without us. Harmless in any version of Python.
PYTEST_DONT_REWRITE
"""

import os
import sys


def _run_other():
    from importlib.machinery import PathFinder

    own = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != own]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = type(sys)("sitecustomize")
    module.__spec__, module.__loader__, module.__file__ = spec, spec.loader, spec.origin
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


try:
    _run_other()
finally:
    if os.environ.get("HOTFIX_PLACE") and sys.version_info >= (3, 6):
        # Compiled once for all processes of the run, into our own folder.
        kept, sys.dont_write_bytecode = sys.dont_write_bytecode, False
        try:
            import git_hotfix_place
        finally:
            sys.dont_write_bytecode = kept
        git_hotfix_place.install()
