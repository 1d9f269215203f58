//! The code under test is that of the place, wherever an environment leads to.

use std::fs;
use std::path::Path;

use hotfix_core::suite::{Runner, Selection, plain};
use hotfix_model::CaseOutcome::{Failed, Passed};
use hotfix_model::Run;

use super::venv::Venv;
use super::{Project, files, found, outcomes, reason, write_into};

/// The test asks for what only the slot's code gives.
const TEST: (&str, &str) =
    ("tests/test_tax.py", "from shop.price import tax\n\n\ndef test_tax():\n    assert tax(2) == 4\n");
const OF_SLOT: &str = "def tax(x):\n    return x * 2\n";
const OF_OTHERS: &str = "def tax(x):\n    return 999\n";

/// A project whose slot has the package below `source`.
fn project(source: &str, more: &[(&str, &str)]) -> Project {
    let init = format!("{source}shop/__init__.py");
    let price = format!("{source}shop/price.py");
    let mut all = vec![("pytest.ini", ""), TEST, (init.as_str(), ""), (price.as_str(), OF_SLOT)];
    all.extend(more);
    Project::new(&all)
}

/// Other code of the same package, below a folder.
fn other_code(folder: &Path) {
    write_into(folder, &[("shop/__init__.py", ""), ("shop/price.py", OF_OTHERS)]);
}

/// The runner of a project, as its files show it.
fn runner(project: &Project) -> Box<dyn Runner> {
    let mut all = Vec::new();
    let mut waiting = vec![project.root()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => all.push(entry.path()),
            }
        }
    }
    let root = project.root();
    let texts: Vec<(String, String)> = all
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap_or_default())
        })
        .collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    found(&texts)
}

fn run(project: &Project) -> Run {
    project.run(runner(project).as_ref(), &Selection::Everything)
}

fn is_of_slot(run: &Run) {
    assert_eq!(outcomes(run), [("tests/test_tax.py::test_tax", Passed)], "{run:#?}");
    assert!(run.is_green() && run.foreign.is_none(), "{run:#?}");
}

#[test]
fn an_editable_install_of_the_main_worktree_is_mapped_whatever_the_folder() {
    for source in ["lib/", "python/", "backend/code/", ""] {
        let project = project(source, &[]);
        let folder = project.home().join(source);
        other_code(&folder);
        Venv::new(&project, ".venv").lead_to(&folder);
        is_of_slot(&run(&project));
    }
}

#[test]
fn an_editable_install_of_another_worktree_or_clone_is_mapped() {
    let project = project("lib/", &[(".git", "gitdir: ../home/.git/worktrees/slot\n")]);
    let private = project.home().join(".git/worktrees");
    for (name, at) in [("slot", project.root()), ("feature", project.beside("feature"))] {
        let gitdir = format!("{}/.git\n", at.display());
        write_into(&private.join(name), &[("gitdir", &gitdir), ("commondir", "../..\n")]);
    }
    let feature = project.beside("feature");
    other_code(&feature.join("lib"));
    let venv = Venv::new(&project, ".venv");
    venv.lead_to(&feature.join("lib"));
    is_of_slot(&run(&project));

    let clone = project.beside("clone");
    fs::create_dir_all(clone.join(".git")).unwrap();
    other_code(&clone.join("lib"));
    venv.lead_to(&clone.join("lib"));
    is_of_slot(&run(&project));
}

/// What newer versions of setuptools leave: a finder that knows the folder of each package.
#[test]
fn an_editable_finder_is_mapped() {
    let project = project("lib/", &[]);
    other_code(&project.home().join("lib"));
    let folder = project.home().join("lib/shop");
    let finder = format!(
        "import sys\nfrom importlib.util import spec_from_file_location\n\n\nclass Finder:\n    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n        if name == 'shop':\n            return spec_from_file_location(name, {0:?} + '/__init__.py', submodule_search_locations=[{0:?}])\n\n\nsys.meta_path.append(Finder)\n",
        folder.to_str().unwrap()
    );
    let venv = Venv::new(&project, ".venv");
    venv.install(&[("editable_finder.py", &finder), ("editable.pth", "import editable_finder\n")]);
    is_of_slot(&run(&project));
}

#[test]
fn a_package_without_a_file_of_its_own_is_mapped() {
    let test = "from acme.shop import WHERE\n\n\ndef test_where():\n    assert WHERE == 'slot'\n";
    let project = Project::new(&[
        ("pytest.ini", ""),
        ("tests/test_where.py", test),
        ("lib/acme/shop/__init__.py", "WHERE = 'slot'\n"),
    ]);
    write_into(&project.home(), &[("lib/acme/shop/__init__.py", "WHERE = 'home'\n")]);
    Venv::new(&project, ".venv").lead_to(&project.home().join("lib"));
    assert!(run(&project).is_green());
}

#[test]
fn a_copy_in_the_environment_gives_way_to_the_slots_code() {
    let member = [("packages/api/pyproject.toml", "[project]\nname = 'shop-api'\n")];
    let project = project("packages/api/src/", &member);
    let venv = Venv::new(&project, ".venv");
    other_code(&venv.packages());
    is_of_slot(&run(&project));
    // The same with what an installer writes beside it.
    venv.install(&[("shop_api-1.0.dist-info/RECORD", "shop/__init__.py,,\nshop/price.py,,\n")]);
    is_of_slot(&run(&project));
}

/// A copy in a folder that joins the search path in the run gives way, and so does one that its test names.
#[test]
fn a_copy_that_the_tests_put_in_front_gives_way() {
    let copies = tempfile::tempdir().unwrap();
    other_code(copies.path());
    let path = copies.path().display();
    let conftest = format!("import sys\n\nsys.path.insert(0, {:?})\n", path.to_string());
    is_of_slot(&run(&project("src/", &[("conftest.py", &conftest)])));
    let test = format!("{conftest}{}", TEST.1);
    is_of_slot(&run(&project("", &[(TEST.0, &test)])));
    let linked = copies.path().join("linked");
    std::os::unix::fs::symlink(copies.path().join("shop"), copies.path().join("other")).unwrap();
    fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(copies.path().join("shop"), linked.join("shop")).unwrap();
    let conftest = format!("import sys\n\nsys.path.insert(0, {:?})\n", linked.display().to_string());
    is_of_slot(&run(&project("lib/", &[("conftest.py", &conftest)])));
}

#[test]
fn a_package_of_others_with_the_same_name_is_left_alone() {
    let member =
        [("tools/x/pyproject.toml", "[project]\nname = 'x'\n"), ("tools/x/yaml.py", "WHERE = 'slot'\n")];
    let project = Project::new(&[
        ("pytest.ini", ""),
        ("tests/test_a.py", "import yaml\n\n\ndef test_a():\n    assert yaml.WHERE == 'installed'\n"),
        member[0],
        member[1],
    ]);
    Venv::new(&project, ".venv").install(&[
        ("yaml/__init__.py", "WHERE = 'installed'\n"),
        ("PyYAML-6.0.dist-info/RECORD", "yaml/__init__.py,,\n"),
    ]);
    assert!(run(&project).is_green());
}

#[test]
fn what_cannot_be_mapped_is_said_also_where_tests_are_red() {
    for red in ["", "\n\ndef test_red():\n    assert 1 == 2\n"] {
        let test = format!("from shop.price import tax\n\n\ndef test_tax():\n    assert tax(2)\n{red}");
        let project = Project::new(&[
            ("pytest.ini", ""),
            ("tests/test_tax.py", &test),
            ("a/pyproject.toml", "[project]\nname = 'a'\n"),
            ("a/src/shop/__init__.py", ""),
            ("b/pyproject.toml", "[project]\nname = 'b'\n"),
            ("b/src/shop/__init__.py", ""),
        ]);
        let venv = Venv::new(&project, ".venv");
        other_code(&venv.packages());
        let run = run(&project);
        let foreign = run.foreign.as_deref().unwrap_or_default();
        assert!(foreign.contains("imported shop from") && foreign.contains("site-packages/shop"), "{run:#?}");
        assert!(foreign.contains("install it editable") && !run.is_green(), "{foreign}");
    }
}

#[test]
fn a_module_that_only_the_main_worktree_has_is_said() {
    let test = "import native\n\n\ndef test_a():\n    assert native\n";
    let project = Project::new(&[("pytest.ini", ""), ("tests/test_a.py", test), ("lib/shop.py", "")]);
    write_into(&project.home(), &[("lib/native.py", ""), ("lib/shop.py", "")]);
    let finder = format!(
        "import sys\nfrom importlib.machinery import PathFinder\n\n\nclass Finder:\n    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n        return PathFinder.find_spec(name, [{:?}]) if path is None else None\n\n\nsys.meta_path.append(Finder)\n",
        project.home().join("lib").to_str().unwrap()
    );
    let venv = Venv::new(&project, ".venv");
    venv.install(&[("editable_finder.py", &finder), ("editable.pth", "import editable_finder\n")]);
    let run = run(&project);
    let foreign = run.foreign.as_deref().unwrap_or_default();
    assert!(
        foreign.contains("imported native") && foreign.contains("copy = [\"lib/native.py\"]"),
        "{run:#?}"
    );
}

#[test]
fn programs_that_tests_start_use_the_slots_code_too() {
    let test = "import subprocess, sys\n\n\ndef test_child(tmp_path):\n    code = 'from shop.price import tax; print(tax(2))'\n    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=tmp_path)\n    assert done.stdout == '4\\n', done\n";
    let project = project("lib/", &[("tests/test_child.py", test)]);
    other_code(&project.home().join("lib"));
    Venv::new(&project, ".venv").lead_to(&project.home().join("lib"));
    let run = run(&project);
    assert!(run.is_green() && run.cases.len() == 2, "{run:#?}");
}

/// A test may make a package of the same name in a folder of its own.
#[test]
fn what_tests_make_themselves_is_left_alone() {
    let test = "import subprocess, sys\n\n\ndef test_child(tmp_path):\n    (tmp_path / 'shop').mkdir()\n    (tmp_path / 'shop/__init__.py').write_text('WHERE = \"made\"')\n    (tmp_path / '.git').mkdir()\n    code = 'import shop; print(shop.WHERE)'\n    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=tmp_path)\n    assert done.stdout == 'made\\n', done\n";
    let project = project("", &[("tests/test_child.py", test)]);
    Venv::new(&project, ".venv");
    let run = run(&project);
    assert!(run.is_green() && run.foreign.is_none() && run.cases.len() == 2, "{run:#?}");
}

#[test]
fn a_command_uses_the_slots_code_too() {
    let project = project("lib/", &[]);
    other_code(&project.home().join("lib"));
    Venv::new(&project, ".venv").lead_to(&project.home().join("lib"));
    let words = ["python", "-c", "from shop.price import tax; assert tax(2) == 4"];
    let run = project.run(&*plain(words.map(Into::into).into()).unwrap(), &Selection::Everything);
    assert!(run.is_green(), "{run:#?}");
}

#[test]
fn unittest_uses_the_slots_code_too() {
    let test = "import unittest\nfrom shop.price import tax\n\n\nclass T(unittest.TestCase):\n    def test_tax(self):\n        self.assertEqual(tax(2), 4)\n";
    let all = [("tests/test_tax.py", test), ("lib/shop/__init__.py", ""), ("lib/shop/price.py", OF_SLOT)];
    let project = Project::new(&all);
    other_code(&project.home().join("lib"));
    let venv = Venv::new(&project, ".venv");
    venv.lead_to(&project.home().join("lib"));
    let run = project.run(found(&all).as_ref(), &Selection::Everything);
    assert!(run.is_green() && run.cases.len() == 1, "{run:#?}");
}

/// The example's package and the root's have nothing to do with each other but the import.
#[test]
fn a_nested_project_sees_the_roots_source() {
    let all = [
        ("pyproject.toml", "[project]\nname = 'shop'\n[tool.pytest.ini_options]\ntestpaths = ['tests']\n"),
        ("src/shop/__init__.py", "def f(x): return x + 1\n"),
        ("tests/test_f.py", "from shop import f\ndef test_f(): assert f(1) == 2\n"),
        ("examples/demo/pyproject.toml", "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"),
        ("examples/demo/demo.py", "from shop import f\nVALUE = f(5)\n"),
        ("examples/demo/tests/test_demo.py", "from demo import VALUE\ndef test_demo(): assert VALUE == 6\n"),
        ("examples/demo/more/test_never.py", "def test_never(): assert False\n"),
    ];
    let project = Project::new(&all);
    write_into(&project.home(), &[("src/shop/__init__.py", "def f(x): return 0\n")]);
    Venv::new(&project, ".venv").lead_to(&project.home().join("src"));
    let run = project.run(found(&all).as_ref(), &Selection::Everything);
    let both = [("examples/demo/tests/test_demo.py::test_demo", Passed), ("tests/test_f.py::test_f", Passed)];
    assert_eq!(outcomes(&run), both, "{run:#?}");
    assert!(run.is_green());
}

#[test]
fn the_root_never_shadows_the_standard_library() {
    let script = "print('rotates tokens')\nraise SystemExit('usage: token.py NAME')\n";
    let test = "import secrets\nfrom shop.price import tax\n\n\ndef test_tax():\n    assert tax(2) == 4 and secrets.token_hex\n";
    for source in ["src/", ""] {
        let more = [("token.py", script), ("secrets.py", script), ("tests/test_tax.py", test)];
        let project = project(source, &more);
        is_of_slot(&run(&project));
    }
    let test = "import unittest, tokenize\n\n\nclass T(unittest.TestCase):\n    def test_a(self): self.assertTrue(tokenize.open)\n";
    let all = [("token.py", script), ("src/shop.py", ""), ("tests/test_a.py", test)];
    let project = Project::new(&all);
    let run = project.run(found(&all).as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("tests/test_a.py::T::test_a", Passed)], "{run:#?}");
}

#[test]
fn modules_at_the_root_come_before_what_is_installed() {
    let test = "import helpers\n\n\ndef test_a():\n    assert helpers.WHERE == 'slot'\n";
    let all = [("pytest.ini", ""), ("helpers.py", "WHERE = 'slot'\n"), ("tests/test_a.py", test)];
    let project = Project::new(&all);
    let venv = Venv::new(&project, ".venv");
    venv.install(&[("helpers.py", "WHERE = 'installed'\n"), ("x-1.dist-info/RECORD", "helpers.py,,\n")]);
    assert!(run(&project).is_green());
}

#[test]
fn the_environments_own_customization_runs_all_the_same() {
    let test = "import sys\n\n\ndef test_a():\n    assert sys.customized\n";
    let project = Project::new(&[("pytest.ini", ""), ("tests/test_a.py", test)]);
    Venv::new(&project, ".venv").install(&[("sitecustomize.py", "import sys\nsys.customized = True\n")]);
    assert!(run(&project).is_green());
}

#[test]
fn a_generated_version_file_is_carried_from_the_main_worktree() {
    let settings = [
        "[tool.hatch]\nbuild.hooks.vcs.version-file = 'src/shop/version.py'\n",
        "[tool.setuptools_scm]\nwrite_to = 'src/shop/version.py'\n",
        "[tool.pdm.version]\nsource = 'scm'\nwrite_to = 'shop/version.py'\n",
    ];
    for settings in settings {
        let project = Project::new(&[
            ("pyproject.toml", settings),
            ("pytest.ini", ""),
            ("src/shop/__init__.py", "from .version import __version__\ndef f(x): return x\n"),
            (
                "tests/test_f.py",
                "from shop import f, __version__\ndef test_f(): assert __version__ == '1.2.3'\n",
            ),
        ]);
        write_into(&project.home(), &[("src/shop/version.py", "__version__ = '1.2.3'\n")]);
        Venv::new(&project, ".venv").lead_to(&project.home().join("src"));
        let run = run(&project);
        assert!(run.is_green(), "{settings} {run:#?}");
        assert!(!project.root().join("src/shop/version.py").exists(), "the tree stays as it was");
    }
}

#[test]
fn what_an_install_made_and_the_slot_lacks_is_named() {
    let of = |files: &[(&str, &str)], import: &str| {
        let init = format!("{import}\n");
        let project = Project::new(&[
            ("pyproject.toml", "[project]\nname = 'shop'\n"),
            ("pytest.ini", ""),
            ("src/shop/__init__.py", &init),
            ("tests/test_f.py", "import shop\ndef test_f(): pass\n"),
        ]);
        write_into(&project.home(), files);
        let run = run(&project);
        assert!(!run.is_green());
        run.not_loaded.first().map(|(_, reason)| reason.clone()).unwrap_or_default()
    };
    let made = [("src/shop/_build.py", "")];
    for import in ["from ._build import X", "import shop._build", "from . import _build"] {
        let reason = of(&made, import);
        assert!(reason.contains("only your own worktree has src/shop/_build.py"), "{reason}");
        assert!(reason.contains("slot.copy='[\"src/shop/_build.py\"]'"), "{reason}");
    }
    let compiled = [("src/shop/_fast.cpython-311-x86_64-linux-gnu.so", "")];
    let reason = of(&compiled, "from ._fast import X");
    assert!(reason.contains("src/shop/_fast.cpython-311-x86_64-linux-gnu.so"), "{reason}");
    let reason = of(&[], "from ._gone import X");
    assert_eq!(reason, "ModuleNotFoundError: No module named 'shop._gone'");
}

#[test]
fn a_red_test_of_the_slots_code_is_red() {
    let project = project("lib/", &[("lib/shop/price.py", OF_OTHERS)]);
    write_into(&project.home(), &[("lib/shop/__init__.py", ""), ("lib/shop/price.py", OF_SLOT)]);
    Venv::new(&project, ".venv").lead_to(&project.home().join("lib"));
    let run = project.run(runner(&project).as_ref(), &files(&["tests/test_tax.py"]));
    assert_eq!(outcomes(&run), [("tests/test_tax.py::test_tax", Failed)], "{run:#?}");
    assert_eq!(reason(&run, "tests/test_tax.py::test_tax"), "AssertionError: assert 999 == 4");
}
