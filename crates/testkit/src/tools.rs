//! Where the tools are that `cargo xtask test` installs. The same places are known to xtask through this module.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names, comma-separated, of toolchains to do without; set by `cargo xtask test` when the machine lacks one.
pub const WITHOUT: &str = "HOTFIX_WITHOUT";

/// Tools of one language. Every test that needs them has the mark in its path: `mod with_python { … }` or
/// `fn with_python_…`. On a machine without them, `cargo xtask test` leaves out and counts exactly these.
#[derive(Debug)]
pub struct Family {
    /// Its name in `--without`, and that of its folder.
    pub name: &'static str,
    /// What people call the tools.
    pub title: &'static str,
    /// The mark.
    pub mark: &'static str,
}

/// python3, pytest, flake8, ruff and black.
pub const PYTHON: Family = Family { name: "python", title: "Python", mark: "with_python" };
/// pytest with xdist, plugins that retry and plugins of snapshots, and Django.
pub const PLUGINS: Family = Family { name: "plugins", title: "pytest plugin", mark: "with_plugins" };
/// mypy, clang-format, clang-tidy, shellcheck, shfmt, yamllint and hadolint.
pub const LINTERS: Family = Family { name: "linters", title: "linter", mark: "with_linters" };
/// prek, pre-commit and lefthook.
pub const HOOKS: Family = Family { name: "hooks", title: "hook", mark: "with_hooks" };
/// cmake, ctest and ninja, with a C compiler.
pub const CMAKE: Family = Family { name: "cmake", title: "CMake", mark: "with_cmake" };
/// cargo-nextest.
pub const NEXTEST: Family = Family { name: "nextest", title: "nextest", mark: "with_nextest" };
/// Node, jest, vitest, mocha, ava, yarn, programs that scripts put around tests, typescript, eslint, prettier, biome
/// and bats.
pub const NODE: Family = Family { name: "node", title: "JavaScript", mark: "with_node" };
/// Go and actionlint.
pub const GO: Family = Family { name: "go", title: "Go", mark: "with_go" };
/// Maven with its plugins, `JUnit`, checkstyle and google-java-format.
pub const JAVA: Family = Family { name: "java", title: "Java", mark: "with_java" };
/// Gradle, with `JUnit` 4.
pub const GRADLE: Family = Family { name: "gradle", title: "Gradle", mark: "with_gradle" };
/// Chromium.
pub const BROWSER: Family = Family { name: "browser", title: "browser", mark: "with_browser" };
/// A Git that has relative pointers of worktrees and hooks in its configuration: 2.54 or newer.
pub const NEW_GIT: Family = Family { name: "new-git", title: "newer Git", mark: "with_new_git" };
/// A Gitea server.
pub const GITEA: Family = Family { name: "gitea", title: "Gitea", mark: "with_gitea" };
/// A Gerrit server.
pub const GERRIT: Family = Family { name: "gerrit", title: "Gerrit", mark: "with_gerrit" };
/// All of them.
pub const FAMILIES: &[&Family] = &[
    &PYTHON, &PLUGINS, &LINTERS, &HOOKS, &CMAKE, &NEXTEST, &NODE, &GO, &JAVA, &GRADLE, &BROWSER, &NEW_GIT,
    &GITEA, &GERRIT,
];

/// The file that is written into a folder of tools last of all.
pub const COMPLETE: &str = "complete";

/// The folder of all tools: `HOTFIX_TOOLS`, else `git-hotfix/tools` in the user's cache; absent without a home.
pub fn dir() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("HOTFIX_TOOLS").or_else(|| {
        let cache =
            absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
        Some(cache.join("git-hotfix/tools"))
    })
}

impl Family {
    /// The folder of the family, if its tools are there and may be used.
    pub fn find(&self) -> Option<PathBuf> {
        let without = env::var(WITHOUT).unwrap_or_default();
        if without.split(',').any(|name| name == self.name) {
            return None;
        }
        dir().map(|tools| tools.join(self.name)).filter(|folder| folder.join(COMPLETE).is_file())
    }

    /// The same for a test that cannot do without.
    pub fn folder(&self) -> PathBuf {
        let title = self.title;
        self.find().unwrap_or_else(|| {
            panic!("the {title} tools are missing: run `cargo xtask test`, which installs them")
        })
    }
}

/// The folder with python3, pytest, flake8, ruff and black, if it is there.
pub fn find_python_bin() -> Option<PathBuf> {
    PYTHON.find().map(|python| python.join("bin"))
}

/// The folder with python3, pytest, flake8, ruff and black.
pub fn python_bin() -> PathBuf {
    PYTHON.folder().join("bin")
}

/// The folder `node_modules` with runners and linters for JavaScript, and bats.
pub fn node_modules() -> PathBuf {
    NODE.folder().join("node_modules")
}

/// Chromium, by the name it has here.
pub fn find_browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().find_map(|name| folder_of(name).map(|folder| folder.join(name)))
}

/// The same for a test that cannot do without.
pub fn browser() -> PathBuf {
    BROWSER.folder();
    find_browser().expect("the browser that `cargo xtask test` found")
}

/// The variable that names the folder of a newer Git's program.
pub const NEW_GIT_VARIABLE: &str = "HOTFIX_NEW_GIT";

/// The folder of a newer Git's program, if one is named.
pub fn find_new_git() -> Option<PathBuf> {
    let folder = env::var_os(NEW_GIT_VARIABLE).map(PathBuf::from)?;
    folder.join("git").is_file().then_some(folder)
}

/// The same for a test that cannot do without.
pub fn new_git() -> PathBuf {
    find_new_git()
        .expect("HOTFIX_NEW_GIT names the folder of a newer Git; `cargo xtask test` leaves such tests out")
}

/// The jars that a Gradle project of tests compiles and runs with, where Debian's packages lay them; absent without
/// Gradle itself.
pub fn find_gradle_jars() -> Option<[PathBuf; 2]> {
    let jars =
        ["junit4", "hamcrest-core"].map(|name| Path::new("/usr/share/java").join(format!("{name}.jar")));
    (folder_of("gradle").is_some() && jars.iter().all(|jar| jar.is_file())).then_some(jars)
}

/// The same for a test that cannot do without.
pub fn gradle_jars() -> [PathBuf; 2] {
    GRADLE.folder();
    find_gradle_jars().expect("the Gradle that `cargo xtask test` found")
}

/// The folder of a program on the machine's own search path.
pub fn folder_of(program: &str) -> Option<PathBuf> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&inherited).find(|folder| folder.join(program).is_file())
}

/// The variables that keep Go in a folder of tools and off the network.
pub fn go_variables(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("GOCACHE", folder.join("cache")),
        ("GOPATH", folder.join("path")),
        ("GOENV", "off".into()),
        ("GOFLAGS", "-mod=mod".into()),
        ("GOPROXY", "off".into()),
        ("GOTOOLCHAIN", "local".into()),
    ]
}

/// What Maven fetches goes here, below a folder of tools.
pub fn maven_repository(folder: &Path) -> PathBuf {
    folder.join(".m2/repository")
}

/// The variables that keep Maven in a folder of tools and off the network. Java takes the user's home from the system,
/// not from `HOME`.
pub fn java_variables(folder: &Path) -> Vec<(&'static str, OsString)> {
    let mut home = OsString::from("-XX:TieredStopAtLevel=1 -Duser.home=");
    home.push(folder);
    vec![("MAVEN_OPTS", home)]
}

/// The `pom.xml` of a project that spotless formats.
pub const fn spotless_project() -> &'static str {
    include_str!("../../../xtask/java-tools/spotless.xml")
}

/// The versions that Maven projects of tests name: `<properties>`, `<dependencies>` and `<build>` of a `pom.xml`.
pub fn maven_pins() -> &'static str {
    let project = include_str!("../../../xtask/java-tools/pom.xml");
    let begin = project.find("<properties>").expect("properties");
    let end = project.rfind("</project>").expect("an end");
    &project[begin..end]
}
