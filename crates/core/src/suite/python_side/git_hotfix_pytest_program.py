"""Runs pytest for git-hotfix. Not `python -m pytest`, which puts the working directory before the standard library, so
that a script there called `token.py` would end pytest at its start. PYTEST_DONT_REWRITE
"""

import runpy

if __name__ == "__main__":
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
