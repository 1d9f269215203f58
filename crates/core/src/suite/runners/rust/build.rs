//! Builds test programs and says what does not compile, from Cargo's JSON messages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::workspace::relative;
use crate::suite::stream::clean_reason;

/// What a build made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// First file of the target of each test program, by the program's file name.
    pub programs: BTreeMap<String, PathBuf>,
    /// What does not compile: the file and the error, each file once.
    pub errors: Vec<(String, String)>,
    /// First files of the targets that do not compile.
    pub broken: BTreeSet<PathBuf>,
    /// Folders outside the repository whose packages were built, which Cargo takes by their paths.
    pub outside: BTreeSet<PathBuf>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    manifest_path: Option<PathBuf>,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
    #[serde(rename = "message")]
    diagnostic: Option<Diagnostic>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct MessageTarget {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    message: String,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: PathBuf,
    is_primary: bool,
    line_start: u64,
}

/// Reads what `cargo test --no-run --message-format=json` printed. `workspace` is the folder of the workspace, which
/// the compiler's paths are relative to, below the root of the repository.
pub fn read(output: &[u8], workspace: &Path, roots: &[PathBuf]) -> Built {
    let mut built = Built::default();
    let lines = output.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{"));
    for message in lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok()) {
        match (message.reason.as_str(), &message.target) {
            ("compiler-artifact", Some(target)) => {
                built.take_program(&message, target, roots);
                built.take_outside(&message, roots);
            }
            ("compiler-message", Some(target)) => built.take_error(&message, target, (workspace, roots)),
            _ => {}
        }
    }
    built
}

impl Built {
    fn take_program(&mut self, message: &Message, target: &MessageTarget, roots: &[PathBuf]) {
        let is_test = message.profile.as_ref().is_some_and(|profile| profile.test);
        let name = message.executable.as_ref().and_then(|path| path.file_name());
        if let Some(name) = name.filter(|_| is_test) {
            self.programs.insert(name.to_string_lossy().into_owned(), relative(&target.src_path, roots));
        }
    }

    /// A package that comes from a registry or from Git is pinned; one that has a path is whatever lies there.
    fn take_outside(&mut self, message: &Message, roots: &[PathBuf]) {
        let folder = message.manifest_path.as_ref().and_then(|manifest| manifest.parent());
        let has_path = message.package_id.contains("path+file:");
        if let Some(folder) = folder.filter(|_| has_path)
            && roots.iter().all(|root| !folder.starts_with(root))
        {
            self.outside.insert(folder.to_owned());
        }
    }

    fn take_error(
        &mut self,
        message: &Message,
        target: &MessageTarget,
        (workspace, roots): (&Path, &[PathBuf]),
    ) {
        let Some(diagnostic) = message.diagnostic.as_ref().filter(|said| said.level.starts_with("error"))
        else {
            return;
        };
        let source = relative(&target.src_path, roots);
        let place = diagnostic.spans.iter().find(|span| span.is_primary);
        let file = place.map(|span| in_repository(&span.file_name, workspace, roots));
        let text = crate::suite::text_of_path(file.as_deref().unwrap_or(&source));
        let line = place.map(|span| format!(" (line {})", span.line_start)).unwrap_or_default();
        self.broken.insert(source);
        // The last error only counts the others.
        let is_sum = diagnostic.message.starts_with("aborting due to");
        if !is_sum && self.errors.iter().all(|(known, _)| *known != text) {
            let reason = clean_reason(&format!("does not compile: {}{line}", diagnostic.message));
            self.errors.push((text, reason.unwrap_or_else(|| "does not compile".to_owned())));
        }
    }
}

fn in_repository(file: &Path, workspace: &Path, roots: &[PathBuf]) -> PathBuf {
    if file.is_absolute() { relative(file, roots) } else { workspace.join(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Cargo 1.95 printed it, shortened.
    const OUTPUT: &str = r#"
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"tills","src_path":"/r/w/src/lib.rs"},"profile":{"test":false},"executable":null,"fresh":false}
{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"tills","src_path":"/r/w/src/lib.rs"},"profile":{"test":true},"executable":"/r/w/target/debug/deps/tills-d1","fresh":false}
{"reason":"compiler-message","target":{"kind":["test"],"name":"it","src_path":"/r/w/tests/it/main.rs"},"message":{"level":"warning","message":"unused","spans":[]}}
{"reason":"compiler-message","target":{"kind":["test"],"name":"it","src_path":"/r/w/tests/it/main.rs"},"message":{"level":"error","message":"mismatched types","spans":[{"file_name":"tests/it/sub.rs","is_primary":true,"line_start":3}]}}
{"reason":"compiler-message","target":{"kind":["test"],"name":"it","src_path":"/r/w/tests/it/main.rs"},"message":{"level":"error","message":"aborting due to 1 previous error","spans":[]}}
{"reason":"compiler-message","target":{"kind":["test"],"name":"it","src_path":"/r/w/tests/it/main.rs"},"message":{"level":"failure-note","message":"For more","spans":[]}}
{"reason":"compiler-artifact","package_id":"path+file:///main/lib#0.1.0","manifest_path":"/main/lib/Cargo.toml","target":{"kind":["lib"],"name":"lib","src_path":"/main/lib/src/lib.rs"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","package_id":"registry+https://example.org#serde@1.0.0","manifest_path":"/u/serde/Cargo.toml","target":{"kind":["lib"],"name":"serde","src_path":"/u/serde/src/lib.rs"},"profile":{"test":false},"executable":null}
{"reason":"build-finished","success":false}
"#;

    #[test]
    fn programs_and_errors_are_told_apart() {
        let built = read(OUTPUT.as_bytes(), Path::new("w"), &[PathBuf::from("/r")]);
        let programs: Vec<_> = built.programs.iter().collect();
        assert_eq!(programs, [(&"tills-d1".to_owned(), &PathBuf::from("w/src/lib.rs"))]);
        let error =
            ("w/tests/it/sub.rs".to_owned(), "does not compile: mismatched types (line 3)".to_owned());
        assert_eq!(built.errors, [error]);
        assert_eq!(built.broken, BTreeSet::from([PathBuf::from("w/tests/it/main.rs")]));
        assert_eq!(built.outside, BTreeSet::from([PathBuf::from("/main/lib")]));
    }
}
