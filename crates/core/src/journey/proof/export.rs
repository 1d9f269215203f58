//! The proof as files that other tools read: one envelope for base, one for the fix.

use std::path::Path;

use hotfix_model::output::ExportOutput;

use super::ProofError;
use crate::error::{FileError, Result};
use crate::session::Project;

/// Names of the files, in the order of the envelopes.
const FILES: [&str; 2] = ["base.dsse.json", "fix.dsse.json"];

/// Writes the envelopes of a hotfix's proof into a folder, which is made.
pub fn export(project: &Project, id: &str, dir: &Path) -> Result<ExportOutput> {
    let stored = project.known_record(id)?;
    let envelopes = project.envelopes(&stored)?;
    if envelopes.len() != FILES.len() {
        let why = "its record holds no statements: it is not proven, or not committed yet".to_owned();
        return Err(ProofError::NothingShown { id: id.to_owned(), why }.into());
    }
    let dir = project.ctx().env.current_dir().join(dir);
    std::fs::create_dir_all(&dir).map_err(FileError::of("create", &dir))?;
    let mut files = Vec::new();
    for (name, envelope) in FILES.iter().zip(&envelopes) {
        let path = dir.join(name);
        let text = serde_json::to_vec_pretty(envelope).unwrap_or_default();
        std::fs::write(&path, text).map_err(FileError::of("write", &path))?;
        files.push(path.to_string_lossy().into_owned());
    }
    let signed = envelopes.iter().all(|envelope| !envelope.signatures.is_empty());
    Ok(ExportOutput { id: id.to_owned(), files, signed })
}
