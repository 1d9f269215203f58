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
const POM: &str = "pom.xml";
const BUILDS: &[&str] = &[POM, "build.gradle", "build.gradle.kts"];

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
            let named = pieces.iter().any(|piece| folder.mentions(BUILDS, piece));
            Wanted::if_configured(named && !has_spotless(folder))
        },
        given: Given::Content,
        arguments: &["-"],
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("google-java-format", "google-java-format", Package::System("google-java-format"))
    },
    Tool {
        takes: |path| has_extension(path, &["java", "kt", "kts", "scala", "groovy"]),
        shared_files: &[POM],
        shared: |folder| Wanted::if_configured(has_spotless(folder)),
        given: Given::Content,
        // What editors ask it for: it prints the file as it should be, or nothing, and writes none.
        arguments: &[
            "--batch-mode",
            "--quiet",
            "spotless:apply",
            "-DspotlessIdeHookUseStdIn=true",
            "-DspotlessIdeHookUseStdOut=true",
        ],
        path_option: Some("-DspotlessIdeHook="),
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("spotless", "mvn", Package::System("maven"))
    },
];

fn has_spotless(folder: &Folder) -> bool {
    folder.mentions(&[POM], "spotless-maven-plugin")
}

fn checkstyle_configuration(folder: &Folder) -> Vec<OsString> {
    let name = CHECKSTYLE.iter().find(|name| folder.has(name));
    name.map(|name| vec!["-c".into(), OsString::from(name)]).unwrap_or_default()
}
