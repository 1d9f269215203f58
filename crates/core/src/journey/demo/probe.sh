# Prints which tools for Python are here and work.
(python3 -c 'import unittest' && echo python3) &
(python3 -c 'import pytest' && echo pytest) &
(flake8 --version >&2 && echo flake8) &
(ruff --version >&2 && echo ruff) &
wait
