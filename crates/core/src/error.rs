//! One error type for all deeds. Each module owns an enum of what can go wrong in it and explains every variant;
//! this type only carries it upwards.

use std::fmt;

use hotfix_model::ExitCode;

/// What every error of this crate can say besides its one-line text.
pub trait Explain: std::error::Error + Send + Sync + 'static {
    /// Why it happened, one line.
    fn why(&self) -> String;

    /// The next command to type, or what to do, one line.
    fn next(&self) -> String;

    /// The exit code it leads to.
    fn exit(&self) -> ExitCode;
}

/// Any error of this crate.
pub struct Error(Box<dyn Explain>);

/// The result of a deed.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Why it happened, one line.
    pub fn why(&self) -> String {
        self.0.why()
    }

    /// The next command to type, or what to do, one line.
    pub fn next(&self) -> String {
        self.0.next()
    }

    /// The exit code it leads to.
    pub fn exit(&self) -> ExitCode {
        self.0.exit()
    }

    /// The module's own error, when it is an `E`.
    pub fn downcast_ref<E: Explain>(&self) -> Option<&E> {
        let error: &(dyn std::error::Error + 'static) = &*self.0;
        error.downcast_ref()
    }
}

impl<E: Explain> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {deed} {}", path.display())]
pub struct FileError {
    deed: &'static str,
    path: std::path::PathBuf,
    source: std::io::Error,
}

impl FileError {
    /// For use with `map_err`: `fs::read(path).map_err(FileError::of("read", path))`.
    pub fn of(
        deed: &'static str,
        path: impl Into<std::path::PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self { deed, path: path.into(), source }
    }
}

impl Explain for FileError {
    fn why(&self) -> String {
        self.source.to_string()
    }

    fn next(&self) -> String {
        match self.source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "free some disk space, then run the same command again".to_owned()
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("make {} accessible, then run the same command again", self.path.display())
            }
            _ => "run the same command again; nothing was lost".to_owned(),
        }
    }

    fn exit(&self) -> ExitCode {
        ExitCode::SETUP
    }
}
