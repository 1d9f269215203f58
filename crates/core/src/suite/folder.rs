//! The folder of one run: fresh, ours alone, so that no result of an earlier run can be read.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::suite::Repeat;

/// The helper shared by the runners' helpers, and they.
const TOOLS: &[(&str, &str)] = &[
    ("sitecustomize.py", include_str!("python_side/sitecustomize.py")),
    ("git_hotfix_place.py", include_str!("python_side/git_hotfix_place.py")),
    ("git_hotfix_stream.py", include_str!("python_side/git_hotfix_stream.py")),
    ("git_hotfix_coverage.py", include_str!("python_side/git_hotfix_coverage.py")),
    ("git_hotfix_pytest.py", include_str!("python_side/git_hotfix_pytest.py")),
    ("git_hotfix_pytest_program.py", include_str!("python_side/git_hotfix_pytest_program.py")),
    ("git_hotfix_unittest.py", include_str!("python_side/git_hotfix_unittest.py")),
    ("git_hotfix_django.py", include_str!("python_side/git_hotfix_django.py")),
];

/// The folder of one run.
#[derive(Debug)]
pub struct RunFolder {
    folder: PathBuf,
    /// Where the helpers are, if not in the folder; goes with the run.
    outside: Option<TempDir>,
}

impl RunFolder {
    /// Makes the folder and puts the helpers for Python into it.
    pub fn new(ctx: &Ctx, scratch: &Path) -> Result<Self> {
        Self::with(ctx, scratch, TOOLS)
    }

    /// Makes the folder and puts these helpers into it: name and text.
    pub fn with(ctx: &Ctx, scratch: &Path, helpers: &[(&str, &str)]) -> Result<Self> {
        let folder = Self::empty(ctx, scratch)?;
        make(&folder.tools())?;
        folder.fill(helpers)
    }

    /// The same with the helpers outside of every repository, for tools to which the place of a file means the project
    /// that it belongs to.
    pub fn with_helpers_outside(ctx: &Ctx, scratch: &Path, helpers: &[(&str, &str)]) -> Result<Self> {
        let folder = Self::empty(ctx, scratch)?;
        let made = tempfile::Builder::new().prefix("git-hotfix-helpers-").tempdir();
        let outside = made.map_err(FileError::of("create", &folder.folder))?;
        Self { outside: Some(outside), ..folder }.fill(helpers)
    }

    fn empty(ctx: &Ctx, scratch: &Path) -> Result<Self> {
        let folder = scratch.join(format!("run-{}", ctx.clock.ulid()));
        // Not `create_dir_all`: a folder that is there already would not be fresh.
        make(&folder)?;
        Ok(Self { folder, outside: None })
    }

    fn fill(self, helpers: &[(&str, &str)]) -> Result<Self> {
        for (name, text) in helpers {
            write_new(&self.tools().join(name), text.as_bytes())?;
        }
        Ok(self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder with the helpers, for `PYTHONPATH`.
    pub fn tools(&self) -> PathBuf {
        self.outside.as_ref().map_or_else(|| self.folder.join("tools"), |outside| outside.path().to_owned())
    }

    /// The program that runs pytest.
    pub fn pytest_program(&self) -> PathBuf {
        self.tools().join("git_hotfix_pytest_program.py")
    }

    /// The program that runs unittest.
    pub fn unittest_program(&self) -> PathBuf {
        self.tools().join("git_hotfix_unittest.py")
    }

    /// Where the helper streams to.
    pub fn stream(&self) -> PathBuf {
        self.folder.join("stream.jsonl")
    }

    /// Where pytest writes its `JUnit` XML.
    pub fn junit(&self) -> PathBuf {
        self.folder.join("junit.xml")
    }

    /// Where pytest keeps its cache, so that the tree stays as it is.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("cache")
    }

    /// A file of this name, which nothing else of the run uses.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes such a file. Gives its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.file(name);
        write_new(&path, bytes)?;
        Ok(path)
    }

    /// Raw output.
    pub fn log(&self) -> PathBuf {
        self.folder.join("output.log")
    }

    /// Writes which files and tests the helper selects (`None` for all tests of the files), and which it repeats.
    pub fn write_selection(
        &self,
        files: &[String],
        cases: Option<&[String]>,
        repeat: &Repeat,
    ) -> Result<PathBuf> {
        let repeat = serde_json::json!({
            "cases": repeat.cases,
            "times": repeat.times,
            "enough": repeat.enough.as_secs_f64(),
        });
        let text = serde_json::json!({ "files": files, "cases": cases, "repeat": repeat }).to_string();
        self.write("selection.json", text.as_bytes())
    }
}

fn make(folder: &Path) -> Result<()> {
    DirBuilder::new().mode(0o700).create(folder).map_err(FileError::of("create", folder))?;
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(FileError::of("write", path))?;
    Ok(())
}
