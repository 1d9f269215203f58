//! Maven projects of one repository that need each other and that no `pom.xml` joins: by themselves they would take each
//! other from Maven's local repository, where somebody once installed another state of them. A `pom.xml` of ours, in the
//! folder of the run, has them all as modules, so that Maven takes the code that lies here.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::error::{FileError, Result};
use crate::suite::folder::RunFolder;

/// Writes the file; `projects` are folders, absolute.
pub fn write(folder: &RunFolder, projects: &[PathBuf]) -> Result<PathBuf> {
    let file = folder.file("pom.xml");
    let mut modules = String::new();
    for project in projects {
        // Writing to a string cannot fail.
        let _ = write!(modules, "<module>{}</module>", escaped(&relative(folder.path(), project)));
    }
    let text = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion><groupId>git-hotfix</groupId><artifactId>gathered</artifactId><version>1</version><packaging>pom</packaging><modules>{modules}</modules></project>\n"
    );
    std::fs::write(&file, text).map_err(FileError::of("write", &file))?;
    Ok(file)
}

/// The way from one folder to another: Maven takes no absolute one for a module.
fn relative(from: &Path, to: &Path) -> String {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (from, to) = (real(from), real(to));
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| Path::new("..").to_owned());
    let down = to.components().skip(shared).map(|part| PathBuf::from(part.as_os_str()));
    let path: PathBuf = up.chain(down).collect();
    path.to_string_lossy().into_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_up_and_down_again() {
        assert_eq!(relative(Path::new("/no/such/run"), Path::new("/no/slot/core")), "../../slot/core");
        assert_eq!(escaped("a&b<c>"), "a&amp;b&lt;c&gt;");
    }
}
