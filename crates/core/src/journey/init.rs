//! init: finds the runner, the linters, the default branch and the remote, and writes a commented `hotfix.toml`.

use std::fs::OpenOptions;
use std::io::Write;

use hotfix_model::ExitCode;
use hotfix_model::output::InitOutput;

use crate::config::{Found, file};
use crate::error::{Explain, FileError, Result};
use crate::session::Project;
use crate::style;
use crate::suite::{self, Runner};

/// The file is there already.
#[derive(Debug, thiserror::Error)]
#[error("{path} exists already")]
pub struct AlreadyThere {
    path: String,
}

/// Writes the file, or with `print` only makes its text.
pub fn apply(project: &Project, print: bool) -> Result<InitOutput> {
    let loaded = project.config_at(None)?;
    let branch = project.target_branch("").ok().map(|target| target.0);
    let head = project.repository.resolve_commit("HEAD").ok();
    let files =
        head.as_ref().map(|head| project.repository.list_files(head)).transpose()?.unwrap_or_default();
    let read =
        |path: &str| head.as_ref().and_then(|head| project.repository.read_file(head, path).ok().flatten());
    let runner =
        suite::detect(&files, &read, &loaded.config.test).ok().map(|runner| runner.name().to_owned());
    let linters = style::linters_found(&files, &read, &loaded.config.check);
    let remote = project.remote_name().map(str::to_owned);
    let found = Found {
        runner: runner.clone(),
        linters: linters.clone(),
        branch: branch.clone(),
        remote: remote.clone(),
    };
    let content = file(&found);
    let path = if print { None } else { Some(write(project, &content)?) };
    Ok(InitOutput { path, content, runner, linters, branch, remote })
}

/// Creates the file in the worktree the user stands in; never overwrites one.
fn write(project: &Project, content: &str) -> Result<String> {
    let top = project.repository.top().unwrap_or(project.repository.home());
    let path = top.join("hotfix.toml");
    let shown = path.to_string_lossy().into_owned();
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            file.write_all(content.as_bytes()).map_err(FileError::of("write", &path))?;
            Ok(shown)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(AlreadyThere { path: shown }.into())
        }
        Err(error) => Err(FileError::of("create", &path)(error).into()),
    }
}

impl Explain for AlreadyThere {
    fn why(&self) -> String {
        "a configuration is never overwritten".to_owned()
    }

    fn next(&self) -> String {
        "git hotfix init --print".to_owned()
    }

    fn exit(&self) -> ExitCode {
        ExitCode::DECISION
    }
}
