"""Sees to it that what a test run imports of this repository is the code of the place that is tested (a slot or its
twin), and tells of what is not.

An environment often holds an editable install that leads to the user's own worktree, or a copy that was installed once.
Both would be tested instead of the change. So: folders on Python's search path that lie in another worktree of the
repository are replaced by the same folders of the place; the source folders of the place come behind the standard
library and before what is installed; and a module of this repository that would come from elsewhere all the same is
taken from the place, or told of where that cannot be done.

Loaded at the start of every Python, so it needs little: nothing but the standard library, Python 3.6 or newer.
PYTEST_DONT_REWRITE
"""

import atexit
import os
import sys
from importlib.machinery import PathFinder

_INSTALLED = ("site-packages", "dist-packages")
_STDLIB = os.path.realpath(os.path.dirname(os.__file__))
_SUFFIXES = (".py", ".pyc", ".so", ".pyd")

_place = None


def install():
    """Begins, once per process. What it does is read from the file named by HOTFIX_PLACE."""
    global _place
    path = os.environ.get("HOTFIX_PLACE")
    if _place is not None or not path:
        return
    _place = Place(path)
    _place.arrange()
    sys.meta_path.insert(0, Finder(_place))
    atexit.register(_place.look_at_modules)


def tell():
    """Tells of foreign modules now, for programs that do not end in the usual way."""
    if _place is not None:
        _place.look_at_modules()


def _is_below(path, folder):
    return path == folder or path.startswith(folder + os.sep)


def _is_installed(path):
    return any((os.sep + name + os.sep) in path + os.sep for name in _INSTALLED)


def _is_standard(path):
    return _is_below(path, _STDLIB) and not _is_installed(path)


def _is_no_source_of(tree, path):
    """Whether a path below a tree lies in something hidden there or in an environment: `.tox`, `venv/src`."""
    folder = tree
    for part in os.path.dirname(path)[len(tree) + 1:].split(os.sep):
        folder = os.path.join(folder, part)
        if part.startswith(".") or os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            return True
    return False


class Place:
    """What is known about the place and about the repository."""

    def __init__(self, path):
        self.root = ""
        self.trees, self.sources, self.named, self.projects = [], [], set(), set()
        self.names, self.carried = {}, {}
        self.told, self.owners = set(), {}
        self.suspicious = ()
        with open(path, "rb") as file:
            # It is written for this run, before the run begins.
            self.began = os.fstat(file.fileno()).st_mtime
            for line in file.read().split(b"\n"):
                self._take([os.fsdecode(field) for field in line.split(b"\t")])
        # The deepest first: a worktree may lie in another one.
        self.trees.sort(key=len, reverse=True)
        self.tops = {name.partition(".")[0] for name in self.names}

    def _take(self, fields):
        kind, values = fields[0], fields[1:]
        if kind == "root":
            self.root = os.path.realpath(values[0])
        elif kind == "tree":
            self.trees.append(os.path.realpath(values[0]))
        elif kind == "source":
            self.sources.append(values[0])
        elif kind == "user":
            self.named.add(os.path.realpath(values[0]))
        elif kind == "project":
            self.projects.add(values[0])
        elif kind == "name":
            self.names.setdefault(values[0], []).append(values[1])
        elif kind == "carried":
            self.carried[os.path.join(self.root, values[0])] = values[1]

    def arrange(self):
        """Puts the source folders of the place onto the search path, and the place in the stead of other worktrees."""
        first_installed = next((at for at, entry in enumerate(sys.path) if _is_installed(entry)), len(sys.path))
        late = [os.path.realpath(entry) for entry in sys.path[first_installed:] if not _is_installed(entry)]
        self.suspicious = tuple(self.named.union(late))
        arranged = []
        for entry in sys.path:
            # An empty entry is the working directory, wherever that is by then.
            entry = (self.counterpart_of_folder(entry) or entry) if entry else entry
            if entry == "" or entry not in arranged:
                arranged.append(entry)
        sources = [folder for folder in self.sources if folder not in arranged]
        at = self._behind_standard_library(arranged)
        sys.path[:] = arranged[:at] + sources + arranged[at:]

    @staticmethod
    def _behind_standard_library(entries):
        standard = [at for at, entry in enumerate(entries) if entry and _is_standard(os.path.realpath(entry))]
        return max(standard) + 1 if standard else len(entries)

    def counterpart_of_folder(self, folder):
        """The folder of the place that stands for one of another worktree; None for all other folders."""
        if not os.path.isabs(folder):
            return None
        real = os.path.realpath(folder)
        if self._is_own(real) or _is_installed(real) or _is_standard(real):
            return None
        tree = self._tree_of(real)
        if tree is None:
            return self._counterpart_in_clone(real)
        counterpart = os.path.normpath(os.path.join(self.root, os.path.relpath(real, tree)))
        return counterpart if os.path.isdir(counterpart) else None

    def _counterpart_in_clone(self, real):
        """The same for a folder of a clone: of some repository, with modules that the place has in the same folder."""
        clone = _repository_of(real) if real in self.suspicious else None
        if clone is None:
            return None
        counterpart = os.path.normpath(os.path.join(self.root, os.path.relpath(real, clone)))
        shared = _modules_in(real) & _modules_in(counterpart)
        return counterpart if shared else None

    def _is_own(self, real):
        """Whether a path is in the place itself, and in no other worktree that lies in the place."""
        return _is_below(real, self.root) and self._tree_of(real) is None

    def _tree_of(self, real):
        """The worktree of the repository, other than the place, that holds a path."""
        for tree in self.trees:
            if _is_below(real, tree) and not (_is_below(self.root, tree) and _is_below(real, self.root)):
                return tree
        return None

    def counterpart_of_file(self, name, real):
        """Whether a module's file is foreign code of this repository, and the file of the place in its stead, if there
        is one."""
        if _is_standard(real):
            # Nothing of the standard library imports its own tests, but many projects call theirs like that.
            return (name == "test" and name in self.names), self._file_of_name(name)
        if _is_installed(real):
            if name not in self.names or not self._is_ours(name, real):
                return False, None
            return True, self._file_of_name(name)
        if self._is_own(real):
            return False, None
        tree = self._tree_of(real)
        if tree is None:
            return self._counterpart_elsewhere(name, real)
        if real in self.carried.values() or _is_no_source_of(tree, real):
            return False, None
        counterpart = os.path.join(self.root, os.path.relpath(real, tree))
        if os.path.isfile(counterpart):
            return True, counterpart
        # What lies in a folder that the place does not have is no code of the place.
        return name in self.names or os.path.isdir(os.path.dirname(counterpart)), self._file_of_name(name)

    def _counterpart_elsewhere(self, name, real):
        """The same for a file in no worktree of the repository."""
        if not any(_is_below(real, folder) for folder in self.suspicious):
            # Its folder joined the search path later, by a `conftest.py` for example. Tests make modules of any name in
            # folders of their own; one that is older than the run is a copy of ours.
            counterpart = self._file_of_name(name)
            return counterpart is not None and self._was_there_before(real), counterpart
        clone = _repository_of(real)
        if clone is not None:
            counterpart = os.path.join(self.root, os.path.relpath(real, clone))
            if os.path.isfile(counterpart):
                return True, counterpart
        return name in self.names, self._file_of_name(name)

    def _was_there_before(self, file):
        try:
            return os.stat(file).st_ctime < self.began
        except OSError:
            return False

    def _file_of_name(self, name):
        """The file of the place that a name of this repository stands for; None if several could be meant."""
        folders = [os.path.join(self.root, folder) if folder else self.root for folder in self.names.get(name, ())]
        near = [folder for folder in self.sources if folder in folders]
        chosen = near[:1] or (folders if len(folders) == 1 else [])
        below = name.replace(".", os.sep)
        for folder in chosen:
            for file in (os.path.join(folder, below, "__init__.py"), os.path.join(folder, below + ".py")):
                if os.path.isfile(file):
                    return file
        return None

    def is_of_others(self, name, file):
        """Whether a module is none of this repository's: nearly all are, and this is told without a look at the disk."""
        return name not in self.names and (_is_standard(file) or _is_installed(file))

    def _is_ours(self, name, real):
        """Whether an installed module is a copy of this repository's, and not a package of others with the same name."""
        top = name.partition(".")[0]
        end = max(real.rfind(os.sep + folder + os.sep) + len(folder) + 1 for folder in _INSTALLED if folder in real)
        folder = real[:end]
        key = folder, top
        if key not in self.owners:
            self.owners[key] = _owners(folder, top)
        owners = self.owners[key]
        return not owners or any(owner in self.projects or self._is_from_here(info) for owner, info in owners)

    def _is_from_here(self, info):
        """Whether a distribution was installed from a folder of this repository (PEP 610)."""
        try:
            with open(os.path.join(info, "direct_url.json"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError):
            return False
        return any(("file://" + tree) in text for tree in self.trees + [self.root])

    def carried_file(self, name, path):
        """A file that an install generates: the main worktree's, where the place has none."""
        last = name.rpartition(".")[2]
        for folder in path or ():
            file = os.path.join(os.path.realpath(folder), last + ".py")
            if file in self.carried and not os.path.exists(file):
                return self.carried[file]
        return None

    def look_at_modules(self):
        """Tells of modules that came from elsewhere by ways of their own, for example before this one began."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.endswith(_SUFFIXES) or name.startswith("git_hotfix_"):
                continue
            if self.is_of_others(name, file):
                continue
            real = os.path.realpath(file)
            is_foreign, counterpart = self.counterpart_of_file(name, real)
            if is_foreign and (counterpart is not None or not _is_installed(real)):
                self.tell(name, real)

    def tell(self, name, real):
        """Tells once that a module came from a file outside the place."""
        path = os.environ.get("HOTFIX_FOREIGN")
        if not path or name in self.told:
            return
        self.told.add(name)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, b"\t".join((os.fsencode(name), os.fsencode(real))) + b"\n")
            finally:
                os.close(file)
        except OSError:
            # Where a test may not write there, its modules cannot be told of.
            pass


def _repository_of(path):
    while True:
        parent = os.path.dirname(path)
        if parent == path:
            return None
        if os.path.exists(os.path.join(path, ".git")):
            return path
        path = parent


def _modules_in(folder):
    try:
        entries = os.listdir(folder)
    except OSError:
        return set()
    return {
        entry for entry in entries
        if entry.endswith(".py") or os.path.isfile(os.path.join(folder, entry, "__init__.py"))
    }


def _owners(folder, top):
    """The distributions in a folder of packages that hold a module: normalized name, and folder of their metadata."""
    found = []
    try:
        entries = os.listdir(folder)
    except OSError:
        return found
    for entry in entries:
        base, extension = os.path.splitext(entry)
        listed = {".dist-info": "RECORD", ".egg-info": "top_level.txt"}.get(extension)
        if listed is None:
            continue
        info = os.path.join(folder, entry)
        try:
            with open(os.path.join(info, listed), encoding="utf-8", errors="replace") as file:
                holds = any(line.startswith((top + "/", top + ".")) or line.strip() == top for line in file)
        except OSError:
            continue
        if holds:
            found.append((base.partition("-")[0].lower().replace("_", "-").replace(".", "-"), info))
    return found


class Finder:
    """Asks all other finders, and judges what they found."""

    def __init__(self, place):
        self.place = place
        # Packages of others, whose modules need no look.
        self.settled = set()

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if path is not None and top in self.settled and not self.place.carried:
            return None
        spec = self._found_by_others(name, path, target)
        if spec is None:
            file = self.place.carried_file(name, path)
            return None if file is None else _spec_of(name, file)
        if spec.origin in (None, "built-in", "frozen", "namespace") or not spec.has_location:
            return self._without_other_worktrees(spec)
        if self.place.is_of_others(name, spec.origin):
            self._settle(top, path)
            return spec
        real = os.path.realpath(spec.origin)
        is_foreign, counterpart = self.place.counterpart_of_file(name, real)
        if not is_foreign:
            self._settle(top, path)
            return spec
        own = None if counterpart is None else _spec_of(name, counterpart)
        if own is None:
            self.place.tell(name, real)
            return spec
        return own

    def _settle(self, top, path):
        if path is None and top not in self.place.tops:
            self.settled.add(top)

    def _found_by_others(self, name, path, target):
        finders = sys.meta_path
        behind = finders[finders.index(self) + 1:] if self in finders else ()
        for finder in behind:
            find_spec = getattr(finder, "find_spec", None)
            spec = find_spec(name, path, target) if find_spec is not None else None
            if spec is not None:
                return spec
        return None

    def _without_other_worktrees(self, spec):
        """A package without a file of its own has folders; those of other worktrees are replaced."""
        folders = spec.submodule_search_locations
        if folders is not None:
            own = [self.place.counterpart_of_folder(folder) or folder for folder in folders]
            if own != list(folders):
                spec.submodule_search_locations = own
        return spec

    def invalidate_caches(self):
        """Keeps nothing that could be out of date."""


def _spec_of(name, file):
    is_package = os.path.basename(file).startswith("__init__.")
    folder = os.path.dirname(file)
    return PathFinder.find_spec(name, [os.path.dirname(folder) if is_package else folder])
