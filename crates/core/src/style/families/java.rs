//! What checks Java.

use std::ffi::OsString;

use crate::style::folder::Folder;
use crate::style::linter::{Given, Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

/// Where Checkstyle's configuration usually is.
const CHECKSTYLE: &[&str] = &[
    "checkstyle.xml",
    ".checkstyle.xml",
    "config/checkstyle/checkstyle.xml",
    "src/checkstyle/checkstyle.xml",
];
const BUILDS: &[&str] = &["pom.xml", "build.gradle", "build.gradle.kts"];

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: |path| has_extension(path, &["java"]),
        own_files: CHECKSTYLE,
        arguments: &["-f", "xml"],
        more_arguments: checkstyle_configuration,
        output: Output::CheckstyleXml,
        // The number of errors.
        codes: 0..=254,
        ..Tool::new("checkstyle", "checkstyle", Package::System("checkstyle"))
    },
    Tool {
        takes: |path| has_extension(path, &["java"]),
        shared_files: BUILDS,
        shared: |folder| {
            let pieces = ["google-java-format", "googleJavaFormat"];
            Wanted::if_configured(pieces.iter().any(|piece| folder.mentions(BUILDS, piece)))
        },
        given: Given::Content,
        arguments: &["-"],
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("google-java-format", "google-java-format", Package::System("google-java-format"))
    },
];

fn checkstyle_configuration(folder: &Folder) -> Vec<OsString> {
    let name = CHECKSTYLE.iter().find(|name| folder.has(name));
    name.map(|name| vec!["-c".into(), OsString::from(name)]).unwrap_or_default()
}
