//! What GitLab says in the answer to a push.

use crate::forge::address::Address;

/// The words of a push that are of use.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The merge request of the branch, if there is one: its address and number.
    pub merge_request: Option<(String, u64)>,
    /// What GitLab made of our push options, if it did not like them.
    pub warning: Option<String>,
}

impl Said {
    /// Reads the lines, for the forge at `pages`. Only an address of this very forge counts; of a warning only what
    /// comes after our own options, which it repeats.
    pub fn read(lines: &[String], pages: &Address) -> Self {
        let words = || lines.iter().flat_map(|line| line.split_whitespace());
        let merge_request = words().find_map(|word| {
            let path = word.strip_prefix(&pages.origin()).filter(|rest| rest.starts_with('/'))?;
            let (_, number) = path.split_once("/-/merge_requests/")?;
            Some((word.to_owned(), number.parse().ok()?))
        });
        Self { merge_request, warning: warning(lines) }
    }
}

/// GitLab frames a warning between rules and breaks it into centred lines.
fn warning(lines: &[String]) -> Option<String> {
    const BEGIN: &str = "WARNINGS:";
    let is_rule = |line: &&String| line.starts_with("====");
    let from = lines.iter().position(|line| line.trim_start().starts_with(BEGIN))?;
    let framed: Vec<&str> = lines
        .iter()
        .skip(from)
        .take_while(|line| !is_rule(line))
        .flat_map(|line| line.split_whitespace())
        .collect();
    let text = framed.join(" ");
    let after = text.rsplit_once("': ").map_or(text.as_str(), |(_, after)| after);
    Some(after.trim_start_matches(BEGIN).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Said {
        let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
        Said::read(&lines, &Address::parse("https://h.x/code").unwrap())
    }

    #[test]
    fn the_merge_request_is_the_one_of_this_forge() {
        let text = "View merge request for hotfix/1:\nhttps://h.x/code/g/p/-/merge_requests/12";
        let expected = ("https://h.x/code/g/p/-/merge_requests/12".to_owned(), 12);
        assert_eq!(read(text).merge_request, Some(expected));
        assert_eq!(read("https://h.x.evil/g/p/-/merge_requests/12").merge_request, None);
        let invitation =
            "https://h.x/code/g/p/-/merge_requests/new?merge_request%5Bsource_branch%5D=hotfix%2F1";
        assert_eq!(read(invitation), Said::default());
    }

    #[test]
    fn a_warning_is_put_together_again() {
        let text = "========================================================================\n\
                    WARNINGS: Error encountered with push options\n'merge_request.create' 'merge_request.label=it's':\n\
                    Merge requests are not enabled for\nproject g/p\n\
                    ========================================================================\nmore";
        let expected = "Merge requests are not enabled for project g/p";
        assert_eq!(read(text).warning.as_deref(), Some(expected));
        assert_eq!(
            read("WARNINGS: An unknown error occurred").warning.as_deref(),
            Some("An unknown error occurred")
        );
        assert_eq!(read("").warning, None);
    }
}
