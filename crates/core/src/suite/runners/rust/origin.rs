//! Whether Cargo built a package of this repository from elsewhere: by an absolute path, a patch, or settings outside.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::suite::origin::Root;

/// What of the folders whose packages were built holds another state of a package that is here, in one sentence with what
/// to do.
pub fn foreign(root: &Path, outside: &BTreeSet<PathBuf>) -> Option<String> {
    let place = Root::new(root);
    outside.iter().find_map(|folder| {
        let name = name_of_package(folder).filter(|_| place.is_left_by(folder))?;
        let own = place.own_copy_of(folder, |here| name_of_package(here).as_ref() == Some(&name))?;
        let own = if own.as_os_str().is_empty() { PathBuf::from(".") } else { own };
        Some(format!(
            "Cargo built {name} from {}, not from {} here: make its path in Cargo.toml or .cargo/config.toml a relative one inside the repository",
            folder.display(),
            own.display()
        ))
    })
}

fn name_of_package(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let manifest: toml_edit::DocumentMut = text.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}
