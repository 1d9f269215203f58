//! Files with which the system itself runs `git hotfix ready --fix --quiet` in this repository. They are printed;
//! nothing is installed.

use std::fmt::Write;

use hotfix_model::output::{ScheduleFile, ScheduleOutput};
use sha2::{Digest, Sha256};

use crate::message::quoted;
use crate::session::Project;

/// Who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A timer of systemd, for the user.
    Systemd,
    /// An agent of launchd, for the user.
    Launchd,
    /// Git, after every merge and pull.
    Hook,
}

/// What the files are filled with.
struct Facts {
    program: String,
    repository: String,
    name: String,
    search_path: String,
}

/// The files for one kind, and where they belong.
pub fn of(project: &Project, kind: Kind) -> ScheduleOutput {
    let facts = Facts::of(project);
    match kind {
        Kind::Systemd => systemd(&facts),
        Kind::Launchd => launchd(&facts),
        Kind::Hook => hook(project, &facts),
    }
}

impl Facts {
    fn of(project: &Project) -> Self {
        let (ctx, repository) = (project.ctx(), &project.repository);
        let home = repository.home().to_string_lossy().into_owned();
        let digest = Sha256::digest(home.as_bytes());
        let number = digest.iter().take(3).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = repository.name().chars().map(plain).collect();
        Self {
            program: ctx.env.executable().to_string_lossy().into_owned(),
            repository: home,
            // Two repositories of one name have two timers.
            name: format!("git-hotfix-{name}-{number}"),
            search_path: ctx.env.get("PATH").unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

fn systemd(facts: &Facts) -> ScheduleOutput {
    let name = &facts.name;
    let [program, repository, search_path] =
        [&facts.program, &facts.repository, &facts.search_path].map(|text| systemd_quoted(text));
    let service = format!(
        "[Unit]\n\
         Description=Keeps git hotfix ready in {repository}\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         Nice=10\n\
         Environment=\"PATH={search_path}\"\n\
         ExecStart=\"{program}\" -C \"{repository}\" ready --fix --quiet\n"
    );
    let timer = format!(
        "[Unit]\n\
         Description=Keeps git hotfix ready in {repository}\n\
         \n\
         [Timer]\n\
         OnStartupSec=2min\n\
         OnUnitInactiveSec=30min\n\
         RandomizedDelaySec=2min\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n"
    );
    let path = |ending: &str| format!("~/.config/systemd/user/{name}.{ending}");
    ScheduleOutput {
        kind: "systemd".to_owned(),
        files: vec![
            ScheduleFile { path: path("service"), content: service },
            ScheduleFile { path: path("timer"), content: timer },
        ],
        next: vec![format!("systemctl --user enable --now {name}.timer")],
    }
}

/// As systemd reads a word in double quotes: `%` begins a specifier, `$` a variable.
fn systemd_quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' | '$' => quoted.extend([c, c]),
            // Writing to a string cannot fail.
            c if c.is_control() => write!(quoted, "\\x{:02x}", u32::from(c)).unwrap_or_default(),
            c => quoted.push(c),
        }
    }
    quoted
}

fn launchd(facts: &Facts) -> ScheduleOutput {
    let label = format!("local.{}", facts.name);
    let words = [facts.program.as_str(), "-C", &facts.repository, "ready", "--fix", "--quiet"];
    let words = words.map(|word| format!("        <string>{}</string>\n", escaped(word))).concat();
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n\
         <dict>\n    <key>Label</key>\n    <string>{label}</string>\n    \
         <key>ProgramArguments</key>\n    <array>\n{words}    </array>\n    \
         <key>EnvironmentVariables</key>\n    <dict>\n        <key>PATH</key>\n        \
         <string>{search_path}</string>\n    </dict>\n    \
         <key>StartInterval</key>\n    <integer>1800</integer>\n    \
         <key>LowPriorityIO</key>\n    <true/>\n</dict>\n</plist>\n",
        search_path = escaped(&facts.search_path)
    );
    let path = format!("~/Library/LaunchAgents/{label}.plist");
    ScheduleOutput {
        kind: "launchd".to_owned(),
        next: vec![format!("launchctl bootstrap gui/$(id -u) {path}")],
        files: vec![ScheduleFile { path, content }],
    }
}

/// As text stands in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// In the background, so that nobody waits for it; without the variables that Git sets for its hooks, which would lead
/// it to the worktree that was merged in.
fn hook(project: &Project, facts: &Facts) -> ScheduleOutput {
    let path = project.repository.common_dir().join("hooks/post-merge").to_string_lossy().into_owned();
    let (program, repository) = (quoted(&facts.program), quoted(&facts.repository));
    let content = format!(
        "#!/bin/sh\n\
         # Keeps git hotfix ready. If there is a post-merge hook already, add the last lines to it.\n\
         unset $(git rev-parse --local-env-vars)\n\
         {program} -C {repository} ready --fix --quiet </dev/null >/dev/null 2>&1 &\n"
    );
    let next = vec![format!("chmod +x {}", quoted(&path))];
    ScheduleOutput { kind: "hook".to_owned(), files: vec![ScheduleFile { path, content }], next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            program: "/opt/git hotfix".to_owned(),
            repository: "/home/a&b/100%\"\\$x".to_owned(),
            name: "git-hotfix-x-0a0b0c".to_owned(),
            search_path: "/usr/bin:/bin".to_owned(),
        }
    }

    #[test]
    fn systemd_gets_words_that_it_reads_as_they_are() {
        let output = systemd(&facts());
        let service = &output.files[0].content;
        let expected = r#"ExecStart="/opt/git hotfix" -C "/home/a&b/100%%\"\\$$x" ready --fix --quiet"#;
        assert!(service.lines().any(|line| line == expected), "{service}");
        assert_eq!(output.files[1].path, "~/.config/systemd/user/git-hotfix-x-0a0b0c.timer");
    }

    #[test]
    fn launchd_gets_xml() {
        let output = launchd(&facts());
        let document = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&output.files[0].content, document).unwrap();
        let words: Vec<&str> = document
            .descendants()
            .filter(|node| node.parent().is_some_and(|parent| parent.has_tag_name("array")))
            .filter_map(|node| node.text().filter(|text| !text.trim().is_empty()))
            .collect();
        assert_eq!(words, ["/opt/git hotfix", "-C", "/home/a&b/100%\"\\$x", "ready", "--fix", "--quiet"]);
    }
}
