//! What the configuration files of a Python project say: pytest's settings, the project's name, files that an install
//! generates.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::ini;

/// Files that are pytest's own configuration, the strongest first, with the section that counts (pytest's
/// documentation, "Configuration file formats"); an empty section means that the file alone is enough.
const OWN_INI_FILES: &[(&str, &str)] = &[("pytest.ini", ""), (".pytest.ini", "")];
/// The same for files that others share.
const SHARED_INI_FILES: &[(&str, &str)] = &[("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")];

/// pytest's settings, as far as they say which files hold tests. Words are as they stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PytestSettings {
    /// `python_files`.
    pub python_files: Vec<String>,
    /// `testpaths`.
    pub testpaths: Vec<String>,
    /// `norecursedirs`; `None` for pytest's own default.
    pub norecursedirs: Option<Vec<String>>,
    /// `addopts`.
    pub addopts: Vec<String>,
    /// Whether they are about Django, which pytest-django then sets up.
    pub names_django: bool,
}

impl PytestSettings {
    /// Reads them with `text`, which gives the text of a file of the project; `None` without any.
    pub fn read(text: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let ini = |files| from_ini(text, files);
        ini(OWN_INI_FILES).or_else(|| from_toml(text)).or_else(|| ini(SHARED_INI_FILES))
    }

    /// The values of an option in `addopts`, as `--name VALUE` or `--name=VALUE`.
    pub fn option(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        let mut words = self.addopts.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word.strip_prefix(name) {
                Some("") => values.extend(words.next()),
                Some(rest) => values.extend(rest.strip_prefix('=')),
                None => {}
            }
        }
        values
    }
}

fn from_ini(text: &dyn Fn(&str) -> Option<String>, files: &[(&str, &str)]) -> Option<PytestSettings> {
    files.iter().find_map(|(file, section)| {
        let text = text(file)?;
        let is_settings = section.is_empty() || ini::has_section(&text, section);
        let section = if section.is_empty() { "pytest" } else { section };
        let words = |key: &str| ini::value(&text, section, key).map(|value| words(&value));
        is_settings.then(|| PytestSettings {
            python_files: words("python_files").unwrap_or_default(),
            testpaths: words("testpaths").unwrap_or_default(),
            norecursedirs: words("norecursedirs"),
            addopts: words("addopts").unwrap_or_default(),
            names_django: ini::value(&text, section, "DJANGO_SETTINGS_MODULE").is_some(),
        })
    })
}

fn from_toml(text: &dyn Fn(&str) -> Option<String>) -> Option<PytestSettings> {
    if let Some(text) = ["pytest.toml", ".pytest.toml"].into_iter().find_map(text) {
        let document: DocumentMut = text.parse().unwrap_or_default();
        return Some(document.get("pytest").map(of_table).unwrap_or_default());
    }
    let document: DocumentMut = text("pyproject.toml")?.parse().ok()?;
    let settings = document.get("tool")?.get("pytest")?;
    Some(of_table(settings.get("ini_options").unwrap_or(settings)))
}

fn of_table(settings: &Item) -> PytestSettings {
    let list = |key: &str| settings.get(key).map(strings);
    PytestSettings {
        python_files: list("python_files").unwrap_or_default(),
        testpaths: list("testpaths").unwrap_or_default(),
        norecursedirs: list("norecursedirs"),
        addopts: list("addopts").unwrap_or_default(),
        names_django: settings.get("DJANGO_SETTINGS_MODULE").is_some(),
    }
}

fn strings(item: &Item) -> Vec<String> {
    match item.as_array() {
        Some(array) => array.iter().filter_map(|value| value.as_str()).map(str::to_owned).collect(),
        None => words(item.as_str().unwrap_or_default()),
    }
}

/// The words of a line; quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(end) if character == end => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// The name under which a project is installed, if its files say it.
pub fn distribution(folder: &Path) -> Option<String> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let of_toml = || {
        let document: DocumentMut = read("pyproject.toml")?.parse().ok()?;
        let poetry = || document.get("tool")?.get("poetry")?.get("name");
        let name = document.get("project").and_then(|project| project.get("name")).or_else(poetry)?;
        name.as_str().map(str::to_owned)
    };
    let of_cfg = || ini::value(&read("setup.cfg")?, "metadata", "name");
    of_toml().or_else(of_cfg).or_else(|| keyword(&read("setup.py")?, "name"))
}

/// Files that an install writes beside the source, mostly with the version: from the project's folder. Those of
/// `hatch-vcs`, `setuptools_scm`, `pdm` and `versioningit`.
pub fn generated_files(folder: &Path) -> Vec<PathBuf> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let mut found = Vec::new();
    let document = read("pyproject.toml").and_then(|text| text.parse::<DocumentMut>().ok());
    if let Some(tools) = document.as_ref().and_then(|document| document.get("tool")) {
        let at = |keys: &[&str]| {
            let item = keys.iter().try_fold(tools, |item, key| item.get(key))?;
            item.as_str().map(PathBuf::from)
        };
        found.extend(at(&["hatch", "build", "hooks", "vcs", "version-file"]));
        for target in ["wheel", "sdist", "editable"] {
            found.extend(at(&["hatch", "build", "targets", target, "hooks", "vcs", "version-file"]));
        }
        for tool in ["setuptools_scm", "setuptools-scm", "vcs-versioning"] {
            found.extend(at(&[tool, "version_file"]));
            found.extend(at(&[tool, "write_to"]));
        }
        found.extend(at(&["versioningit", "write", "file"]));
        // From the folder that holds the packages.
        for file in
            [at(&["pdm", "version", "write_to"]), at(&["pdm", "build", "write_to"])].into_iter().flatten()
        {
            found.push(Path::new("src").join(&file));
            found.push(file);
        }
    }
    if let Some(setup) = read("setup.py").filter(|text| text.contains("use_scm_version")) {
        found.extend(
            ["version_file", "write_to"].iter().filter_map(|key| keyword(&setup, key)).map(PathBuf::from),
        );
    }
    found.retain(|path| path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
    found
}

/// The text given for a key in a program, as in `name="shop"` and `"write_to": "shop/_version.py"`.
fn keyword(program: &str, key: &str) -> Option<String> {
    program.match_indices(key).find_map(|(at, _)| {
        let before = program.get(..at)?.chars().next_back();
        if before.is_some_and(|character| character.is_alphanumeric() || character == '_') {
            return None;
        }
        let rest = program.get(at + key.len()..)?.trim_start_matches(['"', '\'']).trim_start();
        let value = rest.strip_prefix(['=', ':'])?.trim_start();
        let quote = value.chars().next().filter(|character| matches!(character, '"' | '\''))?;
        Some(value.get(1..)?.split(quote).next()?.to_owned())
    })
}

/// Whether the text of a `pyproject.toml` describes a project, not only how some tools behave. One that cannot be read
/// does.
pub fn describes_project(text: &str) -> bool {
    let Ok(document) = text.parse::<DocumentMut>() else { return true };
    let has_tool = |name: &str| document.get("tool").and_then(|tools| tools.get(name)).is_some();
    document.contains_key("project")
        || document.contains_key("build-system")
        || ["poetry", "pdm", "flit", "hatch", "setuptools", "uv", "pixi", "rye"].into_iter().any(has_tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, text: &str) -> Option<PytestSettings> {
        PytestSettings::read(&|name| (name == file).then(|| text.to_owned()))
    }

    #[test]
    fn settings_are_read_from_every_kind_of_file() {
        let ini = "[pytest]\ntestpaths =\n  tests\n  'more tests'\nnorecursedirs = old .git\naddopts = -q --ignore=tests/a --ignore tests/b\n";
        let toml = "[tool.pytest.ini_options]\ntestpaths = ['tests', 'more tests']\nnorecursedirs = 'old .git'\naddopts = '-q --ignore=tests/a --ignore tests/b'\n";
        for settings in [read("pytest.ini", ini), read("pyproject.toml", toml)] {
            let settings = settings.expect("settings");
            assert_eq!(settings.testpaths, ["tests", "more tests"]);
            assert_eq!(settings.norecursedirs, Some(vec!["old".to_owned(), ".git".to_owned()]));
            assert_eq!(settings.option("--ignore"), ["tests/a", "tests/b"]);
        }
        assert_eq!(read("tox.ini", "[tox]\n"), None);
        assert_eq!(read("pytest.ini", ""), Some(PytestSettings::default()));
    }

    #[test]
    fn names_and_generated_files_of_projects_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        write("setup.py", "setup(\n  name='till', use_scm_version={'write_to': 'till/_version.py'})\n");
        assert_eq!(distribution(folder.path()).as_deref(), Some("till"));
        assert_eq!(generated_files(folder.path()), [PathBuf::from("till/_version.py")]);
        write(
            "pyproject.toml",
            "[project]\nname = 'shop'\n[tool.hatch]\nbuild.hooks.vcs.version-file = 'src/shop/version.py'\n[tool.setuptools_scm]\nversion_file = '../out.py'\n",
        );
        assert_eq!(distribution(folder.path()).as_deref(), Some("shop"));
        assert_eq!(generated_files(folder.path())[0], PathBuf::from("src/shop/version.py"));
        assert!(generated_files(folder.path()).iter().all(|path| !path.starts_with("..")));
    }

    #[test]
    fn a_file_that_only_configures_tools_describes_no_project() {
        assert!(!describes_project("[tool.ruff]\nline-length = 100\n"));
        assert!(describes_project("[project]\nname = 'a'\n") && describes_project("[tool.poetry]\n"));
        assert!(describes_project("not toml ["));
    }
}
